"""The network between the parties of a run, with every fault that one exchange can have.

Which kinds of fault exist in a run is the seed's choice (swarm); when one happens is the dice's.  A request that fails
may have been executed all the same: that is what most of these faults are about.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Protocol

import msgspec

from shared.errors import FetchError
from tests.simulation.disks import Crash
from tests.support.world import Answered, Exchange, Network

LOST_REQUEST = "lost-request"
LOST_ANSWER = "lost-answer"
DUPLICATE = "duplicate"
LATE = "late"
TRUNCATE = "truncate"
FLIP = "flip"
REFUSE = "refuse"
STALE_ANSWER = "stale-answer"
PARTITION = "partition"
CRASH = "crash"
INTERLEAVE = "interleave"

EXCHANGE_FAULTS = (LOST_REQUEST, LOST_ANSWER, DUPLICATE, LATE, TRUNCATE, FLIP, REFUSE, STALE_ANSWER)
_CHANCE = 0.08
_INTERLEAVE_CHANCE = 0.10
_DEPTH = 2
_REPLAYABLE = ("/checkpoint", "/catalogue")


class Parties(Protocol):
    """What the network asks of the run."""

    def is_up(self, name: str) -> bool:
        """Tell whether this party's process runs."""

    def fell(self, crash: Crash) -> None:
        """A party's process is gone."""

    def interfere(self, sender: str, receiver: str) -> None:
        """Let something else happen in the middle of an exchange."""

    def exchange_crash(self, name: str) -> bool:
        """Tell whether this party crashes at this exchange."""


@dataclass
class FaultyNetwork(Network):
    """Carries requests, or fails to, in every way.

    Args:
        faults: the kinds of fault of this run; emptied when the run heals.
    """

    dice: random.Random
    faults: set[str]

    def __post_init__(self) -> None:
        super().__init__()
        self.parties: Parties | None = None
        self.cut: set[str] = set()
        self.far: set[str] = set()
        self.late: list[Exchange] = []
        self.pushes: list[Exchange] = []
        self.requests = 0
        self.trace = hashlib.sha256()
        self.listener: Callable[[Exchange, str], None] = lambda _request, _outcome: None
        self._depth = 0
        self._earlier: dict[tuple[str, str], Answered] = {}

    def exchange(self, request: Exchange) -> Answered:
        """Deliver one request and return its answer; FetchError where there is none."""
        parties = self._parties()
        self._verify_up(request.sender)
        self.requests += 1
        self._depth += 1
        try:
            self._maybe_interfere(request)
            answered = self._carry(request)
            self._maybe_interfere(request)
            self._verify_up(request.sender)
            if parties.exchange_crash(request.sender):
                raise Crash(request.sender)
        except FetchError as error:
            self._note(request, f"failed {error.kind}")
            self._verify_up(request.sender)
            raise
        finally:
            self._depth -= 1
        self._note(request, f"{answered.status} {hashlib.sha256(answered.body).hexdigest()[:12]}")
        return answered

    def deliver_late(self, request: Exchange) -> None:
        """Deliver what was on the way for a while; nobody waits for the answer any more."""
        if self._parties().is_up(request.receiver) and request.receiver not in self.cut | self.far:
            self._note(request, "late")
            self._keep_push(request)
            try:
                self._answer(request)
            except FetchError:
                return

    def _keep_push(self, request: Exchange) -> None:
        """Remember pushes alone, to be delivered again: signed requests of the back channel are taken once."""
        if request.path == "/federation/push":
            self.pushes.append(request)

    def _parties(self) -> Parties:
        assert self.parties is not None
        return self.parties

    def _verify_up(self, sender: str) -> None:
        if not self._parties().is_up(sender):
            raise Crash(sender)

    def _note(self, request: Exchange, outcome: str) -> None:
        body = hashlib.sha256(request.body).hexdigest()[:12] if request.body else ""
        line = f"{request.sender}>{request.receiver} {request.method} {request.path} {body} {outcome}"
        self.trace.update(line.encode())
        self.listener(request, outcome)

    def _maybe_interfere(self, request: Exchange) -> None:
        if INTERLEAVE in self.faults and self._depth <= _DEPTH and self.dice.random() < _INTERLEAVE_CHANCE:
            self._parties().interfere(request.sender, request.receiver)
            self._verify_up(request.sender)

    def _chosen(self) -> str:
        kinds = [kind for kind in EXCHANGE_FAULTS if kind in self.faults]
        return self.dice.choice(kinds) if kinds and self.dice.random() < _CHANCE else ""

    def _carry(self, request: Exchange) -> Answered:
        if {request.sender, request.receiver} & (self.cut | self.far) or request.receiver not in self.sites:
            raise FetchError(f"{request.receiver} is not reached", kind="connect")
        fault = self._chosen()
        is_push = request.method == "POST"
        if (instead := self._instead(request, fault)) is not None:
            return instead
        if is_push and fault in (TRUNCATE, FLIP) and self.dice.random() < 0.5:
            request, fault = msgspec.structs.replace(request, body=self._damaged(request.body, fault)), ""
        self._keep_push(request)
        answered = self._answer(request)
        if fault == DUPLICATE:
            answered = self._answer(request)
        return self._brought(request, answered, fault)

    def _instead(self, request: Exchange, fault: str) -> Answered | None:
        """What comes back although the receiver never heard of the request; None when it is carried."""
        if fault == LOST_REQUEST:
            raise FetchError("no answer in time", kind="timeout")
        if fault == LATE and request.method == "POST":
            self.late.append(request)
            raise FetchError("no answer in time", kind="timeout")
        if fault == REFUSE:
            return Answered(503)
        return self._earlier.get((request.receiver, request.path)) if fault == STALE_ANSWER else None

    def _brought(self, request: Exchange, answered: Answered, fault: str) -> Answered:
        """What the sender gets of an answer."""
        if fault == LOST_ANSWER:
            raise FetchError("no answer in time", kind="timeout")
        if fault in (TRUNCATE, FLIP) and answered.body:
            return msgspec.structs.replace(answered, body=self._damaged(answered.body, fault))
        if answered.status == 200 and request.path.endswith(_REPLAYABLE) and self.dice.random() < 0.3:
            self._earlier[request.receiver, request.path] = answered
        return answered

    def _answer(self, request: Exchange) -> Answered:
        """Let the receiver answer; a receiver that crashes is a request without answer."""
        parties = self._parties()
        try:
            if not parties.is_up(request.receiver):
                raise FetchError(f"{request.receiver} is down", kind="connect")
            answered = self.sites[request.receiver].answer(request)
            if parties.exchange_crash(request.receiver):
                raise Crash(request.receiver)
        except Crash as crash:
            if crash.name != request.receiver:
                raise
            parties.fell(crash)
            raise FetchError(f"{request.receiver} broke the connection", kind="connect") from None
        return answered

    def _damaged(self, body: bytes, fault: str) -> bytes:
        if not body:
            return body
        at = self.dice.randrange(len(body))
        if fault == TRUNCATE:
            return body[:at]
        return body[:at] + bytes([body[at] ^ 1 << self.dice.randrange(8)]) + body[at + 1 :]

    def forget_from(self, sender: str) -> None:
        """What a party sent and nobody received has never been (its disk goes back)."""
        self.late = [request for request in self.late if request.sender != sender]


def heal(network: FaultyNetwork, keep: Collection[str] = ()) -> None:
    """No more faults from here on."""
    network.faults &= set(keep)
    network.cut.clear()
    network.far.clear()
