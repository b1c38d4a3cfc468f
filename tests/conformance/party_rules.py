"""The HTTP rules of PROTOCOL 5 around a log: what is unknown, other methods, catalogue, roster, push, all replies."""

from __future__ import annotations

import re

from tests.conformance import merkle
from tests.conformance.http_rules import (
    ANY_ETAG,
    TEXT,
    TILE_CACHE,
    Subject,
    check_answer,
    check_conditional,
    check_head,
    check_problem,
)

# Spellings of paths that exist, and of numbers out of range: one spelling per tile, so each of these is unknown.
MISSPELT = (
    "tile/0/0",
    "tile/0/00",
    "tile/0/0000",
    "tile/0/x000/000",
    "tile/0/X000/001",
    "tile/0/000/",
    "tile/0/000.p",
    "tile/0/000.p/",
    "tile/0/000.p/0",
    "tile/0/000.p/01",
    "tile/0/000.p/256",
    "tile/0/000.p/257",
    "tile/0/000.p/-1",
    "tile/0/000.p/1/",
    "tile/0/000.p/1.p/1",
    "tile/0/-01",
    "tile/0/+00",
    "tile/0/1e0",
    "tile/0/x999999/999",
    "tile/00/000",
    "tile/-1/000",
    "tile/64/000",
    "tile/999999999999/000",
    "tile/8/0/000",
    "tile/data/000",
    "tile//0/000",
    "tile/0//000",
    "tile/entries/0",
    "tile/entries/000/",
    "tile/entries/000.p/0",
    "tile/entries/000.p/256",
    "tile/Entries/000",
    "tile",
    "tile/",
    "tile/0",
    "Checkpoint",
    "checkpoint/",
    "checkpoint.txt",
    "payload/" + "0" * 64,
    "payload/" + "0" * 63,
    "payload/" + "0" * 65,
    "payload/" + "g" * 64,
    "payload/",
    "payloads/0",
    "payloads/000.p/1",
    "payloads/x999/999",
    "proof/00",
    "proof/-1",
    "proof/+0",
    "proof/0_0",
    "proof/9999999999999999",
    "proof/99999999999999999999999",
    "proof/",
    "nothing",
)
ENCODED = (
    "%63heckpoint",
    "checkpoint%20",
    "checkpoint%00",
    "checkpoint%0a",
    "tile/0/%30%30%30",
    "tile/0/%D9%A0%D9%A0%D9%A0",
    "tile/0/%EF%BC%90%EF%BC%90%EF%BC%90",
    "tile/0/000%0a",
    "tile%2f0%2f000",
    "tile/0/000%2ep/1",
    "tile/%65ntries/000",
    "proof/%30",
    "proof/%C2%B2",
    "payload/%ff%fe",
    "%2e%2e/%2e%2e/etc/passwd",
    "..%2f..%2fetc%2fpasswd",
    "..%5c..%5cetc%5cpasswd",
)
DOTTED = (
    "../checkpoint",
    "../../../../../../etc/passwd",
    "./checkpoint",
    "tile/../checkpoint",
    "tile/0/../0/000",
    "tile/0/000/..",
    "tile/entries/../../checkpoint",
)
ELSEWHERE = (
    "/mirror/" + "0" * 64 + "/checkpoint",
    "/mirror/" + "0" * 63 + "/checkpoint",
    "/mirror/../checkpoint",
    "/mirror/",
    "/roster/00",
    "/roster/0x1",
    "/roster/+1",
    "/roster/9999999999999999",
    "/roster/99999999999999999999999",
    "/catalogue/",
)


def beyond(subject: Subject) -> list[str]:
    """Tiles past the end of this log: the next width, the full tile of a partial one, the next number, the next level.

    A live log may grow into the first ones, so they are a good deal past its size.
    """
    size = subject.log.size
    number, width = divmod(size, merkle.TILE_WIDTH)
    far = number + 1000
    paths = [f"{merkle.tile_path(level, far, w)}" for level in (0, "entries") for w in (1, 255, 256)]
    if width < 200:
        paths += [
            merkle.tile_path(level, number, w) for level in (0, "entries") for w in (width + 50, merkle.TILE_WIDTH)
        ]
    return [*paths, "tile/6/000", "tile/6/000.p/1", f"payloads/{merkle.tile_number(far)}", f"proof/{size + 256_000}"]


def check_beyond(subject: Subject) -> list[str]:
    return [problem for path in beyond(subject) for problem in check_problem(subject.ask(path), 404)]


def check_misspelt(subject: Subject) -> list[str]:
    return [problem for path in MISSPELT for problem in check_problem(subject.ask(path), 404)]


def check_encoded(subject: Subject) -> list[str]:
    """No percent sign belongs into a feed path; a second spelling would be a second cache entry."""
    return [problem for path in ENCODED for problem in check_problem(subject.ask(path), 404)]


def check_dotted(subject: Subject) -> list[str]:
    """Dot segments are no paths: 404, or the 400 that servers in front give; `..` is never resolved to a 200."""
    problems = []
    for path in DOTTED:
        reply = subject.ask(path)
        if reply.status != 400:
            problems += check_problem(reply, 404)
    return problems


