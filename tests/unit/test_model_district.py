"""District profile: the shipped one, and what is wrong with others."""

from __future__ import annotations

from importlib import resources

import pytest

from shared.errors import ConfigError
from shared.model.district import contrast, parse_district
from shared.model.shipped import shipped_district

PROFILE = (resources.files("shared.model") / "districts" / "recklinghausen.toml").read_text("utf-8")
AGS = {
    "kreis": "05562000",
    "castrop-rauxel": "05562004",
    "datteln": "05562008",
    "dorsten": "05562012",
    "gladbeck": "05562014",
    "haltern-am-see": "05562016",
    "herten": "05562020",
    "marl": "05562024",
    "oer-erkenschwick": "05562028",
    "recklinghausen": "05562032",
    "waltrop": "05562036",
}


def test_shipped_district_has_eleven_publishers_and_twenty_four_postcodes() -> None:
    district = shipped_district()

    assert {member.name: member.ags for member in district.members} == AGS
    assert len(district.town_postcodes().postcodes) == 24
    assert district.title("05562020") == "Stadt Herten"
    assert district.title("99999999") == "99999999"


def test_every_postcode_centre_lies_inside_the_bounds() -> None:
    district = shipped_district()

    for postcode in district.town_postcodes().postcodes:
        assert district.bounds.holds(postcode.latitude, postcode.longitude), postcode.code


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Herten", "herten"),
        ("Stadt Herten", "herten"),
        ("HALTERN AM SEE", "haltern-am-see"),
        ("haltern-am-see", "haltern-am-see"),
        ("Kreis Recklinghausen", "kreis"),
        ("Recklinghausen", "recklinghausen"),
    ],
)
def test_member_is_found_by_what_people_write(text: str, name: str) -> None:
    member = shipped_district().member_by_text(text)

    assert member is not None
    assert member.name == name


def test_empty_text_and_other_towns_are_no_member() -> None:
    assert shipped_district().member_by_text("") is None
    assert shipped_district().member_by_text("Bochum") is None


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('name = "Kreis Recklinghausen"', "name = ", "TOML"),
        ('key = "05562"', 'key = "5562"', "key"),
        ('ags = "05562020"', 'ags = "05562024"', "given twice"),
        ('ags = "05562020"', 'ags = "05570020"', "outside"),
        ('ags = "05562020"', 'ags = "5562020"', "acht Ziffern"),
        ('name = "herten"', 'name = "Herten"', "Der Name 'Herten'"),
        ('name = "herten"', 'name = "hub"', "reserved"),
        ('name = "herten"', 'name = "marl"', "given twice"),
        ('code = "45699"', 'code = "45701"', "given twice"),
        ('code = "45699"', 'code = "4569"', "postcodes"),
        ('accent = "#00567a"', 'accent = "blue"', "#rrggbb"),
        ('accent = "#00567a"', 'accent = "#eeeeee"', "contrast"),
        ("south = 51.4", "south = 52.4", "wrong way round"),
        ('["de", "de-simple",', '["de-simple",', "de fehlt"),
        ('state = "NW"', 'stat = "NW"', "stat"),
    ],
)
def test_wrong_profile_is_refused_by_name(old: str, new: str, said: str) -> None:
    assert old in PROFILE

    with pytest.raises(ConfigError, match="Kreisprofil") as caught:
        parse_district(PROFILE.replace(old, new, 1))

    assert said in caught.value.message


def test_another_district_is_possible() -> None:
    district = parse_district(PROFILE.replace("05562", "05370").replace("Kreis Recklinghausen", "Kreis Heinsberg"))

    assert district.name == "Kreis Heinsberg"
    assert district.members[0].ags == "05370000"


@pytest.mark.parametrize("name", ["atlantis", "../district", ""])
def test_profile_that_is_not_shipped_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="liegt dem Programm nicht bei"):
        shipped_district(name)


def test_contrast_is_that_of_wcag() -> None:
    assert round(contrast("#000000", "#ffffff"), 2) == 21
    assert round(contrast("#767676", "#ffffff"), 2) == 4.54
