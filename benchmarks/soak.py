"""A market under a stream of jobs while its parts are killed and its chain is cut and rewritten.

    python -m benchmarks.soak [--minutes 2] [--seed N] [--folder F]

Ends with a balance report, and with exit code 1 if a deal is not at its end, a base unit is not
accounted for, a result is wrong or missing, or work was paid twice. docs/operations.md says more.
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.town import DAY, Books, Town, books, write_job
from suanli.chain import ChainError
from suanli.client import Ledger
from suanli.devnet import Child, DevnetSale
from suanli.engine import runtime_id
from suanli.engine.host import Pool
from suanli.job import load, run_local
from suanli.protocol import NO_SALT

MINERS = 3
RELAYS = 2
STREAMS = 2
BUDGET = "2000"
"""Tokens of a job."""
TOKENS = 1_000_000
"""Of a requester."""
SECRET = "what none but the miners may read"
"""In every second job, which is sealed."""
TRIES = 20
"""Times that a job is begun or gone on with before it counts as failed, kills left out."""
LAST_JOBS = 300.0
"""Seconds in which the jobs under way must end after the last fault."""
LAST_DEALS = 120.0
"""Seconds in which open deals must end, once before and once after a day is let pass."""


@dataclass
class Job:
    file: Path
    out: Path
    files: dict[str, bytes]
    units: int
    """What it must be and cost: as run on this machine alone."""
    sealed: bool = False
    folder: Path | None = None
    tries: int = 0
    kills: int = 0
    finished: bool = False
    wrong: str = ""


@dataclass
class Stream:
    """A requester that has one job run after another. `step` never waits."""

    name: str
    town: Town
    rng: random.Random
    pool: Pool
    jobs: list[Job] = field(default_factory=list)
    child: Child | None = None
    _not_before: float = 0.0

    @property
    def state(self) -> Path:
        return self.town.folder / self.name

    @property
    def idle(self) -> bool:
        return not self.jobs or self.jobs[-1].finished

    def step(self, goes_on: bool) -> None:
        if self.child is not None:
            if not self.child.running:
                self._ended(self.jobs[-1], self.child.process.returncode, self.child.said())
                self.child = None
        elif self.idle:
            if goes_on:
                self.jobs.append(self._new_job())
                self._begin(self.jobs[-1])
        elif time.monotonic() >= self._not_before:
            self._begin(self.jobs[-1])

    def kill(self) -> bool:
        """Whether there was a command to kill."""
        if self.child is None or not self.child.running:
            return False
        self.child.kill()
        self.jobs[-1].kills += 1
        return True

    def _new_job(self) -> Job:
        folder = self.state / f"job-{len(self.jobs)}"
        secret = SECRET if len(self.jobs) % 2 else ""
        file = write_job(folder, self.rng, self.rng.randint(3, 8), (200, 600), secret)
        job = load(file, runtime=runtime_id(), salt=NO_SALT)
        alone = run_local(job, self.pool, ahead=2, on_done=lambda index, result: None)
        assert alone.files is not None, "the soak's own program failed"
        return Job(file, folder / "out", alone.files, alone.units, bool(secret))

    def _begin(self, job: Job) -> None:
        known = {other.folder for other in self.jobs}
        for path in self.state.glob("jobs/*/job.sqlite"):
            if path.parent not in known:
                job.folder = path.parent
        command = ["job", "run", str(job.file), "--budget", BUDGET, "--audit", "0.2"]
        if job.folder is not None:
            command = ["job", "resume", job.folder.name]
        command += ["--state", str(self.state), "--out", str(job.out)]
        self.child = self.town.suanli(self.name, *command, account=self.name)

    def _ended(self, job: Job, code: int, said: str) -> None:
        for path in self.state.glob("jobs/*/job.sqlite"):
            if path.parent not in {other.folder for other in self.jobs}:
                job.folder = path.parent
        if code == 0:
            found = {name: _read(job.out / name) for name in job.files}
            job.finished = True
            job.wrong = "" if found == job.files else "its result differs from the local run's"
        elif code != -signal.SIGKILL:
            job.tries += 1
            job.wrong = f"exit code {code}: {said.strip().rpartition(chr(10))[2]}"
            job.finished = job.tries >= TRIES
            self._not_before = time.monotonic() + 2

    def resume(self, job: Job) -> None:
        """Once more, although it was done; until the command ends."""
        assert job.folder is not None
        command = ["job", "resume", job.folder.name]
        command += ["--state", str(self.state), "--out", str(job.out)]
        child = self.town.suanli(self.name, *command, account=self.name)
        child.process.wait(LAST_JOBS)
        self._ended(job, child.process.returncode, child.said())

    def charged_units(self, found: Books) -> Iterator[tuple[Job, int]]:
        """For each job, the units that its settled deals charged."""
        for job in self.jobs:
            if job.folder is None:
                continue
            with closing(Ledger(job.folder / "job.sqlite")) as ledger:
                deals = ledger.deals()
            ids = [self.town.market.domain.request_id(deal.request) for deal in deals]
            yield job, sum(found.charged.get(id_, 0) for id_ in ids)


def _read(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


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
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--seed", type=int, help="draws the same faults again; their effect varies")
    parser.add_argument("--folder", type=Path, help="keep everything here; by default a temporary")
    given = parser.parse_args()
    seed = random.SystemRandom().randrange(2**32) if given.seed is None else given.seed
    folder = given.folder or Path(tempfile.mkdtemp(prefix="suanli-soak-"))
    began = time.monotonic()

    def tell(line: str) -> None:
        print(f"{time.monotonic() - began:7.1f} s  {line}", flush=True)

    def end(_number: int, _frame: Any) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, end)
    tell(f"seed {seed}, {given.minutes:g} minutes, logs in {folder}")
    wrongs = soak(given.minutes, seed, folder, tell)
    for wrong in wrongs:
        print(f"wrong: {wrong}", file=sys.stderr)
    if wrongs:
        print(f"all logs: {folder}; again: --seed {seed}", file=sys.stderr)
        return 1
    if given.folder is None:
        shutil.rmtree(folder)
    print("\nAll deals are at their end, every base unit is accounted for.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
