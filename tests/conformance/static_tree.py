"""A signed log made without any project code, and a server that serves it by the rules of PROTOCOL 5.

What the verifier and the runner are tried against before they judge the product: once as it should be, and once for
each way of lying about it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.conformance import merkle

FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class LogKey:
    """Ed25519 key of a log, note type 1."""

    name: str
    seed: bytes = field(repr=False)

    @property
    def _typed(self) -> bytes:
        public = Ed25519PrivateKey.from_private_bytes(self.seed).public_key()
        return b"\x01" + public.public_bytes(Encoding.Raw, PublicFormat.Raw)

    @property
    def key_id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + self._typed).digest()[:4]

    @property
    def vkey(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(self._typed).decode()}"

    def sign(self, text: str) -> bytes:
        """Signed note of a text that ends in LF."""
        signature = Ed25519PrivateKey.from_private_bytes(self.seed).sign(text.encode())
        return f"{text}\n— {self.name} {base64.b64encode(self.key_id + signature).decode()}\n".encode()

    def checkpoint(self, entries: Sequence[bytes]) -> bytes:
        root = merkle.tree_root([merkle.leaf_hash(entry) for entry in entries])
        return self.sign(f"{self.name}\n{len(entries)}\n{base64.b64encode(root).decode()}\n")


def log_files(entries: Sequence[bytes], checkpoint: bytes) -> dict[str, bytes]:
    """What a log serves, by path below its prefix: checkpoint, hash tiles, entry bundles."""
    leaves = [merkle.leaf_hash(entry) for entry in entries]
    return {"checkpoint": checkpoint, **merkle.hash_tiles(leaves), **merkle.entry_bundles(entries)}


def record_proof(entries: Sequence[bytes], index: int, checkpoint: bytes) -> bytes:
    path = merkle.inclusion_path([merkle.leaf_hash(entry) for entry in entries], index)
    lines = ["c2sp.org/tlog-proof@v1", f"extra {base64.b64encode(entries[index]).decode()}", f"index {index}"]
    return "\n".join([*lines, *(base64.b64encode(part).decode() for part in path), "", ""]).encode() + checkpoint


@dataclass(frozen=True)
class Answer:
    """One answer of the server; header names as written, each once."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    ends_at_head: bool = True  # False lies: the body follows even after HEAD

    def having(self, **headers: str) -> Answer:
        """The same answer with other header values; underscores stand for hyphens, an empty value removes."""
        merged = dict(self.headers) | {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(self, headers={name: value for name, value in merged.items() if value})


def resource(body: bytes, media_type: str, cache: str, etag: str = "") -> Answer:
    headers = {"Content-Type": media_type, "Cache-Control": cache}
    return Answer(200, headers | ({"ETag": etag} if etag else {}), body)


def problem(status: int, code: str, **members: str) -> Answer:
    body = json.dumps({"status": status, "code": code, **members}).encode()
    return Answer(status, {"Content-Type": "application/problem+json", "Cache-Control": "no-store"}, body)


def strong_etag(body: bytes) -> str:
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def tree_resources(prefix: str, entries: Sequence[bytes], checkpoint: bytes) -> dict[str, Answer]:
    """Answers for checkpoint, tiles, bundles and proofs of a log below a path prefix such as `/feed/g1/`."""
    answers: dict[str, Answer] = {}
    for path, body in log_files(entries, checkpoint).items():
        answers[prefix + path] = resource(body, "application/octet-stream", FOREVER)
    answers[prefix + "checkpoint"] = resource(
        checkpoint, "text/plain; charset=utf-8", "public, max-age=5", strong_etag(checkpoint)
    )
    for index in range(min(len(entries), 300)):
        body = record_proof(entries, index, checkpoint)
        answers[f"{prefix}proof/{index}"] = resource(body, "text/plain; charset=utf-8", "max-age=60")
    return answers


def payload_resources(prefix: str, payloads: Mapping[int, Sequence[bytes]], erased: Sequence[str]) -> dict[str, Answer]:
    """Answers for payloads by bundle number, and 410 for erased commitments."""
    answers: dict[str, Answer] = {}
    for number, lines in payloads.items():
        for line in lines:
            name = hashlib.sha256(line).hexdigest()
            answers[f"{prefix}payload/{name}"] = resource(line, "application/json", "private, no-cache", f'W/"{name}"')
        bulk = b"".join(line + b"\n" for line in lines)
        answers[f"{prefix}payloads/{merkle.tile_number(number)}"] = resource(
            bulk, "application/x-ndjson", "private, no-cache", strong_etag(bulk)
        )
    return answers | {f"{prefix}payload/{name}": problem(410, "GONE", reason="erased") for name in erased}


Spoil = Callable[[str, str, Answer], Answer]


def _honest(_method: str, _target: str, answer: Answer) -> Answer:
    return answer


def _is_unchanged(given: str, etag: str) -> bool:
    """Weak comparison of If-None-Match with the current entity tag (RFC 9110 13.1.2)."""
    return bool(etag) and etag.removeprefix("W/") in [tag.strip().removeprefix("W/") for tag in given.split(",")]


def _answer(resources: Mapping[str, Answer], method: str, target: str, if_none_match: str) -> Answer:
    found = resources.get(target)
    if found is None:
        return problem(404, "NOT_FOUND")
    if method not in ("GET", "HEAD"):
        return problem(405, "METHOD_NOT_ALLOWED").having(Allow="GET, HEAD")
    if found.status == 200 and _is_unchanged(if_none_match, found.headers.get("ETag", "")):
        return replace(found, status=304, body=b"").having(Content_Type="")
    return found


@contextmanager
def serving(resources: Mapping[str, Answer], spoil: Spoil = _honest) -> Iterator[str]:
    """Serve answers by exact request target on loopback; yields the base URL.

    Args:
        resources: honest answers to GET by target, read at each request.
        spoil: called with method, target and honest answer; returns what is sent.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body leave in one packet
        disable_nagle_algorithm = True

        def handle_any(self) -> None:
            asked = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            del asked  # read only so that the connection can be used again
            honest = _answer(resources, self.command, self.path, self.headers.get("If-None-Match", ""))
            answer = spoil(self.command, self.path, honest)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if answer.status != 304:
                self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            if self.command != "HEAD" or not answer.ends_at_head:
                self.wfile.write(answer.body)

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = handle_any  # noqa: N815 (names are http.server's)

        def log_message(self, format: str, *args: object) -> None:
            """Stay silent: the tests read answers, not logs."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
