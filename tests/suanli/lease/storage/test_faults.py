"""Messages that are lost, repeated, out of order, forged or never come, from either side."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from suanli.lease.errors import LeaseError, LinkLost
from suanli.lease.storage.keeper import door
from suanli.lease.storage.owner import asking as asking_module
from suanli.lease.storage.owner.asking import Asking, asking
from suanli.lease.storage.owner.ledger import CopyStage
from suanli.lease.storage.sealing import CHUNK
from suanli.lease.storage.talk import send_bytes
from suanli.lease.wire import Secure, control, strangers
from suanli.protocol import Signed, StorageQuote
from tests.harness.keeping import DOMAIN, REQUESTER, StorageMarket
from tests.suanli.lease.storage.test_keeping import SIZE, Play, refusal
from tests.suanli.lease.storage.test_pieces import data_of


def test_a_connection_may_break_at_each_message(
    play: Play, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of both sides, counted together: nothing is paid twice, and the file is there."""
    real, sent, place = Secure.send, 0, 0

    async def send(self: Secure, frame: bytes) -> None:
        nonlocal sent
        sent += 1
        if sent == place:
            await self.close()
        await real(self, frame)

    async def test(market: StorageMarket) -> None:
        nonlocal sent, place
        market.keepers[1:] = []
        monkeypatch.setattr(Secure, "send", send)
        for place in range(1, 16):
            sent, name, back = 0, f"file-{place}", tmp_path / f"back-{place}"
            with suppress(LeaseError):
                await market.put(data_of(SIZE), name, copies=1).put()
            if len(market.chain.live) < place:
                await market.again(name).put()
            for _ in range(2):
                with suppress(LeaseError):
                    await market.again(name).get(back)
            assert back.read_bytes() == data_of(SIZE)
            assert (len(market.chain.live), len(market.chain.sent)) == (place, place)

    play(test)


# What a miner may say


def _dearer(signed: Signed[StorageQuote]) -> Signed[StorageQuote]:
    return replace(signed, message=signed.message._replace(max_price=signed.message.max_price + 1))


def _forged(signed: Signed[StorageQuote]) -> Signed[StorageQuote]:
    return replace(signed, signature=bytes(65))


@pytest.mark.parametrize("change", [_dearer, _forged])
def test_another_is_asked_where_a_miner_quotes_something_else(
    play: Play, monkeypatch: pytest.MonkeyPatch, change: Callable[[Any], Any]
) -> None:
    real, asked = door.sign, 0

    def sign(*given: Any) -> Any:
        nonlocal asked
        asked += 1
        signed = real(*given)
        return change(signed) if asked == 1 else signed

    async def test(market: StorageMarket) -> None:
        monkeypatch.setattr(door, "sign", sign)
        await market.put(data_of(SIZE), copies=1).put()
        (copy,) = market.again()._ledger.copies
        assert copy.keeper.miner == 2
        assert market.told[0] == "miner 1: the miner quotes something else than was asked for"
        assert len(market.chain.sent) == 1

    play(test)


