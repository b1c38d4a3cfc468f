"""Import and export at the desk, as people do it: upload, columns, repairs, confirm, undo, take away, bring back."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher

from node import upkeep
from node.editing import open_offer, own_offers, save_offer, withdraw
from node.erasing import erase
from node.importing import import_table
from node.party import Node
from node.store.tables import column_choice, upload
from node.uploads import KEPT_SECONDS
from node.workflow import Editor, save_draft
from shared.accounts.passwords import Passwords
from shared.holdings.tables import outbox
from shared.model.table import COLUMNS
from tests.support import sheets
from tests.support.desk import Desk, add_person, at_desk
from tests.support.lone_node import files_with, make_member, offer, seal
from tests.support.sheets import ROW, rows_of, xlsx
from tests.support.world import VirtualClock

UPLOADS = "/pult/einspielen"


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def node(tmp_path: Path, clock: VirtualClock) -> Iterator[Node]:
    node = make_member(tmp_path / "herten", clock)
    cheap = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    node.accounts = dataclasses.replace(node.accounts, passwords=cheap)
    yield node
    node.db.close()


@dataclasses.dataclass
class Clerk:
    """Somebody who imports files."""

    desk: Desk
    token: str

    def upload(self, content: bytes, name: str = "angebote.xlsx") -> httpx.Response:
        return self.desk.client.post(
            UPLOADS, data={"csrf_token": self.token}, files={"datei": (name, content)},
            headers={"Origin": self.desk.origin},
        )  # fmt: skip

    def take(self, content: bytes, name: str = "angebote.xlsx") -> str:
        """Upload a file; returns where its pages are."""
        answer = self.upload(content, name)
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"]).rpartition("/")[0]

    def send(self, path: str, **fields: object) -> httpx.Response:
        return self.desk.post(path, {"csrf_token": self.token, **fields})

    def text(self, path: str) -> str:
        answer = self.desk.get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.headers.get("location"))
        return words(answer.text)

    def repair_all(self, path: str) -> None:
        places = re.findall(r'name="reparatur" value="([^"]+)"', self.desk.get(f"{path}/pruefen").text)
        assert self.send(f"{path}/pruefen", reparatur=places).status_code == 303

    def confirm(self, path: str, **fields: object) -> str:
        answer = self.send(f"{path}/ausfuehren", **fields)
        assert answer.headers["location"] == f"{path}/ergebnis", answer.text
        return self.text(f"{path}/ergebnis")


@pytest.fixture
def clerk(node: Node) -> Iterator[Clerk]:
    with at_desk(node) as desk:
        yield Clerk(desk, desk.be(add_person(node, "rita", "redaktion")))


def words(page: str) -> str:
    """The text of a page without its tags, in single spaces."""
    main = page[page.index("<main") : page.index("</main>")]
    return " ".join(re.sub(r"<[^>]+>", " ", main).replace("&amp;", "&").split())


def rows_in(node: Node, table: sa.Table) -> int:
    with node.db.read() as conn:
        return int(conn.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


def bad_file() -> tuple[bytes, list[dict[str, str]]]:
    """120 rows, of which seven are bad in seven ways that can be repaired."""
    rows = rows_of(120)
    rows[3] |= {"stadt": "Hertn"}
    rows[10] |= {"thema": "Sprahce"}
    rows[20] |= {"plz": "456999"}
    rows[30] |= {"telefon": "O2366/12 34 56 Frau Beispiel"}
    rows[40] |= {"email": "cafe(at)example.org"}
    rows[50] |= {"beschreibung": "Deutsch Ã¼ben in lockerer Runde."}
    rows[60] |= {"web": "htp://example.org/cafe"}
    return xlsx(rows), rows


def test_bad_rows_of_a_workbook_are_named_repaired_imported_and_not_again(node: Node, clerk: Clerk) -> None:
    content, _ = bad_file()

    path = clerk.take(content)
    before = clerk.text(f"{path}/pruefen")
    clerk.repair_all(path)
    mended = clerk.text(f"{path}/pruefen")
    result = clerk.confirm(path)
    again = clerk.take(content)
    clerk.repair_all(again)

    for place in ("Zeile 5, Stadt", "Zeile 12, Themen", "Zeile 22, Postleitzahl", "Zeile 32, Telefon",
                  "Zeile 42, E-Mail", "Zeile 52, Beschreibung", "Zeile 62, Internetseite"):  # fmt: skip
        assert place in before
    assert "abgelehnte Zeilen 1" in before
    assert "neue Angebote 120" in mended
    assert not any(word in mended for word in ("abgelehnte Zeilen", "nur als Entwurf", "Vorschläge"))
    assert "Die Datei ist eingespielt" in result
    assert [row.state for row in own_offers(node)] == ["pending"] * 120
    assert "neue Angebote 0 geänderte Angebote 0 unverändert 120" in clerk.text(f"{again}/pruefen")


def test_import_is_one_operation_that_can_be_undone(node: Node, clerk: Clerk) -> None:
    clerk.confirm(clerk.take(xlsx(rows_of(5))))
    page = clerk.desk.get("/pult/vorgaenge").text
    undo = re.search(r'action="(/pult/vorgaenge/\d+/rueckgaengig)"', page)

    assert undo is not None
    assert "Person Rita" in page
    assert clerk.send(undo[1]).status_code == 303
    assert own_offers(node) == []


def test_nothing_changes_before_it_is_confirmed_and_only_what_was_shown_is_done(node: Node, clerk: Clerk) -> None:
    path = clerk.take(xlsx(rows_of(3)))
    clerk.text(f"{path}/pruefen")

    unseen = clerk.send(f"{path}/ausfuehren", nur_eigene="ja")

    assert unseen.headers["location"] == f"{path}/pruefen"
    assert own_offers(node) == []
    clerk.confirm(path, nur_eigene="ja")
    assert len(own_offers(node)) == 3


def test_second_confirmation_shows_what_the_first_one_did(node: Node, clerk: Clerk) -> None:
    path = clerk.take(xlsx(rows_of(3)))

    first, second = clerk.confirm(path), clerk.confirm(path)

    assert first == second
    assert rows_in(node, outbox) == 3


def test_unknown_headings_are_proposed_and_remembered_without_any_cell(node: Node, clerk: Clerk) -> None:
    columns = ["Anbieter", "Titel des Angebots", "Kurzbeschreibung", "Kategorie", "PLZ", "Telefonnummer", "Wert X"]
    rows = [
        ["Haus der Begegnung", f"Treff {n}", "Deutsch üben in Runden.", "Sprache", 45699, "02366 1234", "?"]
        for n in range(3)
    ]
    content = sheets.xlsx_of({"Liste": [["Angebote der Stadt, Stand Mai"], [], columns, *rows]})  # fmt: skip

    path = clerk.take(content)
    page = clerk.desk.get(f"{path}/spalten").text
    chosen = re.findall(r'<option value="(\w*)" selected>', page)
    clerk.send(f"{path}/spalten", **{f"spalte.{at}": name for at, name in enumerate([*chosen, ""])})
    result = clerk.confirm(path)
    later = clerk.upload(content)

    assert chosen == ["traeger", "angebot", "beschreibung", "thema", "plz", "telefon"]
    assert "Alle Zeilen gelten dann als Angebote von Stadt Herten" in words(page)
    assert "neue Angebote 3" in result
    place = open_offer(node, bytes.fromhex(own_offers(node)[0].id)).doc["locations"][0]
    assert (place["postal_code"], place["city"]) == ("45699", "Herten")
    assert later.headers["location"].endswith("/pruefen")
    with node.db.read() as conn:
        assert conn.execute(sa.select(column_choice.c.columns)).scalar_one() == ",".join([*chosen, ""])


def test_columns_that_are_named_twice_or_missing_are_refused_with_the_choice_kept(clerk: Clerk) -> None:
    path = clerk.take(sheets.xlsx_of({"x": [["Anbieter", "Dies", "Das"], ["Haus", "Kurs", "y"]]}))

    twice = clerk.send(f"{path}/spalten", **{"spalte.0": "traeger", "spalte.1": "angebot", "spalte.2": "angebot"})
    lacking = clerk.send(f"{path}/spalten", **{"spalte.0": "traeger", "spalte.1": "", "spalte.2": ""})

    assert (twice.status_code, lacking.status_code) == (422, 422)
    assert "doppelt zugeordnet: angebot" in words(twice.text)
    assert "müssen zugeordnet sein: angebot" in words(lacking.text)
    assert clerk.desk.get(f"{path}/pruefen").headers["location"] == f"{path}/spalten"


def test_other_sheet_of_a_workbook_can_be_chosen(clerk: Clerk) -> None:
    listed = [list(COLUMNS), [ROW[column] for column in COLUMNS]]
    path = clerk.take(sheets.xlsx_of({"Deckblatt": [["Herzlich willkommen"]], "Angebote": listed}))

    answer = clerk.send(f"{path}/lesen", blatt="Angebote")

    assert answer.headers["location"] == f"{path}/spalten"
    assert "neue Angebote 1" in clerk.text(f"{path}/pruefen")


def test_csv_of_an_old_excel_is_read_and_its_charset_can_be_switched(clerk: Clerk) -> None:
    out = io.StringIO()
    csv.writer(out, delimiter=";").writerows([COLUMNS, [ROW[column] for column in COLUMNS]])
    path = clerk.take(out.getvalue().encode("cp1252"), "alt.csv")

    found = clerk.desk.get(f"{path}/spalten").text
    clerk.send(f"{path}/lesen", zeichensatz="utf-8", trennzeichen=";")
    garbled = clerk.text(f"{path}/spalten")
    clerk.send(f"{path}/lesen", zeichensatz="windows-1252", trennzeichen=";")

    assert '<option value="windows-1252" selected>' in found
    assert '<option value=";" selected>' in found
    assert "Sprachcafé" in words(found)
    assert "Sprachcaf�" in garbled
    assert "neue Angebote 1" in clerk.text(f"{path}/pruefen")


def test_opendocument_file_is_imported(node: Node, clerk: Clerk) -> None:
    clerk.confirm(clerk.take(sheets.ods([list(COLUMNS), [ROW[column] for column in COLUMNS]]), "liste.ods"))

    assert [row.title for row in own_offers(node)] == ["Sprachcafé"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (sheets.zip_bomb(), "zu groß"), (sheets.billion_laughs(), "DTD"), (b"", "nicht leer"), (b"\n\n", "leer"),
        (b"\x89PNG", "keine CSV-Datei"), (b"\n" * 300_000, "Zeilen"), (b"a;" * 200, "Spalten"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "Passwort geschützt"),
    ],
    ids=["zip-bomb", "billion-laughs", "empty", "blank", "picture", "many-rows", "many-columns", "password"],
)  # fmt: skip
def test_unusable_file_is_refused_with_a_reason_and_not_kept(
    node: Node, clerk: Clerk, content: bytes, told: str
) -> None:
    answer = clerk.upload(content)

    assert answer.status_code == 422
    assert told in words(answer.text)
    assert rows_in(node, upload) == 0


def test_refused_rows_can_be_taken_away_corrected_and_brought_back(node: Node, clerk: Clerk) -> None:
    rows = rows_of(4)
    rows[1] |= {"stadt": "Marl", "angebot": "=cmd|' /C calc'!A0"}
    rows[2] |= {"stadt": "Irgendwo"}
    path = clerk.take(xlsx(rows))
    result = clerk.confirm(path)

    answer = clerk.desk.get(f"{path}/fehler")
    cells = sheets.cells_in(answer.content)
    fixed = clerk.take(sheets.xlsx_of({"x": [cells[0], *(["Herten", *row[1:]] for row in cells[1:])]}))
    clerk.send(f"{fixed}/spalten", **{f"spalte.{at}": name for at, name in enumerate(COLUMNS)})

    assert "2 Zeilen wurden nicht übernommen" in result
    assert answer.headers["content-disposition"] == 'attachment; filename="abgelehnte-zeilen.xlsx"'
    assert cells[0][-1] == "grund"
    assert [row[-1] for row in cells[1:]] == [
        "Zeile 3: stadt: gehört zu Stadt Marl, nicht zu Stadt Herten",
        "Zeile 4: stadt: „Irgendwo“ gehört nicht zu Kreis Recklinghausen",
    ]
    assert cells[1][2] == "=cmd|' /C calc'!A0"
    assert b"<f>" not in _sheet_xml(answer.content)
    assert "neue Angebote 2" in clerk.text(f"{fixed}/pruefen")


def _sheet_xml(content: bytes) -> bytes:
    import zipfile

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read("xl/worksheets/sheet1.xml")


def test_mass_withdrawal_is_announced_before_and_done_only_when_asked_for(node: Node, clerk: Clerk) -> None:
    clerk.confirm(clerk.take(xlsx(rows_of(12))))
    seal(node)
    path = clerk.take(xlsx(rows_of(2)))

    before = clerk.text(f"{path}/pruefen")
    clerk.send(f"{path}/pruefen", fehlende="ja")
    asked = clerk.text(f"{path}/pruefen")
    result = clerk.confirm(path, fehlende="ja")

    assert "fehlen in der Datei 10" in before
    assert "werden zurückgezogen" not in before
    assert "10 von 12 Angeboten" in asked
    assert "wartet dann auf Freigabe durch den Kreis" in asked
    assert "zurückgezogen 10" in result
    assert "Der Kreis wird nachfragen" in result


def test_file_is_gone_when_it_is_imported_and_everything_after_a_day(
    node: Node, clerk: Clerk, clock: VirtualClock
) -> None:
    done, waiting = clerk.take(xlsx(rows_of(2))), clerk.take(xlsx(rows_of(3)))
    clerk.confirm(done)
    with node.db.read() as conn:
        kept = conn.execute(sa.select(upload.c.content, upload.c.grid).where(upload.c.outcome.is_not(None))).one()

    clock.time += KEPT_SECONDS
    upkeep.tidy(node)

    assert tuple(kept) == (b"", b"")
    assert rows_in(node, upload) == 0
    token = clerk.desk.be(add_person(node, "anna", "redaktion"))
    assert clerk.desk.get(f"{waiting}/pruefen").status_code == 404
    assert token


def test_upload_is_seen_by_nobody_else(node: Node, clerk: Clerk) -> None:
    path = clerk.take(xlsx(rows_of(2)))
    other = clerk.desk.be(add_person(node, "verwalterin", "verwaltung"))

    answers = [clerk.desk.get(f"{path}/{part}") for part in ("spalten", "pruefen", "ergebnis", "fehler")]
    answers += [
        clerk.desk.post(f"{path}/{part}", {"csrf_token": other})
        for part in ("spalten", "lesen", "pruefen", "ausfuehren", "verwerfen")
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert rows_in(node, upload) == 1
    assert own_offers(node) == []


def test_upload_can_be_thrown_away(node: Node, clerk: Clerk) -> None:
    path = clerk.take(xlsx(rows_of(2)))

    clerk.send(f"{path}/verwerfen")

    assert rows_in(node, upload) == 0


def test_erasure_drops_uploads_that_name_the_person(node: Node, clerk: Clerk) -> None:
    rows = [{**ROW, "beschreibung": "Fragen beantwortet Erika Mustermann gern."}]
    out = io.StringIO()
    csv.writer(out, delimiter=";").writerows([COLUMNS, *([row[column] for column in COLUMNS] for row in rows)])
    clerk.take(out.getvalue().encode(), "liste.csv")

    erase(node, "Erika Mustermann")

    assert rows_in(node, upload) == 0
    assert files_with(node.home, "beantwortet Erika") == []


# --- lists as files --------------------------------------------------------------------------------------------------


def publish_variety(node: Node) -> None:
    """Offers that say more than a table can, a draft, an offer that is out of the catalogue."""
    import_table(node, Path("deploy/data/offers-recklinghausen.csv").read_bytes(), own_only=True)
    save_offer(node, offer(topics=["beratung.kim", "kinder", "familie"], phones=[
        {"number": "+49 2366 1"}, {"number": "+49 2366 2", "type": "fax"}],
        costs=[{"amount": 5, "option": "ermäßigt"}], minimum_age=12, body="=1+1\n\nund mehr"))  # fmt: skip
    save_draft(node, Editor("Rita", may_publish=True), {"name": "Nur ein Titel"})
    seal(node)


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_list_that_was_taken_away_comes_back_without_a_change(node: Node, clerk: Clerk, kind: str) -> None:
    publish_variety(node)
    count = len(own_offers(node))
    content = clerk.desk.get(f"/pult/angebote/ausgabe?format={kind}").content

    path = clerk.take(content, f"angebote.{kind}")
    page = clerk.text(f"{path}/pruefen")

    assert f"neue Angebote 0 geänderte Angebote 0 unverändert {count}" in page
    assert "fehlt jetzt" not in page
    assert "Es gibt nichts zu ändern" in page


def test_one_cell_changed_in_a_list_changes_one_field_of_one_offer(node: Node, clerk: Clerk) -> None:
    publish_variety(node)
    cells = sheets.cells_in(clerk.desk.get("/pult/angebote/ausgabe?format=xlsx").content)
    at = next(n for n, row in enumerate(cells) if row[2] == "Sprachkurs am Vormittag")
    rid = bytes.fromhex(str(cells[at][-1]))
    before = open_offer(node, rid).doc
    cells[at][cells[0].index("zeiten")] = "freitags 9 Uhr"
    content = sheets.xlsx_of({"x": cells})

    result = clerk.confirm(clerk.take(content))
    seal(node)
    again = clerk.take(content)

    after = open_offer(node, rid).doc
    assert "neue Angebote 0 geänderte Angebote 1" in result
    assert {k for k in {*before, *after} if before.get(k) != after.get(k)} - {"last_modified"} == {"schedule_text"}
    assert "geänderte Angebote 0" in clerk.text(f"{again}/pruefen")


def test_list_in_two_kinds_of_file_makes_no_offer_twice(node: Node, clerk: Clerk) -> None:
    original = Path("deploy/data/offers-recklinghausen.csv").read_bytes()
    import_table(node, original, own_only=True)
    count = len(own_offers(node))
    cells = sheets.cells_in(clerk.desk.get("/pult/angebote/ausgabe").content)
    cells[1][2] = "Anders genannt"

    clerk.confirm(clerk.take(sheets.xlsx_of({"x": cells})))
    again = import_table(node, original, own_only=True)

    assert len(own_offers(node)) == count
    assert (again.created, again.missing) == (0, 0)


def test_list_from_before_an_erasure_does_not_bring_the_person_back(node: Node, clerk: Clerk) -> None:
    save_offer(node, offer(body="Fragen beantwortet Erika Mustermann."))
    seal(node)
    content = clerk.desk.get("/pult/angebote/ausgabe").content
    erase(node, "Erika Mustermann")
    seal(node)

    result = clerk.text(f"{clerk.take(content)}/pruefen")

    assert "aus dem Angebot wurde eine Person gelöscht" in result
    assert "geänderte Angebote 0" in result


def test_list_from_before_a_withdrawal_does_not_publish_again(node: Node, clerk: Clerk) -> None:
    rid = save_offer(node, offer())
    seal(node)
    content = clerk.desk.get("/pult/angebote/ausgabe").content
    withdraw(node, rid, "beendet")
    seal(node)

    page = clerk.text(f"{clerk.take(content)}/pruefen")

    assert "neue Angebote 0 geänderte Angebote 0" in page


def test_csv_executes_nothing_and_opens_in_german_excel(node: Node, clerk: Clerk) -> None:
    save_offer(node, offer('=HYPERLINK("http://x")', phones=[{"number": "+49 2366 1"}], eligibility="＝1+1"))

    answer = clerk.desk.get("/pult/angebote/ausgabe?format=csv")
    row = next(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))

    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert (row["angebot"], row["telefon"], row["zielgruppe"]) == (
        "'=HYPERLINK(\"http://x\")", "'+49 2366 1", "'＝1+1",
    )  # fmt: skip


def test_json_holds_the_whole_documents_of_what_the_filters_show(node: Node, clerk: Clerk) -> None:
    save_offer(node, offer("Sprachkurs", minimum_age=12))
    save_offer(node, offer("Schwimmkurs", topics=["sport"]))

    answer = clerk.desk.get("/pult/angebote/ausgabe?format=json&thema=sport")

    assert [doc["name"] for doc in json.loads(answer.content)] == ["Schwimmkurs"]
    assert answer.headers["content-type"] == "application/json"


def test_provider_takes_away_own_offers_alone_and_imports_nothing(node: Node, clerk: Clerk) -> None:
    save_offer(node, offer("Eigenes"))
    save_offer(node, offer("Fremdes", providers=[{"name": "Caritas"}]))
    clerk.token = clerk.desk.be(add_person(node, "tarik", "traeger"))

    found = json.loads(clerk.desk.get("/pult/angebote/ausgabe?format=json").content)

    assert [doc["name"] for doc in found] == ["Eigenes"]
    assert clerk.upload(xlsx(rows_of(1))).status_code == 403


def test_unknown_format_is_refused(clerk: Clerk) -> None:
    assert clerk.desk.get("/pult/angebote/ausgabe?format=exe").status_code == 400
