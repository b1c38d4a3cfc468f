"""New keys for the same log, and a new generation of the log (PROTOCOL 11)."""

from __future__ import annotations

import os

import msgspec
import sqlalchemy as sa

from node.editing import publish_edit
from node.joining import Joined, ask_to_join, join, keep_membership, read_invite
from node.party import Node
from node.settings import save_settings
from node.store import versions
from shared.errors import LogStateError
from shared.feed.join import make_join_request, make_rotation_request
from shared.feed.keys import SigningKey
from shared.feed.payload import parse_payload
from shared.feed.trusted_log import Keys
from shared.holdings import edits, facts, logs, payloads
from shared.holdings.edits import NEW, Edit
from shared.keyring import Keyring
from shared.seal import Sealer, Signer, begin_log


def rotate_key(node: Node) -> Joined:
    """Bring in a new log key beside the old one and announce it; checkpoints carry both lines from now on.

    Repeating it announces the same new key again.

    Raises:
        LogStateError: this node is not a member.
        FetchError, AccessError, InputError: the hub was not reached or refused; the new key waits for the next attempt.
    """
    membership = node.membership
    if membership is None or not node.is_member:
        raise LogStateError("Dieser Knoten ist noch kein Mitglied", advice="kreisweit-node join CODE --url URL")
    settings, keyring = node.settings, Keyring(node.settings.key_folder)
    if len(keyring.log_keys(settings.generation)) == 1:
        keyring.make_next_log_key(settings.origin, settings.generation, node.dice)
    old, new = keyring.log_keys(settings.generation)
    use_keys(node, (old, new))
    request = make_rotation_request(
        name=settings.name, old_log_key=old, log_key=new, witness_key=node.signer.witness, url=membership.url,
        time=node.clock.now(),
    )  # fmt: skip
    answer = ask_to_join(node, node.hub_url, request)
    return Joined(answer.state, request.fingerprint, node.hub_url)


def finish_rotation(node: Node) -> bool:
    """Drop the old key once the roster names only the new one; False while it does not.

    Raises:
        LogStateError: no rotation is under way.
    """
    settings, keyring = node.settings, Keyring(node.settings.key_folder)
    keys = keyring.log_keys(settings.generation)
    if len(keys) != 2:
        raise LogStateError("Es läuft kein Schlüsselwechsel")
    named = node.book.keys_for(settings.origin, as_mirror=False)
    if named is None or named.log_keys != (keys[1].verifying,):
        return False
    keyring.finish_rotation(settings.generation)
    use_keys(node, (keys[1],))
    return True


def use_keys(node: Node, log_keys: tuple[SigningKey, ...]) -> None:
    """Sign with these log keys from now on."""
    node.signer = Signer(log_keys, node.signer.witness)
    node.sealer = Sealer(node.db, node.signer, node.own_keys, names=node.judges.names, title_of=node.judges.title_of)


def notice_keys(node: Node) -> None:
    """Take up what `key rotate` in another process has changed since this one was opened."""
    if node.settings.home:
        found = Keyring(node.settings.key_folder).log_keys(node.settings.generation)
        if found and found != node.signer.log_keys:
            use_keys(node, found)


def replace_lost_keys(node: Node, code: str) -> Joined:
    """Announce the keys that were made in place of lost ones, with the invite that the district gave for it.

    Raises:
        LogStateError: the roster names our keys, so nothing is lost; or this node never joined.
        InputError, AccessError, ConflictError, FetchError: as for `join`.
    """
    named = node.book.keys_for(node.settings.origin, as_mirror=False)
    if node.membership is None or named is None:
        raise LogStateError("Dieser Knoten ist noch kein Mitglied", advice="kreisweit-node join CODE --url URL")
    ours = node.own_keys
    if set(named.log_keys) == set(ours.log_keys) and set(named.witness_keys) == set(ours.witness_keys):
        raise LogStateError(
            "Die Mitgliederliste nennt genau die Schlüssel, die hier liegen; es fehlt keiner",
            advice="Nach einem Diebstahl: kreisweit-node generation new CODE",
        )
    return join(node, code, node.membership.url)


