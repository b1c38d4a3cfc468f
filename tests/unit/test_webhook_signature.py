"""Signatures of webhooks, checked by the library that receivers use, which knows nothing of us."""

from __future__ import annotations

import time

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from hub.webhook_signature import format_secret, signature_headers
from hub.webhooks import RETRY_SECONDS, retry_seconds

OLD, NEW, FOREIGN = bytes(range(32)), bytes(range(32, 64)), bytes(32)
BODY = '{"type":"kreisweit.catalogue","data":{"note":"Übersicht"}}'.encode()


def signed(*secrets: bytes) -> dict[str, str]:
    return signature_headers(secrets, "msg_1", seconds=int(time.time()), body=BODY)


@pytest.mark.parametrize("secret", [OLD, NEW])
def test_each_of_two_secrets_verifies(secret: bytes) -> None:
    assert Webhook(format_secret(secret)).verify(BODY, signed(NEW, OLD))["type"] == "kreisweit.catalogue"


def test_foreign_secret_does_not_verify() -> None:
    with pytest.raises(WebhookVerificationError):
        Webhook(format_secret(FOREIGN)).verify(BODY, signed(NEW, OLD))


@pytest.mark.parametrize("change", [{"webhook-id": "msg_2"}, {"webhook-timestamp": str(int(time.time()) - 1)}])
def test_changed_header_does_not_verify(change: dict[str, str]) -> None:
    with pytest.raises(WebhookVerificationError):
        Webhook(format_secret(NEW)).verify(BODY, {**signed(NEW), **change})


def test_changed_body_does_not_verify() -> None:
    with pytest.raises(WebhookVerificationError):
        Webhook(format_secret(NEW)).verify(BODY.replace(b"note", b"Note"), signed(NEW))


def test_known_answer() -> None:
    """Computed with OpenSSL: `printf 'msg_1.1.{}' | openssl dgst -sha256 -mac HMAC -macopt hexkey:00…1f -binary`."""
    headers = signature_headers((OLD,), "msg_1", seconds=1, body=b"{}")

    assert headers == {
        "webhook-id": "msg_1", "webhook-timestamp": "1",
        "webhook-signature": "v1,IY+JPwWhVJbYyS0HmvYDdlsDz3Vx12iqDfA71EMNvA4=",
    }  # fmt: skip


def test_waits_grow_and_spread_and_the_last_one_repeats() -> None:
    plain = [retry_seconds(failures, 0.0) for failures in range(len(RETRY_SECONDS) + 2)]

    assert plain == [*RETRY_SECONDS, RETRY_SECONDS[-1], RETRY_SECONDS[-1]]
    assert retry_seconds(1, 1.0) == 360
    assert retry_seconds(0, 0.5) in range(5, 7)
