"""`python -m tests.browser.help_pictures`: takes the pictures of the help anew, from a node with sample offers.

They are part of the program (`shared/web/static/help`), small, in light colours; take them anew when a page changes.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import ViewportSize, sync_playwright

from node.editing import own_offers
from tests.browser.conftest import CHROMIUM, Served
from tests.browser.look import hold_session
from tests.browser.test_every_page import furnish
from tests.support.desk import add_person, make_desk_node
from tests.support.loopback import app_of, running

FOLDER = Path(__file__).parents[2] / "shared" / "web" / "static" / "help"
_SIZE: ViewportSize = {"width": 960, "height": 640}
_QUALITY = 60


def main() -> int:
    """Write one picture for each page that the help shows."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        node = make_desk_node(Path(folder) / "herten")
        furnish(node)
        first = own_offers(node)[0].id
        pages = {
            "start": "/pult", "angebote": "/pult/angebote", "angebot": f"/pult/angebote/{first}",
            "formular": f"/pult/angebote/{first}/bearbeiten", "verlauf": f"/pult/angebote/{first}/verlauf",
            "einspielen": "/pult/einspielen",
        }  # fmt: skip
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(viewport=_SIZE, locale="de-DE", color_scheme="light")
        with running(app_of(node)) as url:
            hold_session(Served(node, url), context, add_person(node, "rita", "redaktion"))
            page = context.new_page()
            page.goto(f"{url}/pult/rollen")  # takes the message of the session away
            for name, path in pages.items():
                page.goto(url + path)
                page.screenshot(path=FOLDER / f"{name}.jpg", type="jpeg", quality=_QUALITY)
        browser.close()
        node.db.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
