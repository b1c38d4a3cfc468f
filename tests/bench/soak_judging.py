"""What a soak run came to: lines fitted through samples, bounds, and the report.  Pure: samples in, sentences out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

_HOUR = 3600.0
_MIB = 1024 * 1024


@dataclass(frozen=True)
class Sample:
    """One look at one process.

    Args:
        at: seconds since the load began.
        files: bytes of each database and each write-ahead log, by file name.
    """

    at: float
    party: str
    rss_mib: float
    descriptors: int
    threads: int
    files: Mapping[str, int] = field(default_factory=dict)

    @property
    def wal_bytes(self) -> int:
        return sum(size for name, size in self.files.items() if name.endswith("-wal"))

    @property
    def database_bytes(self) -> int:
        return sum(size for name, size in self.files.items() if not name.endswith("-wal"))


@dataclass(frozen=True)
class Answer:
    """One answer to a visitor; status 0 where none came."""

    at: float
    party: str
    kind: str
    milliseconds: float
    status: int
    path: str = ""


@dataclass(frozen=True)
class Bounds:
    """What must hold; `--help` of the command says the same words.

    Args:
        tell_minutes: least time after warm-up from which a slope of memory says something: one page of allocator
            arenas more or less within a few minutes is many MiB/h.
    """

    rss_mib_per_hour: float = 1.0
    tell_minutes: float = 60.0
    wal_mib: float = 64.0
    descriptors: int = 8
    threads: int = 4


@dataclass(frozen=True)
class Observed:
    """Everything that a run saw."""

    samples: Sequence[Sample]
    answers: Sequence[Answer]
    edits: Mapping[str, int] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)
    mismatches: Sequence[str] = ()
    errors: Sequence[str] = ()
    steal_share: float = 0.0


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Return the rise per unit of x of the straight line with the least squares; 0 for fewer than two places of x."""
    if not points:
        return 0.0
    middle_x = sum(x for x, _ in points) / len(points)
    middle_y = sum(y for _, y in points) / len(points)
    spread = sum((x - middle_x) ** 2 for x, _ in points)
    return sum((x - middle_x) * (y - middle_y) for x, y in points) / spread if spread else 0.0


