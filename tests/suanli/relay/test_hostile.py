"""Callers that mean ill: the relay stays small, quick and calm."""

from __future__ import annotations

import errno
import logging
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from suanli.relay.server import connections
from suanli.relay.server.limits import RateLimiter, network_of
from suanli.store import StoreFull, cid_of
from tests.suanli.relay.conftest import Relay, Server

REQUEST = b"GET /v1/info HTTP/1.1\r\nHost: x\r\n\r\n"


def connected(relay: Relay) -> socket.socket:
    url = httpx.URL(relay.server.url)
    return socket.create_connection((url.host, url.port or 0), timeout=5)


def upload(relay: Relay, number: int, sent: int, size: int = 1 << 20) -> socket.socket:
    """One that goes no further."""
    caller = connected(relay)
    path = f"/v1/blobs/{cid_of(number.to_bytes(32, 'big'))}"
    caller.sendall(f"PUT {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n".encode())
    caller.sendall(bytes(sent))
    return caller


def until(holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.01)


def is_cut(caller: socket.socket) -> bool:
    """Waits for the end."""
    with suppress(ConnectionResetError):
        while caller.recv(1 << 16):
            pass
    return True


def is_served(caller: socket.socket) -> bool:
    with suppress(OSError):
        caller.sendall(REQUEST)
        return b"200 OK" in caller.recv(1 << 16)
    return False


def test_chunks_do_not_pass_the_bound_under_a_length(relay: Relay) -> None:
    with connected(relay) as caller:
        caller.sendall(
            b"POST /v1/requests HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        assert caller.recv(100).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/v1/requests?after=" + "9" * 30, None),
        ("POST", "/v1/announcements", b'{"message": NaN, "signature": "0x"}'),
        ("POST", "/v1/announcements", b'{"message": {"miner": "\\ud800"}, "signature": "0x"}'),
        ("POST", "/v1/announcements", b'{"message": {"\\ud800": 1}, "signature": "0x"}'),
        ("POST", "/v1/requests", b'{"message": {"\\ud800": 1}, "signature": "0x"}'),
        ("POST", "/v1/requests", b'{"\\ud800": {}, "message": 1, "signature": "0x"}'),
        ("POST", "/v1/requests", b'{"message": ' + b"[" * 30_000),
    ],
)
def test_nonsense_is_the_callers_fault(relay: Relay, method: str, path: str, body: Any) -> None:
    headers = {"Content-Type": "application/json"}
    answer = relay.http.request(method, path, content=body, headers=headers)
    assert answer.status_code in (400, 422)
    assert isinstance(answer.json()["detail"], str)


# Connections


