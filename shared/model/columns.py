"""The seventeen columns of an offer table, to drafts of offers; nothing is invented and nothing is set silently.

What a cell says for certain goes into the document.  What can only be guessed from words (target groups, slots of
opening hours, how to divide providers) is a proposal beside the document, for a person to confirm.  What cannot be read
stays as text and is reported.  Reading the file: `table.py`; finding earlier imports: `reimport.py`; storing: the node.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import structs

from shared.errors import ParseError
from shared.model import fields as f
from shared.model.district import District, DistrictMember
from shared.model.hours import read_hours
from shared.model.offer import OfferDoc
from shared.model.parts import Language, Link, Phone, Place, Provider, Schedule
from shared.model.phones import read_phones
from shared.model.postcodes import TownPostcodes, parse_postcode, split_town
from shared.model.providers import propose_split, split_surely
from shared.model.reimport import source_key
from shared.model.rules import check_offer
from shared.model.table import Effect, Row, RowProblem, Table
from shared.model.text import fold, one_line, running_text, split_summary
from shared.model.vocabulary.terms import UNKNOWN, Vocabulary

_NO_ID: Final = "0" * 32
_MOST_TOPICS: Final = 5

THEMES: Final[dict[str, tuple[str, ...]]] = {
    "Begegnung": ("freizeit",),
    "Sprache": ("sprache",),
    "Behörden und Alltag": ("behoerden",),
    "Kinderbetreuung und Familie": ("kinder", "familie"),
    "Ehrenamt": ("ehrenamt",),
    "Beratung Migration": ("beratung.migration",),
    "Beratung Flucht und Asyl": ("beratung", "aufenthalt"),
    "Sport und Freizeit": ("sport", "freizeit"),
    "Jugend und Schule": ("jugend", "schule"),
    "Migrantenorganisation": ("mo",),
    "Arbeit und Ausbildung": ("arbeit",),
    "Antidiskriminierung": ("antidiskriminierung",),
    "Senioren und Pflege": ("senioren", "pflege"),
    "Sprachmittlung": ("sprachmittlung",),
    "Gesundheit": ("gesundheit",),
    "Frauen": ("frauen",),
    "Wohnen und Grundversorgung": ("wohnen", "finanzen"),
}
_THEMES_FOLDED: Final = {fold(theme): codes for theme, codes in THEMES.items()}
FREE_WORDS: Final = frozenset({"kostenlos", "kostenfrei", "unentgeltlich", "gratis", "gebuhrenfrei", "umsonst"})
# Beginnings of words, folded, and the target group they propose.
_GROUP_WORDS: Final = (
    (r"ukrain\w*", "ukraine"),
    (r"gefluchtet\w*|asyl\w*|geduldet\w*|flucht\w*", "gefluechtet"),
    (r"neu ?zugewandert\w*|neuankommend\w*|seiteneinsteiger\w*", "neu"),
    (r"eu zugewandert\w*|aus der eu", "eu"),
    (
        r"(?<!neu )(?<!eu )zugewandert\w*|(?:zuwander|migration|einwanderung|auslander)\w*|internationaler geschichte",
        "migration",
    ),
    (r"migrant\w*organisation\w*", "mo"),
    (r"kinder\w*|babys?", "kinder"),
    (r"jugendlich\w*|junge menschen|jungen menschen|madchen|schuler\w*", "jugend"),
    (r"eltern|familien|mutter|vater|gastfamilien", "eltern"),
    (r"senior\w*|altere\w*", "senioren"),
    (r"frauen|mutter|madchen", "frauen"),
    (r"manner", "maenner"),
    (r"ehrenamtlich\w*|freiwillig\w*", "ehrenamtliche"),
    (r"arbeitsuchend\w*|arbeit suchen", "arbeitsuchend"),
    (r"angehorige\w*", "pflegende"),
    (r"alle interessierten|^alle$|alle generationen|aller generationen|jeden alters", "alle"),
)
_ESPECIALLY: Final = ("migration", "neu", "gefluechtet", "ukraine", "eu")
_COLUMN_OF_FIELD: Final = {
    "name": "angebot",
    "summary": "beschreibung",
    "body": "beschreibung",
    "providers": "traeger",
    "topics": "thema",
    "eligibility": "zielgruppe",
    "interpretation": "sprachen",
    "languages": "sprachen",
    "phones": "telefon",
    "email": "email",
    "url": "web",
    "schedule_text": "zeiten",
    "fees_text": "kosten",
    "locations": "ort",
    "locations.name": "ort_name",
    "locations.address_1": "strasse",
    "locations.postal_code": "plz",
    "locations.city": "ort",
}
_INDEX: Final = re.compile(r"\[[^\]]*\]")
_MOST_QUOTED: Final = 80  # characters of a cell that a message repeats


class Proposals(msgspec.Struct, frozen=True):
    """What a person may confirm with one click; never part of the document by itself."""

    especially_for: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    schedule_remarks: tuple[str, ...] = ()
    target_groups: tuple[str, ...] = ()


class OfferDraft(msgspec.Struct, frozen=True):
    """An offer read from one row.  `template` lacks its id; `source_note` is for staff and is not published."""

    row: int
    member: str
    key: tuple[str, ...]
    template: OfferDoc
    source_note: str
    proposals: Proposals
    problems: tuple[RowProblem, ...]

    @property
    def is_draft(self) -> bool:
        """True if a person must act before this can be published."""
        return any(problem.effect == "draft" for problem in self.problems)

    def document(self, record_id: str) -> OfferDoc:
        """The document under the id (32 hex digits) that the node chose."""
        return structs.replace(self.template, id=record_id)


class DraftTable(msgspec.Struct, frozen=True):
    """All drafts of a file and all problems of all rows, in the order of the rows.

    `unread` are the rows with effect `refused`, as far as their cells are known: they are there, though not usable.
    """

    drafts: tuple[OfferDraft, ...]
    problems: tuple[RowProblem, ...]
    unread: tuple[Row, ...] = ()


def read_drafts(
    table: Table, *, district: District, vocabularies: Mapping[str, Vocabulary], own: str | None = None
) -> DraftTable:
    """Read every row of a table; a row becomes a draft, or its problems say why not.

    Args:
        table: as `read_table` gives it; its problems are part of the result.
        own: the member whose rows are imported; rows of others are refused with effect `foreign`.  None: all members.
    """
    of_row: dict[int, list[RowProblem]] = {}
    for problem in table.problems:
        of_row.setdefault(problem.row, []).append(problem)
    problems = list(table.problems)
    drafts: list[OfferDraft] = []
    unread = list(table.unread)
    first_row: dict[tuple[str, ...], int] = {}
    for row in table.rows:
        key = source_key(row.cells)
        refusal = _refusal(row, district, own, first_row.get(key))
        if refusal is not None:
            problems.append(refusal)
            unread += [row] if refusal.effect == "refused" else []
            continue
        first_row[key] = row.number
        draft = read_row(row, district=district, vocabularies=vocabularies)
        problems += draft.problems
        drafts.append(structs.replace(draft, problems=(*of_row.get(row.number, ()), *draft.problems)))
    return DraftTable(tuple(drafts), tuple(sorted(problems, key=lambda problem: problem.row)), tuple(unread))


def read_row(row: Row, *, district: District, vocabularies: Mapping[str, Vocabulary]) -> OfferDraft:
    """Read one row whose town is known to the district.

    Raises:
        ParseError: the town is not; `read_drafts` reports that as a problem of the row.
    """
    member = district.member_by_text(row.cells["stadt"])
    if member is None:
        raise ParseError(f"row {row.number}: town {row.cells['stadt'][:40]!r} is not in the district")
    reader = _RowReader(row, member, district, vocabularies)
    template = reader.document()
    proposals = reader.proposals()
    for problem in check_offer(structs.replace(template, id=_NO_ID), vocabularies=vocabularies, district=district):
        reader.note(_column_of(problem.field), problem.message_de, "draft" if problem.severity == "error" else "hint")
    source = running_text(row.cells["quelle"])
    return OfferDraft(
        row.number, member.name, source_key(row.cells), template, source, proposals, tuple(reader.problems)
    )


def _column_of(path: str) -> str:
    """The column that the text at a path (`locations[0].city`) comes from; empty where there is none."""
    plain = _INDEX.sub("", path)
    return _COLUMN_OF_FIELD.get(plain) or _COLUMN_OF_FIELD.get(plain.partition(".")[0], "")


def _quoted(text: str) -> str:
    """A text in quotation marks, as much of it as a message can hold."""
    return f"„{text}“" if len(text) <= _MOST_QUOTED else f"„{text[: _MOST_QUOTED - 1]}…“"


def _refusal(row: Row, district: District, own: str | None, first_row: int | None) -> RowProblem | None:
    town = one_line(row.cells["stadt"])
    member = district.member_by_text(town)
    if member is None:
        return RowProblem(row.number, "stadt", f"{_quoted(town)} gehört nicht zu {district.name}", "refused")
    if own is not None and member.name != own:
        mine = district.member(own)
        message = f"gehört zu {member.title}, nicht zu {mine.title if mine else own}"
        return RowProblem(row.number, "stadt", message, "foreign")
    if first_row is not None:
        message = f"Stadt, Träger und Angebot stehen schon in Zeile {first_row}"
        return RowProblem(row.number, "angebot", message, "refused")
    return None


class _RowReader:
    """Reads the cells of one row and collects what there is to say about them."""

    def __init__(
        self, row: Row, member: DistrictMember, district: District, vocabularies: Mapping[str, Vocabulary]
    ) -> None:
        self._row = row
        self._member = member
        self._district = district
        self._postcodes: TownPostcodes = district.town_postcodes()
        self._vocabularies = vocabularies
        self._unread: list[str] = []
        self.problems: list[RowProblem] = []

    def note(self, column: str, message: str, effect: Effect = "hint") -> None:
        self.problems.append(RowProblem(self._row.number, column, message, effect))

    def document(self) -> OfferDoc:
        values: dict[str, Any] = {"id": "", "owner": self._member.ags, "status": "active"}
        values |= {"access": (UNKNOWN,), "mode": (UNKNOWN,), "offer_type": UNKNOWN}
        values["service_areas"] = (self._member.ags if self._member.town else self._district.key,)
        values["name"] = self._cut(self._line("angebot"), "angebot", 160)
        values |= self._description()
        values["providers"] = self._providers()
        values["topics"] = self._topics()
        values["eligibility"] = self._cut(self._text("zielgruppe"), "zielgruppe", 1000)
        values["locations"] = self._places()
        values |= self._languages()
        values |= self._reachable()
        values["schedule_text"] = self._cut(self._text("zeiten"), "zeiten", 1000)
        values |= self._costs()
        values["application_process"] = "\n".join(self._unread)[:2000]
        return OfferDoc(**values)

    def proposals(self) -> Proposals:
        hours = read_hours(self._row.cells["zeiten"])
        groups = _proposed_groups(self._row.cells["zielgruppe"])
        split = propose_split(self._row.cells["traeger"])
        return Proposals(
            especially_for=tuple(code for code in groups if code in _ESPECIALLY),
            providers=split if len(split) > len(split_surely(self._row.cells["traeger"])) else (),
            schedules=hours.slots,
            schedule_remarks=hours.remarks,
            target_groups=groups,
        )

    def _line(self, column: str) -> str:
        return one_line(self._row.cells[column])

    def _text(self, column: str) -> str:
        return running_text(self._row.cells[column])

    def _cut(self, text: str, column: str, most: int) -> str:
        if len(text) <= most:
            return text
        self.note(column, f"ist länger als {most} Zeichen und wurde gekürzt", "draft")
        return text[: most - 1] + "…"

    def _description(self) -> dict[str, str]:
        summary, body = split_summary(self._row.cells["beschreibung"])
        return {"summary": summary, "body": self._cut(body, "beschreibung", 8000)}

    def _providers(self) -> tuple[Provider, ...]:
        names = split_surely(self._row.cells["traeger"])
        return tuple(Provider(name=self._cut(name, "traeger", 200)) for name in names if len(name) >= 2)

    def _topics(self) -> tuple[str, ...]:
        codes: list[str] = []
        for theme in self._row.cells["thema"].split("|"):
            if not theme.strip():
                continue
            found = _THEMES_FOLDED.get(fold(theme)) or self._topic(theme)
            found = found and tuple(self._vocabularies["topic"].current(code) for code in found)
            if found is None:
                self.note("thema", f"{_quoted(one_line(theme))} ist kein bekanntes Thema", "draft")
            codes += [code for code in found or () if code not in codes]
        if len(codes) > _MOST_TOPICS:
            self.note("thema", f"ergibt {len(codes)} Themen, höchstens {_MOST_TOPICS} sind möglich", "draft")
        return tuple(codes[:_MOST_TOPICS])

    def _topic(self, word: str) -> tuple[str, ...] | None:
        """A topic by its own name or code, as tables that this program wrote say it."""
        vocabulary = self._vocabularies["topic"]
        term = vocabulary.find(word) or vocabulary.get(word.strip())
        return None if term is None else (term.code,)

    def _places(self) -> tuple[Place, ...]:
        name = self._cut(self._line("ort_name"), "ort_name", 160)
        street = self._cut(self._line("strasse"), "strasse", 250)
        code_of_town, city = split_town(self._row.cells["ort"])
        code = self._postcode() or code_of_town or self._postcodes.only_code(city)
        city = city or self._postcodes.town(code)
        if not (name or street or code or city):
            return ()
        place = Place(kind="physical", name=name, address_1=street, postal_code=code, city=self._cut(city, "ort", 80))
        return (place,)

    def _postcode(self) -> str:
        if not self._line("plz"):
            return ""
        try:
            return parse_postcode(self._row.cells["plz"])
        except ParseError:
            self.note("plz", f"{_quoted(self._line('plz'))} ist keine Postleitzahl", "draft")
            return ""

    def _languages(self) -> dict[str, Any]:
        languages: dict[str, Language] = {}
        rest = []
        for piece in re.split(r"[,;\n/]| und ", self._row.cells["sprachen"]):
            term = self._vocabularies["language"].find(piece) if piece.strip() else None
            code = (term.iso639_1 or term.iso639_3) if term else None
            if term is not None and code:
                languages[code] = Language(code=code, name=term.label)
            elif piece.strip():
                rest.append(one_line(piece))
        return {
            "languages": tuple(languages.values())[:20],
            "interpretation": self._cut("; ".join(rest), "sprachen", 500),
        }

    def _reachable(self) -> dict[str, Any]:
        emails, urls = self._addresses("email", read_email), self._addresses("web", read_url)
        if len(emails) > 1:
            self._keep_unread("email", emails[1:], "nur eine E-Mail-Adresse ist möglich")
        return {
            "phones": self._phones(),
            "email": emails[0] if emails else "",
            "url": urls[0] if urls else "",
            "additional_urls": tuple(Link(url=url) for url in urls[1:11]),
        }

    def _phones(self) -> tuple[Phone, ...]:
        town = self._district.member_by_text(self._line("ort")) or self._member
        read, unread = read_phones(self._row.cells["telefon"], area_code=town.area_code)
        for piece in unread:
            self.note("telefon", f"{_quoted(piece)} ist nicht als Telefonnummer lesbar und bleibt als Text stehen")
        return (*read, *(Phone(number=piece[:60]) for piece in unread))[:10]

    def _addresses(self, column: str, read: Any) -> list[str]:
        addresses, unread = [], []
        for piece in re.split(r"[\s;,]+", self._line(column)):
            address = read(piece) if piece else ""
            if address:
                addresses.append(address)
            elif piece:
                unread.append(piece)
        if unread:
            self._keep_unread(column, unread, "ist nicht lesbar und bleibt als Text stehen")
        return addresses

    def _keep_unread(self, column: str, pieces: Sequence[str], why: str) -> None:
        self.note(column, f"{_quoted(' '.join(pieces))}: {why}")
        self._unread.append(f"{'E-Mail' if column == 'email' else 'Internet'} laut Quelle: {' '.join(pieces)}")

    def _costs(self) -> dict[str, Any]:
        text = self._cut(self._text("kosten"), "kosten", 1000)
        first, _, rest = text.partition(",")
        if fold(first) not in FREE_WORDS:
            return {"fees_text": text}
        return {"is_free": True, "fees_text": text if rest.strip() else ""}


def _proposed_groups(text: str) -> tuple[str, ...]:
    plain = fold(text)
    return tuple(code for words, code in _GROUP_WORDS if re.search(rf"\b(?:{words})\b", plain))[:10]


def read_email(piece: str) -> str:
    """The address in its usual form, or the empty text."""
    local, at, domain = piece.removeprefix("mailto:").partition("@")
    address = f"{local}@{domain.lower()}"
    is_address = at and "." in domain.strip(".") and re.search(f.EMAIL_PATTERN, address) and len(address) <= 254
    return address if is_address else ""


def read_url(piece: str) -> str:
    """The address with a scheme, or the empty text; an address without one is read as https."""
    scheme, has_scheme, rest = piece.partition("://")
    scheme, rest = (scheme.lower(), rest) if has_scheme else ("https", piece)
    host, slash, path = rest.partition("/")
    url = f"{scheme}://{host.lower()}{slash}{path}"
    is_address = "." in host.strip(".") and "@" not in host and re.search(f.URL_PATTERN, url) and len(url) <= 2000
    return url if is_address else ""
