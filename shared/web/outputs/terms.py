"""Under which terms the outputs may be used."""

from __future__ import annotations

from typing import Final

LICENCE_NAME: Final = "Datenlizenz Deutschland – Namensnennung – Version 2.0"
LICENCE_URL: Final = "https://www.govdata.de/dl-de/by-2-0"
