"""Checks any party's HTTP side against PROTOCOL 5 from outside: `python -m tests.conformance.runner BASE_URL`.

Reads over plain http.client and decides with code that shares nothing with the project.  One line per rule, `ok name`
or `FAIL name detail`; exit code 1 where any rule failed.  Leaves no trace at the party but log lines: what it posts is
refused by its form.
"""

from __future__ import annotations

import argparse
import hashlib
import http.client
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from tests.conformance import http_rules, party_rules
from tests.conformance.http_rules import Subject
from tests.conformance.probe import Probe
from tests.conformance.served_log import load_log

MAX_DETAILS = 5


@dataclass(frozen=True)
class Rule:
    """One checkable rule; `part` names what a party may be without."""

    name: str
    part: str
    check: Callable[[Subject], list[str]]


RULES = (
    Rule("checkpoint", "log", http_rules.check_checkpoint),
    Rule("checkpoint-not-modified", "log", http_rules.check_checkpoint_304),
    Rule("checkpoint-long-poll", "log", http_rules.check_long_poll),
    Rule("tiles", "log", http_rules.check_tiles),
    Rule("entry-bundles", "log", http_rules.check_bundles),
    Rule("earlier-partials", "log", http_rules.check_earlier_partials),
    Rule("payloads-single", "payload", http_rules.check_payloads_single),
    Rule("payloads-gone", "payload", http_rules.check_payloads_gone),
    Rule("payloads-bulk", "payload", http_rules.check_payloads_bulk),
    Rule("proofs", "proof", http_rules.check_proofs),
    Rule("head", "log", http_rules.check_heads),
    Rule("unknown-beyond-size", "log", party_rules.check_beyond),
    Rule("unknown-misspelt", "log", party_rules.check_misspelt),
    Rule("unknown-percent-encoded", "log", party_rules.check_encoded),
    Rule("unknown-dot-segments", "log", party_rules.check_dotted),
    Rule("unknown-elsewhere", "log", party_rules.check_elsewhere),
    Rule("unknown-head", "log", party_rules.check_unknown_head),
    Rule("methods", "methods", party_rules.check_methods),
    Rule("catalogue", "catalogue", party_rules.check_catalogue),
    Rule("roster", "roster", party_rules.check_roster),
    Rule("push", "push", party_rules.check_push),
    Rule("every-reply", "log", party_rules.check_every_reply),
)
PARTS = tuple(sorted({rule.part for rule in RULES} - {"log"}))


@dataclass(frozen=True)
class Finding:
    """Outcome of one rule; no problems means it holds."""

    name: str
    problems: tuple[str, ...]

    @property
    def line(self) -> str:
        if not self.problems:
            return f"ok   {self.name}"
        more = len(self.problems) - MAX_DETAILS
        shown = "; ".join(self.problems[:MAX_DETAILS])
        return f"FAIL {self.name} {shown}" + (f"; and {more} more" if more > 0 else "")


def run_rules(
    base_url: str, *, origin_path: str = "feed/g1/", vkey: str = "", without: Collection[str] = ()
) -> Iterator[Finding]:
    """Check a party rule by rule.

    Args:
        base_url: scheme, host, port and perhaps a path; `/catalogue` and `/roster` are looked for below it.
        origin_path: where the log stands below the base URL: `feed/g1/` or `mirror/<hex>/`.
        vkey: verifier key of the log; without it signatures are not verified.
        without: parts (see `PARTS`) that this party does not have.
    """
    probe = Probe(base_url)
    prefix = "/" + origin_path.strip("/") + "/"
    try:
        log = load_log(probe, prefix)
    except (OSError, http.client.HTTPException, ValueError) as error:
        yield Finding("log", (f"{type(error).__name__}: {error}",))
        return
    yield Finding("log", ())
    subject = Subject(probe, prefix, log, vkey)
    for rule in RULES:
        if rule.part not in without:
            yield _finding(rule, subject)


def _finding(rule: Rule, subject: Subject) -> Finding:
    """A reply that cannot be read at all is a problem like any other."""
    try:
        return Finding(rule.name, tuple(rule.check(subject)))
    except (OSError, http.client.HTTPException, ValueError, LookupError) as error:
        return Finding(rule.name, (f"{type(error).__name__}: {error}",))


def main(arguments: Sequence[str] | None = None) -> int:
    """Write one line per rule; 0 where all hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance.runner", description=__doc__)
    parser.add_argument("base_url")
    parser.add_argument("--vkey", default="", help="verifier key of the log (note type 1)")
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--origin-path", default="feed/g1/", help="where the log stands below the base URL")
    place.add_argument("--mirror", metavar="ORIGIN", help="check the mirror of this origin instead")
    parser.add_argument("--without", action="append", default=[], choices=PARTS, help="a part this party lacks")
    given = parser.parse_args(arguments)
    path = given.origin_path
    if given.mirror:
        path = f"mirror/{hashlib.sha256(given.mirror.encode()).hexdigest()}/"
    failed = False
    for finding in run_rules(given.base_url, origin_path=path, vkey=given.vkey, without=given.without):
        sys.stdout.write(finding.line + "\n")
        sys.stdout.flush()
        failed = failed or bool(finding.problems)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