def test_another_is_asked_where_a_miner_says_nothing(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(market: StorageMarket) -> None:
        first = market.keepers[0].keeping
        assert first is not None
        monkeypatch.setattr(asking_module, "TO_VERIFY", 0.2)
        monkeypatch.setattr(first._door, "_require", lambda _: time_passes())
        await market.put(data_of(SIZE), copies=1).put()
        (copy,) = market.again()._ledger.copies
        assert copy.keeper.miner == 2
        assert market.told[0] == "miner 1: the other side says nothing"

    def time_passes() -> None:
        asyncio.run(asyncio.sleep(0.6))

    play(test)


@pytest.mark.parametrize("fault", ["twice", "short", "fewer"])
def test_chunks_that_a_miner_sends_wrongly_are_taken_from_another(
    play: Play, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    real, number = door.send_bytes, 0

    async def send(secure: Secure, data: bytes) -> None:
        nonlocal number
        number += 1
        if number == 3 and fault == "fewer":
            return
        await real(secure, data[:-1] if number == 3 and fault == "short" else data)
        if number == 3 and fault == "twice":
            await real(secure, data)

    async def test(market: StorageMarket) -> None:
        await market.put(data_of(SIZE)).put()
        monkeypatch.setattr(door, "send_bytes", send)
        await market.again().get(tmp_path / "back")
        assert (tmp_path / "back").read_bytes() == data_of(SIZE)
        assert market.told[-1].startswith("copy 0: ")

    play(test)


def test_an_error_that_nobody_foresaw_ends_one_callers_connection(
    play: Play, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    async def test(market: StorageMarket) -> None:
        shelf = market.keepers[0].shelf
        monkeypatch.setattr(shelf, "receive", fails)
        await market.put(data_of(SIZE), copies=1).put()
        (copy,) = market.again()._ledger.copies
        assert copy.keeper.miner == 2
        assert caplog.messages == ["a caller's connection has ended by an error"]

    caplog.set_level("ERROR", "suanli.storage")
    play(test)


# What a requester may send


def _sends(order: Callable[[list[bytes]], list[bytes]]) -> Callable[..., Any]:
    async def send(self: Asking, sealed: Path, have: int, moved: Any) -> None:
        data = sealed.read_bytes()
        for chunk in order([data[place : place + CHUNK] for place in range(0, len(data), CHUNK)]):
            await send_bytes(self._secure, chunk)

    return send


@pytest.mark.parametrize(
    ("order", "why"),
    [
        (lambda chunks: [chunks[1], chunks[0], *chunks[2:]], "the bytes have the root 0x"),
        (lambda chunks: [chunks[0], chunks[0], *chunks[2:]], "the bytes have the root 0x"),
        (lambda chunks: [*chunks[:-1], chunks[-1] + b"x"], "connection"),
        (lambda chunks: [chunks[0][:-1], *chunks[1:]], "connection"),
    ],
    ids=["swapped", "repeated", "too long", "too short"],
)
def test_chunks_that_a_requester_sends_wrongly_get_no_quote(
    play: Play, monkeypatch: pytest.MonkeyPatch, order: Any, why: str
) -> None:
    async def test(market: StorageMarket) -> None:
        market.keepers = market.keepers[:1]
        owner = market.put(data_of(SIZE), copies=1)
        with monkeypatch.context() as patched:
            patched.setattr(Asking, "_send", _sends(order))
            with pytest.raises(LeaseError, match=why):
                await owner.put()
        await market.again().put()
        (copy,) = market.again()._ledger.copies
        assert copy.stage is CopyStage.OPEN

    play(test)


def test_a_miner_that_is_told_nonsense_goes_on_for_others(play: Play) -> None:
    async def test(market: StorageMarket) -> None:
        await market.put(data_of(SIZE), copies=1).put()
        (copy,) = market.again()._ledger.copies
        for said in ({"do": "sing"}, {"do": "store"}, {"do": "fetch", "root": "zz", "size": -1}):

            async def speak(one: Asking, said: dict[str, Any] = said) -> None:
                await one._secure.send(control(**said))
                await asking_module.answer(one._secure, "nothing", 5)

            assert await refusal(market, speak)
        async with asking(DOMAIN, REQUESTER, copy.keeper) as one:
            await send_bytes(one._secure, b"bytes that nobody asked for")
            with pytest.raises(LinkLost):
                await asking_module.answer(one._secure, "nothing", 5)
        # The same request again, on the same connection.
        async with asking(DOMAIN, REQUESTER, copy.keeper) as one:
            for _ in range(2):
                assert len(await one.leaves(copy.file, [0, 0])) == 2

    play(test)


def test_whoever_connects_and_says_nothing_keeps_nobody_out(play: Play) -> None:
    async def test(market: StorageMarket) -> None:
        await market.put(data_of(SIZE), copies=1).put()
        (copy,) = market.again()._ledger.copies
        async with AsyncExitStack() as idle:
            for _ in range(2 * strangers.MOST_EACH):
                await idle.enter_async_context(asking(DOMAIN, REQUESTER, copy.keeper))
            assert [seen.good for seen in await market.again().verify()] == [True]

    play(test)