@pytest.mark.parametrize("head", [b"", b"GET /v1/info HTTP/1.1\r\nX: ", REQUEST])
def test_who_asks_nothing_is_cut(
    relay: Relay, head: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also after an answer, and while a head drips in."""
    monkeypatch.setattr(connections, "TO_BEGIN", 0.2)
    with connected(relay) as caller:
        caller.sendall(head)
        if head == REQUEST:
            caller.recv(1)
            caller.sendall(b"GET /")
        assert is_cut(caller)


@pytest.mark.parametrize("path", ["POST /v1/requests", f"PUT /v1/blobs/{cid_of(bytes(32))}"])
def test_a_request_that_does_not_end_is_cut(
    relay: Relay, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "TO_END", 0.2)
    monkeypatch.setattr(connections, "TO_MOVE", 0.2)
    with connected(relay) as caller:
        caller.sendall(f"{path} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx".encode())
        assert is_cut(caller)


def test_large_blobs_have_more_time(monkeypatch: pytest.MonkeyPatch) -> None:
    protocol: Any = object.__new__(connections.BoundedProtocol)
    protocol._max_blob = 64 << 20

    def seconds(method: str, path: str, length: bytes = b"") -> float:
        protocol.scope = {"method": method, "path": path}
        protocol.headers = [(b"content-length", length)] if length else []
        return float(protocol._seconds())

    blob = "/v1/blobs/x"
    assert seconds("GET", "/v1/requests") == 30
    assert seconds("PUT", blob, str(1 << 20).encode()) == 60 + 16
    assert seconds("PUT", blob, b"9" * 19) == seconds("PUT", blob) == 60 + 1024
    assert seconds("GET", blob) == 60 + 1024
    assert seconds("POST", "/v1/blobs/fetch") == 60 + 64
    assert seconds("PUT", "/v1/blobs", str(1 << 20).encode()) == 60 + 16


def test_a_caller_has_few_connections(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "CONNECTIONS_OF_ONE", 2)
    with closing(Server()) as server, closing(Relay(server, tmp_path)) as relay:
        with connected(relay), connected(relay) as second, connected(relay) as third:
            assert not is_served(third)
            assert is_served(second)
        with ExitStack() as stack:
            until(lambda: is_served(stack.enter_context(connected(relay))))


def codes(relay: Relay) -> list[int]:
    return [
        relay.http.get("/v1/info", headers={"X-Forwarded-For": f"9.9.9.9, 10.0.0.{n}"}).status_code
        for n in range(5)
    ]


def test_callers_do_not_choose_their_address(server: Server, tmp_path: Path) -> None:
    limiter = RateLimiter(rate=0.01, burst=2)
    with closing(Relay(server, tmp_path, limiter=limiter)) as relay:
        assert codes(relay) == [200, 200, 429, 429, 429]


def test_behind_a_proxy_its_word_counts(tmp_path: Path) -> None:
    limiter = RateLimiter(rate=0.01, burst=1)
    with (
        closing(Server(behind_proxy=True)) as server,
        closing(Relay(server, tmp_path, limiter=limiter)) as relay,
    ):
        assert codes(relay) == [200] * 5
        assert codes(relay) == [429] * 5


def test_a_network_of_addresses_is_one_caller() -> None:
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff:1") == "2001:db8::/64"
    assert network_of("2001:db8:0:1::1") != network_of("2001:db8::1")
    assert network_of("::ffff:10.0.0.1") == network_of("10.0.0.1") == "10.0.0.1"
    assert network_of("") == ""


# Uploads


def test_unfinished_uploads_count(relay: Relay) -> None:
    """Two fill the store, as far as they came."""
    with ExitStack() as stack:
        for number in range(2):
            stack.enter_context(upload(relay, number, (1 << 20) - 1))
        until(lambda: relay.store._arriving == (2 << 20) - 2)
        with pytest.raises(StoreFull):
            relay.blobs.put(b"x" * 100)
    until(lambda: relay.store._arriving == 0)
    relay.blobs.put(b"x" * 100)


def test_a_caller_has_few_uploads(relay: Relay) -> None:
    with ExitStack() as stack:
        for number in range(16):
            stack.enter_context(upload(relay, number, 1))
        until(lambda: relay.store._arriving == 16)
        one_more = stack.enter_context(upload(relay, 17, 1))
        assert one_more.recv(100).startswith(b"HTTP/1.1 429 ")
    until(lambda: relay.store._arriving == 0)
    relay.blobs.put(b"room again")


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """The server's, too."""
    server = logging.getLogger("uvicorn.error")
    server.addHandler(caplog.handler)
    yield caplog
    server.removeHandler(caplog.handler)


def test_who_hangs_up_leaves_nothing(relay: Relay, log: pytest.LogCaptureFixture) -> None:
    with upload(relay, 1, 100):
        until(lambda: relay.store._arriving == 100)
        assert len(list(relay.store.root.rglob("incoming/*"))) == 1
    until(lambda: relay.store._arriving == 0)
    assert not list(relay.store.root.rglob("incoming/*"))
    with connected(relay) as caller:
        caller.sendall(b"POST /v1/requests HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx")
    digest = relay.blobs.put(bytes(1 << 20))
    with connected(relay) as caller:
        caller.sendall(f"GET /v1/blobs/{cid_of(digest)} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        caller.recv(1)
    relay.client.check()
    assert not log.text


def test_a_full_disk_of_uploads_is_told(relay: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreFull, match="No space left"):
        relay.blobs.put(b"x" * 100)


def test_who_asks_for_a_blob_keeps_it(relay: Relay) -> None:
    """A new deal must not lose what an old one left here."""
    digest = relay.blobs.put(b"module")
    (path,) = relay.store.root.rglob(cid_of(digest))
    os.utime(path, (1000, 1000))
    assert relay.blobs.has(digest)
    relay.store.collect((), 2000)
    assert relay.blobs.has(digest)
