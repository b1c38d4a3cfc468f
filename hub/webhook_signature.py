"""How a message is signed so that its receiver knows who sent it: Standard Webhooks v1, symmetric; pure.

Signed are id, time and body; the time lets a receiver refuse what was replayed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from typing import Final

SECRET_BYTES: Final = 32


def format_secret(secret: bytes) -> str:
    """Write a secret as receivers put it into their libraries."""
    return "whsec_" + base64.b64encode(secret).decode()


def signature_headers(secrets: Sequence[bytes], message: str, *, seconds: int, body: bytes) -> dict[str, str]:
    """Return the headers of a message.

    Args:
        secrets: each signs; a receiver accepts what one of its secrets verifies.
        message: id of the message; the same for every attempt to send it.
        seconds: Unix time of this attempt.
    """
    signed = f"{message}.{seconds}.".encode() + body
    signatures = (base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode() for secret in secrets)
    return {
        "webhook-id": message,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }
