"""Pages for people: one Jinja environment per application, with German as the source language.

Decided here: how a template is found, what every template may use (`url`, `asset`, the filters below) and how a time
or a number is written.  What stands on a page is decided by the templates of each room.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import CodeType
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from babel import Locale
from babel.numbers import format_decimal
from babel.support import NullTranslations
from jinja2 import BytecodeCache, ChoiceLoader, Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.bccache import Bucket
from litestar import Response

from shared.clock import Clock
from shared.state_words import state_in_german
from shared.web import dates_in_words, mixed_text
from shared.web.assets import Assets
from shared.web.languages import CHOSEN, PARAMETER
from shared.web.messages import LANGUAGE, SOURCE_LANGUAGE, catalogue_of, direction_of, locale_of

_ZONE = ZoneInfo("Europe/Berlin")
_NOTHING = "–"


@dataclass(frozen=True)
class Link:
    """One entry of the navigation or the footer."""

    path: str
    text: str


@dataclass(frozen=True)
class Shell:
    """What surrounds every page of one party."""

    party: str  # who answers for the page: "Stadt Herten"
    district: str  # "Kreis Recklinghausen"
    navigation: Sequence[Link] = ()
    footer: Sequence[Link] = ()
    desk: Link | None = None  # where people who work here sign in; the same link for everybody, no cookie is read
    notice: str = ""  # shown above every page, such as "Beispieldaten, nicht aktuell"
    prefix: str = ""  # path under which a proxy shows this application, without trailing slash


@dataclass(frozen=True)
class Dress:
    """What a party changed about the look of its pages while running; paths with their query, empty for nothing."""

    stylesheet: str = ""
    logo: str = ""


PLAIN = Dress()
_GERMAN_ONLY: Mapping[str, str] = {SOURCE_LANGUAGE: "Deutsch"}


@dataclass(frozen=True)
class Standing:
    """How current a page is: time and digest of the catalogue it was made from."""

    time: int | None  # Unix seconds of the accepted catalogue note
    digest: bytes | None = None  # 32 bytes
    missing: int = 0  # payloads that this party lacks or refused


class _CompiledTemplates(BytecodeCache):
    """What templates were compiled to in this process, so that each is compiled once for all its applications."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self._codes[bucket.key, bucket.checksum] = bucket.code


_COMPILED = _CompiledTemplates()