def late(values: Sequence[float], share: float) -> float:
    """Return the value within which this share of all lies; 0 of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def after_warm_up(samples: Sequence[Sample]) -> list[Sample]:
    """Return the last three quarters of the time: caches fill and modules load in the first."""
    if not samples:
        return []
    first, last = samples[0].at, samples[-1].at
    return [sample for sample in samples if sample.at >= first + (last - first) / 4]


def by_party(samples: Sequence[Sample]) -> dict[str, list[Sample]]:
    found: dict[str, list[Sample]] = {}
    for sample in samples:
        found.setdefault(sample.party, []).append(sample)
    return found


def rss_slope(samples: Sequence[Sample]) -> float:
    """MiB an hour of one process after its warm-up."""
    return _HOUR * slope([(sample.at, sample.rss_mib) for sample in after_warm_up(samples)])


def judged_minutes(samples: Sequence[Sample]) -> float:
    judged = after_warm_up(samples)
    return (judged[-1].at - judged[0].at) / 60 if judged else 0.0


def drift(answers: Sequence[Answer], kind: str, share: float) -> float:
    """How much slower the last third of the time was than the first: 0.1 is a tenth; 0 where there is nothing yet."""
    times = [answer.at for answer in answers]
    if not times:
        return 0.0
    first, third = min(times), (max(times) - min(times)) / 3
    early = [a.milliseconds for a in answers if a.kind == kind and a.at < first + third]
    recent = [a.milliseconds for a in answers if a.kind == kind and a.at >= first + 2 * third]
    return late(recent, share) / late(early, share) - 1 if early and recent else 0.0


def rise(samples: Sequence[Sample], count: Callable[[Sample], int]) -> float:
    """How much more there usually is in the last third of the judged time than in its first: open connections come
    and go, so middles are compared."""
    judged = after_warm_up(samples)
    third = max(1, len(judged) // 3)
    if not judged:
        return 0.0
    return median(map(count, judged[-third:])) - median(map(count, judged[:third]))


# --- verdicts --------------------------------------------------------------------------------------------------------


def broken(seen: Observed, bounds: Bounds) -> list[str]:
    """Return a sentence for each bound that does not hold."""
    found = []
    for party, samples in by_party(seen.samples).items():
        found += _broken_by(party, samples, bounds)
    found += [f"wrong answer: {text}" for text in bad_answers(seen.answers)]
    found += [f"failed: {text}" for text in seen.errors]
    found += [f"mismatch: {text}" for text in seen.mismatches]
    if not seen.digests or len(set(seen.digests.values())) != 1 or not all(seen.digests.values()):
        found.append(f"digests are not equal at the end: {dict(seen.digests)}")
    return found


def _broken_by(party: str, samples: Sequence[Sample], bounds: Bounds) -> list[str]:
    found = []
    growth = rss_slope(samples)
    if can_tell(samples, bounds) and growth > bounds.rss_mib_per_hour:
        found.append(f"{party}: memory grows by {growth:.1f} MiB/h, allowed {bounds.rss_mib_per_hour:g}")
    wal = max(sample.wal_bytes for sample in samples) / _MIB
    if wal > bounds.wal_mib:
        found.append(f"{party}: write-ahead log of {wal:.1f} MiB, allowed {bounds.wal_mib:g}")
    for name, allowed in (("descriptors", bounds.descriptors), ("threads", bounds.threads)):
        more = rise(samples, lambda sample, name=name: int(getattr(sample, name)))  # type: ignore[misc]
        if more > allowed:
            found.append(f"{party}: {more:g} more {name} at the end, allowed {allowed}")
    return found


def can_tell(samples: Sequence[Sample], bounds: Bounds) -> bool:
    return judged_minutes(samples) >= bounds.tell_minutes


def bad_answers(answers: Sequence[Answer]) -> list[str]:
    """Every answer that nobody should get; the page of an offer may say that it has gone."""
    return [
        f"{answer.status or 'none'} after {answer.at:.0f} s from {answer.party} {answer.path}"
        for answer in answers
        if answer.status == 0 or answer.status >= 500 or (answer.status >= 400 and answer.kind != "offer")
    ]


# --- the report ------------------------------------------------------------------------------------------------------


def report(seen: Observed, bounds: Bounds) -> list[str]:
    """Return the lines that are printed at the end."""
    parties = by_party(seen.samples)
    head = f"{'party':<18}{'RSS':>7}{'last':>7}{'MiB/h':>8}{'fds':>14}{'threads':>12}{'WAL max':>9}{'DB':>8}{'more':>7}"
    lines = [head, *(_party_line(party, samples) for party, samples in parties.items()), ""]
    lines += [_kind_line(seen.answers, kind) for kind in sorted({answer.kind for answer in seen.answers})]
    statuses = sorted({answer.status for answer in seen.answers})
    counts = ", ".join(f"{sum(answer.status == status for answer in seen.answers)} x {status}" for status in statuses)
    lines.append(f"requests {len(seen.answers)} ({counts})")
    lines.append("edits " + (", ".join(f"{count} {deed}" for deed, count in sorted(seen.edits.items())) or "none"))
    lines.append(f"digests {len(seen.digests)}, different ones {len(set(seen.digests.values()))}")
    lines.append(f"CPU steal {100 * seen.steal_share:.1f} %")
    if parties and not all(can_tell(samples, bounds) for samples in parties.values()):
        shortest = min(judged_minutes(samples) for samples in parties.values())
        lines.append(
            f"memory not judged: {shortest:.0f} minutes after warm-up, {bounds.tell_minutes:g} are needed to tell; "
            "the slopes above are mostly noise"
        )
    wrong = broken(seen, bounds)
    return [*lines, *(f"BROKEN {text}" for text in wrong), "bounds hold" if not wrong else f"{len(wrong)} broken"]


def _party_line(party: str, samples: Sequence[Sample]) -> str:
    first, last = samples[0], samples[-1]
    fds = f"{first.descriptors}/{last.descriptors}/{max(sample.descriptors for sample in samples)}"
    threads = f"{first.threads}/{last.threads}/{max(sample.threads for sample in samples)}"
    wal = max(sample.wal_bytes for sample in samples) / _MIB
    size, before = last.database_bytes / _MIB, first.database_bytes / _MIB
    return (
        f"{party:<18}{first.rss_mib:>7.1f}{last.rss_mib:>7.1f}{rss_slope(samples):>8.1f}{fds:>14}{threads:>12}"
        f"{wal:>9.1f}{size:>8.1f}{size - before:>7.1f}"
    )


def _kind_line(answers: Sequence[Answer], kind: str) -> str:
    times = [answer.milliseconds for answer in answers if answer.kind == kind]
    shares = " ".join(f"p{100 * share:.0f} {late(times, share):.0f}" for share in (0.5, 0.95, 0.99))
    drifts = " ".join(f"p{100 * share:.0f} {100 * drift(answers, kind, share):+.0f} %" for share in (0.5, 0.99))
    return f"{kind:<18}{len(times):>6} answers, ms: {shares}; last third against first: {drifts}"


def windows(answers: Sequence[Answer], seconds: float) -> list[dict[str, float | str | int]]:
    """Return how long answers took in each window, by kind, for the file of figures."""
    found: dict[tuple[int, str], list[float]] = {}
    for answer in answers:
        found.setdefault((int(answer.at // seconds), answer.kind), []).append(answer.milliseconds)
    return [
        {
            "from": number * seconds, "kind": kind, "answers": len(times), "p50_ms": late(times, 0.5),
            "p95_ms": late(times, 0.95), "p99_ms": late(times, 0.99),
        }
        for (number, kind), times in sorted(found.items())
    ]  # fmt: skip
