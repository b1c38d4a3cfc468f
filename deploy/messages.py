"""Collect the texts of the public pages and bring every translation up to date: `make messages`.

Reads `shared/web/locale/babel.ini`, writes `kreisweit.pot` and the `.po` files beside it, sorted and without line
numbers.  A second run changes nothing.  A new text stands in every `.po` file with an empty translation, which
`tests/unit/test_messages.py` refuses; a text that is gone is dropped; nothing is guessed from a similar one.  Where a
text changes, the comment `# reviewed` of its translations goes with it, since the new one is another message.

    .venv/bin/python -m deploy.messages            update all
    .venv/bin/python -m deploy.messages uk sq      begin these languages too
"""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po, write_po

from shared.web.messages import locale_of

ROOT = Path(__file__).parents[1]
LOCALE = ROOT / "shared" / "web" / "locale"
TEMPLATE = LOCALE / "kreisweit.pot"
_ROOMS = ("shared", "node", "hub")
# Babel has the last two forms of Arabic the other way round than gettext's tools and translators (11 before 100).
_PLURALS = {
    "ar": "nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5);"
}
KEYWORDS = {**DEFAULT_KEYWORDS, "N_": None, "translate": None, "translate_plural": (1, 2)}
_HEADER = """\
# Texts of the public pages of kreisweit. The source language is German.
# Translated by the project and not reviewed, but for messages with the comment "# reviewed", which somebody whose
# language it is writes above a message when it is right. License: EUPL-1.2."""


def collect() -> Catalog:
    """Return every text that the public pages may show."""
    with (LOCALE / "babel.ini").open(encoding="utf-8") as stream:
        methods, options = parse_mapping_cfg(stream)  # type: ignore[no-untyped-call]
    catalogue = _empty(None)
    found = extract_from_dir(
        ROOT, methods, options, KEYWORDS, comment_tags=("i18n:",),
        directory_filter=lambda path: Path(path).relative_to(ROOT).parts[0] in _ROOMS,
    )  # fmt: skip
    for name, _, message, comments, _ in sorted(found, key=lambda entry: (entry[0], entry[1])):
        catalogue.add(message, None, [(name, 0)], auto_comments=comments)
    return catalogue


def _empty(locale: Locale | None) -> Catalog:
    return Catalog(
        locale, project="kreisweit", version="1", header_comment=_HEADER, fuzzy=False, charset="utf-8",
        copyright_holder="kreisweit", msgid_bugs_address="", last_translator="kreisweit", language_team="kreisweit",
    )  # fmt: skip


def file_of(language: str) -> Path:
    """Return where the translations of a language stand."""
    return LOCALE / language / "LC_MESSAGES" / "kreisweit.po"


def load(language: str) -> Catalog:
    """Return the translations of a language, or an empty catalogue with the plural forms that it has."""
    path = file_of(language)
    if not path.is_file():
        return _empty(locale_of(language))
    with path.open("rb") as stream:
        catalogue = read_po(stream, locale=None, domain="kreisweit")
    # By the name under which Babel knows it; the file bears ours.
    catalogue.locale = locale_of(language)
    return catalogue


def write(catalogue: Catalog, path: Path) -> bool:
    """Write a catalogue unless only its date would change; tell whether it did."""
    before = path.read_bytes() if path.is_file() else b""
    after = format_catalogue(catalogue, path.parent.parent.name)
    if _without_dates(before) == _without_dates(after):
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(after)
    return True


def format_catalogue(catalogue: Catalog, language: str) -> bytes:
    """Return the text of a file: sorted by place, no line numbers, one line per message, nothing obsolete."""
    stream = BytesIO()
    write_po(stream, catalogue, width=0, sort_by_file=True, ignore_obsolete=True, include_lineno=False)
    text = re.sub(rb'(?m)^"Language: .*', rf'"Language: {language}\\n"'.encode(), stream.getvalue(), count=1)
    if plurals := _PLURALS.get(language):
        text = re.sub(rb'(?m)^"Plural-Forms: .*', rf'"Plural-Forms: {plurals}\\n"'.encode(), text, count=1)
    return text


def _without_dates(text: bytes) -> list[bytes]:
    return [line for line in text.splitlines() if b"-Date: " not in line]


def main(begun: list[str]) -> None:
    """Update the template and every catalogue; say what changed."""
    template = collect()
    now = datetime.now(UTC)
    template.creation_date = now
    found = {path.parent.parent.name for path in LOCALE.glob("*/LC_MESSAGES/kreisweit.po")}
    changed = [TEMPLATE.name] if write(template, TEMPLATE) else []
    for language in sorted(found | set(begun)):
        catalogue = load(language)
        catalogue.update(template, no_fuzzy_matching=True)
        catalogue.revision_date = now
        empty = sum(not all(_forms(message.string or "")) for message in catalogue if message.id)
        changed += [language] if write(catalogue, file_of(language)) else []
        print(f"{language}: {len(catalogue)} texts, {empty} without translation")  # noqa: T201
    print("changed:", ", ".join(changed) or "nothing")  # noqa: T201


def _forms(string: str | tuple[str, ...] | list[str]) -> list[str]:
    return [string] if isinstance(string, str) else [*string]


if __name__ == "__main__":
    main(sys.argv[1:])