class Pages:
    """Renders the templates of one application.

    Args:
        shell: what surrounds every page.
        clock: gives "now" for relative times.
        packages: packages with a `templates` folder, searched in order before the shared one.
        dress: asked at each page for the party's own look.
        languages: in which pages are offered, with their own names, in the order of the choice.
        catalogue: gives the translations of a language; by default those that ship.
    """

    def __init__(
        self,
        shell: Shell,
        clock: Clock,
        *,
        packages: Sequence[str] = (),
        dress: Callable[[], Dress] = lambda: PLAIN,
        languages: Mapping[str, str] = _GERMAN_ONLY,
        catalogue: Callable[[str], NullTranslations] = catalogue_of,
    ) -> None:
        self.assets = Assets()
        self.shell = shell
        self.languages = dict(languages)
        self._clock = clock
        self._dress = dress
        self._catalogue_of = catalogue
        self._environment = self._make_environment(packages)

    def render(self, name: str, /, **context: object) -> str:
        """Return the page as HTML.

        A template that names something which was not passed is an error.  `path` (of the current page, for the
        navigation) and `standing` are optional everywhere.
        """
        language = LANGUAGE.get()
        given: dict[str, object] = {
            "shell": self.shell,
            "path": "",
            "standing": None,
            "language": language,
            "direction": direction_of(language),
            "languages": self.languages,
        }
        if "dress" not in context:
            given["dress"] = self._dress()
        return self._environment.get_template(name).render({**given, **context})

    def respond(self, name: str, /, *, status_code: int = 200, **context: object) -> Response[str]:
        """Return the page as an answer; pages are asked for again each time, and answered 304 when unchanged."""
        return Response(
            self.render(name, **context),
            status_code=status_code,
            media_type="text/html",
            headers={"Cache-Control": "no-cache", **language_headers()},
        )

    def gettext(self, text: str) -> str:
        """Translate one text into the language of the request; German texts are their own translation."""
        return self._catalogue().gettext(text)

    def url(self, path: str, **query: object) -> str:
        """Return a path of this application as a link, under the proxy's prefix; None values leave the query.

        A language that the request's own address names stays named, so that it holds for the next page too.  A value
        that is a list or tuple stands once for each of its entries.
        """
        pairs = [(key, entry) for key, value in query.items() for entry in _entries(value)]
        if CHOSEN.get().is_explicit and PARAMETER not in query:
            pairs.append((PARAMETER, LANGUAGE.get()))
        return self.link(path, pairs)

    def link(self, path: str, pairs: Sequence[tuple[str, object]]) -> str:
        """Return a path with the pairs of its query, under the proxy's prefix."""
        path, mark, fragment = path.partition("#")
        text = "&".join(f"{quote(key)}={quote(str(value))}" for key, value in pairs)
        joint = "&" if "?" in path else "?"
        return self.shell.prefix + path + (joint + text if text else "") + mark + fragment

    def address_in(self, language: str) -> str:
        """Return the address of the page being shown in a language, its query kept; empty: as the browser asks."""
        return self.shell.prefix + CHOSEN.get().in_language(language)

    def asset(self, name: str) -> str:
        """Return the link to a static file."""
        return self.shell.prefix + self.assets.versioned_path(name)

    def date(self, time: int | None) -> str:
        """Write a day: 24.11.2026."""
        return _NOTHING if time is None else dates_in_words.day(_local(time))

    def moment(self, time: int | None) -> str:
        """Write a day and a time: 24.11.2026, 05:10 Uhr."""
        return _NOTHING if time is None else dates_in_words.moment(_local(time))

    def ago(self, time: int | None) -> str:
        """Write how long ago, or in how long: vor 3 Minuten, in 2 Tagen."""
        if time is None:
            return _NOTHING
        now = self._clock.now()
        seconds = time - now if time > now else min(time - now, -1)
        return dates_in_words.ago(seconds) or self.moment(time)

    def number(self, value: float | None) -> str:
        """Write a number with the language's separators: 10.000."""
        return _NOTHING if value is None else format_decimal(value, locale=self._locale())

    def _locale(self) -> Locale:
        return locale_of(LANGUAGE.get())

    def _catalogue(self) -> NullTranslations:
        return self._catalogue_of(LANGUAGE.get())

    def _make_environment(self, packages: Sequence[str]) -> Environment:
        environment = Environment(
            loader=ChoiceLoader([PackageLoader(package) for package in (*packages, "shared.web")]),
            autoescape=True,
            undefined=StrictUndefined,
            extensions=["jinja2.ext.i18n"],
            bytecode_cache=_COMPILED,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.policies["ext.i18n.trimmed"] = True
        # Asked at each text, not once at start: the language belongs to the request.
        install: Callable[..., None] = environment.install_gettext_callables  # type: ignore[attr-defined]
        install(self.gettext, lambda one, many, n: self._catalogue().ngettext(one, many, n), newstyle=True)
        environment.globals.update(
            url=self.url, address_in=self.address_in, asset=self.asset, state_in_german=state_in_german,
            direction_of=direction_of,
        )  # fmt: skip
        environment.filters.update({name: _at_each_page(found) for name, found in self._filters().items()})
        return environment

    def _filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "date": self.date,
            "day": dates_in_words.day,
            "moment": self.moment,
            "ago": self.ago,
            "number": self.number,
            "german": mixed_text.german,
            "said_in": mixed_text.in_language,
            "ltr": mixed_text.ltr,
            "address": mixed_text.shown_address,
            "iso": lambda time: _local(time).isoformat(),
            "short_hash": lambda value: value.hex()[:16],
        }


def _at_each_page(found: Callable[..., Any]) -> Callable[..., Any]:
    """Let a filter be asked whenever a page is made, never once when its template is compiled: languages differ."""

    @pass_context
    def asked(_context: object, *given: object, **named: object) -> Any:
        return found(*given, **named)

    return asked


def language_headers() -> dict[str, str]:
    """Return the headers that tell caches and readers in which language a page is, and what that depends on."""
    return {"Content-Language": LANGUAGE.get(), "Vary": "Accept-Language"}


def _local(time: int) -> datetime:
    return datetime.fromtimestamp(time, _ZONE)


def _entries(value: object) -> Sequence[object]:
    if value is None:
        return ()
    return value if isinstance(value, list | tuple) else (value,)
