"""Provider names and postcodes."""

from __future__ import annotations

import pytest

from shared.errors import ParseError
from shared.model.postcodes import parse_postcode, split_town
from shared.model.providers import match_key, propose_split, split_surely
from shared.model.shipped import shipped_district


@pytest.mark.parametrize(
    "spellings",
    [
        (
            "Caritasverband Ostvest e.V.",
            "Caritasverband Ostvest e. V.",
            "caritasverband  ostvest",
            "Caritasverband Ostvest eV",
        ),
        ("Hilfe Lange Str. 5", "Hilfe Lange Straße 5", "Hilfe Lange Strasse 5"),
        ("Verein Langestr.", "Verein Langestraße"),
        (
            "Migrant*innenorganisation Nord",
            "MO Nord",
            "MSO Nord",
            "Migrantenselbstorganisation Nord",
            "MigrantInnenorganisation Nord",
        ),
        ("Bürger*innenhaus", "Bürger:innenhaus", "Bürger_innenhaus", "BürgerInnenhaus", "Bürgerinnenhaus"),
        ("VHS Marl", "Volkshochschule Marl"),
        ("Beispiel gGmbH", "Beispiel"),
    ],
)
def test_spellings_of_one_provider_share_a_key(spellings: tuple[str, ...]) -> None:
    assert len({match_key(name) for name in spellings}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Verein Moers", "Verein"),
        ("Mosaik", "MO"),
        ("Evangelische Kirche", "Kirche"),
        ("Caritas Marl", "Caritas Herten"),
    ],
)
def test_different_providers_keep_different_keys(one: str, other: str) -> None:
    assert match_key(one) != match_key(other)


def test_only_a_slash_between_spaces_splits_unattended() -> None:
    assert split_surely("Stadt A / Stiftung B und C") == ("Stadt A", "Stiftung B und C")
    assert split_surely("RE/init e.V.") == ("RE/init e.V.",)
    assert split_surely("Fachbereich Kinder, Jugend und Familie") == ("Fachbereich Kinder, Jugend und Familie",)


def test_proposed_split_takes_every_separator_outside_brackets() -> None:
    assert propose_split("VHS A mit dem Forum B, Kirche C und D / E") == ("VHS A", "Forum B", "Kirche C", "D", "E")
    assert propose_split("Haus der Kulturen (AWO, Caritas, Diakonie)") == (
        "Haus der Kulturen (AWO, Caritas, Diakonie)",
    )


@pytest.mark.parametrize(("text", "code"), [("45657", "45657"), ("D-45657", "45657"), (" 45657 ", "45657")])
def test_postcode_is_read(text: str, code: str) -> None:
    assert parse_postcode(text) == code


@pytest.mark.parametrize("text", ["", "4565", "456577", "４5657", "45657 Recklinghausen"])
def test_what_is_no_postcode_is_refused(text: str) -> None:
    with pytest.raises(ParseError):
        parse_postcode(text)


def test_postcode_and_town_are_divided() -> None:
    assert split_town("45657 Recklinghausen") == ("45657", "Recklinghausen")
    assert split_town("Haltern am See") == ("", "Haltern am See")
    assert split_town("45721") == ("45721", "")


def test_postcode_is_filled_only_where_a_town_has_one() -> None:
    postcodes = shipped_district().town_postcodes()

    assert {town: postcodes.only_code(town) for town in ("Datteln", "haltern am see", "Marl", "Essen")} == {
        "Datteln": "45711",
        "haltern am see": "45721",
        "Marl": "",
        "Essen": "",
    }
    assert postcodes.town("45699") == "Herten"
    assert postcodes.fits("45699", "Herten")
    assert not postcodes.fits("45699", "Marl")
    assert postcodes.fits("44787", "Bochum")
