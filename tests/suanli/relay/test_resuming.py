"""A blob that broke off is fetched from there on; what a relay sends is bounded and checked."""

from __future__ import annotations

import hashlib
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from suanli.relay import HttpStore, RelayClient
from suanli.relay.http_store import ENOUGH, GRACE, SLOWEST, WAITS
from suanli.store import (
    BlobCorrupt,
    BlobMissing,
    BlobTooLarge,
    DirectoryStore,
    StoreError,
    StoreUnavailable,
    cid_of,
    fetch,
)
from tests.harness.faults import Clock
from tests.suanli.relay.conftest import DOMAIN, Relay

BLOB = bytes(range(256)) * (20 << 10)  # 5 MiB
DIGEST = hashlib.sha256(BLOB).digest()


class Breaks(httpx.SyncByteStream):
    """Bytes, and then no more: the connection is gone."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def __iter__(self) -> Iterator[bytes]:
        yield self.data
        raise httpx.ReadError("gone")


def part(start: int, stop: int | None = None, data: bytes = BLOB) -> httpx.Response:
    """The bytes from `start` on; breaking off at `stop` if that is not None."""
    headers = {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"} if start else {}
    stream = httpx.ByteStream(data[start:]) if stop is None else Breaks(data[start:stop])
    return httpx.Response(206 if start else 200, headers=headers, stream=stream)


class Sender:
    """A relay whose answers are these, one after the other; `asked`: from where on."""

    def __init__(self, *answers: Callable[[int], httpx.Response]) -> None:
        self.answers, self.asked = list(answers), list[int]()
        self.clock = Clock()
        client = RelayClient("http://relay", DOMAIN, transport=httpx.MockTransport(self.answer))
        self.store = HttpStore(client, self.clock.sleep, self.clock)

    def answer(self, request: httpx.Request) -> httpx.Response:
        found = re.fullmatch(r"bytes=(\d+)-", request.headers.get("range", "bytes=0-"))
        assert found
        self.asked.append(int(found[1]))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer(self.asked[-1])


def refused(status: int) -> Callable[[int], httpx.Response]:
    return lambda start: httpx.Response(status, json={"detail": "no"})


def test_what_broke_off_goes_on_from_there() -> None:
    sender = Sender(
        lambda start: part(start, 2 << 20),
        refused(503),
        lambda start: part(start, 3 << 20),
        part,
    )
    assert sender.store.get(DIGEST) == BLOB
    assert sender.asked == [0, 2 << 20, 2 << 20, 3 << 20]
    assert sender.clock.slept == [WAITS[0], WAITS[1], WAITS[0]], "they begin anew after a MiB"


def test_a_relay_that_stays_away_is_given_up() -> None:
    sender = Sender(lambda start: part(start, 1_000), refused(502))
    with pytest.raises(StoreUnavailable):
        sender.store.get(DIGEST)
    assert sender.asked == [0] + [1_000] * len(WAITS)
    assert sender.clock.slept == list(WAITS)


def test_a_relay_that_was_never_there_is_not_waited_for() -> None:
    sender = Sender(lambda start: part(start, 0))
    with pytest.raises(StoreUnavailable):
        sender.store.get(DIGEST)
    assert (sender.asked, sender.clock.slept) == ([0], [])


def test_a_byte_each_time_is_no_progress() -> None:
    sender = Sender(lambda start: part(start, start + 1))
    with pytest.raises(StoreUnavailable):
        sender.store.get(DIGEST)
    assert sender.asked == list(range(len(WAITS) + 1))
    assert len(WAITS) < ENOUGH


def wrong_range(start: int) -> httpx.Response:
    return part(start - 1)


def whole_again(start: int) -> httpx.Response:
    return part(0)


def unnamed(start: int) -> httpx.Response:
    return httpx.Response(206, stream=httpx.ByteStream(BLOB[start:]))


@pytest.mark.parametrize("answer", [wrong_range, whole_again, unnamed, refused(416)])
def test_another_part_than_was_asked_for_is_refused(
    answer: Callable[[int], httpx.Response],
) -> None:
    sender = Sender(lambda start: part(start, 1 << 20), answer)
    with pytest.raises(StoreUnavailable, match=r"another part|refused"):
        sender.store.get(DIGEST)
    assert len(sender.asked) == 2


@pytest.mark.parametrize("answer", [wrong_range, whole_again, unnamed, refused(416)])
def test_who_can_t_get_the_rest_gets_the_whole(
    answer: Callable[[int], httpx.Response], tmp_path: Path
) -> None:
    sender, target = Sender(answer, part), DirectoryStore(tmp_path)
    (tmp_path / "incoming" / cid_of(DIGEST)).write_bytes(BLOB[: 1 << 20])
    fetch(sender.store, target, DIGEST)
    assert sender.asked == [1 << 20, 0]
    assert target.get(DIGEST) == BLOB


def test_the_rest_may_break_off_too(tmp_path: Path) -> None:
    sender = Sender(lambda start: part(start, 3 << 20), refused(503), part)
    target = DirectoryStore(tmp_path)
    (tmp_path / "incoming" / cid_of(DIGEST)).write_bytes(BLOB[: 1 << 20])
    fetch(sender.store, target, DIGEST)
    assert sender.asked == [1 << 20, 3 << 20, 3 << 20]
    assert target.get(DIGEST) == BLOB


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (lambda start: part(start, data=bytes(len(BLOB))), BlobCorrupt),
        (lambda start: part(start, data=BLOB[:-1]), BlobCorrupt),
        (lambda start: part(start, data=BLOB + b"x"), BlobTooLarge),
        (refused(404), BlobMissing),
    ],
)
def test_the_rest_is_checked_with_the_beginning(
    answer: Callable[[int], httpx.Response], error: type[StoreError]
) -> None:
    sender = Sender(lambda start: part(start, 1 << 20), answer)
    with pytest.raises(error):
        sender.store.get(DIGEST, limit=len(BLOB))
    assert sender.asked == [0, 1 << 20]


def test_no_end_comes_to_one_over_all_tries() -> None:
    sender = Sender(lambda start: part(start, start + (2 << 20), data=bytes(1 << 30)))
    with pytest.raises(BlobTooLarge, match=f"more than {5 << 20} bytes came"):
        sender.store.get(DIGEST, limit=5 << 20)
    assert sender.asked == [0, 2 << 20, 4 << 20]


def test_trickling_is_given_up() -> None:
    class Trickles(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            while True:
                sender.clock.now += 9.0
                yield b"x"

    sender = Sender(lambda start: httpx.Response(200, stream=Trickles()))
    began = sender.clock.now
    with pytest.raises(StoreUnavailable, match="sends less than 16 KiB a second: try again"):
        sender.store.get(DIGEST)
    assert GRACE < sender.clock.now - began < GRACE + 10


def test_time_that_the_taker_takes_is_not_the_relays() -> None:
    sender = Sender(part)
    for _ in sender.store.stream(DIGEST):
        sender.clock.now += 10 * GRACE
    assert len(BLOB) / SLOWEST < 10 * GRACE


@pytest.mark.parametrize(
    ("asked", "status", "expected"),
    [
        ("bytes=0-", 206, slice(0, None)),
        ("bytes=1000-", 206, slice(1_000, None)),
        ("bytes=10-19", 206, slice(10, 20)),
        ("bytes=-7", 206, slice(-7, None)),
        ("bytes=99999999-", 416, None),
        ("lines=1-2", 400, None),
        (None, 200, slice(None)),
    ],
)
def test_the_relay_sends_ranges(
    relay: Relay, asked: str | None, status: int, expected: slice | None
) -> None:
    blob = BLOB[: 1 << 20]
    digest = relay.store.put(blob)
    headers = {"Range": asked} if asked else {}
    answer = relay.http.get(f"/v1/blobs/{cid_of(digest)}", headers=headers)
    assert answer.status_code == status
    if expected is not None:
        assert answer.content == blob[expected]
        assert answer.headers["accept-ranges"] == "bytes"


def test_a_damaged_blob_is_noticed_by_who_gets_it(relay: Relay) -> None:
    digest = relay.store.put(b"right")
    path, _ = relay.store.file(digest)
    path.write_bytes(b"wrong")
    with pytest.raises(BlobCorrupt):
        relay.blobs.get(digest)


def test_what_is_no_file_is_not_sent(relay: Relay) -> None:
    digest = relay.store.put(b"here")
    path, _ = relay.store.file(digest)
    path.unlink()
    path.symlink_to("/etc/hostname")
    with pytest.raises(BlobMissing):
        relay.blobs.get(digest)


@contextmanager
def running(data: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """A relay in a process of its own, at a port that may have been used before."""
    where = ["--data", str(data), "--port", str(port), "--rpc", "http://127.0.0.1:9"]
    market = ["--chain-id", str(DOMAIN.chain_id), "--market", DOMAIN.market]
    command = [sys.executable, "-m", "suanli", "relay", "run", *market, *where]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as it:
        try:
            until_there(port, it)
            yield it
        finally:
            it.kill()


def until_there(port: int, process: subprocess.Popen[str]) -> None:
    while process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise AssertionError(process.communicate())


def test_a_relay_that_dies_in_mid_blob_sends_only_the_rest_when_it_is_back(tmp_path: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    size = 64 << 20
    blob = os.urandom(1 << 20) * (size >> 20)
    digest = DirectoryStore(tmp_path / "blobs").put(blob)
    came: list[tuple[int, int]] = []
    with ExitStack() as stack, closing(RelayClient(f"http://127.0.0.1:{port}", DOMAIN)) as client:
        first = stack.enter_context(running(tmp_path, port))

        def restart(_: float) -> None:
            if first.returncode is not None and len(came) == 1:
                stack.enter_context(running(tmp_path, port))

        def counting(*arguments: Any, start: int = 0, **options: Any) -> Iterator[bytes]:
            came.append((start, 0))
            for piece in stream(*arguments, start=start, **options):
                came[-1] = (start, came[-1][1] + len(piece))
                yield piece

        stream, client.stream = client.stream, counting  # type: ignore[method-assign]
        pieces = HttpStore(client, sleep=restart).stream(digest)
        hasher = hashlib.sha256(next(pieces))
        first.kill()
        first.wait()
        for piece in pieces:
            hasher.update(piece)
    assert hasher.digest() == digest
    (_, before), (start, rest) = came
    assert 0 < before == start < size
    assert before + rest == size


_FETCHES = """
import sys, time
from suanli.relay import HttpStore, RelayClient
from suanli.store import DirectoryStore, fetch
from tests.suanli.relay.conftest import DOMAIN

