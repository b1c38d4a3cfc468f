"""An accent colour on our pages: lightened for dark ground where it must be, and the style sheet that sets it."""

from __future__ import annotations

import re
from typing import Final

from shared.model.district import contrast

LEAST_CONTRAST: Final = 4.5
WHITE, LIGHT_HUED, DARK = "#ffffff", "#f3f4f7", "#1c1f26"
"""The grounds of pages: KERN's light ones, and its lightest dark one."""
COLOUR: Final = re.compile(r"#[0-9a-f]{6}")


def accent_for_dark(colour: str) -> str:
    """Return the colour for dark ground: the same, mixed with white just as far as it needs to be read."""
    channels = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    for percent in range(0, 101, 5):
        mixed = [round(channel + (255 - channel) * percent / 100) for channel in channels]
        lighter = "#" + "".join(f"{channel:02x}" for channel in mixed)
        if contrast(lighter, DARK) >= LEAST_CONTRAST:
            return lighter
    return WHITE


def accent_css(colour: str) -> str:
    """Return the style sheet that sets an accent colour; empty for what is none."""
    if not COLOUR.fullmatch(colour):
        return ""
    return (
        f":root{{--kern-color-action-default:{colour}}}\n"
        f"@media (prefers-color-scheme:dark){{:root{{--kern-color-action-default:{accent_for_dark(colour)}}}}}\n"
        ".kw-header{border-top:4px solid var(--kern-color-action-default)}\n"
    )
