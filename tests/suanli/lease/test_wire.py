"""Frames, TLS inside messages, and streams that outlive their connections."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suanli.lease.errors import BadPeer, LinkLost, LinkRefused
from suanli.lease.wire import (
    MOST_FRAME,
    MOST_KEPT,
    Carrier,
    Certificate,
    Control,
    Doing,
    Incoming,
    Numbered,
    Outgoing,
    Secure,
    Strangers,
    WebSocketCarrier,
    accepting,
    carrier,
    connect,
    control,
    item,
    meet,
    read,
    welcome,
)


@dataclass
class Pipe:
    """One end in memory; `seen` is what somebody between could read, `bend` what it makes of it."""

    going: asyncio.Queue[bytes | None]
    coming: asyncio.Queue[bytes | None]
    seen: list[bytes] = field(default_factory=list)
    bend: Callable[[bytes], bytes] = bytes
    address: str = ""

    async def send(self, data: bytes) -> None:
        self.seen.append(data)
        self.going.put_nowait(self.bend(data))

    async def receive(self) -> bytes:
        data = await self.coming.get()
        if data is None:
            raise LinkLost("closed")
        return data

    async def close(self) -> None:
        self.going.put_nowait(None)
        self.coming.put_nowait(None)


def pipes() -> tuple[Pipe, Pipe]:
    there: asyncio.Queue[bytes | None] = asyncio.Queue()
    back: asyncio.Queue[bytes | None] = asyncio.Queue()
    return Pipe(there, back), Pipe(back, there)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return Certificate(tmp_path_factory.mktemp("miner") / "session.pem")


async def both(certificate: Certificate) -> tuple[Secure, Secure, Pipe, Pipe]:
    ours, theirs = pipes()
    met, welcomed = await asyncio.gather(
        meet(ours, certificate.digest), welcome(theirs, certificate)
    )
    return met, welcomed, ours, theirs


def run(test: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), 20))  # type: ignore[arg-type]


# Frames


def test_a_frame_reads_as_it_was_written() -> None:
    assert read(control("served", served=5, paid="7")) == Control(
        "served", {"served": 5, "paid": "7"}
    )
    assert read(item(3, Doing.STDOUT, b"x" * 10)) == Numbered(3, Doing.STDOUT, b"x" * 10)


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"c",
        b"c[]",
        b'c{"served":1}',
        b'c{"do":1}',
        b'c{"do":"a","do":"b"}',
        b"d",
        b"d" + bytes(8),
        b"d" + bytes(8) + b"\xff",
        b"x" + bytes(20),
        item(0, Doing.STDIN, bytes(33 << 10)),
    ],
)
def test_what_is_no_frame_is_refused(frame: bytes) -> None:
    with pytest.raises(BadPeer):
        read(frame)


@given(st.binary(max_size=200))
def test_no_bytes_are_read_as_anything_but_a_frame(data: bytes) -> None:
    try:
        found = read(data)
    except BadPeer:
        return
    assert isinstance(found, Control) or item(found.number, found.doing, found.data) == data


# TLS


def test_both_ends_read_what_the_other_wrote_and_nobody_between(certificate: Certificate) -> None:
    async def test() -> None:
        met, welcomed, ours, theirs = await both(certificate)
        for size in (0, 1, 5_000, MOST_FRAME):
            await met.send(b"secret" * 9 + bytes(size)[: MOST_FRAME - 54])
            await welcomed.send(b"answer")
            assert (await welcomed.receive())[:12] == b"secretsecret"
            assert await met.receive() == b"answer"
        wire = b"".join(ours.seen + theirs.seen)
        assert b"secret" not in wire
        assert b"answer" not in wire

    run(test)


def test_another_certificate_is_refused(certificate: Certificate) -> None:
    async def test() -> None:
        ours, theirs = pipes()
        other = asyncio.create_task(welcome(theirs, certificate))
        with pytest.raises(LinkRefused, match="somebody else"):
            await meet(ours, b"\1" * 32)
        other.cancel()

    run(test)


def test_a_changed_bit_ends_the_connection(certificate: Certificate) -> None:
    async def test() -> None:
        met, welcomed, ours, _ = await both(certificate)
        ours.bend = lambda data: data[:-1] + bytes([data[-1] ^ 1])
        await met.send(b"pay 5")
        with pytest.raises(LinkLost, match="disturbed"):
            await welcomed.receive()

    run(test)


def test_a_repeated_message_ends_the_connection(certificate: Certificate) -> None:
    async def test() -> None:
        met, welcomed, ours, _ = await both(certificate)
        await met.send(b"pay 5")
        ours.going.put_nowait(ours.seen[-1])
        assert await welcomed.receive() == b"pay 5"
        with pytest.raises(LinkLost, match="disturbed"):
            await welcomed.receive()

    run(test)


def test_a_frame_that_is_too_long_is_not_waited_for(certificate: Certificate) -> None:
    async def test() -> None:
        met, welcomed, *_ = await both(certificate)
        met._tls.write((MOST_FRAME + 1).to_bytes(4, "big"))
        await met._flush()
        with pytest.raises(BadPeer, match="65537 bytes"):
            await welcomed.receive()
        with pytest.raises(ValueError, match="65536 bytes at most"):
            await met.send(bytes(MOST_FRAME + 1))

    run(test)


def test_the_certificate_stays_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    made = Certificate(tmp_path / "folder" / "session.pem")
    assert Certificate(made.path).digest == made.digest
    assert made.path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in made.path.parent.iterdir()] == ["session.pem"]


def test_a_session_over_a_socket(certificate: Certificate) -> None:
    from websockets.asyncio.server import ServerConnection, serve

    async def answer(connection: ServerConnection) -> None:
        secure = await welcome(WebSocketCarrier(connection), certificate)
        await secure.send(await secure.receive())

    async def test() -> None:
        async with serve(answer, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            secure = await meet(await connect(f"ws://127.0.0.1:{port}"), certificate.digest)
            await secure.send(b"echo")
            assert await secure.receive() == b"echo"
            with pytest.raises(LinkLost):
                await secure.receive()
        with pytest.raises(LinkLost, match="can't be reached"):
            await connect(f"ws://127.0.0.1:{port}")
        with pytest.raises(LinkRefused, match="no address"):
            await connect(f"http://127.0.0.1:{port}")

    run(test)


# Callers


class Caller:
    """A carrier that only says where it is."""

    def __init__(self, address: str) -> None:
        self.address, self.gone = address, asyncio.Event()

    async def send(self, data: bytes) -> None: ...

    async def receive(self) -> bytes:
        raise LinkLost("gone")

    async def close(self) -> None:
        self.gone.set()


def test_who_says_nothing_keeps_nobody_out() -> None:
    async def test() -> None:
        strangers = Strangers(most=6, each=3)
        slow = [Caller("1.1.1.1") for _ in range(4)]
        relayed = [Caller("") for _ in range(2)]
        async with AsyncExitStack() as stack:

            async def come(one: Caller) -> None:
                await stack.enter_async_context(strangers.among(one))
                await asyncio.sleep(0)

            for one in slow:
                await come(one)
            assert [one.gone.is_set() for one in slow] == [True, False, False, False]
            for one in relayed:
                await come(one)
            other = Caller("2.2.2.2")
            await come(other)
            await come(Caller("3.3.3.3"))  # a seventh: the address with the most gives way
            assert [one.gone.is_set() for one in slow] == [True, True, False, False]
            assert not any(one.gone.is_set() for one in (*relayed, other))
        assert strangers._here == {}

    run(test)


@pytest.mark.parametrize(
    ("peer", "place"),
    [
        (("203.0.113.7", 5), "203.0.113.7"),
        (("2001:db8:1:2:3::4", 5, 0, 0), "2001:db8:1:2::/64"),
        (("fe80::1%eth0", 5, 0, 1), "fe80::/64"),
        (("::ffff:203.0.113.7", 5, 0, 0), "::ffff:203.0.113.7"),
        (None, "?"),
    ],
    ids=str,
)
def test_callers_are_counted_by_what_one_customer_has(peer: Any, place: str) -> None:
    assert carrier._place(peer) == place


def test_connections_of_one_address_have_an_end(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(carrier, "MOST_CONNECTIONS", 2)

    async def answer(one: Carrier) -> None:
        with suppress(LinkLost):
            while True:
                await one.send(await one.receive())

    async def test() -> None:
        async with accepting(answer, "127.0.0.1", 0) as port:
            url = f"ws://127.0.0.1:{port}"
            held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
            with pytest.raises(LinkLost, match="can't be reached"):
                await connect(url)
            for _, writer in held:
                writer.close()
                await writer.wait_closed()
            while True:
                try:
                    made = await connect(url)
                    break
                except LinkLost:  # it has not noticed yet
                    await asyncio.sleep(0)
            await made.send(b"5")
            assert await made.receive() == b"5"
            await made.close()

    run(test)
    assert caplog.text == ""


# Streams


def test_items_that_were_not_acknowledged_come_again_and_are_taken_once() -> None:
    async def test() -> None:
        going, coming = Outgoing(), Incoming()
        got: list[bytes] = []
        for number in range(6):
            await going.put(Doing.STDOUT, bytes([number]))

        async def deliver(count: int) -> None:
            for _ in range(count):
                found = read(await going.frame())
                assert isinstance(found, Numbered)
                if coming.take(found):
                    got.append(found.data)

        await deliver(2)
        going.acknowledged(1)
        await deliver(2)
        going.resume(2)  # the acknowledgements of the third and fourth were lost
        await deliver(4)
        going.acknowledged(coming.have)
        await going.drained()
        assert got == [bytes([number]) for number in range(6)]

    run(test)


def test_what_nobody_sent_or_nobody_keeps_is_refused() -> None:
    async def test() -> None:
        going, coming = Outgoing(), Incoming()
        await going.put(Doing.STDOUT, b"0")
        with pytest.raises(BadPeer, match="item 1 is acknowledged"):
            going.acknowledged(2)
        going.acknowledged(1)
        with pytest.raises(BadPeer, match="item 0 is wanted again"):
            going.resume(0)
        with pytest.raises(BadPeer, match="item 0 is missing before item 1"):
            coming.take(Numbered(1, Doing.STDOUT, b""))

    run(test)


def test_whoever_writes_waits_for_whoever_reads() -> None:
    async def test() -> None:
        going = Outgoing()
        pieces = MOST_KEPT // (32 << 10)
        for _ in range(pieces):
            await going.put(Doing.PUT, bytes(32 << 10))
        late = asyncio.create_task(going.put(Doing.PUT_END))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not late.done()
        going.acknowledged(1)
        await late
        assert going.next == pieces + 1

    run(test)
