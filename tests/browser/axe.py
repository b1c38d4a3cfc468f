"""Looks for accessibility mistakes with axe; the page's own policy has to be bypassed for that (`bypass_csp=True`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

SCRIPT = Path(__file__).parent / "vendor" / "axe" / "axe.min.js"
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
_RUN = "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']})"


def findings(page: Page) -> list[str]:
    """Return what axe finds wrong, one line for each element: rule, place, what it says."""
    page.add_script_tag(path=SCRIPT)
    result: dict[str, Any] = page.evaluate(_RUN, list(TAGS))
    return [
        f"{violation['id']}: {' '.join(map(str, node['target']))}: {node.get('failureSummary', '')}"
        for violation in result["violations"]
        for node in violation["nodes"]
    ]


def is_wider_than_its_window(page: Page) -> bool:
    """Tell whether a reader has to scroll sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))
