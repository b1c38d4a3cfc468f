"""The command line of somebody who does not trust the hub: `kreisweit-verify COMMAND …`.

Exit codes: 0 everything is as the cities signed it, 1 refused or failed for another reason, 2 wrong usage; from 10 on
one for each code of the protocol, listed by `kreisweit-verify codes`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from shared.command_words import GermanGroup
from shared.commands import CONTEXT, DONE, FAILED, explain, json_option, leave, print_json, remark, run_command, say
from shared.feed.outcomes import Code

if TYPE_CHECKING:
    from shared.net.fetcher import WebReader
    from shared.verify.copy import Followed, LocalCopy
    from shared.verify.evidence import Verdict

_FIRST_CODE = 10
_OFFER_PAGE = re.compile(r"https?://[^?#]+/angebote/[0-9a-f]{32}")
_OPS = {"created": "neu", "updated": "geändert", "withdrawn": "zurückgezogen", "erased": "gelöscht"}


def exit_code(code: Code) -> int:
    """Return the exit code of an outcome: 0 for a good one, else a number that never changes its meaning."""
    if code in (Code.OK, Code.OK_UNCHANGED, Code.STALE):
        return DONE
    return _FIRST_CODE + list(Code).index(code)


def _exit_codes() -> str:
    """Return all exit codes in one paragraph; warnings end no command."""
    codes = [f"{exit_code(code)} {code}" for code in Code if not code.startswith("W_") and exit_code(code)]
    return f"Ergebnis: {' · '.join(['0 alles stimmt', '1 gescheitert', '2 falsch aufgerufen', *codes])}"


_EXIT_CODES = _exit_codes()


@click.group(cls=GermanGroup, context_settings=CONTEXT, epilog=_EXIT_CODES)
def main_group() -> None:
    """Prüft, ob Städte wirklich veröffentlicht haben, was ein Hub zeigt; dem Hub selbst wird dabei nicht vertraut.

    Das Ergebnis ist 0, wenn alles stimmt, und sonst eine Zahl für jeden Code des Protokolls; was er bedeutet, sagt
    kreisweit-verify codes.
    """


_network_option = click.option(
    "--allow-network", "networks", multiple=True, metavar="NETZ",
    help="Netz, in dem http und private Adressen erlaubt sind, etwa 127.0.0.0/8.",
)  # fmt: skip
_root_option = click.option(
    "--root", "roots", multiple=True, metavar="SCHLÜSSEL",
    help="Wurzelschlüssel der Mitgliederliste, wie ihn die Seite „Vertrauen prüfen“ nennt; mehrfach möglich.",
)  # fmt: skip
_threshold_option = click.option("--threshold", type=int, help="Wie viele Wurzelschlüssel unterschreiben müssen.")
_home_option = click.option(
    "--home", type=click.Path(path_type=Path, file_okay=False), default=Path("kreisweit-copy"), show_default=True,
    help="Verzeichnis der Kopie.",
)  # fmt: skip


@main_group.command(epilog=_EXIT_CODES)
@click.argument("hub", required=False)
@_home_option
@_root_option
@_threshold_option
@_network_option
@json_option
def follow(
    hub: str | None, home: Path, roots: Sequence[str], threshold: int | None, networks: Sequence[str], as_json: bool
) -> None:
    """Liest, was sich geändert hat, prüft jeden Eintrag und jede Unterschrift und sagt, was neu ist.

    Beim ersten Mal mit der Adresse des Hubs; danach genügt das Verzeichnis.
    """
    if hub is not None:
        _make(hub.rstrip("/"), home, roots, threshold, networks)
    with _opened(home) as copy:
        done = copy.follow()
    if as_json:
        print_json(done)
    else:
        _tell(done)
    leave(exit_code(done.code))


def _make(hub: str, home: Path, roots: Sequence[str], threshold: int | None, networks: Sequence[str]) -> None:
    from shared.verify.copy import CopySettings, first_roots, load_copy, make_copy

    if (home / "copy.json").exists():
        if load_copy(home).hub != hub:
            raise click.UsageError(f"Die Kopie in {home} folgt einem anderen Hub; bitte ein anderes --home angeben.")
        return
    chosen, needed = tuple(roots), threshold or 1
    if not chosen:
        with _web(networks) as web:
            chosen, needed = first_roots(hub, web)
        remark("Kein --root angegeben: Den Wurzelschlüsseln, die der Hub selbst nennt, wird ab jetzt vertraut.")
        remark("Vergleichen Sie sie auf einem anderen Weg, etwa am Telefon mit dem Kreis:")
        for key in chosen:
            remark(f"  {key}")
    make_copy(home, CopySettings(hub, chosen, needed, tuple(networks)))


def _tell(done: Followed) -> None:
    for change in done.changes:
        say(f"{_OPS[change.op]:<14} {change.member:<18} {change.id} {change.title}".rstrip())
    if done.note_time is not None:
        say(f"{done.offers} Angebote, {done.missing} fehlen, Prüfsumme {done.digest}")
    for report in done.reports:
        if not report.is_good:
            remark(f"{report.member}: {report.code} {report.message}")
    text = f"{done.code} {explain(done.code, done.message)}"
    say(text) if exit_code(done.code) == DONE else remark(text)


@main_group.command()
@_home_option
@json_option
def status(home: Path, as_json: bool) -> None:
    """Zeigt, wie die Kopie steht, ohne jemanden zu fragen."""
    with _opened(home) as copy:
        standing = copy.standing()
    if standing is None:
        remark("Diese Kopie hat noch keinen Katalog gelesen.")
        leave(FAILED)
        return
    if as_json:
        print_json(standing)
    else:
        agrees = (
            "stimmt mit dem Katalog des Kreises überein" if standing.agrees else "weicht vom Katalog des Kreises ab"
        )
        say(f"{standing.offers} Angebote, {standing.missing} fehlen; die Kopie {agrees}.")


@main_group.command()
@_home_option
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
def export(home: Path, file: Path | None) -> None:
    """Schreibt die geprüften Angebote als NDJSON: eine Zeile je Angebot mit member und doc."""
    import sys

    import msgspec

    from shared.feed.payload import parse_payload

    with _opened(home) as copy:
        lines = (msgspec.json.encode({"member": m, "doc": parse_payload(body).doc}) for m, body in copy.offers())
        if file is None:
            for line in lines:
                sys.stdout.buffer.write(line + b"\n")
            return
        with file.open("wb") as stream:
            count = sum(1 for line in lines if stream.write(line + b"\n"))
    say(f"{count} Angebote geschrieben: {file}")


@main_group.command(epilog=_EXIT_CODES)
@click.argument("source", metavar="ADRESSE|DATEI")
@_root_option
@_threshold_option
@_home_option
@_network_option
@json_option
def record(
    source: str, roots: Sequence[str], threshold: int | None, home: Path, networks: Sequence[str], as_json: bool
) -> None:
    """Prüft den Nachweis eines Angebots: eine Datei ohne Netz, oder die Adresse des Angebots oder seines Nachweises.

    Die Wurzelschlüssel kommen von --root oder aus der Kopie in --home.
    """
    from shared.errors import FetchError, ParseError, VerificationError
    from shared.feed.keys import parse_vkey
    from shared.feed.record_proof import verify_bundle
    from shared.feed.roster import Pins
    from shared.verify.copy import load_copy

    chosen, needed, allowed = tuple(roots), threshold or 1, tuple(networks)
    if not chosen:
        settings = load_copy(home)
        chosen, needed, allowed = settings.roots, settings.threshold, allowed or settings.allow_networks
    pins = Pins(tuple(parse_vkey(key) for key in chosen), needed)
    try:
        data = _fetch(source, allowed) if source.startswith(("http://", "https://")) else Path(source).read_bytes()
        found = verify_bundle(data, pins)
    except (FetchError, ParseError, VerificationError) as error:
        remark(f"{error.code} {explain(error.code, error.message)}")
        leave(exit_code(Code(error.code)))
        return
    if as_json:
        print_json(found)
    else:
        say(f"{found.member} (AGS {found.ags}) hat dieses Angebot veröffentlicht: {found.doc.get('name', '')}")
        say(f"Eintrag {found.index} von {found.size} in {found.origin}; der Kreis hat ihn bezeugt.")


@main_group.command(name="evidence", epilog=_EXIT_CODES)
@click.argument("file", metavar="DATEI", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@_root_option
@_threshold_option
@json_option
def evidence(file: Path, roots: Sequence[str], threshold: int | None, as_json: bool) -> None:
    """Prüft eine Datei mit Beweisen ohne Netz: Hat die Stadt wirklich unterschrieben, was sich widerspricht?

    Ergebnis 0 heißt, dass jeder Fall bewiesen ist.
    """
    leave(judge_file(file, roots, threshold, as_json=as_json))


def judge_file(file: Path, roots: Sequence[str], threshold: int | None, *, as_json: bool) -> int:
    """Judge a file of evidence and say what it proves; returns the exit code: 0 where every case is proven."""
    from shared.errors import ParseError
    from shared.verify.evidence import verify_evidence

    try:
        verdicts, pins = verify_evidence(file, roots, threshold or 1)
    except ParseError as error:
        remark(error.message)
        return FAILED
    if not roots:
        remark("Kein --root angegeben: Geprüft ist mit den Wurzelschlüsseln, die die Datei selbst nennt.")
        remark("Vergleichen Sie sie auf einem anderen Weg, etwa am Telefon mit dem Kreis:")
        for key in pins.roots:
            remark(f"  {key.vkey}")
    if as_json:
        print_json(verdicts)
    for verdict in [] if as_json else verdicts:
        say(_say_verdict(verdict))
    return DONE if all(verdict.judged is not None for verdict in verdicts) else FAILED


def _say_verdict(verdict: Verdict) -> str:
    from shared.clock import in_german_time

    found = verdict.judged
    if found is None:
        return f"{verdict.code}: nicht bewiesen. {verdict.why}"
    what = "zwei Fassungen ihres Logs" if found.code == Code.E_FORK else "ein kürzeres Log nach einem längeren"
    return (
        f"{found.code}: bewiesen. {found.member} hat {what} unterschrieben ({found.origin}): "
        f"{found.our_size} Einträge am {in_german_time(found.our_time)}, "
        f"{found.their_size} Einträge am {in_german_time(found.their_time)}."
    )


@main_group.command()
@json_option
def codes(as_json: bool) -> None:
    """Nennt alle Codes mit ihrem Ergebnis und was sie bedeuten."""
    from shared.feed.outcomes import ABOUT

    if as_json:
        print_json({str(code): {"exit": exit_code(code), "text": ABOUT[code].text} for code in Code})
        return
    for code in Code:
        say(f"{exit_code(code):>3} {code:<20} {ABOUT[code].text}")


@contextmanager
def _opened(home: Path) -> Iterator[LocalCopy]:
    from shared.clock import SystemClock
    from shared.verify.copy import load_copy, opened_copy

    settings = load_copy(home)
    clock = SystemClock()
    with _web(settings.allow_networks) as web, opened_copy(home, settings, clock, web) as copy:
        yield copy


@contextmanager
def _web(networks: Sequence[str]) -> Iterator[WebReader]:
    from shared.clock import SystemClock
    from shared.net.http import HttpClient
    from shared.net.settings import NetSettings

    client = HttpClient(NetSettings(allow_networks=tuple(networks), user_agent="kreisweit-verify"), SystemClock())
    try:
        yield client
    finally:
        client.close()


def _fetch(url: str, networks: Sequence[str]) -> bytes:
    from shared.errors import NotFoundError
    from shared.feed.record_proof import BUNDLE_MAX_BYTES

    url = f"{url}/nachweis" if _OFFER_PAGE.fullmatch(url) else url
    with _web(networks) as web:
        answer = web.get(url, max_bytes=BUNDLE_MAX_BYTES, deadline_seconds=30.0)
    if answer.status != 200:
        raise NotFoundError(f"{url} antwortet {answer.status}", advice="Gibt es dieses Angebot noch?")
    return answer.body


def run(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    return run_command(main_group, "kreisweit-verify", (), arguments)


def main() -> None:
    """Run one command and end with its exit code."""
    raise SystemExit(run())
