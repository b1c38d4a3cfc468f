"""The bill of materials of the program: CycloneDX 1.6 in JSON, made from requirements.lock alone.

    .venv/bin/python -m deploy.sbom [FILE]     to FILE, or to the terminal

Every package of the lock stands in it with version, package URL, the hashes that are checked at installing, and who
needs it.  `required` is what runs; `excluded` is what only tests and tools need.  The licence is what the package says
of itself in the environment that runs this, and is left out where another version is installed there.  The same lock
gives the same bytes, so that two bills can be compared; for that reason it bears no date.
"""

from __future__ import annotations

import json
import sys
import uuid
from importlib import metadata
from pathlib import Path
from typing import Any

from deploy.locked import Locked, needed_for, read_lock
from shared.version import VERSION

_ROOT = "kreisweit"
_MARKER = "kreisweit:marker"  # where a package is needed at all, in the words of the lock
_NAME_MAX = 64  # some packages put the whole text of their licence into the field for its name
_CLASSIFIER = "License :: OSI Approved :: "


def make_bill(locked: list[Locked]) -> dict[str, Any]:
    """Return the bill of materials of everything that is locked."""
    running = {one.name for one in needed_for("run", locked)}
    content = "\n".join(one.requirement for one in locked)
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{_ROOT}@{VERSION}:{content}')}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": _ROOT,
                "name": _ROOT,
                "version": VERSION,
                "licenses": [{"license": {"id": "EUPL-1.2"}}],
            }
        },
        "components": [_component(one, is_running=one.name in running) for one in locked],
        "dependencies": _dependencies(locked),
    }


def format_bill(bill: dict[str, Any]) -> str:
    """Write a bill down, the same each time."""
    return json.dumps(bill, indent=2, ensure_ascii=False) + "\n"


def _reference(one: Locked) -> str:
    """The package URL, which also names the package within the bill."""
    return f"pkg:pypi/{one.name}@{one.version}"


def _component(one: Locked, *, is_running: bool) -> dict[str, Any]:
    hashes = [{"alg": "SHA-256", "content": text.removeprefix("sha256:")} for text in one.hashes]
    component: dict[str, Any] = {
        "type": "library",
        "bom-ref": _reference(one),
        "name": one.name,
        "version": one.version,
        "scope": "required" if is_running else "excluded",
        "purl": _reference(one),
        # Of files, not of the package: which of them is installed depends on the computer.
        "externalReferences": [{"type": "distribution", "url": _reference(one), "hashes": hashes}],
    }
    if licences := _licences(one):
        component["licenses"] = licences
    if one.marker:
        component["properties"] = [{"name": _MARKER, "value": one.marker}]
    return component


def _licences(one: Locked) -> list[dict[str, Any]]:
    """Return what the installed package says of its licence: an SPDX expression, else names; nothing if not known."""
    try:
        said = metadata.metadata(one.name)
    except metadata.PackageNotFoundError:
        return []
    if said.get("Version") != one.version:
        return []
    if expression := said.get("License-Expression"):
        return [{"expression": expression}]
    names = [
        text.removeprefix(_CLASSIFIER) for text in said.get_all("Classifier") or [] if text.startswith(_CLASSIFIER)
    ]
    given = (said.get("License") or "").strip()
    if not names and 0 < len(given) <= _NAME_MAX and "\n" not in given:
        names = [given]
    return [{"license": {"name": name}} for name in names]


def _dependencies(locked: list[Locked]) -> list[dict[str, Any]]:
    """Return who needs whom; what the project needs for its tests counts as needed by it, its scope tells."""
    needs: dict[str, list[str]] = {_ROOT: [], **{one.name: [] for one in locked}}
    for one in locked:
        for name in one.needed_by:
            needs[_ROOT if name.startswith(f"{_ROOT} (") else name].append(_reference(one))
    names = {one.name: _reference(one) for one in locked}
    return [{"ref": names.get(name, name), "dependsOn": sorted(set(needed))} for name, needed in needs.items()]


def main(arguments: list[str]) -> None:
    """Write the bill to the file that is named, or to the terminal."""
    text = format_bill(make_bill(read_lock()))
    if not arguments:
        sys.stdout.write(text)
        return
    path = Path(arguments[0])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
