"""The runner against a static party: silent where it keeps PROTOCOL 5, and one named rule for each way it does not."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import replace

import pytest

from tests.conformance import merkle
from tests.conformance.runner import main, run_rules
from tests.conformance.static_tree import (
    FOREVER,
    Answer,
    LogKey,
    Spoil,
    payload_resources,
    problem,
    resource,
    serving,
    strong_etag,
    tree_resources,
)

KEY = LogKey("herten.kreisweit.example/feed/g1", hashlib.sha256(b"runner log").digest())
OTHER_KEY = LogKey(KEY.name, hashlib.sha256(b"another").digest())
PREFIX = "/feed/g1/"
TEXT = "text/plain; charset=utf-8"


def _payload(number: int) -> bytes:
    salt = base64.urlsafe_b64encode(hashlib.sha256(f"salt {number}".encode()).digest()).decode().rstrip("=")
    return f'{{"doc":{{"id":"{number:032x}","owner":"05562020"}},"salt":"{salt}"}}'.encode()


def _publish(number: int, payload: bytes) -> bytes:
    commitment = hashlib.sha256(payload).hexdigest()
    lines = ["kreisweit.feed/v1 publish", "kind offer", f"id {number:032x}", "prev -", "time 1767229200"]
    return "\n".join([*lines, f"payload {commitment} {len(payload)}", ""]).encode()


HELLO = b"kreisweit.feed/v1 hello\nnode herten\nags 05562020\ngeneration 1\ntime 1767225600\n"
PAYLOADS = [_payload(number) for number in range(1, 299)]
ENTRIES = [
    HELLO,
    *(_publish(number, payload) for number, payload in enumerate(PAYLOADS, 1)),
    b"kreisweit.feed/v1 erase\ntime 1767229300\ntarget 1\n",
]
ERASED, LIVE = PAYLOADS[0], PAYLOADS[1]


def party(entries: list[bytes] = ENTRIES, checkpoint: bytes = b"") -> dict[str, Answer]:
    """All answers of a party that keeps the rules."""
    catalogue = KEY.sign("kreisweit.catalogue/v1\nhub hub.kreisweit.example\nsource a x\nsource b x\n")
    roster = KEY.sign("kreisweit.roster/v1\nversion 3\n")
    bundles = {0: PAYLOADS[1:255], 1: PAYLOADS[255:]}
    return {
        **tree_resources(PREFIX, entries, checkpoint or KEY.checkpoint(entries)),
        **payload_resources(PREFIX, bundles, [hashlib.sha256(ERASED).hexdigest()]),
        "/catalogue": resource(catalogue, TEXT, "no-cache", strong_etag(catalogue)),
        "/roster": resource(roster, TEXT, "no-cache", strong_etag(roster)),
        "/roster/3": resource(roster, TEXT, FOREVER),
        "/federation/push": problem(405, "METHOD_NOT_ALLOWED"),
    }


def _accepts_posts(method: str, target: str, answer: Answer) -> Answer:
    return problem(400, "E_FORMAT") if (method, target) == ("POST", "/federation/push") else answer


@pytest.fixture(scope="module")
def honest() -> Mapping[str, Answer]:
    return party()


def failed_rules(resources: Mapping[str, Answer], spoil: Spoil, vkey: str = KEY.vkey) -> set[str]:
    def both(method: str, target: str, answer: Answer) -> Answer:
        return spoil(method, target, _accepts_posts(method, target, answer))

    with serving(resources, both) as base_url:
        return {finding.name for finding in run_rules(base_url, vkey=vkey) if finding.problems}


def test_party_that_keeps_the_rules_passes(honest: Mapping[str, Answer], capsys: pytest.CaptureFixture[str]) -> None:
    with serving(honest, _accepts_posts) as base_url:
        code = main([base_url, "--vkey", KEY.vkey])

    printed = capsys.readouterr().out
    assert "FAIL" not in printed
    assert printed.count("ok   ") == 23
    assert code == 0


def test_party_that_cannot_be_reached_fails(capsys: pytest.CaptureFixture[str]) -> None:
    with serving({}) as base_url:
        pass

    code = main([base_url])

    assert code == 1
    assert capsys.readouterr().out.startswith("FAIL log ConnectionRefusedError")


def test_parts_that_a_party_lacks_are_left_out(honest: Mapping[str, Answer]) -> None:
    log_only = {target: answer for target, answer in honest.items() if "/roster" not in target and "cat" not in target}

    with serving(log_only, _accepts_posts) as base_url:
        names = {
            finding.name: finding.problems for finding in run_rules(base_url, without=["catalogue", "roster", "push"])
        }

    assert not {"catalogue", "roster", "push"} & set(names)
    assert not any(names.values())


def test_mirror_is_checked_at_its_own_place(capsys: pytest.CaptureFixture[str]) -> None:
    prefix = f"/mirror/{hashlib.sha256(KEY.name.encode()).hexdigest()}/"
    resources = {prefix + target.removeprefix(PREFIX): answer for target, answer in party().items()}

    with serving(resources) as base_url:
        without = [word for part in ("catalogue", "roster", "push") for word in ("--without", part)]
        code = main([base_url, "--mirror", KEY.name, "--vkey", KEY.vkey, *without])

    assert code == 0, capsys.readouterr().out


LIVE_PATH = f"payload/{hashlib.sha256(LIVE).hexdigest()}"
ERASED_PATH = f"payload/{hashlib.sha256(ERASED).hexdigest()}"


def at(path: str, **headers: str) -> Spoil:
    """Other header values at one path of the log or, with a leading slash, of the party."""
    wanted = path if path.startswith("/") else PREFIX + path

    def spoil(method: str, target: str, answer: Answer) -> Answer:
        return answer.having(**headers) if target == wanted and method in ("GET", "HEAD") else answer

    return spoil


def instead(path: str, other: Answer) -> Spoil:
    """Another answer to GET at one path of the log."""

    def spoil(method: str, target: str, answer: Answer) -> Answer:
        return other if (method, target) == ("GET", PREFIX + path) else answer

    return spoil


def on_status(status: int, **headers: str) -> Spoil:
    def spoil(_method: str, _target: str, answer: Answer) -> Answer:
        return answer.having(**headers) if answer.status == status else answer

    return spoil


def never_304(_method: str, target: str, answer: Answer) -> Answer:
    if answer.status == 304 and target == PREFIX + "checkpoint":
        return resource(KEY.checkpoint(ENTRIES), TEXT, "public, max-age=5", answer.headers["ETag"])
    return answer


def no_payload_in_bulk(_method: str, target: str, answer: Answer) -> Answer:
    return replace(answer, body=answer.body.partition(b"\n")[2]) if target == PREFIX + "payloads/000" else answer


def plain_errors(_method: str, _target: str, answer: Answer) -> Answer:
    return replace(answer, body=b"nope").having(Content_Type="text/plain") if answer.status == 404 else answer


TILE = b"".join(map(merkle.leaf_hash, ENTRIES[256:]))
OTHER_PROOF = b"c2sp.org/tlog-proof@v1\nextra AAAA\nindex 0\n\n" + KEY.checkpoint(ENTRIES)


@pytest.mark.parametrize(
    ("spoil", "rule"),
    [
        pytest.param(at("checkpoint", Content_Type="text/plain"), "checkpoint", id="checkpoint type"),
        pytest.param(at("checkpoint", Cache_Control="no-cache"), "checkpoint", id="checkpoint caching"),
        pytest.param(at("checkpoint", ETag='W/"weak"'), "checkpoint-not-modified", id="checkpoint weak tag"),
        pytest.param(at("checkpoint", ETag=""), "checkpoint-not-modified", id="checkpoint without tag"),
        pytest.param(never_304, "checkpoint-not-modified", id="never 304"),
        pytest.param(on_status(304, Cache_Control=""), "checkpoint-not-modified", id="304 without caching"),
        pytest.param(at("tile/0/000", Content_Type="text/plain"), "tiles", id="tile type"),
        pytest.param(at("tile/0/000", Cache_Control="public, max-age=5"), "tiles", id="tile not immutable"),
        pytest.param(instead("tile/0/001.p/44", resource(TILE[32:] * 2, "x/y", FOREVER)), "tiles", id="tile bytes"),
        pytest.param(
            instead("tile/0/001.p/43", resource(TILE[32:], "application/octet-stream", FOREVER)),
            "earlier-partials",
            id="earlier partial of other bytes",
        ),
        pytest.param(at("tile/entries/000", Cache_Control="no-store"), "entry-bundles", id="bundle not immutable"),
        pytest.param(at(LIVE_PATH, Cache_Control="public, max-age=5"), "payloads-single", id="payload cached"),
        pytest.param(at(LIVE_PATH, ETag='"strong"'), "payloads-single", id="payload tag"),
        pytest.param(instead(LIVE_PATH, problem(404, "E")), "payloads-single", id="payload missing"),
        pytest.param(
            instead(LIVE_PATH, resource(LIVE + b"\n", "application/json", "private, no-cache")),
            "payloads-single",
            id="payload with LF",
        ),
        pytest.param(
            instead(ERASED_PATH, resource(ERASED, "application/json", "private, no-cache")),
            "payloads-gone",
            id="erased served",
        ),
        pytest.param(instead(ERASED_PATH, problem(410, "E")), "payloads-gone", id="gone without reason"),
        pytest.param(on_status(410, Cache_Control="public"), "payloads-gone", id="gone cached"),
        pytest.param(no_payload_in_bulk, "payloads-bulk", id="bulk lacks a payload"),
        pytest.param(at("payloads/000", Content_Type="application/json"), "payloads-bulk", id="bulk type"),
        pytest.param(
            instead("payloads/001", resource(ERASED + b"\n", "application/x-ndjson", "private, no-cache", '"a"')),
            "payloads-bulk",
            id="bulk with erased",
        ),
        pytest.param(instead("proof/0", resource(OTHER_PROOF, TEXT, "max-age=60")), "proofs", id="proof of another"),
        pytest.param(at("proof/150", Cache_Control="no-store"), "proofs", id="proof caching"),
        pytest.param(
            lambda method, target, answer: answer.having(ETag="") if method == "HEAD" else answer, "head", id="HEAD tag"
        ),
        pytest.param(on_status(404, Cache_Control="public, max-age=60"), "unknown-misspelt", id="404 cached"),
        pytest.param(on_status(404, Cache_Control=""), "unknown-head", id="404 without caching"),
        pytest.param(plain_errors, "unknown-beyond-size", id="404 as text"),
        pytest.param(
            instead("tile/0/001", resource(TILE, "x/y", FOREVER)), "unknown-beyond-size", id="full of partial"
        ),
        pytest.param(instead("tile/0/0", resource(TILE, "x/y", FOREVER)), "unknown-misspelt", id="short number"),
        pytest.param(
            instead("tile/0/%30%30%30", resource(TILE, "x/y", FOREVER)), "unknown-percent-encoded", id="encoded"
        ),
        pytest.param(instead("../checkpoint", resource(b"x", TEXT, FOREVER)), "unknown-dot-segments", id="dotted"),
        pytest.param(
            lambda method, target, answer: problem(404, "E") if "mirror" not in target else resource(b"", TEXT, "x"),
            "log",
            id="nothing but mirrors",
        ),
        pytest.param(
            lambda method, target, answer: resource(b"", TEXT, "x") if "/mirror/" in target else answer,
            "unknown-elsewhere",
            id="any mirror",
        ),
        pytest.param(on_status(405, Allow=""), "methods", id="405 without Allow"),
        pytest.param(
            lambda method, target, answer: problem(404, "E") if method == "PUT" else answer, "methods", id="PUT is 404"
        ),
        pytest.param(at("/catalogue", Cache_Control="public, max-age=5"), "catalogue", id="catalogue cached"),
        pytest.param(at("/catalogue", ETag=""), "catalogue", id="catalogue without tag"),
        pytest.param(at("/roster", Cache_Control=""), "roster", id="roster caching"),
        pytest.param(at("/roster/3", Cache_Control="no-cache"), "roster", id="roster version not immutable"),
        pytest.param(on_status(400, Cache_Control="private"), "push", id="push cached"),
        pytest.param(at("proof/0", Set_Cookie="a=b"), "every-reply", id="cookie"),
        pytest.param(at("proof/0", Content_Encoding="gzip"), "every-reply", id="encoding"),
        pytest.param(instead("nothing", Answer(301, {"Location": "/"})), "every-reply", id="redirect"),
        pytest.param(instead("nothing", problem(500, "E")), "every-reply", id="server error"),
        pytest.param(
            lambda _method, _target, answer: replace(answer, ends_at_head=False), "every-reply", id="HEAD with body"
        ),
        pytest.param(
            lambda _method, _target, answer: replace(answer, body=b"x") if answer.status == 304 else answer,
            "checkpoint-not-modified",
            id="304 with body",
        ),
    ],
)
def test_broken_rule_is_named(honest: Mapping[str, Answer], spoil: Spoil, rule: str) -> None:
    failed = failed_rules(honest, spoil)

    assert rule in failed


def test_checkpoint_by_another_key_is_named() -> None:
    resources = party(checkpoint=OTHER_KEY.checkpoint(ENTRIES))

    assert {"checkpoint", "proofs"} == failed_rules(resources, lambda _method, _target, answer: answer)


def test_bundles_that_do_not_give_the_root_are_named() -> None:
    resources = party(checkpoint=KEY.checkpoint([*ENTRIES[:-1], b"other"]))

    assert failed_rules(resources, lambda _method, _target, answer: answer) == {"log"}
