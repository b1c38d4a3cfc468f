"""Files that the desk gives out."""

from __future__ import annotations

from litestar import Response

_NO_STORE = {"Cache-Control": "no-store"}


def csv_file(content: bytes, name: str) -> Response[bytes]:
    """Return a table that the browser saves under a name, which holds no quotes."""
    headers = {**_NO_STORE, "Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Response(content, media_type="text/csv; charset=utf-8", headers=headers)
