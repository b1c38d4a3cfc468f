"""Requests of the back channel: node to hub, signed by the log key that the roster names (PROTOCOL 14)."""

from __future__ import annotations

from node.party import Node
from shared.errors import ParseError
from shared.feed import limits
from shared.feed.keys import SigningKey
from shared.feed.request import HEADER, format_header, sign_request
from shared.net.retry import backoff_seconds


def ask_hub(node: Node, path: str, body: bytes, *, max_bytes: int) -> bytes:
    """Send one signed request and return the body of its answer.

    Raises:
        FetchError: the hub was not reached.
        ParseError: it did not answer with 200.
    """
    now = node.clock.now()
    signature = sign_request(_known_key(node), path, now, body)
    posted = node.web.post(
        f"{node.hub_url.rstrip('/')}{path}", body, content_type="application/json", max_bytes=max_bytes,
        deadline_seconds=limits.CHECKPOINT_TIMEOUT_SECONDS,
        headers={HEADER: format_header(node.settings.origin, now, signature)},
    )  # fmt: skip
    if posted.status != 200:
        raise ParseError(f"Der Kreis antwortet auf {path} mit {posted.status}.")
    return posted.body


def may_ask(node: Node) -> bool:
    """Tell whether there is a hub that knows this node."""
    return node.membership is not None and node.is_member


def wait_after(node: Node, failures: int, *, base: int, cap: int) -> int:
    """Return how many seconds to wait after so many failures in a row."""
    return int(max(backoff_seconds(failures, base=base, cap=cap, jitter=node.dice.token(1)[0] / 255), base))


def _known_key(node: Node) -> SigningKey:
    """Return the log key that the roster names: during a rotation there are two."""
    keys = node.book.keys_for(node.settings.origin, as_mirror=False)
    known = () if keys is None else keys.log_keys
    return next((key for key in node.signer.log_keys if key.verifying in known), node.signer.log_keys[0])
