"""A market of sessions in one event loop, started and stopped around a test's coroutine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.harness.sessions import Market


@pytest.fixture
def play(tmp_path: Path) -> Callable[[Callable[[Market], Any]], None]:
    """Run a test's coroutine with a market whose miner has started."""

    @asynccontextmanager
    async def market() -> AsyncIterator[Market]:
        made = Market(tmp_path)
        await made.start()
        try:
            yield made
        finally:
            await made.stop()

    def run(test: Callable[[Market], Any]) -> None:
        async def whole() -> None:
            async with asyncio.timeout(60), market() as made:
                await test(made)

        asyncio.run(whole())

    return run
