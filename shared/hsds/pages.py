"""The envelope of HSDS lists; names and meaning are the standard's (HSDS 3.2.3, Page)."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

PER_PAGE, PER_PAGE_MAX = 50, 200


def page_count(total: int, per_page: int) -> int:
    """Return how many pages a list has; an empty list has none."""
    return -(-total // per_page)


def envelope(contents: Sequence[bytes], *, total: int, page: int, per_page: int) -> bytes:
    """Return one page as JSON; its items are finished JSON objects.

    Pages count from 1.  A page past the end is empty and says so; an empty list is page 1, first and last at once.
    """
    pages = page_count(total, per_page)
    head = {
        "total_items": total, "total_pages": pages, "page_number": page, "size": len(contents),
        "first_page": page == 1, "last_page": page >= max(pages, 1), "empty": not contents,
    }  # fmt: skip
    start = msgspec.json.encode(head)[:-1] + b',"contents":['
    if not contents:
        return start + b"]}"
    # Copied once: a page has a hundred kilobytes.
    pieces = [b","] * (2 * len(contents) + 1)
    pieces[0], pieces[1::2], pieces[-1] = start, contents, b"]}"
    return b"".join(pieces)