def check_elsewhere(subject: Subject) -> list[str]:
    """Unknown mirrors, roster versions and neighbours of known paths."""
    return [problem for target in ELSEWHERE for problem in check_problem(subject.probe.ask(target), 404)]


def check_unknown_head(subject: Subject) -> list[str]:
    replies = [subject.probe.ask(subject.prefix + path, method="HEAD") for path in ("nothing", "tile/0/x999/999")]
    return [problem for reply in replies for problem in check_problem(reply, 404)]


def check_methods(subject: Subject) -> list[str]:
    """POST, PUT and DELETE on paths to read answer 405 and name what is allowed."""
    bundle = merkle.tile_path("entries", 0, min(subject.log.size, merkle.TILE_WIDTH))
    paths = ["checkpoint", merkle.tile_path(0, 0, min(subject.log.size, merkle.TILE_WIDTH)), bundle, "proof/0"]
    paths += [f"payload/{item.commitment}" for item in subject.log.live[:1]]
    problems = []
    for path in paths:
        for method in ("POST", "PUT", "DELETE"):
            reply = subject.probe.ask(subject.prefix + path, method=method, body=b"x")
            problems += check_problem(reply, 405)
            if reply.status == 405 and "GET" not in re.split(r"[ ,]+", reply.header("Allow")):
                problems.append(f"{method} {reply.target}: 405 with Allow {reply.header('Allow')!r}")
    return problems


def _check_note(subject: Subject, target: str, first_line: bytes, media: tuple[str, ...]) -> list[str]:
    reply = subject.probe.ask(target)
    problems = check_answer(reply, media=media, cache="no-cache")
    if reply.status == 200:
        if not reply.body.startswith(first_line + b"\n") or b"\n\n\xe2\x80\x94 " not in reply.body:
            problems.append(f"{target}: no signed note that begins with {first_line.decode()}")
        problems += check_conditional(subject.probe, target, ANY_ETAG) + check_head(subject.probe, target)
        problems += check_problem(subject.probe.ask(target, method="POST", body=b"x"), 405)
    return problems


def check_catalogue(subject: Subject) -> list[str]:
    """A signed catalogue note, revalidated at each use, its sources sorted by origin."""
    problems = _check_note(subject, "/catalogue", b"kreisweit.catalogue/v1", (TEXT,))
    body = subject.probe.ask("/catalogue").body
    origins = [line.split(b" ")[1] for line in body.split(b"\n") if line.startswith(b"source ")]
    if origins != sorted(set(origins)):
        problems.append("/catalogue: sources are not sorted by origin, each once")
    return problems


def check_roster(subject: Subject) -> list[str]:
    """The newest roster is revalidated; its version's own path serves the same bytes for ever."""
    problems = _check_note(subject, "/roster", b"kreisweit.roster/v1", (TEXT, "text/plain"))
    newest = subject.probe.ask("/roster")
    version = re.search(rb"^version (\d+)$", newest.body, re.MULTILINE)
    if version is None:
        return [*problems, "/roster: no version line"]
    numbered = subject.probe.ask(f"/roster/{int(version[1])}")
    problems += check_answer(numbered, media=(TEXT, "text/plain"), cache=TILE_CACHE)
    if numbered.body != newest.body:
        problems.append(f"{numbered.target}: other bytes than /roster")
    return problems


def check_push(subject: Subject) -> list[str]:
    """The push route takes POST only; a body without form is refused as problem, uncached."""
    target = "/federation/push"
    problems = check_problem(subject.probe.ask(target), 405)
    for body in (b"", b"not json\n", b"{}\n", b'{"note": 7}\n{}\n', b"\xff\xfe\n"):
        headers = {"Content-Type": "application/x-ndjson"}
        reply = subject.probe.ask(target, method="POST", headers=headers, body=body)
        problems += check_problem(reply, 400, 422)
        if "no-store" not in reply.cache_directives:
            problems.append(f"POST {target}: Cache-Control {reply.header('Cache-Control')!r}, want no-store")
    return problems


def check_every_reply(subject: Subject) -> list[str]:
    """Over all replies of this run: no cookie, no encoding, no redirect, no server error, no body to HEAD."""
    problems = []
    for reply in subject.probe.seen:
        where = f"{reply.method} {reply.target}"
        if reply.header("Set-Cookie"):
            problems.append(f"{where}: Set-Cookie")
        if reply.header("Content-Encoding") not in ("", "identity"):
            problems.append(f"{where}: Content-Encoding {reply.header('Content-Encoding')}")
        if 300 <= reply.status < 400 and reply.status != 304:
            problems.append(f"{where}: {reply.status} to {reply.header('Location')!r}")
        if reply.body and (reply.method == "HEAD" or reply.status == 304):
            problems.append(f"{where}: {reply.status} with {len(reply.body)} bytes of body")
        if reply.status >= 500:
            problems.append(f"{where}: {reply.status}")
    return problems
