"""Writes `extended-v1.json` of the vectors: catalogue notes, a roster chain, enrolment, pushes, a back-channel request.

Everything follows from labels (PROTOCOL 15), so a second run writes the same bytes; a test compares.  Broken cases are
made by changing text before it is signed or bytes afterwards, never through the formatters: those refuse to write them.
Run with `python -m tests.conformance.make_vectors`.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import msgspec

from shared.feed.base64s import encode_base64, encode_base64url
from shared.feed.catalogue_note import CatalogueNote, Source, format_catalogue_text, sign_catalogue_note
from shared.feed.join import (
    Invite,
    format_invite,
    format_join_request,
    make_join_request,
    make_rotation_request,
    proof_text,
)
from shared.feed.keys import LOG, WITNESS, SigningKey
from shared.feed.note import Note, format_note, sign_line, sign_time_line
from shared.feed.push import Holding, PayloadPart, PushAnswer, PushBody, SourcePart, format_answer, format_push
from shared.feed.request import request_text, sign_request
from shared.feed.roster import HubRow, MemberRow, Roster, format_roster

FOLDER = Path(__file__).parents[2] / "shared" / "conformance" / "vectors"
PUBLISHED = FOLDER / "feed-v1.json"
EXTENDED = FOLDER / "extended-v1.json"

DAY = 86_400
ISSUED = 1_767_139_200
NAMES = {
    "node_log": ("herten.kreisweit.example/feed/g1", LOG),
    "node_log2": ("herten.kreisweit.example/feed/g1", LOG),
    "node_wit": ("herten.kreisweit.example/witness", WITNESS),
    "hub_log": ("hub.kreisweit.example/feed/g1", LOG),
    "hub_wit": ("hub.kreisweit.example/witness", WITNESS),
    "root_a": ("kreisweit.example/root/a", LOG),
    "root_b": ("kreisweit.example/root/b", LOG),
    "root_c": ("kreisweit.example/root/c", LOG),
    "root_d": ("kreisweit.example/root/d", LOG),
    "marl_log": ("marl.kreisweit.example/feed/g1", LOG),
    "marl_wit": ("marl.kreisweit.example/witness", WITNESS),
}

JsonObject = dict[str, object]


def derive_key(label: str) -> SigningKey:
    """Return the published test key of a label."""
    name, kind = NAMES[label]
    return derive_named_key(label, name, kind)


def derive_named_key(label: str, name: str, kind: int) -> SigningKey:
    """Return the key whose seed follows from a label, under any name and type."""
    return SigningKey.from_seed(name, kind, hashlib.sha256(f"kreisweit.feed/v1 test key {label}".encode()).digest())


def derive_bytes(label: str) -> bytes:
    """Return 32 bytes that follow from a label; stands in for a token."""
    return hashlib.sha256(f"kreisweit.feed/v1 test token {label}".encode()).digest()


def load_published() -> JsonObject:
    """Return the published vectors."""
    loaded: JsonObject = json.loads(PUBLISHED.read_text("utf-8"))
    return loaded


# --- catalogue note -------------------------------------------------------------------------------------------------


def good_catalogue() -> CatalogueNote:
    """Return a catalogue of three logs, one of them held at a fold."""
    root = hashlib.sha256(b"some root").digest()
    return CatalogueNote(
        hub="hub.kreisweit.example",
        time=1_767_315_760,
        roster_version=1,
        roster_sha256=hashlib.sha256(b"some roster").digest(),
        sources=(
            Source("herten.kreisweit.example/feed/g1", 5, root, "herten", "active"),
            Source("hub.kreisweit.example/feed/g1", 1, root, "hub", "active"),
            Source("marl.kreisweit.example/feed/g1", 40, root, "marl", "held@12"),
        ),
        digest=hashlib.sha256(b"").digest(),
    )


def signed_text(label: str, text: str) -> str:
    """Return a note over any text, right or wrong."""
    return format_note(Note(text, (sign_line(derive_key(label), text),))).decode()


def catalogue_cases() -> list[JsonObject]:
    """Return one good catalogue note and what must be refused."""
    text = format_catalogue_text(good_catalogue())
    good = sign_catalogue_note(derive_key("hub_log"), good_catalogue()).decode()
    lines = text.splitlines(keepends=True)
    broken = {
        "sources-not-sorted": "".join([*lines[:4], lines[5], lines[4], *lines[6:]]),
        "source-twice": "".join([*lines[:5], lines[4], *lines[5:]]),
        "source-with-six-fields": text.replace("herten active", "herten active really"),
        "time-leading-zero": text.replace("time 1767315760", "time 01767315760"),
        "roster-hex-upper-case": text.replace(lines[3], f"roster 1 {lines[3].split()[2].upper()}\n"),
        "roster-version-zero": text.replace("roster 1 ", "roster 0 "),
        "state-with-capital": text.replace("herten active", "herten Active"),
        "state-fold-leading-zero": text.replace("held@12", "held@012"),
        "fold-beyond-size": text.replace("held@12", "held@41"),
        "source-of-size-zero": text.replace(" 5 ", " 0 ", 1),
        "root-not-canonical": text.replace(encode_base64(good_catalogue().sources[0].root), "A" * 42 + "B="),
        "no-digest": "".join(lines[:-1]),
        "line-after-digest": text + "more words\n",
        "two-spaces": text.replace("hub hub", "hub  hub"),
        "another-first-line": text.replace("kreisweit.catalogue/v1", "kreisweit.catalogue/v2"),
    }
    cases: list[JsonObject] = [{"name": "good", "note": good, "expect": "OK"}]
    cases += [{"name": name, "note": signed_text("hub_log", bad), "expect": "E_FORMAT"} for name, bad in broken.items()]
    elsewhere = text.replace("hub hub.", "hub another-hub.")
    return [
        *cases,
        {"name": "signed-by-a-node", "note": signed_text("node_log", text), "expect": "E_SIG"},
        {"name": "text-changed-after-signing", "note": good.replace("held@12", "held@13"), "expect": "E_SIG"},
        {"name": "names-another-hub", "note": signed_text("hub_log", elsewhere), "expect": "E_SIG"},
        {"name": "without-signature", "note": text + "\n", "expect": "E_FORMAT"},
    ]


# --- roster chain ---------------------------------------------------------------------------------------------------


def member_row(name: str, ags: str, log: str, witness: str, status: str = "active") -> MemberRow:
    """Return a member's line with test keys."""
    log_key, witness_key = derive_key(log).verifying, derive_key(witness).verifying
    return MemberRow(name, ags, status, 1, log_key, witness_key, f"https://{name}.kreisweit.example")


