"""Of several ways to a miner the first that is there is taken; what lets wait is not waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from suanli.lease.errors import LinkLost, LinkRefused
from suanli.lease.wire import quickest

AWAY, WRONG, SILENT, THERE = "away", "wrong", "silent", "there"


class FakeCarrier:
    closed = False

    async def close(self) -> None:
        self.closed = True


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("suanli.lease.wire.ways.TO_WAIT", 0.01)


def way(kind: str, tried: list[str]) -> Callable[[], Awaitable[Any]]:
    async def go() -> FakeCarrier:
        tried.append(kind)
        if kind == AWAY:
            raise LinkLost("no route")
        if kind == WRONG:
            raise LinkRefused("not here")
        if kind == SILENT:
            await asyncio.Event().wait()
        return FakeCarrier()

    return go


@pytest.mark.parametrize(
    ("kinds", "place"),
    [
        ([THERE, AWAY], 0),
        ([AWAY, THERE], 1),
        ([SILENT, THERE, AWAY], 1),
        ([SILENT, AWAY, WRONG, THERE], 3),
        ([SILENT, SILENT, THERE], 2),
    ],
)
def test_the_first_that_is_there(kinds: list[str], place: int) -> None:
    tried: list[str] = []
    found, _ = asyncio.run(quickest([way(kind, tried) for kind in kinds]))
    assert found == place
    assert tried == kinds[: place + 1]


def test_what_the_first_said_that_failed_is_told() -> None:
    with pytest.raises(LinkRefused, match="not here"):
        asyncio.run(quickest([way(WRONG, []), way(AWAY, [])]))
    with pytest.raises(LinkLost, match="there is no way"):
        asyncio.run(quickest([]))


def test_one_that_is_there_too_late_is_closed() -> None:
    late = FakeCarrier()

    async def test() -> None:
        is_first = asyncio.Event()

        async def slow() -> Any:
            try:
                await is_first.wait()
            except asyncio.CancelledError:
                return late  # it was there already

        async def quick() -> Any:
            return FakeCarrier()

        assert (await quickest([slow, quick]))[0] == 1
        while not late.closed:
            await asyncio.sleep(0)

    asyncio.run(asyncio.wait_for(test(), 30))
