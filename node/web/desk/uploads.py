"""Import at the desk, in four steps that each have a page: file, columns, check with repairs, result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from node import uploads, viewing
from node.importing import ImportProblem
from node.offer_files import MEDIA_TYPES, write_refused
from node.uploads import BYTES_MAX, Check, Upload
from node.web.desk.room import Room, attachment, editor_of
from shared.accounts.rights import Right
from shared.errors import AccessError, NotFoundError, ParseError, RuleError
from shared.ids import parse_record_id
from shared.model.headers import COLUMN_LABELS, headings_of
from shared.model.repairs import KINDS, Repair
from shared.model.table import KEY_COLUMNS
from shared.web.desk.forms import Form, form_of
from shared.web.desk.guard import DeskRequest, desk_get, desk_post, signed_in

UPLOADS = "/pult/einspielen"
_FORM_BYTES = BYTES_MAX + 64 * 1024
_SAMPLES = 3
_SAMPLE_LETTERS = 60
_SHOWN = 200
"""Problems of one kind, and repairs in all, that one page shows."""
_CHARSETS = (("utf-8", "UTF-8"), ("windows-1252", "Windows-1252 (älteres Excel)"), ("utf-16", "UTF-16"))
_DELIMITERS = ((";", "Semikolon ;"), (",", "Komma ,"), ("\t", "Tabulator"))
_EFFECTS = {
    "refused": ("Abgelehnt", "Nicht übernommen; die Zeilen bleiben draußen, bis sie berichtigt sind."),
    "draft": ("Entwurf", "Nur als Entwurf übernommen; jemand muss sie ergänzen und veröffentlichen."),
    "hint": ("Hinweis", "Übernommen, wie sie sind; sehen Sie bei Gelegenheit nach."),
}


@dataclass(frozen=True)
class Group:
    """Problems with the same effect, the first of them."""

    title: str
    meaning: str
    total: int
    problems: Sequence[ImportProblem]


def upload_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    """Return the routes of the import."""
    return [*_file_routes(room), *_column_routes(room), *_check_routes(room), *_result_routes(room)]


def _file_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    node, desk = room.node, room.desk

    @desk_get("/einspielen", right=Right.IMPORT)
    def upload_page(request: DeskRequest) -> Response[str]:
        return _show_start(room, request, {})

    @desk_post("/einspielen", right=Right.IMPORT, form_bytes=_FORM_BYTES)
    def upload_file(request: DeskRequest) -> Response[str]:
        account, sent = _account(request), form_of(request).file("datei")
        if sent is None or not sent.content:
            return _show_start(room, request, {"datei": ["Wählen Sie eine Datei aus, die nicht leer ist."]}, 422)
        try:
            found = uploads.take_file(node, account, sent.name.replace("\\", "/").rpartition("/")[2], sent.content)
        except RuleError as error:
            return _show_start(room, request, error.problems, 422)
        return desk.go(_path(found, "pruefen" if found.choices.is_mapped else "spalten"))

    @desk_post("/einspielen/{upload:str}/verwerfen", right=Right.IMPORT)
    def discard(request: DeskRequest, upload: FromPath[str]) -> Response[str]:
        uploads.discard(node, _open(room, request, upload))
        desk.say(request, "Die hochgeladene Datei ist gelöscht. An den Angeboten wurde nichts geändert.")
        return desk.go(UPLOADS)

    return [upload_page, upload_file, discard]


def _column_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    node, desk = room.node, room.desk

    @desk_get("/einspielen/{upload:str}/spalten", right=Right.IMPORT)
    def columns_page(request: DeskRequest, upload: FromPath[str]) -> Response[str]:
        found = _open(room, request, upload)
        return _done(room, found) or _show_columns(room, request, found, found.choices.columns, {})

    @desk_post("/einspielen/{upload:str}/spalten", right=Right.IMPORT)
    def save_columns(request: DeskRequest, upload: FromPath[str]) -> Response[str]:
        found, form = _open(room, request, upload), form_of(request)
        columns = [form.text(f"spalte.{at}") for at in range(len(headings_of(found.header)))]
        try:
            mapped = None if found.outcome is not None else uploads.map_columns(node, found, columns)
        except RuleError as error:
            return _show_columns(room, request, found, columns, error.problems, 422)
        return _done(room, found) or desk.go(_path(mapped or found, "pruefen"))

    @desk_post("/einspielen/{upload:str}/lesen", right=Right.IMPORT)
    def read_again(request: DeskRequest, upload: FromPath[str]) -> Response[str]:
        found, form = _open(room, request, upload), form_of(request)
        if done := _done(room, found):
            return done
        charset, delimiter = form.text("zeichensatz"), form.raw("trennzeichen")
        try:
            again = uploads.read_again(node, found, sheet=form.raw("blatt"), charset=charset, delimiter=delimiter)
        except RuleError as error:
            return _show_columns(room, request, found, found.choices.columns, {"": [*error.problems["datei"]]}, 422)
        return desk.go(_path(again, "spalten"))

    return [columns_page, save_columns, read_again]


def _check_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    node, desk = room.node, room.desk

    @desk_get("/einspielen/{upload:str}/pruefen", right=Right.IMPORT)
    def check_page(request: DeskRequest, upload: FromPath[str]) -> Response[str]:
        found = _open(room, request, upload)
        if done := _done(room, found):
            return done
        if not found.choices.is_mapped:
            return desk.go(_path(found, "spalten"))
        return _show_check(room, request, found, uploads.check(node, found, signed_in(request).display_name))

    @desk_post("/einspielen/{upload:str}/pruefen", right=Right.IMPORT)
    def repair(request: DeskRequest, upload: FromPath[str]) -> Response[str]:
        found, form = _open(room, request, upload), form_of(request)
        if found.outcome is None and found.choices.is_mapped:
            _choose(room, found, form, form.texts("reparatur"))
        return desk.go(_path(found, "pruefen"))

    @desk_post("/einspielen/{upload:str}/ausfuehren", right=Right.IMPORT)
    def run_import(request: DeskRequest, upload: FromPath[str]) -> Response[str]:
        found, form = _open(room, request, upload), form_of(request)
        if done := _done(room, found):
            return done
        places = form.texts("reparatur")
        before = (found.choices.withdraw_missing, found.choices.own_only)
        if found.choices.is_mapped and (places or before != _wanted(form)):
            _choose(room, found, form, places)
            text = "Ihre Auswahl ist übernommen. Prüfen Sie, was sich dadurch ändert, und bestätigen Sie noch einmal."
            desk.say(request, text, "info")
            return desk.go(_path(found, "pruefen"))
        uploads.confirm(node, found, editor=editor_of(request).name)
        return desk.go(_path(found, "ergebnis"))

    return [check_page, repair, run_import]


def _result_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    @desk_get("/einspielen/{upload:str}/ergebnis", right=Right.IMPORT)
    def result_page(request: DeskRequest, upload: FromPath[str]) -> Response[str]:
        found = _open(room, request, upload)
        if found.outcome is None:
            return room.desk.go(_path(found, "pruefen"))
        return room.desk.respond(
            request, "desk/upload_result.html", path=f"{UPLOADS}/", upload=found, outcome=found.outcome,
            base=_path(found), groups=_groups(found.outcome.result.problems), labels=COLUMN_LABELS,
            view=viewing.show_federation(room.node), start=UPLOADS,
        )  # fmt: skip

    @desk_get("/einspielen/{upload:str}/fehler", right=Right.IMPORT)
    def refused_rows(request: DeskRequest, upload: FromPath[str]) -> Response[bytes]:
        found = _open(room, request, upload)
        if found.outcome is None or not found.outcome.refused:
            raise NotFoundError("Zu dieser Datei gibt es keine abgelehnten Zeilen")
        return attachment(write_refused(found.outcome.refused), MEDIA_TYPES["xlsx"], "abgelehnte-zeilen.xlsx")

    return [result_page, refused_rows]


# --- pages -----------------------------------------------------------------------------------------------------------


def _show_start(
    room: Room, request: DeskRequest, problems: dict[str, list[str]], status_code: int = 200
) -> Response[str]:
    mine = uploads.list_uploads(room.node, _account(request))
    return room.desk.respond(
        request, "desk/upload.html", status_code=status_code, path=UPLOADS, problems=problems,
        uploads=[(one, _path(one, _step(one))) for one in mine], most_mib=BYTES_MAX // (1024 * 1024),
    )  # fmt: skip


def _show_columns(
    room: Room, request: DeskRequest, found: Upload, columns: Sequence[str], problems: dict[str, list[str]],
    status_code: int = 200,
) -> Response[str]:  # fmt: skip
    headings = headings_of(found.header)
    rows = [row for row in found.grid.rows if row.number > found.choices.header and row.has_text][:_SAMPLES]
    samples = [[_short(row.cells[at]) for row in rows if at < len(row.cells)] for at in range(len(headings))]
    chosen = [*columns, *[""] * len(headings)][: len(headings)]
    return room.desk.respond(
        request, "desk/upload_columns.html", status_code=status_code, path=f"{UPLOADS}/", upload=found,
        base=_path(found), columns=list(zip(headings, chosen, samples, strict=True)), labels=COLUMN_LABELS,
        missing=[COLUMN_LABELS[name] for name in KEY_COLUMNS[1:] if name not in chosen], problems=problems,
        has_town="stadt" in chosen, charsets=_CHARSETS, delimiters=_DELIMITERS, start=UPLOADS,
    )  # fmt: skip


def _show_check(room: Room, request: DeskRequest, found: Upload, check: Check) -> Response[str]:
    return room.desk.respond(
        request, "desk/upload_check.html", path=f"{UPLOADS}/", upload=found, base=_path(found), check=check,
        repairs=_by_kind(check.repairs[:_SHOWN]), more_repairs=max(0, len(check.repairs) - _SHOWN),
        groups=_groups(check.result.problems), labels=COLUMN_LABELS, start=UPLOADS,
        changes=check.result.created + check.result.changed + check.result.withdrawn,
    )  # fmt: skip


def _by_kind(repairs: Sequence[Repair]) -> list[tuple[str, list[Repair]]]:
    groups = [(title, [repair for repair in repairs if repair.kind == kind]) for kind, title in KINDS.items()]
    return [(title, found) for title, found in groups if found]


def _groups(problems: Sequence[ImportProblem]) -> list[Group]:
    found = []
    for effect, (title, meaning) in _EFFECTS.items():
        fitting = [one for one in problems if ("refused" if one.effect == "foreign" else one.effect) == effect]
        if fitting:
            found.append(Group(title, meaning, len(fitting), fitting[:_SHOWN]))
    return found


def _choose(room: Room, found: Upload, form: Form, places: Sequence[str]) -> Upload:
    withdraw_missing, own_only = _wanted(form)
    return uploads.choose(
        room.node, found, places=set(places), withdraw_missing=withdraw_missing, own_only=own_only
    )  # fmt: skip


def _wanted(form: Form) -> tuple[bool, bool]:
    """What is to become of missing rows, and of rows of others."""
    return form.text("fehlende") == "ja", form.text("nur_eigene") == "ja"


def _open(room: Room, request: DeskRequest, text: str) -> Upload:
    try:
        number = parse_record_id(text)
    except ParseError as error:
        raise NotFoundError("Diese Datei gibt es hier nicht") from error
    return uploads.open_upload(room.node, _account(request), number)


def _account(request: DeskRequest) -> int:
    me = signed_in(request)
    if me.is_limited:
        raise AccessError("Eine Datei einspielen darf nur, wer alle Angebote bearbeiten darf")
    return me.account_id


def _done(room: Room, found: Upload) -> Response[str] | None:
    """An upload that was imported shows what was done, and nothing else."""
    return None if found.outcome is None else room.desk.go(_path(found, "ergebnis"))


def _path(found: Upload, part: str = "") -> str:
    return f"{UPLOADS}/{found.id.hex()}{'/' + part if part else ''}"


def _step(found: Upload) -> str:
    if found.outcome is not None:
        return "ergebnis"
    return "pruefen" if found.choices.is_mapped else "spalten"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SAMPLE_LETTERS else line[: _SAMPLE_LETTERS - 1] + "…"