def rosters() -> tuple[Roster, Roster, Roster]:
    """Return a chain: one member; two members; root c replaced by d and a key of herten in rotation."""
    roots = tuple(derive_key(f"root_{letter}").verifying for letter in "abc")
    hub = HubRow(derive_key("hub_log").verifying, derive_key("hub_wit").verifying, "https://hub.kreisweit.example")
    herten = member_row("herten", "05562020", "node_log", "node_wit")
    marl = member_row("marl", "05562024", "marl_log", "marl_wit")
    first = Roster(1, ISSUED, ISSUED + 396 * DAY, 2, roots, hub, (herten,))
    second = msgspec.structs.replace(first, version=2, issued=ISSUED + DAY, members=(herten, marl))
    third = msgspec.structs.replace(
        second,
        version=3,
        issued=ISSUED + 2 * DAY,
        roots=(*roots[:2], derive_key("root_d").verifying),
        members=(herten, member_row("herten", "05562020", "node_log2", "node_wit"), marl),
    )
    return first, second, third


def signed_roster(text: str, roots: str) -> str:
    """Return a roster note signed by the root keys with these letters."""
    return format_note(Note(text, tuple(sign_line(derive_key(f"root_{r}"), text) for r in roots))).decode()


def roster_chain() -> JsonObject:
    """Return the chain, and for each step what must be refused in its place."""
    first, second, third = rosters()
    one, two, three = format_roster(first), format_roster(second), format_roster(third)
    good_two = signed_roster(two, "ab")
    marl_line = two.splitlines(keepends=True)[-1]
    marl_as_herten = marl_line.replace("node marl 05562024", "node herten 05562020")
    marl_with_ags = marl_line.replace("05562024", "05562020")
    stolen = marl_line.replace(derive_key("marl_wit").verifying.vkey, derive_named_vkey("node_wit", "marl_wit"))
    weak_root = two.replace(first.roots[0].vkey, weak_vkey("kreisweit.example/root/a"))
    bad = {
        (0, "one-signature"): signed_roster(one, "a"),
        (0, "one-key-twice"): signed_roster(one, "aa"),
        (0, "other-threshold"): signed_roster(one.replace("threshold 2", "threshold 1"), "ab"),
        (0, "other-roots"): signed_roster(three, "ab"),
        (1, "one-old-signature"): signed_roster(two, "a"),
        (1, "strange-signatures"): signed_roster(two, "ad"),
        (1, "version-skipped"): signed_roster(three, "abd"),
        (1, "same-version"): signed_roster(one, "ab"),
        (1, "changed-after-signing"): good_two.replace(" active ", " paused ", 1),
        (1, "third-line-fails"): good_two + signed_roster(one, "c").rpartition("\n\n")[2],
        (1, "threshold-zero"): signed_roster(two.replace("threshold 2", "threshold 0"), "ab"),
        (1, "threshold-over-roots"): signed_roster(two.replace("threshold 2", "threshold 4"), "abc"),
        (1, "expires-after-14-months"): signed_roster(two.replace(f"{second.expires}", f"{ISSUED + 425 * DAY}"), "ab"),
        (1, "expires-before-issued"): signed_roster(two.replace(f"{second.expires}", f"{ISSUED}"), "ab"),
        (1, "name-twice"): signed_roster(two.replace(marl_line, marl_as_herten), "ab"),
        (1, "ags-twice"): signed_roster(two.replace(marl_line, marl_with_ags), "ab"),
        (1, "line-twice"): signed_roster(two + marl_line, "ab"),
        (1, "key-in-use-elsewhere"): signed_roster(two.replace(marl_line, stolen), "ab"),
        (1, "member-called-hub"): signed_roster(two.replace("node marl", "node hub"), "ab"),
        (1, "generation-not-of-origin"): signed_roster(two.replace("05562024 active 1", "05562024 active 2"), "ab"),
        (1, "unknown-status"): signed_roster(two.replace("05562024 active", "05562024 asleep"), "ab"),
        (1, "url-with-slash"): signed_roster(two.replace("https://marl.kreisweit.example", "https://marl/"), "ab"),
        (1, "root-twice"): signed_roster(two.replace(first.roots[2].vkey, first.roots[1].vkey), "ab"),
        (1, "weak-root"): signed_roster(weak_root, "ab"),
        (2, "enough-old-not-enough-new"): signed_roster(three, "ac"),
        (2, "enough-new-not-enough-old"): signed_roster(three, "ad"),
    }
    return {
        "pins": {"roots": [key.vkey for key in first.roots], "threshold": 2},
        "notes": [signed_roster(one, "ab"), good_two, signed_roster(three, "abd")],
        "bad": [{"name": name, "after": after, "note": note} for (after, name), note in bad.items()],
    }


