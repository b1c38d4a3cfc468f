"""What letters to subscribers say, in their language: plain text, nothing that tells who read it.

A letter that asks for a confirmation repeats nothing that was typed: it goes to somebody who perhaps asked for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Final
from urllib.parse import urlencode

from shared.accounts.links import format_token
from shared.holdings.catalogue import Shown
from shared.mailing.store.subscriptions import DAILY, MONTHLY, WEEKLY, Subscription, Told
from shared.mailing.subscribing import News, asked_of
from shared.search.asking import format_asked
from shared.search.found import Hit
from shared.web.languages import PARAMETER
from shared.web.messages import LANGUAGE, N_, translate, translate_plural
from shared.web.offer_words import Words
from shared.web.public.cards import hit_cards
from shared.web.public.question import RESULTS
from shared.web.public.search_words import describe_search

CONFIRM: Final = "/abo/bestaetigen"
END: Final = "/abo/ende"
RHYTHM_WORDS: Final[Mapping[str, str]] = {DAILY: N_("täglich"), WEEKLY: N_("wöchentlich"), MONTHLY: N_("monatlich")}
_SIGN: Final = "-- "
"""Below it mail programs know the signature (RFC 3676)."""


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Let texts be in a language, as while a request in it is answered."""
    token = LANGUAGE.set(language)
    try:
        yield
    finally:
        LANGUAGE.reset(token)


class Letters:
    """Writes the letters of one party.

    Args:
        party: in whose name.
        public_url: asked at each letter for the origin under which people reach the pages.
        load_words: gives the district and its vocabularies, once a letter is written.
    """

    def __init__(self, party: str, public_url: Callable[[], str], load_words: Callable[[], Words]) -> None:
        self._party = party
        self._public_url = public_url
        self._load_words = load_words

    @cached_property
    def _words(self) -> Words:
        return self._load_words()

    def confirmation(self, subscription: Subscription, token: bytes) -> tuple[str, str]:
        """Ask whether the owner of the address wants the letters."""
        with speaking(subscription.language):
            link = self._link(f"{CONFIRM}/{format_token(token)}", subscription)
            lines = [
                translate("Guten Tag,"),
                "",
                translate("für diese E-Mail-Adresse hat jemand den Rundbrief bestellt.")
                if subscription.is_newsletter
                else translate("für diese E-Mail-Adresse hat jemand Mails über neue Angebote bestellt."),
                translate("Waren Sie das? Dann öffnen Sie diesen Link und bestätigen Sie:"),
                "",
                link,
                "",
                translate("Der Link gilt 48 Stunden."),
                translate("Waren Sie es nicht? Dann tun Sie nichts. Wir löschen die Adresse nach 48 Stunden."),
                *self._signature(),
            ]
            return translate("Bitte bestätigen Sie Ihr Abo"), "\n".join(lines)

    def news(self, subscription: Subscription, news: News, token: bytes) -> tuple[str, str]:
        """Tell what is new and what ended; the token ends the subscription."""
        with speaking(subscription.language):
            asked = asked_of(subscription.query)
            search = describe_search(asked, self._words)
            lines = [
                translate("Guten Tag,"),
                "",
                translate("das hat sich bei Ihrer Suche geändert:"),
                search,
                self._link(RESULTS, subscription, format_asked(asked)),
                *self._new(news, subscription),
                *self._gone(translate("Beendet"), news.ended, news.ended_count),
                *self._gone(translate("Passt nicht mehr zu Ihrer Suche"), news.left, news.left_count),
                *self._signature(),
                translate("Sie bekommen diese Mail, weil Sie sie bestellt haben (%(rhythm)s).")
                % {"rhythm": translate(RHYTHM_WORDS[subscription.rhythm])},
                translate("Abo beenden, oder sehen, was wir gespeichert haben:"),
                self.end_url(subscription, token),
            ]
            return translate("Angebote: %(search)s") % {"search": search}, "\n".join(lines) + "\n"

    def end_url(self, subscription: Subscription, token: bytes) -> str:
        """Return the address that ends the subscription."""
        return self._link(f"{END}/{format_token(token)}", subscription)

    def _new(self, news: News, subscription: Subscription) -> list[str]:
        if not news.new_count:
            return []
        lines = ["", _heading(translate("Neu"), news.new_count)]
        for shown in news.new:
            title, cities = self._card(shown)
            link = self._link(f"{RESULTS}/{shown.rid.hex()}", subscription)
            lines += ["", f"* {title}", f"  {cities}", f"  {link}"]
        return lines + _more(news.new_count - len(news.new))

    def _card(self, shown: Shown) -> tuple[str, str]:
        hit = Hit(shown.rid, shown.member)
        card = hit_cards([hit], {(hit.member, hit.rid): shown}, self._words)[0]
        return card.title.text, ", ".join(card.publishers)

    def _gone(self, heading: str, offers: Sequence[Told], count: int) -> list[str]:
        if not count:
            return []
        lines = [f"* {one.title} ({self._words.publisher(one.member)})" for one in offers]
        return ["", _heading(heading, count), "", *lines, *_more(count - len(offers))]

    def _signature(self) -> list[str]:
        return ["", _SIGN, self._party]

    def _link(self, path: str, subscription: Subscription, pairs: Sequence[tuple[str, str]] = ()) -> str:
        query = urlencode([*pairs, (PARAMETER, subscription.language)])
        return f"{self._public_url()}{path}?{query}"


def _heading(text: str, count: int) -> str:
    return f"{text.upper()} ({count})"


def _more(count: int) -> list[str]:
    if count < 1:
        return []
    text = translate_plural("und %(n)s weiteres Angebot", "und %(n)s weitere Angebote", count)
    return ["", text % {"n": count}]
