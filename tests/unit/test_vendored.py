"""Vendored files are those that were copied: same bytes, none missing, none added, each with a licence."""

from __future__ import annotations

import hashlib
import re
from importlib.resources import files
from pathlib import Path

VENDOR = Path(str(files("shared.web") / "static" / "vendor"))
STYLE = VENDOR.parent / "kreisweit.css"


def listed() -> dict[str, str]:
    lines = (VENDOR / "SHA256SUMS").read_text("utf-8").splitlines()
    return {name: digest for digest, name in (line.split("  ") for line in lines)}


def test_checksum_list_names_every_vendored_file_and_its_bytes() -> None:
    own = {"SHA256SUMS", "VENDORED.md"}
    found = {
        path.relative_to(VENDOR).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.rglob("*")
        if path.is_file() and path.relative_to(VENDOR).as_posix() not in own
    }

    assert found == listed()


def test_every_vendored_folder_carries_a_licence_and_a_row() -> None:
    text = (VENDOR / "VENDORED.md").read_text("utf-8")
    folders = {name.rpartition("/")[0] for name in listed()}

    for folder in folders:
        assert f"| `{folder}/` |" in text
        assert [name for name in listed() if name.startswith(folder) and ("LICENSE" in name or "OFL" in name)]


def test_own_style_names_only_files_and_tokens_that_exist() -> None:
    css = STYLE.read_text("utf-8")
    kern = (VENDOR / "kern" / "kern.min.css").read_text("utf-8")

    for url in re.findall(r'url\("([^"]+)"\)', css):
        assert (STYLE.parent / url).is_file(), url
    unknown = {token for token in re.findall(r"var\((--kern-[a-z0-9-]+)", css) if token + ":" not in kern}
    assert unknown == set()


def test_styles_ask_no_third_party_for_anything() -> None:
    for path in (STYLE, VENDOR / "kern" / "kern.min.css"):
        targets = re.findall(r"url\([\"']?([^\"')]{0,80})", path.read_text("utf-8"))
        assert [target for target in targets if not target.startswith(("data:", "vendor/"))] == []
        assert "@import" not in path.read_text("utf-8")