def derive_named_vkey(label: str, named: str) -> str:
    """Return the vkey of one label's key under another label's name and type."""
    name, kind = NAMES[named]
    return derive_named_key(label, name, kind).verifying.vkey


def weak_vkey(name: str) -> str:
    """Return a well-formed vkey of the neutral point."""
    typed = bytes([LOG]) + (1).to_bytes(32, "little")
    return f"{name}+{hashlib.sha256(name.encode() + bytes([10]) + typed).digest()[:4].hex()}+{encode_base64(typed)}"


# --- enrolment ------------------------------------------------------------------------------------------------------


def join_cases() -> JsonObject:
    """Return an invite, a good request with its fingerprint, a rotation, and what must be refused."""
    token = derive_bytes("invite")
    roots = tuple(derive_key(f"root_{letter}").verifying for letter in "abc")
    invite = Invite("https://hub.kreisweit.example", roots, 2, "marl", "05562024", token, ISSUED + 14 * DAY)
    url = "https://marl.kreisweit.example"
    log_key, witness_key = derive_key("marl_log"), derive_key("marl_wit")
    good = make_join_request(
        token=token, name="marl", log_key=log_key, witness_key=witness_key, url=url, time=ISSUED + DAY
    )
    rotation = make_rotation_request(
        name="herten",
        old_log_key=derive_key("node_log"),
        log_key=derive_key("node_log2"),
        witness_key=derive_key("node_wit"),
        url="https://herten.kreisweit.example",
        time=ISSUED + DAY,
    )
    text = proof_text(good)
    log_line, time_line = sign_line(log_key, text), sign_time_line(witness_key, text, ISSUED + DAY)
    stranger = sign_line(derive_key("node_log"), text)
    request = msgspec.json.decode(format_join_request(good), type=JsonObject)
    bad: list[JsonObject] = [
        {"name": "other-url", "request": request | {"url": "https://other.example"}, "expect": "E_SIG"},
        {"name": "other-name", "request": request | {"name": "haltern"}, "expect": "E_SIG"},
        {"name": "other-token", "request": request | {"token": encode_base64url(bytes(32))}, "expect": "E_SIG"},
        {"name": "no-log-line", "request": request | {"proof": _note(text, time_line)}, "expect": "E_SIG"},
        {"name": "no-witness-line", "request": request | {"proof": _note(text, log_line)}, "expect": "E_SIG"},
        {"name": "strange-key", "request": request | {"proof": _note(text, stranger, time_line)}, "expect": "E_SIG"},
        {"name": "proof-no-note", "request": request | {"proof": text}, "expect": "E_FORMAT"},
        {"name": "token-short", "request": request | {"token": "AAAA"}, "expect": "E_FORMAT"},
        {"name": "unknown-key", "request": request | {"admin": True}, "expect": "E_FORMAT"},
        {
            "name": "weak-key",
            "request": request | {"log_vkey": weak_vkey(log_key.verifying.name)},
            "expect": "E_KEY_WEAK",
        },
        {"name": "swapped-types", "request": request | {"log_vkey": request["witness_vkey"]}, "expect": "E_FORMAT"},
    ]
    return {
        "invite": format_invite(invite),
        "token_sha256": hashlib.sha256(token).hexdigest(),
        "request": request,
        "fingerprint": good.fingerprint,
        "time": ISSUED + DAY,
        "rotation": msgspec.json.decode(format_join_request(rotation), type=JsonObject),
        "rotation_old_key": derive_key("node_log").verifying.vkey,
        "bad": bad,
    }


