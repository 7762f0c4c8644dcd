"""How fast bytes to keep move over loopback, there and back.

python -m benchmarks.keeping [MB]

Both sides are in one process, whose threads share one interpreter: in two, as they really are, it
is no slower. The chain is made of lists.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from tests.harness import keeping


class Moved(NamedTuple):
    """Seconds: to seal a file, to move it there with its root checked and its tree written, to get
    it back and open it; and of the processor, for all three and both sides."""

    sealed: float
    put: float
    got: float
    processor: float


def measure(folder: Path, size: int) -> Moved:
    """A file of random bytes, one copy."""
    return asyncio.run(_measured(folder, size))


async def _measured(folder: Path, size: int) -> Moved:
    keeping.SPACE = replace(keeping.SPACE, most=1 << 40)
    market = keeping.StorageMarket(folder)
    market.keepers = market.keepers[:1]
    market.keepers[0].most = 1 << 40
    with (folder / "file.data").open("wb") as file:
        for _ in range(0, size, 1 << 20):
            file.write(os.urandom(1 << 20))
    await market.start()
    try:
        return await _there_and_back(market, folder)
    finally:
        await market.stop()


async def _there_and_back(market: keeping.StorageMarket, folder: Path) -> Moved:
    moved: list[float] = []
    market.on_moved = lambda _: moved.append(time.monotonic())
    begun, spent = time.monotonic(), time.process_time()
    await market.put_file(folder / "file.data", copies=1).put()
    put = time.monotonic()
    await market.again().get(folder / "back")
    got = time.monotonic()
    return Moved(moved[0] - begun, put - moved[0], got - put, time.process_time() - spent)


def main() -> None:
    size = int(sys.argv[1] if len(sys.argv) > 1 else "1000") << 20
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), size)
    speeds = {name: size / 1e6 / seconds for name, seconds in found._asdict().items()}
    load = os.getloadavg()[0]
    print(f"{size:,} bytes, load {load:.1f}, {found.processor:.1f} s of the processor")
    print(", ".join(f"{name} {speeds[name]:,.0f} MB/s" for name in ("sealed", "put", "got")))


if __name__ == "__main__":
    main()
