"""What a session costs beside the same sandbox without the market, and when its first byte comes.

python -m benchmarks.leases [seconds of work] [pairs]

Starts a devnet whose miner leases rooms; takes root. Pairs are run one after the other: the same
work in a room opened by hand, and in a leased one. `processor` and `wall`: by how much more work a
second of either does in the first. `both`: processor time of requester and miner together for a
second of session; what each takes to start, or when idle, is not in it. Then `put` and `get`: MB in
a second that a kept file moves there and back, by benchmarks/keeping.py.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks.keeping import measure
from suanli.chain import CursorState, EventCursor, events
from suanli.devnet import SUANLI, Devnet, DevnetSale
from suanli.devnet.leases import root_in
from suanli.lease.sandbox import RoomBounds, Sandbox, SandboxSettings

KEPT = 512 << 20
"""Bytes of a file that is moved."""
IDLE = 10.0
"""Seconds in which the miner has nothing to do."""
WORK = """
import sys, time
seconds, begun, spent, n = float(sys.argv[1]), time.monotonic(), time.process_time, 0
while spent() < seconds:
    for _ in range(2_000_000):
        n += 1
    print(n, flush=True)
print("took", time.monotonic() - begun, spent(), n)
"""


class Took(NamedTuple):
    """Seconds by the clock, of the processor, and what was counted."""

    wall: float
    processor: float
    counted: int


def took(said: str) -> Took:
    found = re.search(r"took (\S+) (\S+) (\d+)", said)
    assert found is not None, said[-300:]
    return Took(float(found[1]), float(found[2]), int(found[3]))


def alone(folder: Path, seconds: float) -> Took:
    """In a room without the market."""
    sandbox = Sandbox(SandboxSettings(folder / "rooms", root_in(folder), (Path("/usr"),)))
    room = sandbox.open("bench", RoomBounds(1, 512 << 20, 256 << 20, 512, 10 * seconds + 60))
    try:
        program = room.start(["python3", "-c", WORK, str(seconds)])
        said = b""
        while piece := os.read(program.stdout, 65_536):
            said += piece
        program.wait(60)
    finally:
        room.close()
    return took(said.decode())


def spent(pid: int) -> float:
    """Seconds of the processor that a process has taken so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def leased(net: Devnet, seconds: float) -> tuple[Took, float, float]:
    """In a leased one; seconds from the channel's block to the first byte; and of the processor
    that both sides took while the program ran."""
    env = {**os.environ, **net.environment, "SUANLI_ACCOUNTS": str(net.keys.directory)}
    command = [*SUANLI, "lease", "run", "--for", "1h", "--budget", "1", "--", "python3", "-c", WORK]
    process = subprocess.Popen(
        [*command, str(seconds)], env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdout is not None
    opened = opened_at(net)
    first = process.stdout.read1(1)
    came = time.monotonic() - opened
    miner = net.children["miner-1"].pid
    before = spent(process.pid) + spent(miner)
    said = first
    while b"took" not in said and (piece := process.stdout.read1(65_536)):
        said += piece
    both = spent(process.pid) + spent(miner) - before
    said += process.stdout.read()
    assert process.wait() == 0
    return took(said.decode()), came, both


def opened_at(net: Devnet) -> float:
    """When the receipt of the next channel's opening can be had."""
    cursor = EventCursor(net.node, net.channels, only=[events.ChannelOpened])
    state = CursorState.from_block(net.node.head().number + 1)
    while True:
        if net.node.head().number >= state.following:
            batch = cursor.read(state)
            if batch.events:
                return time.monotonic()
            state = batch.state
        time.sleep(0.02)


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    pairs = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sale = DevnetSale(speed=100.0, capacity=1_000, ask="1")
        with Devnet(folder / "net", 1, sale, leases=1) as net:
            rows, miner = [], net.children["miner-1"].pid
            idle = spent(miner)
            time.sleep(IDLE)
            idle = (spent(miner) - idle) / IDLE
            for _ in range(pairs):
                bare = alone(folder, seconds)
                own, first, both = leased(net, seconds)
                rate = (bare.counted / bare.processor) / (own.counted / own.processor) - 1
                wall = (bare.counted / bare.wall) / (own.counted / own.wall) - 1
                share = both / own.wall - idle
                figures = {"processor": rate, "wall": wall, "both": share, "first_byte": first}
                rows.append(figures)
                print(json.dumps(rows[-1]), os.getloadavg()[0], flush=True)
        moved = measure(folder, KEPT)
    told = {key: round(median(row[key] for row in rows), 4) for key in rows[0]}
    speeds = {"put": round(KEPT / 1e6 / moved.put), "get": round(KEPT / 1e6 / moved.got)}
    print(json.dumps({"seconds": seconds, "pairs": pairs, "median": told | speeds}))


if __name__ == "__main__":
    main()
