"""A market under a stream of jobs while its parts are killed and its chain is cut and rewritten.

    python -m benchmarks.soak [--minutes 2] [--seed N] [--folder F]

Ends with a balance report, and with exit code 1 if a deal is not at its end, a base unit is not
accounted for, a result is wrong or missing, or work was paid twice. docs/operations.md says more.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.streams import SECRET, Job, Stream
from benchmarks.town import DAY, Books, Town, books, judged_run, parser_of
from suanli.chain import ChainError
from suanli.devnet import DevnetSale
from suanli.engine.host import Pool

MINERS = 3
RELAYS = 2
STREAMS = 2
TOKENS = 1_000_000
"""Of a requester."""
LAST_JOBS = 300.0
"""Seconds in which the jobs under way must end after the last fault."""
LAST_DEALS = 120.0
"""Seconds in which open deals must end, once before and once after a day is let pass."""


class Chaos:
    """Draws faults, and mends each after a while. `step` never waits."""

    def __init__(self, town: Town, streams: list[Stream], rng: random.Random, tell: Any) -> None:
        self._town, self._streams, self._rng, self._tell = town, streams, rng, tell
        self._next = time.monotonic() + 5
        self._repairs: list[tuple[float, Callable[[], None]]] = []
        self._down: set[str] = set()
        self.counts: Counter[str] = Counter()
        self.deaths: list[str] = []
        self._faults: list[Callable[[], str | None]] = [
            *[self._kill_miner] * 3,
            self._kill_relay,
            self._cut_relay,
            self._stall_relay,
            self._kill_requester,
            self._cut,
            self._stall,
            *[self._reorganize] * 2,
        ]

    def step(self) -> None:
        now = time.monotonic()
        self._mend(now)
        self._look_for_deaths()
        if now >= self._next:
            self._next = now + self._rng.uniform(2, 10)
            what = self._rng.choice(self._faults)()
            if what is not None:
                self.counts[what.split(" ")[0]] += 1
                self._tell(what)

    def end(self) -> None:
        """No more faults, and all that there were mended."""
        self._next = float("inf")
        self._mend(float("inf"))

    def _mend(self, now: float) -> None:
        due = [repair for at, repair in self._repairs if at <= now]
        self._repairs = [item for item in self._repairs if item[0] > now]
        for repair in due:
            repair()

    def _look_for_deaths(self) -> None:
        """Nothing that was not killed may end."""
        for name, child in list(self._town.children.items()):
            if name in self._down or child.running:
                continue
            last = child.said().strip().rpartition("\n")[2]
            self.deaths.append(f"{name} ended by itself: {last}")
            self._tell(self.deaths[-1])
            self._restart_later(name, 0.0)

    def _kill(self, name: str, longest: float) -> str | None:
        if name in self._down:
            return None
        self._town.children[name].kill()
        seconds = self._rng.uniform(0.2, longest)
        self._restart_later(name, seconds)
        return f"kill-{name.partition('-')[0]} {name} for {seconds:.1f} s"

    def _restart_later(self, name: str, seconds: float) -> None:
        self._down.add(name)

        def restart() -> None:
            self._down.discard(name)
            self._town.restart(name)

        self._repairs.append((time.monotonic() + seconds, restart))

    def _kill_miner(self) -> str | None:
        return self._kill(f"miner-{self._rng.randint(1, MINERS)}", 10)

    def _kill_relay(self) -> str | None:
        return self._one_relay(lambda name: self._kill(name, 6))

    def _cut_relay(self) -> str | None:
        return self._one_relay(
            lambda name: self._interrupt("cut-relay", name, self._town.wires[name].cut)
        )

    def _stall_relay(self) -> str | None:
        return self._one_relay(
            lambda name: self._interrupt("stall-relay", name, self._town.wires[name].stall)
        )

    def _one_relay(self, how: Callable[[str], str | None]) -> str | None:
        """Never both at a time."""
        name, other = self._rng.sample(["relay", "relay-2"], 2)
        return how(name) if self._town.relay_is_there(other) else None

    def _kill_requester(self) -> str | None:
        stream = self._rng.choice(self._streams)
        return f"kill-requester {stream.name}" if stream.kill() else None

    def _cut(self) -> str:
        return self._interrupt("cut-chain", "chain", self._town.wires["chain"].cut)

    def _stall(self) -> str:
        return self._interrupt("stall-chain", "chain", self._town.wires["chain"].stall)

    def _interrupt(self, fault: str, part: str, how: Callable[[], None]) -> str:
        seconds = self._rng.uniform(0.5, 8)
        how()
        self._repairs.append((time.monotonic() + seconds, self._town.wires[part].mend))
        return f"{fault} {part} for {seconds:.1f} s"

    def _reorganize(self) -> str | None:
        depth = self._rng.randint(1, 3)
        try:
            self._town.node.request("anvil_reorg", depth, [])
        except ChainError as error:
            self._tell(f"no reorganization: {error}")
            return None
        # Anvil sets its clock back with the blocks, and leaves it there.
        if (behind := int(time.time()) - self._town.node.head().time) > 0:
            self._town.node.request("evm_increaseTime", behind)
        return f"reorganize {depth} blocks"


def soak(minutes: float, seed: int, folder: Path, tell: Callable[[str], None]) -> list[str]:
    """Run it; what was found wrong."""
    rng = random.Random(seed)
    with ExitStack() as stack:
        pool = stack.enter_context(Pool(1))
        sale = DevnetSale(workers=1, capacity=50_000)
        town = stack.enter_context(Town(folder, MINERS, sale, tell=tell, relays=RELAYS))
        streams = []
        for number in range(1, STREAMS + 1):
            town.new_account(name := f"requester-{number}", TOKENS)
            streams.append(Stream(name, town, random.Random(rng.random()), pool))
        chaos = Chaos(town, streams, rng, tell)
        ends = time.monotonic() + 60 * minutes
        while time.monotonic() < ends:
            chaos.step()
            for stream in streams:
                stream.step(goes_on=True)
            time.sleep(0.1)
        chaos.end()
        tell("no more faults; waiting for what is under way")
        _wait(LAST_JOBS, lambda: all(stream.idle for stream in streams), chaos, streams)
        found = _last_deals(town, chaos, streams, tell)
        if _resume_undone(found, streams, tell):
            found = _last_deals(town, chaos, streams, tell)
        return _report(town, streams, chaos, found)


def _wait(seconds: float, over: Callable[[], bool], chaos: Chaos, streams: list[Stream]) -> None:
    ends = time.monotonic() + seconds
    while not over() and time.monotonic() < ends:
        chaos.step()
        for stream in streams:
            stream.step(goes_on=False)
        time.sleep(0.2)


def _last_deals(
    town: Town, chaos: Chaos, streams: list[Stream], tell: Callable[[str], None]
) -> Books:
    """Let open deals end, by themselves or through their windows."""

    def look() -> Books:
        return books(town.market, town.addresses())

    def over() -> bool:
        time.sleep(1)
        return not look().open

    _wait(LAST_DEALS, over, chaos, streams)
    if look().open:
        tell("letting a day pass, so that windows close")
        town.node.request("evm_increaseTime", DAY + 60)
        _wait(LAST_DEALS, over, chaos, streams)
    return look()


def _resume_undone(found: Books, streams: list[Stream], tell: Callable[[str], None]) -> list[Job]:
    """Jobs whose payments a reorganization undid after their command had ended: their requesters
    resume them, as docs/requesting.md says."""
    undone = [
        (stream, job)
        for stream in streams
        for job, units in stream.charged_units(found)
        if job.finished and not job.wrong and units < job.units
    ]
    for stream, job in undone:
        tell(f"{job.file.parent} was undone after its end; resuming it")
        stream.resume(job)
    return [job for _, job in undone]


def _reverted(town: Town) -> Counter[str]:
    """Failed transactions by sender, on the chain as it is now."""
    found: Counter[str] = Counter()
    for number in range(1, town.node.head().number + 1):
        block = town.node.request("eth_getBlockByNumber", hex(number), False)
        # After many reorganizations Anvil may have no block of some number.
        for transaction in block["transactions"] if block else ():
            receipt = town.node.receipt(transaction)
            if receipt is not None and not receipt.succeeded:
                sender = town.node.request("eth_getTransactionByHash", transaction)["from"]
                found[str(sender)] += 1
    return found


def _leaks(folder: Path) -> list[Path]:
    """Files of relays that hold what is sealed."""
    kept = [path for path in folder.glob("relay*/**/*") if path.is_file()]
    return [path for path in kept if SECRET.encode() in path.read_bytes()]


def _report(town: Town, streams: list[Stream], chaos: Chaos, found: Books) -> list[str]:
    jobs = [job for stream in streams for job in stream.jobs]
    wrongs = [*found.wrongs, *chaos.deaths]
    wrongs += [f"{j.file.parent}: {j.wrong}" for j in jobs if j.finished and j.wrong]
    wrongs += [f"{j.file.parent}: not finished; {j.wrong}" for j in jobs if not j.finished]
    for stream in streams:
        for job, units in stream.charged_units(found):
            if job.finished and not job.wrong and units != job.units:
                wrongs.append(f"{job.file.parent}: {units} units were paid, it took {job.units}")
    wrongs += [f"{path} tells what is sealed" for path in _leaks(town.folder)]
    if not any(job.finished and not job.wrong for job in jobs):
        wrongs.append("not one job finished: nothing was tested")
    right = sum(job.finished and not job.wrong for job in jobs)
    sealed = sum(job.sealed and job.finished and not job.wrong for job in jobs)
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(chaos.counts.items()))
    ends = ", ".join(f"{count} {state}" for state, count in sorted(found.ended.items()))
    reverted = _reverted(town)
    lines = [
        ("faults", kinds or "none"),
        ("jobs", f"{len(jobs)} begun, {right} finished with the local run's bytes and units"),
        ("sealed", f"{sealed} of these, of which no relay's disk tells anything"),
        ("resumed", f"{sum(j.kills for j in jobs)} killed, {sum(j.tries for j in jobs)} gave up"),
        ("deals", f"{found.requests}: {ends}"),
        ("market holds", f"{found.held:,}"),
        ("market owes", f"{found.owed:,}"),
        ("locked", f"{found.locked:,}"),
        ("minted", f"{found.supply:,}"),
        ("sum of balances", f"{found.balances:,}"),
        ("reverted", f"{reverted.total()} transactions"),
    ]
    print()
    for name, value in lines:
        print(f"{name:16} {value}")
    return wrongs


def main() -> int:
    given = parser_of(__doc__, 2.0).parse_args()
    right = "All deals are at their end, every base unit is accounted for."
    return judged_run("soak", given, soak, right)


if __name__ == "__main__":
    sys.exit(main())
