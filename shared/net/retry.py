"""How long to wait before asking again; pure, so that the schedule can be tested without waiting."""

from __future__ import annotations

_MAX_DOUBLINGS = 32  # 2**32 seconds is beyond any cap; keeps the number small after years of failures


def backoff_seconds(failures: int, *, base: float, cap: float, jitter: float) -> int:
    """Return the seconds to wait after `failures` failures in a row: doubling from `base`, never above `cap`.

    Half of the wait is fixed and half is scaled by `jitter`, so that parties which failed together do not return
    together.  A Retry-After that is longer wins; the caller takes the maximum.

    Args:
        failures: in a row; 0 means no wait.
        base: seconds after the first failure.
        cap: most seconds ever.
        jitter: 0 to 1, from the caller's dice.
    """
    if not 0.0 <= jitter <= 1.0:
        raise ValueError(f"jitter {jitter} is not between 0 and 1")
    if failures <= 0:
        return 0
    whole = min(cap, base * 2.0 ** min(failures - 1, _MAX_DOUBLINGS))
    return min(int(cap), max(1, round(whole / 2 + whole / 2 * jitter)))
