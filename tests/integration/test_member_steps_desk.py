"""Steps that need the root key, at the district's desk: signed here with its passphrase, or noted and signed away."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import httpx
import pytest

from hub import enrolment, roster_keeping, roster_steps
from hub.cli import run as run_hub
from hub.opening import close_hub
from hub.party import Hub
from hub.store.standings import update_standing
from shared.commands import DONE
from tests.support.desk import Desk, add_person, at_desk, make_passwords_cheap
from tests.support.enrolling import PASSPHRASE, City, make_hub, root_of
from tests.support.world import VirtualClock

SECRET = PASSPHRASE.decode()
AGS = {"herten": "05562020", "marl": "05562024"}


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def hub(tmp_path: Path, clock: VirtualClock) -> Iterator[Hub]:
    made = make_hub(tmp_path / "hub", clock)
    make_passwords_cheap(made)
    code = enrolment.invite(made, "herten", AGS["herten"], "Stadt Herten")
    enrolment.receive_join(made, City("herten").application(code))
    enrolment.approve(made, "herten", root_of(made))
    yield made
    close_hub(made)


@pytest.fixture
def stream() -> StringIO:
    return StringIO()


@pytest.fixture
def desk(hub: Hub, stream: StringIO) -> Iterator[Desk]:
    with at_desk(hub, stream) as desk:
        desk.be(add_person(hub, "betrieb", "betrieb"))
        yield desk


def take(desk: Desk, word: str, passphrase: str = SECRET, name: str = "herten") -> tuple[int, str]:
    """Take a step with this passphrase; returns status and the page that is there after it."""
    page = f"/pult/mitglieder/{name}/schritt/{word}"
    answer = desk.submit(page, page, passphrase=passphrase)
    if answer.status_code != 303:
        return answer.status_code, answer.text
    return 303, desk.get(answer.headers["location"]).text


def status_of(hub: Hub, name: str = "herten") -> str:
    return roster_keeping.held_roster(hub).roster.rows(name)[0].status


def lock_away(hub: Hub, folder: Path) -> Path:
    """Move the root key to another medium."""
    folder.mkdir()
    path = roster_steps.root_key_path(hub)
    assert path is not None
    return path.rename(folder / "root.key")


# --- steps ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["pause"], "paused"), (["suspend"], "suspended"), (["retire"], "retired"), (["pause", "resume"], "active"),
        (["suspend", "resume"], "active"), (["pause", "suspend"], "suspended"), (["retire", "resume"], "active"),
    ],
)  # fmt: skip
def test_step_is_signed_with_the_passphrase(hub: Hub, desk: Desk, words: list[str], status: str) -> None:
    done = [take(desk, word)[0] for word in words]

    assert done == [303] * len(words)
    assert status_of(hub) == status


def test_page_says_what_happens_and_how_it_is_undone(desk: Desk) -> None:
    page = desk.get("/pult/mitglieder/herten/schritt/suspend").text

    assert "Alle Angebote der Stadt verschwinden überall" in page
    assert "hebt die Sperre auf" in page
    assert "Die Passphrase wird nicht gespeichert." in page


def test_step_that_is_not_possible_is_not_found(desk: Desk) -> None:
    assert desk.get("/pult/mitglieder/herten/schritt/resume").status_code == 404
    assert desk.get("/pult/mitglieder/herten/schritt/erfunden").status_code == 404


def test_wrong_passphrase_changes_nothing_and_is_said_beside_the_field(hub: Hub, desk: Desk) -> None:
    status, page = take(desk, "suspend", "falsch geraten")

    assert (status, status_of(hub)) == (422, "active")
    assert "Mit dieser Passphrase lässt sich der Wurzelschlüssel nicht öffnen." in page


def test_missing_passphrase_is_said(desk: Desk) -> None:
    assert "Die Passphrase des Wurzelschlüssels fehlt." in take(desk, "suspend", "")[1]


def test_guessing_ends_for_an_hour_even_for_the_right_one(hub: Hub, desk: Desk, clock: VirtualClock) -> None:
    for number in range(roster_steps.TRIES_PER_HOUR):
        take(desk, "suspend", f"geraten {number}")

    refused = take(desk, "suspend")
    clock.time += 3600
    desk.be(add_person(hub, "zweite", "betrieb"))
    later = take(desk, "suspend")

    assert refused[0] == 422
    assert "Zu viele falsche Passphrasen." in refused[1]
    assert later[0] == 303


def test_passphrase_stands_in_no_log_no_file_and_no_page(hub: Hub, desk: Desk, stream: StringIO) -> None:
    _, wrong = take(desk, "suspend", f"{SECRET}-fast")
    _, right = take(desk, "suspend")

    assert SECRET not in stream.getvalue()
    assert "roster_changed" in stream.getvalue()
    assert SECRET not in wrong + right
    assert not any(PASSPHRASE in path.read_bytes() for path in hub.home.rglob("*") if path.is_file())


def test_reader_sees_no_step(hub: Hub, desk: Desk) -> None:
    desk.be(add_person(hub, "leser", "leser"))

    assert "/schritt/" not in desk.get("/pult/mitglieder/herten").text
    assert desk.get("/pult/mitglieder/herten/schritt/suspend").status_code == 403


def test_paused_member_s_page_leads_to_going_on(desk: Desk) -> None:
    page = take(desk, "pause")[1]

    assert 'href="/pult/mitglieder/herten/schritt/resume"' in page
    assert "Jetzt abrufen" not in page


# --- where the key is elsewhere ---------------------------------------------------------------------------------------


def test_change_is_noted_signed_elsewhere_and_brought_back(hub: Hub, desk: Desk, tmp_path: Path) -> None:
    key = lock_away(hub, tmp_path / "stick")
    step = "/pult/mitglieder/herten/schritt/suspend"
    page = desk.get(step).text
    noted = desk.get(desk.submit(step, f"{step}/vormerken").headers["location"]).text
    draft = tmp_path / "roster-draft.txt"
    draft.write_bytes(desk.get("/pult/mitgliederliste/entwurf").content)
    word = tmp_path / "passphrase"
    word.write_bytes(PASSPHRASE)

    # On a computer without a hub.
    signed = run_hub(
        ["--home", str(tmp_path / "nirgends"), "roster", "sign", str(draft), "--root-key", str(key),
         "--passphrase-file", str(word)]
    )  # fmt: skip
    answer = upload(desk, draft.read_bytes())

    assert "kreisweit-hub suspend herten --root-key DATEI" in page
    assert "Passphrase" not in page
    assert "sperren" in noted
    assert signed == DONE
    assert answer.status_code == 303
    assert status_of(hub) == "suspended"
    assert "Nichts ist vorgemerkt" in desk.get("/pult/mitgliederliste").text


def upload(desk: Desk, content: bytes) -> httpx.Response:
    found = desk.get("/pult/mitgliederliste").text.partition('name="csrf_token" value="')[2].partition('"')[0]
    return desk.client.post(
        "/pult/mitgliederliste/einspielen", data={"csrf_token": found}, files={"file": ("liste.txt", content)},
        headers={"Origin": desk.origin},
    )  # fmt: skip


def test_unsigned_draft_is_refused_with_the_reason(hub: Hub, desk: Desk, tmp_path: Path) -> None:
    lock_away(hub, tmp_path / "stick")

    answer = upload(desk, desk.get("/pult/mitgliederliste/entwurf").content)

    assert answer.status_code == 422
    assert "Die Datei trägt noch keine Unterschrift" in answer.text
    assert roster_keeping.held_roster(hub).roster.version == 2


def test_noted_change_can_be_dropped(hub: Hub, desk: Desk, tmp_path: Path) -> None:
    lock_away(hub, tmp_path / "stick")
    step = "/pult/mitglieder/herten/schritt/pause"
    desk.submit(step, f"{step}/vormerken")

    desk.submit("/pult/mitgliederliste", "/pult/mitgliederliste/herten/verwerfen")

    assert "Nichts ist vorgemerkt" in desk.get("/pult/mitgliederliste").text
    assert roster_steps.noted_changes(hub) == {}


def test_roster_is_renewed_with_the_passphrase(hub: Hub, desk: Desk) -> None:
    answer = desk.submit("/pult/mitgliederliste", "/pult/mitgliederliste/unterschreiben", passphrase=SECRET)

    assert answer.status_code == 303
    assert roster_keeping.held_roster(hub).roster.version == 3


# --- enrolment --------------------------------------------------------------------------------------------------------


def invited(desk: Desk, name: str = "marl") -> str:
    """Invite a city at the desk; returns the code that is shown once."""
    page = desk.submit("/pult/mitglieder/aufnehmen", "/pult/mitglieder/aufnehmen", name=name).text
    return page.partition('kw-secret" dir="ltr">')[2].partition("<")[0]


def admit(desk: Desk, **fields: object) -> httpx.Response:
    page = "/pult/mitglieder/aufnehmen/marl"
    return desk.submit(page, f"{page}/annehmen", **fields)


def test_city_is_led_from_the_invitation_to_the_first_read(hub: Hub, desk: Desk) -> None:
    code, city = invited(desk), City("marl")
    page = "/pult/mitglieder/aufnehmen/marl"
    waiting, listed = desk.get(page).text, desk.get("/pult/mitglieder/aufnehmen").text
    enrolment.receive_join(hub, city.application(code))
    part, compare = desk.get(f"{page}/stand").text, desk.get(page).text
    print_of = enrolment.find_waiting(hub, "marl").fingerprint

    answer = admit(desk, stimmt="1", verglichen=print_of, passphrase=SECRET)
    after = desk.get(page).text
    with hub.db.write() as conn:
        update_standing(conn, city.log_key.verifying.name, "marl", is_established=True)

    assert "Die Stadt hat sich noch nicht gemeldet" in waiting
    assert code not in waiting + listed
    assert "wartet auf die Stadt" in listed
    assert "Weiter: Fingerabdruck vergleichen" in part
    assert [group in compare for group in print_of.split(" ")] == [True] * 8
    assert answer.status_code == 303
    assert "ist aufgenommen (Fassung 3 der Mitgliederliste)" in after
    assert "Der erste vollständige Abruf steht noch aus." in after  # nobody serves this city's log here
    assert "Fertig: Die Stadt ist Mitglied" in desk.get(page).text


def test_nobody_is_admitted_before_the_comparison(hub: Hub, desk: Desk) -> None:
    enrolment.receive_join(hub, City("marl").application(invited(desk)))

    answer = admit(desk, verglichen=enrolment.find_waiting(hub, "marl").fingerprint, passphrase=SECRET)

    assert answer.status_code == 422
    assert "Vergleichen Sie erst den Fingerabdruck" in answer.text
    assert not roster_keeping.held_roster(hub).roster.rows("marl")


def test_keys_that_came_after_the_comparison_are_not_admitted(hub: Hub, desk: Desk) -> None:
    enrolment.receive_join(hub, City("marl").application(invited(desk)))
    compared = enrolment.find_waiting(hub, "marl").fingerprint
    enrolment.receive_join(hub, City("marl", seed="fremd").application(invited(desk)))

    answer = admit(desk, stimmt="1", verglichen=compared, passphrase=SECRET)

    assert answer.status_code == 409
    assert "Noch einmal mit der Stadt vergleichen." in answer.text
    assert not roster_keeping.held_roster(hub).roster.rows("marl")


def test_wrong_fingerprint_is_refused_and_the_city_may_apply_again(hub: Hub, desk: Desk) -> None:
    code = invited(desk)
    enrolment.receive_join(hub, City("marl", seed="fremd").application(code))
    page = "/pult/mitglieder/aufnehmen/marl"

    desk.submit(page, f"{page}/ablehnen")

    assert enrolment.applications(hub) == []
    assert enrolment.receive_join(hub, City("marl").application(code))[0] == 202


def test_invitation_that_is_taken_back_opens_nothing(hub: Hub, desk: Desk) -> None:
    code = invited(desk)

    desk.submit("/pult/mitglieder/aufnehmen", "/pult/mitglieder/aufnehmen/marl/zuruecknehmen")

    assert enrolment.receive_join(hub, City("marl").application(code))[0] == 403
    assert "zurückgenommen" in desk.get("/pult/mitglieder/aufnehmen").text


def test_expired_invitation_says_so(hub: Hub, desk: Desk, clock: VirtualClock) -> None:
    invited(desk)
    clock.time += 15 * 86_400
    desk.be(add_person(hub, "zweite", "betrieb"))

    assert "abgelaufen" in desk.get("/pult/mitglieder/aufnehmen").text
    assert "Der Code ist abgelaufen." in desk.get("/pult/mitglieder/aufnehmen/marl").text


def test_member_is_not_offered_for_an_invitation(desk: Desk) -> None:
    page = desk.get("/pult/mitglieder/aufnehmen").text

    assert '<option value="marl">' in page
    assert '<option value="herten">' not in page
    answer = desk.submit("/pult/mitglieder/aufnehmen", "/pult/mitglieder/aufnehmen", name="herten")
    assert answer.status_code == 422


def test_admission_is_noted_where_the_key_is_elsewhere(hub: Hub, desk: Desk, tmp_path: Path) -> None:
    lock_away(hub, tmp_path / "stick")
    enrolment.receive_join(hub, City("marl").application(invited(desk)))

    answer = admit(desk, stimmt="1", verglichen=enrolment.find_waiting(hub, "marl").fingerprint)

    assert answer.headers["location"] == "/pult/mitgliederliste"
    assert "aufnehmen" in desk.get("/pult/mitgliederliste").text
    assert "es fehlt noch die Unterschrift" in desk.get("/pult/mitglieder/aufnehmen/marl").text


def test_member_is_invited_to_new_keys_with_a_code_that_is_shown_once(hub: Hub, desk: Desk) -> None:
    page = "/pult/mitglieder/herten/neue-schluessel"

    shown = desk.submit(page, page).text

    code = shown.partition('kw-secret" dir="ltr">')[2].partition("<")[0]
    assert "kreisweit-node generation new CODE" in shown
    assert code not in desk.get("/pult/mitglieder/aufnehmen/herten").text
    assert enrolment.receive_join(hub, City("herten", generation=2).application(code))[0] == 202
