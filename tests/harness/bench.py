"""The daemon inside the test's process, stepped by hand; tasks are run by plain Python."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

from suanli.base.accounts import Account
from suanli.chain import Market, Node, Sender, TransactionJournal
from suanli.daemon.lane import Lane
from suanli.engine import (
    Compilations,
    HostError,
    Limits,
    Module,
    Outcome,
    Result,
    Task,
    runtime_ids,
)
from suanli.miner.config import Config
from suanli.miner.core import Sale, Settings
from suanli.miner.daemon import Daemon, Services
from suanli.miner.opening import MOST_GAS
from suanli.miner.setup import pledge
from suanli.miner.setup import register as register_miner
from suanli.relay import RelayClient, Relays
from suanli.store import Store
from tests.harness.local_chain import BOB, CHEAP

TOKEN = 10**18


class PythonExecutor:
    """Says "done" for every task; `fails` makes the next ones fail on this host. With `holds`
    tasks end at `release` only."""

    def __init__(self) -> None:
        self.holds = False
        self.held: list[tuple[Task, Future[Result]]] = []
        self.output: Callable[[Task], bytes] = lambda task: (
            b"done " + task.args[0].encode() + task.stdin
        )
        self.runs: Counter[tuple[str, ...]] = Counter()
        self.fails = 0
        self.has = Compilations()
        self.refused: str | None = None
        self.asked: list[bytes] = []
        """Runtimes that were asked for."""

    def of(self, runtime: bytes) -> PythonExecutor:
        self.asked.append(runtime)
        return self

    def compiled(self) -> Compilations:
        return self.has

    def submit(self, task: Task, *, timeout: float | None = None) -> Future[Result]:
        future: Future[Result] = Future()
        if self.fails:
            self.fails -= 1
            future.set_exception(HostError("out of order"))
        elif self.holds:
            self.held.append((task, future))
        else:
            self._end(task, future)
        return future

    def release(self) -> None:
        self.holds = False
        while self.held:
            self._end(*self.held.pop())

    def _end(self, task: Task, future: Future[Result]) -> None:
        self.runs[task.args] += 1
        output = self.output(task)
        future.set_result(Result(Outcome.EXITED, 0, output, b"", {"out": b"x"}, 3_000_000))

    def prepare(self, module: Module, limits: Limits | None = None) -> str | None:
        return self.refused

    def close(self) -> None:
        pass


def sale_of(changes: dict[str, object]) -> Sale:
    """The one sale, with what is told of it, which is taken from `changes`."""
    usual = {"resource": 1, "capacity": 1_000, "ask": TOKEN // 2, "verified_only": False}
    return Sale(**(usual | {name: changes.pop(name) for name in usual if name in changes}))


def settings_for(account: Account, **changes: object) -> Settings:
    usual = {
        "miner": account.address,
        "miner_id": 0,
        "sales": (sale_of(changes),),
        "runtimes": runtime_ids(),
        "workers": 2,
        "speed": 100.0,
        "reserve": 10,
        "patience": 5,
        "collect_at": 10**30,
    }
    return Settings(**(usual | changes))


class Bench:
    """`restart` begins anew from the folder, as after a kill. Time passes by `round` only."""

    def __init__(
        self,
        market: Market,
        folder: Path,
        store: Store,
        relay: RelayClient | None,
        *,
        node: Node | None = None,
        account: Account = BOB,
        **changes: object,
    ) -> None:
        self.market, self.folder, self.account = market, folder, account
        self.settings = settings_for(account, **changes)
        self.executor = PythonExecutor()
        self._store, self._relay = store, None if relay is None else Relays([relay])
        self._seen = Market(node or market.node, market.address)
        self._monotonic = self.wall = 0.0
        self.claims: Path | None = None
        self.peers: Callable[[], str] = str
        self.daemon: Daemon | None = None
        self.silent: set[str] = set()
        """Lanes that do nothing, by name."""

    def restart(self) -> None:
        if self.daemon is not None:
            self.daemon.journal.close()
        sender = Sender(
            self._seen.node,
            self.account,
            TransactionJournal(self.folder / "sender.sqlite"),
            replace(CHEAP, most_gas=MOST_GAS),
            clock=self.monotonic,
            sleep=lambda seconds: None,
        )
        services = Services(
            self._seen,
            sender,
            self.account,
            self.executor,
            self._store,
            self._relay,
            self.claims,
            self.peers,
        )
        account = self.market.miner_account(self.account.address)
        self.daemon = Daemon(
            replace(self.settings, miner_id=account.miner_id),
            services,
            account.miner_id,
            self.folder,
            wall=lambda: self.wall,
            monotonic=self.monotonic,
        )
        self.daemon.begin()

    def monotonic(self) -> float:
        return self._monotonic

    def round(self, without: Lane | None = None, seconds: float = 1.0) -> None:
        """So much time passes: every lane but one does what is due."""
        self._monotonic += seconds
        silent = {without, *(getattr(self.daemon, f"_{name}_lane") for name in self.silent)}
        lanes = [lane for lane in self.daemon.lanes if lane not in silent]
        for _ in range(30):
            waits = [lane.step() for lane in lanes]
            self.daemon.work(timeout=0)
            quiet = min(waits) > 0 and self.daemon.inbox.is_empty()
            if quiet and all(lane.step() > 0 for lane in lanes):
                return

    def until(self, look: Callable[[], bool], rounds: int = 60) -> None:
        for _ in range(rounds):
            if look():
                return
            self.round()
        stages = [(str(d.stage), str(d.reason)) for d in self.daemon.core.state.deals.values()]
        passed = [str(p.reason) for p in self.daemon.core.state.passed.values()]
        raise AssertionError(
            f"not in {rounds} s: {stages} {passed} {self.daemon.away} {self.daemon.troubles}"
        )


def config_of(market: Market, account: Account, folder: Path, **changes: object) -> Config:
    usual = {
        "path": folder / "miner.toml",
        "data": folder,
        "rpc": "",
        "market": market.address,
        "chain_id": 31337,
        "payout": account.address,
        "sales": (sale_of(changes),),
        "units_per_second": 100,
    }
    return Config(**(usual | changes))


def register(market: Market, account: Account, folder: Path) -> None:
    """Make the account a miner with 1,000 units, as `run` does."""
    config = config_of(market, account, folder)
    sender = Sender(market.node, account, fees=CHEAP, poll_every=0.02)
    register_miner(market, sender, config)
    pledge(market, sender, config)


numbers = itertools.count(1)
