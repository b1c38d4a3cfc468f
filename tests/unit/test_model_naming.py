"""Free texts about needs: what may say who somebody is, is found; what talks of people in general, is not."""

from __future__ import annotations

import pytest

from shared.model.naming import Naming, find_naming

TOWNS = frozenset({"waltrop", "castrop", "rauxel", "recklinghausen"})


@pytest.mark.parametrize(
    ("text", "kind", "found"),
    [
        ("Frau Yilmaz sucht einen Kurs.", "name", "Frau Yilmaz"),
        ("Ein Platz für Herrn Dr. Özdemir fehlt.", "name", "Herrn Dr. Özdemir"),
        ("Die Familie Al-Hassan wartet.", "name", "Familie Al-Hassan"),
        ("Gesucht für Fatima, 34 Jahre.", "name", "Fatima"),
        ("Olena Kovalenko wartet seit Mai.", "name", "Olena Kovalenko"),
        ("Es geht um Xiomara Petrowka aus Waltrop.", "name", "Xiomara Petrowka"),
        ("Rückruf unter 02309 / 12 34 56 erbeten.", "phone", "02309 / 12 34 56"),
        ("Mobil 0171-2345678", "phone", "0171-2345678"),
        ("Bedarfsgemeinschaft 35502123456", "phone", "35502123456"),
        ("Mail an o.k@beispiel.de bitte", "mail", "o.k@beispiel.de"),
        ("Mutter, geb. 12.03.1990, sucht Kita.", "birth", "geb. 12.03.1990"),
    ],
)
def test_what_may_name_a_person_is_found(text: str, kind: str, found: str) -> None:
    assert find_naming(text, known=TOWNS) == [Naming(kind, found)]


@pytest.mark.parametrize(
    "text",
    [
        "Viele Frauen aus Syrien suchen einen Deutschkurs B1 mit Kinderbetreuung am Vormittag.",
        "Alleinerziehende Mütter finden keinen Integrationskurs Waltrop.",
        "Wartezeit über 6 Monate, zuletzt am 12.03.2026 gefragt (2025/2026 ebenso).",
        "Kurse nur von 9.00-12.00 Uhr; 45731 Waltrop hat keinen Platz für 12 Personen.",
        "Das Jobcenter Kreis Recklinghausen schickt Menschen zur VHS Waltrop.",
        "Im Notfall gilt 112.",
        "Der Kurs bei der Evangelischen Kirche Herten und dem Diakonischen Werk Ruhr ist voll.",
        "Volkshochschule, Fachbereich Deutsch; Caritasverband Ostvest und AWO Unterbezirk Westfalen",
        "Eine Familie mit drei Kindern wartet. Ukrainische Familien fragen oft.",
        "Sprachmittlung Kurmandschi fehlt bei der Beratungsstelle Castrop-Rauxel.",
    ],
)
def test_text_about_people_in_general_is_left_alone(text: str) -> None:
    assert find_naming(text, known=TOWNS) == []


def test_several_places_are_told_in_their_order() -> None:
    assert find_naming("Frau Demir, 0171 2345678, und Herr Koç") == [
        Naming("name", "Frau Demir"), Naming("phone", "0171 2345678"), Naming("name", "Herr Koç"),
    ]  # fmt: skip
