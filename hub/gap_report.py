"""The report about gaps, of one city or of the whole district: what a meeting is handed, as tables.

Every table of it stands on the page, in the workbook and alone as CSV, with the same numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from hub.agreements import list_agreements
from hub.figure_tables import NONE, Cell, Table
from hub.gap_shapes import FACET_TITLES, GROUPS, KILOMETRES, LANGUAGES, TOPICS, VIEWS, Matrix, Needs, Value, Way
from hub.gaps import Gaps
from hub.misses import HUB
from hub.needs import DONE, list_needs
from hub.offices import list_offices

MISSES_MAX: Final = 30
_FACETS: Final = {TOPICS: "themen", LANGUAGES: "sprachen", GROUPS: "zielgruppen"}
_PLURALS: Final = {TOPICS: "Themen", LANGUAGES: "Sprachen", GROUPS: "Zielgruppen"}


@dataclass(frozen=True)
class GapReport:
    """A report; `city` is a member name, empty for the whole district.

    Args:
        made: Unix seconds.
        offers, whole: offers of the city, and those of the whole district beside them.
        missing: what the city has nothing of, by table: topics, languages, target groups.
        needs: how often a need was reported that is still open.
    """

    city: str
    town: str
    made: int
    offers: int
    whole: int
    missing: dict[str, tuple[str, ...]]
    needs: int
    tables: tuple[Table, ...]

    @property
    def title(self) -> str:
        """How the report is called."""
        return f"Lücken im Angebot: {self.town}"


def make_report(gaps: Gaps, city: str = "") -> GapReport:
    """Return the report of a city, or of the whole district."""
    from hub.needs import count_needs

    needs = count_needs(gaps)
    offers, whole = gaps.count_offers(city)
    tables = tuple(_of_city(gaps, city, needs) if city else _of_district(gaps, needs))
    missing = {
        _PLURALS[facet]: tuple(
            line.value.label
            for line in gaps.lines(facet, city, needs)
            if not line.cell.number and not line.value.depth and _is_expected(gaps, facet, line.value)
        )
        for facet in _FACETS
    }
    reported = sum(
        shown.row.number for shown in list_needs(gaps, (city,) if city else None) if shown.row.state != DONE
    )  # fmt: skip
    return GapReport(city, gaps.town(city), gaps.hub.clock.now(), offers, whole, missing, reported, tables)


def _is_expected(gaps: Gaps, facet: str, value: Value) -> bool:
    """Tell whether it is worth a word that there is nothing: of languages those in which the pages are shown."""
    return not value.is_unstated and (facet != LANGUAGES or value.code in gaps.district.languages)


def _of_city(gaps: Gaps, city: str, needs: Needs) -> Iterator[Table]:
    for facet in _FACETS:
        yield lines_table(gaps, facet, city, needs)
    yield needs_table(gaps, city, only_open=True)
    yield ways_table(gaps, city=city)
    yield misses_table(gaps, city)
    yield freshness_table(gaps, city)
    yield agreements_table(gaps, city)
    yield offices_table(gaps, city)


def _of_district(gaps: Gaps, needs: Needs) -> Iterator[Table]:
    for code in ("stadt-thema", "stadt-sprache", "stadt-zielgruppe"):
        yield matrix_table(gaps.matrix(code, needs), code)
    yield needs_table(gaps, only_open=True)
    yield ways_table(gaps)
    yield misses_table(gaps)
    yield freshness_table(gaps)
    yield agreements_table(gaps)
    yield offices_table(gaps)


# --- tables ----------------------------------------------------------------------------------------------------------


def indented(label: str, depth: int) -> str:
    """Return a label with what shows that it stands below another, in plain text."""
    return "– " * depth + label


def count_text(number: int) -> int | str:
    """Return a number, or the word for none, so that a gap reads as one."""
    return number or NONE


def matrix_table(matrix: Matrix, code: str) -> Table:
    """Return a matrix as a table; fields without an offer read "keins"."""
    has_whole = not matrix.view.is_of_one_city
    columns = [FACET_TITLES[matrix.view.rows], *(column.label for column in matrix.columns)]
    columns += ["kreisweit"] if has_whole else []
    rows: list[tuple[Cell, ...]] = []
    for row in matrix.rows:
        cells: list[Cell] = [indented(row.value.label, row.value.depth)]
        cells += [
            cell.number if row.value.is_unstated or column.is_unstated else _cell_text(cell.number, cell.needs)
            for column, cell in zip(matrix.columns, row.cells, strict=True)
        ]
        rows.append((*cells, *((row.whole,) if has_whole else ()), row.total, row.empty))
    extra = (matrix.whole,) if has_whole else ()
    rows.append(("Angebote zusammen", *matrix.totals, *extra, matrix.total, None))
    rows.append(("leere Felder", *matrix.empties, *((None,) if has_whole else ()), None, sum(matrix.empties)))
    return Table(
        code, VIEWS[code].title, (*columns, "zusammen", "leer"), tuple(rows),
        "Jedes Angebot ist in „zusammen“ einmal gezählt; ein Thema zählt seine Unterthemen mit. Kreisweite Angebote "
        "stehen in ihrer eigenen Spalte.",
    )  # fmt: skip


def _cell_text(number: int, needs: int) -> int | str:
    return f"{number or NONE}, {needs} × Bedarf" if needs else number or NONE


def lines_table(gaps: Gaps, facet: str, city: str, needs: Needs) -> Table:
    """Return topics, languages or target groups of one city with their numbers."""
    rows = [
        (
            indented(line.value.label, line.value.depth),
            line.cell.number if line.value.is_unstated else count_text(line.cell.number), line.cell.whole or None,
            line.cell.needs or None,
        )
        for line in gaps.lines(facet, city, needs)
    ]  # fmt: skip
    return Table(
        _FACETS[facet], f"Angebote nach {'Thema' if facet == TOPICS else FACET_TITLES[facet]}",
        (FACET_TITLES[facet], f"Angebote in {gaps.town(city)}", "dazu kreisweit", "Bedarf gemeldet"), tuple(rows),
        "" if facet == TOPICS else "„Ohne Angabe“ zählt Angebote, die dazu nichts sagen.",
    )  # fmt: skip


def needs_table(gaps: Gaps, city: str = "", *, only_open: bool = False) -> Table:
    """Return the reported needs, without who reported them."""
    rows = [
        (
            _day(gaps, shown.row.created), shown.town, shown.topic, shown.row.number, shown.language,
            shown.target_group, shown.row.text, shown.state, shown.answer_title,
        )
        for shown in list_needs(gaps, (city,) if city else None)
        if not (only_open and shown.row.state == DONE)
    ]  # fmt: skip
    return Table(
        "bedarf", "Gemeldeter Bedarf",
        ("Gemeldet", "Stadt", "Thema", "Wie oft", "Sprache", "Zielgruppe", "Worum es geht", "Stand", "Erledigt durch"),
        tuple(rows), "Was erledigt ist, steht hier nicht mehr." if only_open else "", "Kein Bedarf gemeldet.",
    )  # fmt: skip


def ways_table(gaps: Gaps, topic: str = "", city: str = "") -> Table:
    """Return the postcodes with what is near them."""
    ways = gaps.ways(topic, city)
    note = f"Gezählt sind Angebote mit einem Ort im Umkreis von {KILOMETRES} km um die Mitte des Postleitzahlgebiets."
    if topic:
        label = gaps.label(TOPICS, topic)
        rows: list[tuple[Cell, ...]] = [(way.code, way.town, count_text(way.offers)) for way in ways]
        return Table("wege", f"{label}: Angebote in der Nähe", ("Postleitzahl", "Ort", "Angebote"), tuple(rows), note)
    rows = [(way.code, way.town, count_text(way.offers), _missing(way)) for way in ways]
    columns = ("Postleitzahl", "Ort", "Angebote", f"Themen ohne Angebot im Umkreis von {KILOMETRES} km")
    return Table("wege", "Angebote in der Nähe", columns, tuple(rows), note)


def _missing(way: Way) -> str | None:
    if not way.offers:
        return "alle"
    return " · ".join(value.label for value in way.missing) or None


def misses_table(gaps: Gaps, city: str = "") -> Table:
    """Return the searches without a hit."""
    found = gaps.misses()
    note = f"Der letzten {found.days} Tage. Gezählt wird nur, was an einem Tag mindestens fünfmal eingegeben wurde."
    empty = "Keine Suche ohne Treffer, die oft genug vorkam."
    if city:
        rows: Sequence[tuple[Cell, ...]] = found.of(city)[:MISSES_MAX]
        return Table("suchen", "Gesucht und nicht gefunden", ("Suchwort", "Wie oft"), tuple(rows), note, empty)
    rows = [
        (miss.term, miss.number, ", ".join(member_title(gaps, name) for name in sorted(miss.by_member)))
        for miss in found.misses[:MISSES_MAX]
    ]
    columns = ("Suchwort", "Wie oft", "Auf den Seiten von")
    return Table("suchen", "Gesucht und nicht gefunden", columns, tuple(rows), note, empty)


def member_title(gaps: Gaps, name: str) -> str:
    """Return how a member is called whose pages were asked."""
    if name == HUB:
        return "Verzeichnis des Kreises"
    member = gaps.district.member(name)
    return name if member is None else member.title


def freshness_table(gaps: Gaps, city: str = "") -> Table:
    """Return how current the offers are."""
    rows = [
        (one.member.title, one.offers, one.in_time, one.share, one.overdue, one.unchecked, one.oldest)
        for one in gaps.freshness()
        if city in ("", one.member.name)
    ]
    return Table(
        "aktualitaet", "Wie aktuell sind die Angebote?",
        (
            "Wer veröffentlicht", "Angebote", "rechtzeitig geprüft", "Anteil in Prozent", "überfällig", "nie geprüft",
            "am längsten überfällig seit",
        ),
        tuple(rows), "Rechtzeitig geprüft heißt: Der Tag, an dem wieder geprüft werden soll, ist noch nicht vorbei.",
    )  # fmt: skip


def agreements_table(gaps: Gaps, city: str = "") -> Table:
    """Return what was agreed; of a city also what was agreed for the whole district."""
    rows = [
        (one.town, one.topic, one.row.what, one.row.who, one.until, one.state)
        for one in list_agreements(gaps)
        if not city or one.row.city in ("", city)
    ]
    return Table(
        "vereinbarungen", "Vereinbarungen", ("Wo", "Thema", "Was", "Wer", "Bis wann", "Stand"), tuple(rows),
        empty="Noch nichts vereinbart.",
    )  # fmt: skip


def offices_table(gaps: Gaps, city: str = "") -> Table:
    """Return where the case management is reached."""
    rows = [
        (one.member.town, one.row.name, one.row.phone, one.row.email)
        for one in list_offices(gaps)
        if city in ("", one.member.name)
    ]
    columns = ("Stadt", "Stelle", "Telefon", "Funktionspostfach")
    return Table("kontakte", "Kommunales Integrationsmanagement", columns, tuple(rows))


def _day(gaps: Gaps, time: int) -> Cell:
    return gaps.hub.moment(time).date()


_COUNTED: Final = (
    "jedes Angebot einmal, auch wenn es in mehreren Städten eingetragen ist. Ein Angebot zählt für jede Stadt, in der "
    "es stattfindet oder gilt. Kreisweite Angebote sind getrennt gezählt."
)


def about(gaps: Gaps, title: str, made: int) -> list[tuple[str, str]]:
    """Return what stands on the first sheet of a workbook."""
    return [
        ("Titel", title),
        ("Kreis", gaps.district.name),
        ("Stand", f"{gaps.hub.moment(made):%d.%m.%Y, %H:%M} Uhr"),
        ("Gezählt ist", _COUNTED),
        (NONE, "Für diese Stadt gibt es kein eigenes Angebot."),
    ]  # fmt: skip
