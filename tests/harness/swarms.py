"""Miners and a requester of swarms over real sockets, on a chain that is a list.

with swarm_of(tmp_path, miners=2) as town:
    with town.swarm() as swarm:
        swarm.submit(task("5")).result()
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from suanli.base.accounts import Account
from suanli.engine import Compilations, Limits, Module, Outcome, Result, Task
from suanli.lease.swarm.host import SwarmHost
from suanli.lease.swarm.link import SwarmPlace
from suanli.lease.swarm.money import SwarmPurse, UnitPrice
from suanli.lease.swarm.purses import Held, Purses
from suanli.lease.swarm.services import SwarmServices
from suanli.lease.swarm.tills import Tills
from suanli.lease.swarm.user import Swarm
from suanli.lease.wire import Certificate
from suanli.protocol import (
    Channel,
    ChannelStatus,
    ChannelView,
    Domain,
    Kind,
    Quote,
    ResourceClass,
    Scale,
)

DOMAIN = Domain(1337, "0x" + "ab" * 20)
CHANNELS = "0x" + "cd" * 20
SCALE = Scale(18)
PRICE = 1_000
"""Of a unit, in base units, as the token has 18 decimals."""
REQUESTER = Account.from_key("11" * 32)
SIGNER = Account.from_key("22" * 32)
DEPOSIT = 10**9
UNITS = 3
"""Of each task."""
WORKERS = 2
KIND = ResourceClass("0x" + "00" * 20, Kind.JUDGED, False, 0, 0, 1_000, 1 << 30, 1, 256 << 20)
MODULE = Module(b"a program")
RUNTIME = b"\7" * 32


def task(text: str) -> Task:
    return Task(MODULE, (text,), limits=Limits(fuel=10**9))


def done(asked: Task) -> Result:
    """What the program makes of it."""
    out = f"<{asked.args[0]}>".encode()
    return Result(Outcome.EXITED, 0, out, b"", {}, UNITS * 10**6, "", 0.0, b"")


class Program:
    """An executor in the place of the engine: `makes` a result of a task, in threads."""

    def __init__(self, makes: Callable[[Task], Result] = done) -> None:
        self.makes, self.ran = makes, 0
        self._threads = ThreadPoolExecutor(WORKERS)

    def of(self, runtime: bytes) -> Program:
        assert runtime == RUNTIME
        return self

    def compiled(self) -> Compilations:
        return Compilations()

    def submit(self, task: Task, *, timeout: float | None = None) -> Future[Result]:
        assert task.module.code == MODULE.code
        self.ran += 1
        return self._threads.submit(self.makes, task)

    def prepare(self, module: Module, limits: Limits | None = None) -> str | None:
        return None

    def close(self) -> None:
        self._threads.shutdown()


class ListedChain:
    """All channels, and what each paid in the end."""

    def __init__(self) -> None:
        self.open: dict[Channel, int] = {}
        self.paid: dict[Channel, int] = {}
        self.over: set[Channel] = set()

    def now(self) -> int:
        return 1_000

    def view(self, record: Channel) -> ChannelView:
        if record not in self.open:
            return ChannelView(ChannelStatus.NONE, 0, 0, 0, 0)
        status = ChannelStatus.ENDING if record in self.over else ChannelStatus.OPEN
        return ChannelView(status, record.ends, self.open[record], 0, 0)

    def close(self, record: Channel, amount: int, signature: bytes) -> None:
        del self.open[record]
        self.paid[record] = amount


@dataclass
class SwarmMiner:
    """`kill` ends it as kill -9 would: nothing is written any more; `start` begins anew."""

    number: int
    chain: ListedChain
    folder: Path
    program: Program
    account: Account
    host: SwarmHost | None = None
    port: int = 0
    draining: bool = False
    _stop: Callable[[], None] = field(default=lambda: None)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        ready, loop = threading.Event(), asyncio.new_event_loop()
        tills = Tills(self.folder / "tills.sqlite", SCALE)
        self.certificate = Certificate(self.folder / "session.pem")
        services = SwarmServices(
            domain=DOMAIN,
            signer=self.account,
            miner=self.number,
            channels_at=CHANNELS,
            resource=1,
            kind=KIND,
            decimals=18,
            tills=tills,
            chain=self.chain,
            certificate=self.certificate,
            executors=self.program,
            runtimes=(RUNTIME,),
            workers=WORKERS,
            draining=lambda: self.draining,
            port=self.port,
        )

        async def serve() -> None:
            stop = asyncio.Event()
            self.host = SwarmHost(services)
            self._stop = lambda: loop.call_soon_threadsafe(stop.set)
            running = asyncio.create_task(self.host.run(stop))
            await self.host.ready.wait()
            self.port = self.host.port
            ready.set()
            await running

        def run() -> None:
            loop.run_until_complete(serve())
            loop.close()
            tills.close()

        self._thread = threading.Thread(target=run)
        self._thread.start()
        assert ready.wait(10)

    def kill(self) -> None:
        if self._thread is not None:
            self._stop()
            self._thread.join()
            self._thread = None

    @property
    def place(self) -> SwarmPlace:
        address = f"ws://127.0.0.1:{self.port}"
        return SwarmPlace(self.number, self.account.address, (address,), self.certificate.digest)


class SwarmTown:
    def __init__(self, folder: Path, miners: int) -> None:
        self.folder, self.chain = folder, ListedChain()
        self.own = Program()
        self.told: list[str] = []
        self.miners = [
            SwarmMiner(
                number,
                self.chain,
                folder / f"miner {number}",
                Program(),
                Account.from_key(f"{number:064x}"),
            )
            for number in range(1, miners + 1)
        ]
        for miner in self.miners:
            miner.start()

    def held(self, purses: Purses) -> list[Held]:
        """The channels with all miners: those that are there, or new ones."""
        known = list(purses.all())
        if known:
            return known
        found = []
        for miner in self.miners:
            parties = CHANNELS, REQUESTER.address, SIGNER.address, miner.number
            quote = Quote(*parties, 1, 0, 3_600, miner.number, 2_000)
            record = Channel(quote, PRICE, 1_000, DEPOSIT, 0)
            self.chain.open[record] = DEPOSIT
            purse = SwarmPurse(UnitPrice(SCALE, PRICE), DEPOSIT)
            made = Held(miner.number, "22" * 32, record, purse)
            purses.save(made)
            found.append(made)
        return found

    @contextmanager
    def swarm(self, audit: float = 0.0) -> Iterator[Swarm]:
        purses = Purses(self.folder / "requester", SCALE)
        places = {miner.number: miner.place for miner in self.miners}
        held = [one for one in self.held(purses) if not one.over]
        miners = [(places[one.miner], one) for one in held]
        swarm = Swarm(miners, RUNTIME, DOMAIN, purses, self.own, audit, self.told.append)
        try:
            yield swarm
        finally:
            swarm.close()
            purses.close()

    def paid(self) -> list[int]:
        """By the channels that were closed, in base units."""
        return [amount for _, amount in sorted(self.chain.paid.items(), key=_number)]


def _number(item: tuple[Channel, int]) -> int:
    return item[0].quote.miner


@contextmanager
def swarm_of(folder: Path, miners: int = 1) -> Iterator[SwarmTown]:
    town = SwarmTown(folder, miners)
    try:
        yield town
    finally:
        for miner in town.miners:
            miner.kill()
            miner.program.close()
        town.own.close()
