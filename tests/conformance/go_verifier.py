"""Builds and runs the Go verifier (`go/verify.go`) with Debian's Go and golang.org/x/mod, without any download."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).parent / "go" / "verify.go"
DEBIAN_GOPATH = Path("/usr/share/gocode")  # where Debian's golang-*-dev packages live
SUMDB = DEBIAN_GOPATH / "src/golang.org/x/mod/sumdb"


@dataclass(frozen=True)
class Verdict:
    """What the verifier said about a served log; `text` is its OK line or its reason."""

    is_accepted: bool
    text: str


def missing_tools() -> str:
    """Name what is missing to build the verifier; empty where nothing is."""
    if shutil.which("go") is None:
        return "no Go compiler (Debian: golang-go)"
    if not (SUMDB / "tlog").is_dir() or not (SUMDB / "note").is_dir():
        return "no golang.org/x/mod/sumdb (Debian: golang-golang-x-mod-dev)"
    return ""


@functools.cache
def _built_verifier() -> Path:
    """Compile once in this process, into a directory that goes when the process ends."""
    directory = Path(tempfile.mkdtemp(prefix="kreisweit-go-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(directory),
        "GOPATH": str(DEBIAN_GOPATH),
        "GO111MODULE": "off",  # Debian ships packages, not modules
        "GOPROXY": "off",
        "GOTOOLCHAIN": "local",
        "GOCACHE": str(directory / "cache"),
    }
    binary = directory / "verify"
    built = subprocess.run(
        ["go", "build", "-o", str(binary), str(SOURCE)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if built.returncode != 0:
        raise RuntimeError(f"go build failed: {built.stderr}")
    return binary


def verify_with_go(url: str, vkey: str, *, old: Path | None = None, timeout_seconds: float = 120) -> Verdict:
    """Let Go judge the log served below `url`.

    Args:
        url: prefix of the log, `P` or `…/mirror/<hex>/`.
        vkey: the log's verifier key, type 1.
        old: file with an older checkpoint that the log must extend.
        timeout_seconds: for the whole run.
    """
    command = [str(_built_verifier()), "-url", url, "-vkey", vkey]
    if old is not None:
        command += ["-old", str(old)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_seconds, check=False)
    if done.returncode not in (0, 1) or done.stderr:
        raise RuntimeError(f"the verifier broke (exit {done.returncode}): {done.stderr}")
    return Verdict(done.returncode == 0, done.stdout.strip())
