"""The linked data of an offer (`shared.outputs.linked_data`) as its page carries it."""

from __future__ import annotations

import json

from markupsafe import Markup

from shared.model.offer import OfferDoc
from shared.outputs.linked_data import CONTEXT, TYPE, Thing, linked_data
from shared.web.public.face import Face
from shared.web.public.links import offer_path


def page_data(face: Face, doc: OfferDoc) -> Thing:
    """Return what the page of an offer says to programs."""
    url = face.absolute(face.pages.link(offer_path(doc.id), []))
    return linked_data(doc, face.words.district, face.words.vocabularies, url=url, context=CONTEXT)


def data_block(thing: Thing) -> Markup:
    """Write linked data as an element that browsers never run.

    Every `<`, `>` and `&` is escaped, so that no text of an offer can end the element or open a comment in it.
    """
    text = json.dumps(thing, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup('<script type="{}">{}</script>').format(TYPE, Markup(text))  # noqa: S704 - escaped above