def until_it_is_killed(pieces):
    came = 0
    for piece in pieces:
        came += len(piece)
        yield piece
        if came > 8 << 20:
            print("on its way", flush=True)
            time.sleep(600)

relay = HttpStore(RelayClient(sys.argv[1], DOMAIN))
fetch(relay, DirectoryStore(sys.argv[2]), bytes.fromhex(sys.argv[3]), until_it_is_killed)
"""


def test_who_is_killed_leaves_what_came_and_the_next_one_asks_for_the_rest(
    relay: Relay, tmp_path: Path
) -> None:
    size = 32 << 20
    relay.store.max_blob = relay.store.max_bytes = size
    digest = relay.store.put(os.urandom(1 << 20) * (size >> 20))
    target = DirectoryStore(tmp_path / "target")
    command = [sys.executable, "-c", _FETCHES, relay.server.url, str(target.root), digest.hex()]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as killed:
        assert killed.stdout
        assert killed.stdout.readline() == "on its way\n"
        killed.kill()
    incoming = target.root / "incoming"
    came = (incoming / cid_of(digest)).stat().st_size
    assert 8 << 20 <= came < size
    asked: list[int] = []

    class Counted(HttpStore):
        def stream(self, digest: bytes, start: int = 0) -> Iterator[bytes]:
            asked.append(start)
            return super().stream(digest, start)

    with closing(RelayClient(relay.server.url, DOMAIN)) as client:
        fetch(Counted(client), target, digest)
    assert asked == [came]
    assert hashlib.sha256(target.get(digest)).digest() == digest
    assert list(incoming.iterdir()) == []
