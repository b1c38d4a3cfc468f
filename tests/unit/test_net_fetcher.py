"""Fetchers ask for the feed's paths only, fall back only on 404, and directories lead nowhere else."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from shared.errors import FetchError, ParseError
from shared.net.directory import DirectoryFetcher
from shared.net.fetcher import (
    NO_HEADERS,
    FallbackFetcher,
    Fetched,
    Fetcher,
    MappingFetcher,
    Posted,
    PrefixFetcher,
    content_types_of,
    verify_path,
)

HEX = "ab" * 32
PATHS = [
    "checkpoint", "tile/0/000", "tile/0/x001/234", "tile/1/000.p/5", "tile/entries/x001/234.p/255", f"payload/{HEX}",
    "payloads/x001/234", "proof/17", f"mirror/{HEX}/tile/entries/000", "catalogue", "roster", "roster/3",
    "federation/push",
]  # fmt: skip
ODD_PATHS = [
    "", "/checkpoint", "checkpoint/", "tile//0", "..", "tile/../x", "tile/./x", ".git", "a/.p", "a.p.p", "a.q", "a\\0",
    "Checkpoint", "a%2e", "a?b", "a#b", "a b", "a\n", "ä", "①", "a/" * 200 + "a", "a" * 257, "http://x", "a:b", "a@b",
]  # fmt: skip


class RecordingWeb:
    """Answers everything and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, int, Sequence[str]]] = []

    def get(
        self,
        url: str,
        *,
        max_bytes: int,
        deadline_seconds: float,
        etag: str = "",
        wait_seconds: int = 0,
        content_types: Sequence[str] = (),
    ) -> Fetched:
        self.asked.append((url, etag, wait_seconds, content_types))
        return Fetched(200, b"x")

    def post(
        self, url: str, body: bytes, *, content_type: str, max_bytes: int, deadline_seconds: float,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> Posted:  # fmt: skip
        raise AssertionError("a fetcher does not post")


def fetch(fetcher: Fetcher, path: str, *, max_bytes: int = 100, etag: str = "") -> Fetched:
    return fetcher.fetch(path, max_bytes=max_bytes, deadline_seconds=1, etag=etag)


@pytest.mark.parametrize("path", PATHS)
def test_path_of_the_feed_is_accepted(path: str) -> None:
    assert verify_path(path) == path


@pytest.mark.parametrize("path", ODD_PATHS)
def test_path_that_could_lead_elsewhere_is_refused_by_every_fetcher(path: str, tmp_path: Path) -> None:
    web = RecordingWeb()

    for fetcher in (PrefixFetcher(web, "https://x.example/"), MappingFetcher({path: b""}), DirectoryFetcher(tmp_path)):
        with pytest.raises(ParseError):
            fetch(fetcher, path)

    assert web.asked == []


def test_prefix_fetcher_joins_prefix_and_path_and_passes_the_condition_on() -> None:
    web = RecordingWeb()

    PrefixFetcher(web, "https://x.example/feed/g1/").fetch(
        "checkpoint", max_bytes=1, deadline_seconds=1, etag='"e"', wait_seconds=9
    )

    assert [entry[:3] for entry in web.asked] == [("https://x.example/feed/g1/checkpoint", '"e"', 9)]


@pytest.mark.parametrize("prefix", ["", "https://x.example", "https://x.example/a?b=/", "https://x.example/#/"])
def test_prefix_that_a_path_cannot_follow_is_refused(prefix: str) -> None:
    with pytest.raises(ParseError):
        PrefixFetcher(RecordingWeb(), prefix)


@pytest.mark.parametrize(
    ("path", "own"),
    [
        ("checkpoint", "text/plain"),
        ("tile/0/000", "application/octet-stream"),
        (f"payload/{HEX}", "application/json"),
        ("payloads/000", "application/x-ndjson"),
        (f"mirror/{HEX}/payload/{HEX}", "application/json"),
        (f"mirror/{HEX}/payloads/000", "application/x-ndjson"),
    ],
)
def test_content_types_name_the_protocols_own_and_never_a_web_page(path: str, own: str) -> None:
    types = content_types_of(path)

    assert own in types
    assert "text/html" not in types


def test_mapping_fetcher_answers_what_it_has() -> None:
    fetcher = MappingFetcher({"checkpoint": b"note"})

    fetched = fetch(fetcher, "checkpoint")

    assert (fetched.status, fetched.body) == (200, b"note")
    assert fetch(fetcher, "checkpoint", etag=fetched.etag).status == 304
    assert fetch(fetcher, "checkpoint", etag='"other"').status == 200
    assert fetch(fetcher, "tile/0/000") == Fetched(404)


def test_mapping_fetcher_keeps_the_byte_limit() -> None:
    fetcher = MappingFetcher({"checkpoint": b"note"})

    assert fetch(fetcher, "checkpoint", max_bytes=4).body == b"note"
    with pytest.raises(FetchError) as caught:
        fetch(fetcher, "checkpoint", max_bytes=3)
    assert caught.value.kind == "oversize"


def test_fallback_asks_second_only_for_what_first_lacks() -> None:
    web = RecordingWeb()
    fetcher = FallbackFetcher(MappingFetcher({"checkpoint": b"pushed"}), PrefixFetcher(web, "https://x.example/"))

    bodies = [fetch(fetcher, path).body for path in ("checkpoint", "tile/0/000")]

    assert bodies == [b"pushed", b"x"]
    assert [entry[0] for entry in web.asked] == ["https://x.example/tile/0/000"]


def test_fallback_does_not_cover_a_failure_of_first() -> None:
    fetcher = FallbackFetcher(MappingFetcher({"checkpoint": b"too long"}), MappingFetcher({"checkpoint": b"x"}))

    with pytest.raises(FetchError):
        fetch(fetcher, "checkpoint", max_bytes=1)


@pytest.fixture
def export(tmp_path: Path) -> Path:
    root = tmp_path / "export"
    (root / "tile/0/000.p").mkdir(parents=True)
    (root / "checkpoint").write_bytes(b"note")
    (root / "tile/0/000.p/5").write_bytes(b"tile")
    (tmp_path / "secret").write_bytes(b"secret")
    return root


def test_directory_fetcher_reads_files_below_its_root(export: Path) -> None:
    fetcher = DirectoryFetcher(export)

    fetched = fetch(fetcher, "checkpoint")

    assert (fetched.status, fetched.body) == (200, b"note")
    assert fetch(fetcher, "checkpoint", etag=fetched.etag).status == 304
    assert fetch(fetcher, "tile/0/000.p/5").body == b"tile"


@pytest.mark.parametrize("path", ["nothing", "tile", "tile/0/000.p/6", "checkpoint/x", "nowhere/at/all"])
def test_directory_fetcher_says_404_for_what_is_no_file(path: str, export: Path) -> None:
    assert fetch(DirectoryFetcher(export), path) == Fetched(404)


@pytest.mark.parametrize("path", ["link", "folder/secret", "tile/0/out/secret"])
def test_directory_fetcher_follows_no_link(path: str, export: Path) -> None:
    (export / "link").symlink_to(export.parent / "secret")
    (export / "folder").symlink_to(export.parent)
    (export / "tile/0/out").symlink_to(export.parent)

    with pytest.raises(FetchError) as caught:
        fetch(DirectoryFetcher(export), path)

    assert caught.value.kind == "address"


def test_directory_fetcher_does_not_wait_for_a_pipe(export: Path) -> None:
    os.mkfifo(export / "pipe")

    with pytest.raises(FetchError) as caught:
        fetch(DirectoryFetcher(export), "pipe")

    assert caught.value.kind == "address"


def test_directory_fetcher_keeps_the_byte_limit(export: Path) -> None:
    with pytest.raises(FetchError) as caught:
        fetch(DirectoryFetcher(export), "checkpoint", max_bytes=3)

    assert caught.value.kind == "oversize"


def test_directory_that_is_not_there_is_a_failure_and_not_an_empty_log(tmp_path: Path) -> None:
    with pytest.raises(FetchError) as caught:
        fetch(DirectoryFetcher(tmp_path / "stick"), "checkpoint")

    assert caught.value.kind == "connect"


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_directory_fetcher_leaves_no_file_open(export: Path) -> None:
    (export / "link").symlink_to(export / "checkpoint")
    fetcher = DirectoryFetcher(export)
    before = open_files()

    for path in ("checkpoint", "nothing", "tile", "checkpoint/x", "tile/0/000.p/6"):
        fetch(fetcher, path)
    with pytest.raises(FetchError):
        fetch(fetcher, "link")

    assert open_files() == before
