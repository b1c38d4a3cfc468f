"""One-time links as text: the path that is handed to a person, and the token read back from it."""

from __future__ import annotations

import base64
import re

from shared.errors import NotFoundError

DESK = "/pult"
"""Where the desk begins; everything below it is guarded."""
INVITATION = f"{DESK}/einladung"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def invitation_path(token: bytes) -> str:
    """Return the path of a one-time link."""
    return f"{INVITATION}/{format_token(token)}"


def format_token(token: bytes) -> str:
    """Write 32 bytes as 43 characters for cookies and links."""
    return base64.urlsafe_b64encode(token).decode("ascii").rstrip("=")


def parse_token(text: str) -> bytes | None:
    """Read a token back; None for what we never wrote."""
    if not _TOKEN.fullmatch(text):
        return None
    token = base64.urlsafe_b64decode(text + "=")
    return token if format_token(token) == text else None


def parse_invitation(text: str) -> bytes:
    """Read the token of a one-time link; NotFoundError for what cannot be one."""
    token = parse_token(text)
    if token is None:
        raise NotFoundError("not an invitation", advice="Kopieren Sie den Link noch einmal, vollständig.")
    return token
