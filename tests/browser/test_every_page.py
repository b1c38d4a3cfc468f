"""Every page of the desk and of the public site that links lead to: accessible, not too wide, asking nobody else."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Page

from node import workflow
from node.editing import open_offer, own_offers
from node.importing import import_table
from node.party import Node
from node.workflow import Editor
from shared.web.compression import is_below
from shared.web.outputs.cors import OPEN_PATHS
from tests.browser.conftest import Served
from tests.browser.look import Look, hold_session
from tests.support.desk import add_person
from tests.support.lone_node import offer

SAMPLE = Path(__file__).parents[2] / "deploy" / "data" / "offers-recklinghausen.csv"
AUTHOR, EDITOR = Editor("Person Ayla"), Editor("Person Rita", may_publish=True)
_NAMED = re.compile(r"(?<=/)(?:[0-9a-f]{16,64}|[0-9]+|[A-Za-z0-9_-]{22,})(?=/|$)")
_FILES = re.compile(r"/ausgabe|\.atom|/fehler|\.xlsx|\.csv|\.json|/nachweis$")
_LEAST_PAGES = 30


def furnish(node: Node) -> None:
    """Offers in every state, a contact person, a translation."""
    import_table(node, SAMPLE.read_bytes(), own_only=True, editor="Person Rita")
    first, second = (bytes.fromhex(row.id) for row in own_offers(node)[:2])
    person = {"name": "Erika Mustermann", "title": "Koordination", "email": "e.mustermann@herten.de"}
    workflow.save_draft(node, AUTHOR, open_offer(node, first).doc | {"contacts": [person]}, first)
    workflow.submit(node, AUTHOR, first)
    workflow.save_draft(node, AUTHOR, open_offer(node, second).doc | {"alert": "Heute geschlossen"}, second)
    workflow.give_back(node, EDITOR, second, "Bitte mit Datum")
    translated = offer("Sprachcafé", contacts=[person], translations={"ar": {"name": "مقهى اللغة"}})
    workflow.publish(node, EDITOR, workflow.save_draft(node, EDITOR, translated).id)


def test_every_page_that_links_lead_to_is_accessible(served: Served, context: BrowserContext) -> None:
    node = served.node
    furnish(node)
    hold_session(served, context, add_person(node))
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    look = Look(served, context)
    waiting, seen = ["/pult"], set[str]()
    while waiting:
        path = waiting.pop(0)
        kind = _NAMED.sub("…", urlsplit(path).path)
        if kind in seen:
            continue
        seen.add(kind)
        look.at(path, name="alle" + re.sub(r"\W+", "-", kind.replace("…", "x")))
        waiting += _links(look.page, served.url)

    assert look.found == []
    assert len(seen) > _LEAST_PAGES, sorted(seen)
    assert {urlsplit(url).netloc for url in asked if not url.startswith("data:")} == {urlsplit(served.url).netloc}


def _links(page: Page, url: str) -> list[str]:
    """The pages of ours that this page links to; the list of offers only as it is, not with each filter."""
    found = page.locator("a[href]").evaluate_all("links => links.map(link => link.href)")
    ours = [link.removeprefix(url).partition("#")[0] or "/" for link in found if link.startswith(url + "/")]
    return [path for path in dict.fromkeys(ours) if not _FILES.search(path) and not _is_for_programs(path)]


def _is_for_programs(path: str) -> bool:
    return is_below(urlsplit(path).path, OPEN_PATHS)
