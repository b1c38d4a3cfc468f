"""Where the case management of each city is reached, as the district writes it down: an office, never a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hub.gaps import Gaps
from hub.needs import known_words
from hub.store import offices as store
from hub.store.offices import OfficeRow
from shared.errors import NotFoundError, ParseError, RuleError
from shared.mail import is_address
from shared.model.district import DistrictMember
from shared.model.naming import find_naming
from shared.model.phones import parse_phone
from shared.model.text import one_line

_NAME_MAX = 120


@dataclass(frozen=True)
class Office:
    """One city with its office, as far as it is known."""

    member: DistrictMember
    row: OfficeRow

    @property
    def is_known(self) -> bool:
        """Something is written down."""
        return bool(self.row.name or self.row.phone or self.row.email)


def list_offices(gaps: Gaps) -> list[Office]:
    """Return every city with its office, in the order of the profile."""
    with gaps.hub.db.read() as conn:
        known = store.load_offices(conn)
    return [Office(member, known.get(member.name, OfficeRow(member.name))) for member in gaps.cities]


def one_office(gaps: Gaps, city: str) -> Office:
    """Return a city with its office; NotFoundError."""
    found = next((one for one in list_offices(gaps) if one.member.name == city), None)
    if found is None:
        raise NotFoundError("Diese Stadt gibt es im Kreis nicht", advice="Alle stehen unter „Kontakte“.")
    return found


def save_office(gaps: Gaps, city: str, name: str, phone: str, email: str) -> Office:
    """Keep the office of a city; three empty fields take it away.

    Raises:
        NotFoundError: no such city.
        RuleError: with every problem, by field.
    """
    before = one_office(gaps, city)
    name, phone, email = one_line(name), one_line(phone), email.strip()
    problems: dict[str, Sequence[str]] = {}
    if len(name) > _NAME_MAX:
        problems["name"] = [f"Höchstens {_NAME_MAX} Zeichen."]
    elif any(one.kind == "name" for one in find_naming(name, known=known_words(gaps))):
        problems["name"] = ["Nennen Sie die Stelle, nicht eine Person: Personen wechseln, die Stelle bleibt."]
    if phone:
        phone = _read_phone(phone, before.member.area_code, problems)
    if email and not is_address(email):
        problems["email"] = ["Das ist keine E-Mail-Adresse; nötig ist ein Funktionspostfach wie kim@stadt.example."]
    if problems:
        raise RuleError("Der Kontakt ist noch nicht gespeichert", problems)
    with gaps.hub.db.write() as conn:
        store.save_office(conn, OfficeRow(city, name, phone, email, gaps.hub.clock.now()))
    return one_office(gaps, city)


def _read_phone(phone: str, area_code: str, problems: dict[str, Sequence[str]]) -> str:
    try:
        return parse_phone(phone, area_code=area_code)
    except ParseError:
        problems["phone"] = ["Diese Nummer ist so nicht lesbar. Schreiben Sie sie mit Vorwahl, etwa 02361 123456."]
        return phone
