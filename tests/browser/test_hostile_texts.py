"""Texts of another city that want to run as script, in hundreds of places, run nowhere: even without a policy (T21)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from shared.feed.payload import commitment_of, seal_payload
from shared.holdings import edits
from shared.holdings.edits import NEW, Edit
from tests.browser.conftest import NewContext
from tests.support.loopback import app_of, close_all, node_on_disk, running
from tests.support.searching import give_index
from tests.support.world import World, offer_doc

RUN = "window.ran=1"
# Ways to make a browser run something, by where they would have to stand.
ELEMENTS = (
    "<script>RUN</script>", "<ScRiPt>RUN</sCrIpT>", "<script src=data:,RUN></script>", "</title><script>RUN</script>",
    "<scr<script>ipt>RUN</scr</script>ipt>", "<img src=x onerror=RUN>", "<img src=x onerror='RUN' ", "<svg onload=RUN>",
    "<svg><script>RUN</script></svg>", "<svg><animate onbegin=RUN attributeName=x dur=1s>", "<body onload=RUN>",
    "<iframe srcdoc='<script>parent.RUN</script>'></iframe>", "<iframe src='javascript:RUN'></iframe>",
    "<details open ontoggle=RUN>", "<input autofocus onfocus=RUN>", "<video><source onerror=RUN></video>",
    "<math><mtext></mtext><mglyph><style><!--</style><img src=x onerror=RUN>", "<object data='javascript:RUN'>",
    "<embed src='javascript:RUN'>", "<style>@import 'javascript:RUN'</style>",
    "<link rel=stylesheet href=javascript:RUN>",
    "<meta http-equiv=refresh content='0;url=javascript:RUN'>", "<base href='javascript:/*'>",
    "<form action=javascript:RUN>",
    "<template><script>RUN</script></template>", "<noscript><p title='</noscript><img src=x onerror=RUN>'>",
    "--><script>RUN</script>", "]]><script>RUN</script>", "<!--><script>RUN</script>", "</script><script>RUN</script>",
    "</textarea><script>RUN</script>", "\u003cscript\u003eRUN\u003c/script\u003e", "&lt;script&gt;RUN&lt;/script&gt;",
    "&#60;script&#62;RUN&#60;/script&#62;", "%3Cscript%3ERUN%3C/script%3E", "＜script＞RUN＜/script＞",
)  # fmt: skip
ATTRIBUTES = (
    '" onmouseover="RUN', '" autofocus onfocus="RUN" x="', "' onload='RUN", '"><script>RUN</script>',
    "'><img src=x onerror=RUN>",
    "` onerror=RUN", '" style="animation:x" onanimationstart="RUN', "x onfocus=RUN autofocus", '\\" onload=\\"RUN',
    "\n onload=RUN ",
)  # fmt: skip
TEXTS = (
    "[x](javascript:RUN)", "[x](JaVaScRiPt:RUN)", "[x](java&#115;cript:RUN)", "[x](&#x6A;avascript:RUN)",
    "![x](x\" onerror=\"RUN)",
    "[x](data:text/html,<script>RUN</script>)", "<javascript:RUN>", "[x]: javascript:RUN\n\n[x]",
    "`<script>RUN</script>`",
    "```\n</code></pre><script>RUN</script>\n```", "[x](vbscript:RUN)", "[a](b 'c\"onmouseover=RUN')",
    "# <img src=x onerror=RUN>",
    "{{ RUN }}", "{% raw %}<script>RUN</script>", "${RUN}", '"}</script><script>RUN</script>',
    "\\u003cscript\\u003eRUN", "<\nscript>RUN",
    "\u2028RUN//", "<a href=\"java\tscript:RUN\">x</a>", "<a href='javascript&colon;RUN'>x</a>",
)  # fmt: skip
PAYLOADS = [text.replace("RUN", RUN) for text in (*ELEMENTS, *ATTRIBUTES, *TEXTS)]


@dataclass(frozen=True)
class Site:
    """A node that shows what another city wrote."""

    url: str
    offers: list[str]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder, world = tmp_path_factory.mktemp("hostile"), World(["herten", "marl"])
    world.settle()
    ids = [_publish(world, PAYLOADS[at::6]) for at in range(6)]
    world.settle()
    node = node_on_disk(world, "herten", folder)
    give_index(node, folder)
    with running(app_of(node)) as url:
        yield Site(url, ids)
    node.outputs.reader.close()
    node.finder.close()
    close_all(world)


def _publish(world: World, payloads: list[str]) -> str:
    """Publish, as a member whose program checks nothing, an offer that has all of these in every kind of field."""
    node = world.nodes["marl"]
    rid, lines = node.dice.token(16), [re.sub("[\t\n\u2028]", " ", text) for text in payloads]
    doc = offer_doc(rid, node.settings.ags, f"Kurs {lines[0]}"[:150]) | {
        "summary": " ".join(payloads)[:300],
        "body": "\n\n".join(payloads),
        "schedule_text": " ".join(payloads),
        "alert": lines[1],
        "application_process": "\n\n".join(payloads),
        "fees_text": " ".join(payloads)[:400],
        "providers": [{"name": line[:190]} for line in lines[:5]],
        "locations": [{"name": line[:150], "city": "Marl", "address_1": line[:200]} for line in lines],
        "additional_urls": [{"url": "https://example.org/x", "label": line[:80]} for line in lines[:10]],
    }
    body = seal_payload(doc, node.dice.token(32))
    with node.db.write() as conn:
        edits.add_edit(conn, Edit("publish", "offer", rid, NEW, node.clock.now(), commitment_of(body), body))
    return rid.hex()


def test_no_text_of_another_city_runs(new_context: NewContext, site: Site) -> None:
    page = new_context(bypass_csp=True, service_workers="block").new_page()
    ran, shown = [], 0
    paths = ["/angebote", "/traeger", *(f"/angebote/{rid}" for rid in site.offers)]

    for path in paths:
        page.goto(site.url + path)
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        page.mouse.move(200, 400)
        shown += page.content().count("window.ran")
        ran += [path] if page.evaluate("window.ran") else []
        kinds = page.evaluate(
            "[...document.querySelectorAll('*')].flatMap(e => [...e.attributes]).filter(a => a.name.startsWith('on') ||"
            " /^\\s*(javascript|vbscript|data:text)/i.test(a.value)).map(a => a.name + '=' + a.value)"
        )
        assert kinds == [], path

    assert shown >= 300  # they are all there, as text
    assert ran == []


def test_hook_notices_what_runs(new_context: NewContext) -> None:
    page = new_context(bypass_csp=True).new_page()

    page.set_content(f"<img src=x onerror='{RUN}'>")

    page.wait_for_function("window.ran")
