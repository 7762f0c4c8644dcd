"""A market of storage in one event loop, started and stopped around a test's coroutine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.harness.keeping import StorageMarket


@pytest.fixture
def play(tmp_path: Path) -> Callable[[Callable[[StorageMarket], Any]], None]:
    """Run a test's coroutine with a market whose miners have started."""

    async def whole(test: Callable[[StorageMarket], Any]) -> None:
        made = StorageMarket(tmp_path)
        async with asyncio.timeout(60):
            await made.start()
            try:
                await test(made)
            finally:
                await made.stop()

    return lambda test: asyncio.run(whole(test))
