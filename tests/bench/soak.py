"""`python -m tests.bench.soak --minutes 90`: a hub and eleven nodes under mixed load, and what they need over time.

The parties are the demo's: processes of their own on loopback.  Visitors search and read at all of them, two
integrators copy the hub's catalogue (one verifies every hash and signature), editors change offers at the desks, a
person is erased now and then, backups are made.  Memory, descriptors, threads and databases are looked at from
outside.

Exit code 1 if a bound is broken.  Progress goes to standard error, the report to standard output.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from deploy import desks
from deploy.federation import Federation, data_folder
from tests.bench.soak_judging import Bounds, Observed, broken, by_party, report, rss_slope, windows
from tests.bench.soak_samples import Sampler
from tests.bench.soak_staff import Staff
from tests.bench.soak_visitors import Connection, Integrators, Visitors

_SEED = 20261127
_TELL_SECONDS = 60
_OUTPUTS_SECONDS = 120
_THREADS = 4
"""Visitors who wait for an answer at the same time, at most."""


@dataclasses.dataclass(frozen=True)
class Plan:
    """How long, and how much of what."""

    minutes: float
    sample_seconds: float = 10
    rate: float = 20
    edit_seconds: float = 5
    follow_seconds: float = 10
    backup_seconds: float = 180


def soak(federation: Federation, folder: Path, plan: Plan) -> Observed:
    """Put load on a running federation that is level, look at it, and let it come to rest.

    Args:
        folder: an empty one, for the copies of integrators and other files.
    """
    names = ["hub", *(member.name for member in federation.members)]
    began = time.monotonic()
    sampler = Sampler({name: (federation.process_id(name), federation.home(name)) for name in names}, began)
    integrators = Integrators(federation.port("hub"), folder / "copy", plan.follow_seconds)
    ports, rate = {name: federation.port(name) for name in names}, plan.rate / _THREADS
    visitors = [Visitors(ports, rate, integrators.offers, began, _SEED + number) for number in range(_THREADS)]
    password = desks.load_password(federation.folder)
    staff = Staff(federation, password, folder, plan.edit_seconds, plan.backup_seconds, _SEED)
    for thread in (integrators, *visitors, staff):
        thread.start()
    _watch(sampler, began + 60 * plan.minutes, plan.sample_seconds, visitors, staff)
    staff.stop()
    for visitor in visitors:
        visitor.stop()
    lines = federation.wait_until_level()
    integrators.stop()
    named = [f"{person} is still named by /changes" for person in integrators.still_named(staff.erased)]
    done = {**staff.edits, "rounds of integrators": integrators.rounds, "of these late": integrators.late}
    return Observed(
        sampler.samples, [answer for one in visitors for answer in one.answers], done,
        {line.name: line.digest for line in lines}, [*integrators.mismatches, *named], staff.errors,
        sampler.steal_share,
    )  # fmt: skip


def _watch(sampler: Sampler, until: float, every: float, visitors: Sequence[Visitors], staff: Staff) -> None:
    """Sample until the time has come; a line each minute."""
    told = time.monotonic()
    due = told
    while (now := time.monotonic()) < until:
        sampler.look()
        if now - told >= _TELL_SECONDS:
            told = now
            count, errors = sum(len(one.answers) for one in visitors), len(staff.errors)
            whole = sum(samples[-1].rss_mib for samples in by_party(sampler.samples).values())
            text = f"{(until - now) / 60:.0f} min left: {count} requests, {staff.edits.total()} edits, {errors} failed"
            print(f"{text}, {whole:.0f} MiB", file=sys.stderr, flush=True)
        due += every
        time.sleep(max(0.0, min(due, until) - time.monotonic()))
    sampler.look()


def wait_for_outputs(federation: Federation) -> None:
    """What integrators read follows the catalogue by itself; while it is made, 503 is the right answer."""
    deadline = time.monotonic() + _OUTPUTS_SECONDS
    for name in ("hub", *(member.name for member in federation.members)):
        while Connection(federation.port(name)).get("/changes?after=0&limit=1")[0] != 200:
            if time.monotonic() > deadline:
                raise SystemExit(f"{name} gives no outputs after {_OUTPUTS_SECONDS} s")
            time.sleep(0.5)


def as_figures(seen: Observed, plan: Plan, bounds: Bounds) -> dict[str, object]:
    """Return everything for a file: the verdicts first, the samples last."""
    return {
        "plan": dataclasses.asdict(plan),
        "bounds": dataclasses.asdict(bounds),
        "broken": broken(seen, bounds),
        "rss_mib_per_hour": {party: round(rss_slope(found), 2) for party, found in by_party(seen.samples).items()},
        "edits": dict(seen.edits),
        "digests": dict(seen.digests),
        "steal_share": seen.steal_share,
        "requests": len(seen.answers),
        "windows": windows(seen.answers, 60),
        "samples": [dataclasses.asdict(sample) for sample in seen.samples],
    }


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.soak", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=90)
    parser.add_argument("--port", type=int, default=8300, metavar="BASE", help="port of the hub; the nodes follow")
    parser.add_argument("--data", type=Path, metavar="DIR", help="keep the parties here and go on with them next time")
    parser.add_argument("--members", metavar="NAMES", help="only these, separated by commas")
    parser.add_argument("--every", type=float, default=Plan.sample_seconds, help="seconds between samples")
    parser.add_argument("--rate", type=float, default=Plan.rate, help="requests of visitors a second, at all parties")
    parser.add_argument("--edit-every", type=float, default=Plan.edit_seconds, help="seconds between edits")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures and samples there")
    parser.add_argument("--rss", type=float, default=Bounds.rss_mib_per_hour, help="MiB/h by which memory may grow")
    parser.add_argument(
        "--tell", type=float, default=Bounds.tell_minutes, help="minutes after warm-up from which growth is judged"
    )
    parser.add_argument("--wal", type=float, default=Bounds.wal_mib, help="MiB of a write-ahead log at most")
    parser.add_argument("--descriptors", type=int, default=Bounds.descriptors, help="more open at the end, at most")
    parser.add_argument("--threads", type=int, default=Bounds.threads, help="more threads at the end, at most")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Set up, run, report."""
    wanted = parse_arguments(arguments)
    bounds = Bounds(wanted.rss, wanted.tell, wanted.wal, wanted.descriptors, wanted.threads)
    plan = Plan(wanted.minutes, wanted.every, wanted.rate, wanted.edit_every)
    names = wanted.members.split(",") if wanted.members else None
    with data_folder(wanted.data) as folder, data_folder(None) as own_folder:
        federation = Federation(folder, wanted.port, names)
        try:
            federation.start_all()
            federation.wait_until_level()
            wait_for_outputs(federation)
            seen = soak(federation, own_folder, plan)
        finally:
            federation.stop_all()
    print("\n".join(report(seen, bounds)))
    if wanted.json is not None:
        wanted.json.write_text(json.dumps(as_figures(seen, plan, bounds), indent=1), encoding="utf-8")
    return 1 if broken(seen, bounds) else 0


if __name__ == "__main__":
    raise SystemExit(main())