def _note(text: str, *lines: object) -> str:
    return format_note(Note(text, lines)).decode()  # type: ignore[arg-type]


# --- push -----------------------------------------------------------------------------------------------------------


def push_cases(published: JsonObject) -> JsonObject:
    """Return a push of a node and of the hub, an answer, and bodies and answers that must be refused."""
    node: JsonObject = published["node"]  # type: ignore[assignment]
    entries = [str(row["text"]).encode() for row in node["entries"]]  # type: ignore[attr-defined]
    origin, checkpoint = str(node["origin"]), str(node["checkpoint_5"]).encode()
    root = bytes.fromhex(str(node["root_5_hex"]))
    payload = str(published["payloads"][1]["object"]).encode()  # type: ignore[index]
    held = (Holding(origin, 5, root),)
    body = PushBody(
        note=checkpoint,
        state="live",
        roster_version=1,
        holdings=held,
        sources=(SourcePart(origin, 3, checkpoint, tuple(entries[3:])),),
        payloads=(PayloadPart(origin, payload),),
    )
    roster_note = str(published["roster"]["note"]).encode()  # type: ignore[index]
    hub_body = PushBody(
        str(published["catalogue"]["note"]).encode(),  # type: ignore[index]
        "live",
        1,
        rosters=(roster_note,),
    )
    good = format_push(body).decode()
    answer = format_answer(PushAnswer("recovering", 1, held, ((origin, 2),))).decode()
    first, second = good.splitlines(keepends=True)[:2]
    return {
        "good": [good, format_push(hub_body).decode(), format_push(PushBody(b"", "recovering", 0)).decode()],
        "bad": {
            "one-line": first,
            "no-final-line-feed": good[:-1],
            "blank-line": first + second + "\n",
            "lines-swapped": second + first,
            "unknown-state": first + second.replace("live", "asleep"),
            "negative-roster": first + second.replace('"roster":1', '"roster":-1'),
            "roster-true": first + second.replace('"roster":1', '"roster":true'),
            "key-twice": first + second.replace('"roster":1', '"roster":1,"roster":1'),
            "holding-of-two": first + second.replace(f',"{encode_base64(root)}"', ""),
            "root-not-canonical": first + second.replace("dAWHHU=", "dAWHHV="),
            "unknown-part": first + second + '{"other":1}\n',
            "payload-and-more": first + second + '{"origin":"' + origin + '","payload":"{}","from":1}\n',
            "entry-not-base64": good.replace('"entries":["', '"entries":["!'),
            "origin-upper-case": good.replace(f'"origin":"{origin}"', f'"origin":"{origin.upper()}"'),
        },
        "answer": answer,
        "bad_answers": {
            "empty": "",
            "state-missing": answer.partition("\n")[2],
            "order": "roster 1\nstate live\n",
            "unknown-line": answer + "hello there\n",
            "source-after-want": answer + answer.splitlines(keepends=True)[2],
            "sources-not-sorted": "state live\nroster 1\n" + _held_line("b.example") + _held_line("a.example"),
            "want-twice": answer + answer.splitlines(keepends=True)[3],
            "no-final-line-feed": answer[:-1],
            "not-ascii": answer.replace("live", "lïve").replace("recovering", "recövering"),
        },
    }


def _held_line(host: str) -> str:
    return f"source {host}/feed/g1 1 {encode_base64(bytes(32))}\n"


def request_case() -> JsonObject:
    """Return one signed back-channel request."""
    path, time, body = "/federation/inbox", ISSUED, b'{"ack":[]}'
    key = derive_key("node_log")
    return {
        "path": path,
        "time": time,
        "body": body.decode(),
        "text": request_text(path, time, body),
        "signature": encode_base64(sign_request(key, path, time, body)),
        "vkey": key.verifying.vkey,
    }


def make() -> bytes:
    """Return the bytes of the extended vectors."""
    vectors = {
        "about": "Extension of feed-v1.json. Keys and tokens follow from labels and are published: tests only.",
        "catalogue_cases": catalogue_cases(),
        "roster_chain": roster_chain(),
        "join": join_cases(),
        "push": push_cases(load_published()),
        "request": request_case(),
    }
    return (json.dumps(vectors, ensure_ascii=False, indent=1) + "\n").encode()


if __name__ == "__main__":
    EXTENDED.write_bytes(make())
