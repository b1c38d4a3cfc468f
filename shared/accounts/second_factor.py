"""The second factor: six digits from an app, new every 30 seconds (TOTP, RFC 6238)."""

from __future__ import annotations

import base64
import hmac
import re

from shared.clock import Dice

STEP_SECONDS = 30
TOLERANCE_STEPS = 1
"""Codes of the step before and after count too: telephones' clocks differ."""
_SECRET_BYTES = 20
_CODE = re.compile(r"[0-9]{6}")


def make_secret(dice: Dice) -> str:
    """Return a new secret in Base32."""
    return base64.b32encode(dice.token(_SECRET_BYTES)).decode("ascii")


def used_step(secret: str, code: str, *, last_step: int, now: int) -> int | None:
    """Return the time step that the code belongs to, or None when it is wrong or was used before.

    Args:
        code: as typed; spaces do not matter.
        last_step: step of the code that was used last; only later ones count, so no code works twice.
    """
    import pyotp

    typed = re.sub(r"\s", "", code)
    if not secret or not _CODE.fullmatch(typed):
        return None
    totp, current, found = pyotp.TOTP(secret, interval=STEP_SECONDS), now // STEP_SECONDS, None
    for step in range(current - TOLERANCE_STEPS, current + TOLERANCE_STEPS + 1):
        if hmac.compare_digest(totp.at(step * STEP_SECONDS), typed) and step > last_step:
            found = step
    return found


def setup_address(secret: str, *, name: str, issuer: str) -> str:
    """Return the `otpauth:` address that an app reads from the picture."""
    import pyotp

    return pyotp.TOTP(secret, interval=STEP_SECONDS).provisioning_uri(name=name, issuer_name=issuer)


def picture(address: str, *, title: str) -> str:
    """Return the address as a QR code: SVG to stand in a page, dark on light in every theme."""
    import segno

    code = segno.make(address, error="m", micro=False)
    return code.svg_inline(scale=5, border=4, dark="#000", light="#fff", title=title, svgclass="kw-qr", lineclass=None)


def in_groups(secret: str) -> str:
    """Return the secret in groups of four, to be typed by hand."""
    return " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))
