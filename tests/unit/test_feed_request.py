"""Signed requests of the back channel."""

from __future__ import annotations

import pytest

from shared.errors import ParseError, SignatureError
from shared.feed.request import request_text, sign_request, verify_request
from tests.conformance.make_vectors import derive_key

KEY = derive_key("node_log")
PATH, TIME, BODY = "/federation/inbox", 1_767_315_660, b'{"ack":[]}'
SIGNATURE = sign_request(KEY, PATH, TIME, BODY)


def test_a_signed_request_gives_its_body() -> None:
    assert verify_request(KEY.verifying, PATH, TIME, BODY, SIGNATURE) == BODY


@pytest.mark.parametrize(
    ("path", "time", "body", "label"),
    [
        ("/federation/report", TIME, BODY, "node_log"),
        (PATH, TIME + 1, BODY, "node_log"),
        (PATH, TIME, BODY + b" ", "node_log"),
        (PATH, TIME, BODY, "node_log2"),
    ],
)
def test_path_time_body_and_key_are_bound(path: str, time: int, body: bytes, label: str) -> None:
    with pytest.raises(SignatureError):
        verify_request(derive_key(label).verifying, path, time, body, SIGNATURE)


@pytest.mark.parametrize("path", ["", "federation", "/a b", "/a\n1", "/a?b", "/" + "a" * 300])
def test_other_paths_are_not_signed(path: str) -> None:
    with pytest.raises(ParseError):
        request_text(path, TIME, BODY)


def test_only_log_keys_sign_requests() -> None:
    with pytest.raises(ParseError):
        sign_request(derive_key("node_wit"), PATH, TIME, BODY)
    with pytest.raises(ParseError):
        verify_request(derive_key("node_wit").verifying, PATH, TIME, BODY, SIGNATURE)
    with pytest.raises(ParseError):
        request_text(PATH, -1, BODY)
