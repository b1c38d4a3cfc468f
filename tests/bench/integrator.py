"""What it costs somebody who trusts nobody: `kreisweit-verify follow` from nothing, and again when nothing is new."""

from __future__ import annotations

import shutil
from pathlib import Path

from shared.clock import SystemClock
from shared.net.http import HttpClient
from shared.net.settings import NetSettings
from shared.verify.copy import CopySettings, LocalCopy, first_roots, make_copy, opened_copy
from tests.bench.federation import LOOPBACK, load_ports
from tests.bench.steps import Figures, Stopwatch


def verified_copy(directory: Path, size: int, seed: int) -> Figures:
    """A cold verified copy of the hub's whole catalogue: every hash, every signature, the digest."""
    del seed
    home = directory / "copy"
    shutil.rmtree(home, ignore_errors=True)
    hub, clock = f"http://127.0.0.1:{load_ports(directory)['hub']}", SystemClock()
    web = HttpClient(NetSettings(allow_networks=(LOOPBACK,)), clock)
    try:
        roots, threshold = first_roots(hub, web)
        settings = CopySettings(hub, roots, threshold, (LOOPBACK,))
        watch = Stopwatch()
        make_copy(home, settings)
        with opened_copy(home, settings, clock, web) as copy:
            signatures = _follow(copy, size)
            figures = watch.figures()
            again = Stopwatch()
            _follow(copy, size)
    finally:
        web.close()
    idle = again.figures()
    return {**figures, "signatures": signatures, "idle_cpu_seconds": idle["work_cpu_seconds"]}


def _follow(copy: LocalCopy, size: int) -> int:
    done = copy.follow()
    if not done.code.startswith("OK") or (done.offers, done.missing) != (size, 0) or not done.is_compared:
        raise RuntimeError(f"{done.code} {done.message}: {done.offers} offers, {done.missing} missing")
    return done.signatures