def new_generation(node: Node, code: str) -> Joined:
    """Begin a new log with new keys and publish everything again in it; the roster lets it replace the old one.

    Order: keys, the hub's answer, then database (log, hello, outbox) in one transaction, then witness key and settings.
    Repeating it after a crash goes on where it stopped.  The caller opens the node anew afterwards; no server may run.

    Raises:
        InputError: the invite is not for this node.
        FetchError, AccessError, ConflictError: the hub was not reached or refused; nothing has changed but key files.
    """
    invite = read_invite(node, code)
    membership = node.membership
    settings = node.settings
    number = settings.generation + 1
    origin = f"{settings.origin.rpartition('/')[0]}/g{number}"
    keyring, side = Keyring(settings.key_folder), Keyring(settings.key_folder / f"g{number}")
    if not keyring.has_log_key(number):
        keyring.make_log_key(origin, number, node.dice)
    if not (settings.key_folder / f"g{number}" / "witness.key").exists():
        side.make_witness_key(settings.host, node.dice)
    signer = Signer(keyring.log_keys(number), side.witness_key())
    url = "-" if membership is None else membership.url
    request = make_join_request(
        token=invite.token, name=settings.name, log_key=signer.log_keys[0], witness_key=signer.witness, url=url,
        time=node.clock.now(),
    )  # fmt: skip
    answer = ask_to_join(node, invite.hub, request)
    keys = Keys(
        origin=origin, member=settings.name, ags=settings.ags, generation=number,
        log_keys=tuple(key.verifying for key in signer.log_keys), witness_keys=(signer.witness.verifying,),
    )  # fmt: skip
    with node.db.write() as conn:
        if logs.find_log(conn, origin) is None:
            pending = _edits_for_new_log(node, conn)
            begin_log(node.db, conn, keys, signer, now=node.clock.now())
            edits.drop_edits(conn, [edit.id for edit in edits.load_edits(conn) if edit.op != "erase"])
            edits.add_edits(node.db, conn, pending)
            for name in ("recovering-since", "forked", "recovered", "misrepresented-since"):
                facts.delete_fact(conn, name)
    keep_membership(node, invite, url)
    _switch(node, number, origin)
    return Joined(answer.state, request.fingerprint, invite.hub)


def _switch(node: Node, number: int, origin: str) -> None:
    folder = node.settings.key_folder
    os.replace(folder / f"g{number}" / "witness.key", folder / "witness.key")  # noqa: PTH105 - atomic by intent
    (folder / f"g{number}").rmdir()
    save_settings(msgspec.structs.replace(node.settings, origin=origin))


def _edits_for_new_log(node: Node, conn: sa.Connection) -> list[Edit]:
    """Every live record and every pending publish as a new record of the new log, with the same ids.

    A live record whose payload is lost goes to the conflict list; pending erasures stay and search their person again.
    """
    row = logs.load_log(conn, node.settings.origin)
    pending = {edit.rid: edit for edit in edits.load_edits(conn) if edit.rid is not None}
    fresh = []
    for rid, known in versions.load_own_records(conn, row.id).items():
        edit = pending.pop(rid, None)
        if edit is not None and edit.op == "withdraw":
            continue
        body = edit.body if edit is not None else None
        if body is None and known.live and not known.is_erased and known.commitment is not None:
            body = payloads.load_payload(conn, row.id, known.commitment)
            if body is None:
                edits.add_conflict(conn, Edit("publish", "offer", rid, NEW, node.clock.now()), "lost")
        if body is not None:
            fresh.append(publish_edit(node, parse_payload(body).doc, rid, NEW))
    for rid, edit in pending.items():
        if edit.body is not None and rid is not None:
            fresh.append(publish_edit(node, parse_payload(edit.body).doc, rid, NEW))
    return fresh
