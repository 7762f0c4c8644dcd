"""The market of the month: a devnet by the fast clock, with a block a second."""

from __future__ import annotations

import random
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from benchmarks.month.clock import LIE, RATE, VARIABLE, SharedClock
from benchmarks.town import ROOT, Village
from suanli.chain import ChainError, Node, Sender, Token, connect
from suanli.chain.sent import journal_of
from suanli.deployment import (
    QUICK_COURT,
    TOKEN,
    CourtParameters,
    Parameters,
    TermsParameters,
    local_parameters,
)
from suanli.devnet import DEPLOYER, OTHERS, SUANLI, Child, DevnetSale, network
from suanli.devnet.likeness import LocalChain
from suanli.devnet.processes import own_port
from suanli.engine import runtime_ids

HOUR = 3_600


def court_of(step: int) -> CourtParameters:
    """So many seconds has a party for its step: a second of the machine's, and a block, are 720."""
    queue = 3 * step
    times = {"step": step, "vote": step, "cure": step, "queue": queue, "filing": queue}
    delays = {"join_delay": queue + 2 * step, "leave_delay": 3 * step}
    return replace(QUICK_COURT, inclusion=HOUR // 2, **times, **delays)


SALE = DevnetSale(workers=1, speed=1.0, capacity=50_000)
"""A unit a second is one in 1.4 milliseconds."""
MINER = {"reserve": 3 * HOUR, "patience": 2 * HOUR, "margin": 6, "collect_at": "5"}
JUROR = {"reserve": HOUR // 2, "patience": HOUR // 2, "collect_at": "0.5"}
LIAR = "miner-1"
"""Lies about one task of a deal that has many."""
ROLES = ("miner", "juror", "relay")
PEOPLE = ("requester-1", "requester-2", "keeper")
TOKENS = 1_000_000
"""Of each of them."""
EXTRA = 5_000 * TOKEN
"""Stake of the second miner beyond what is pledged."""


class MonthTown(Village):
    """Of each kind two; `step`: see `court_of`. Once entered, the clock runs fast."""

    def __init__(self, folder: Path, step: int, **more: Any) -> None:
        # Below those of outgoing connections, which could take one while its part is down.
        ports = (random.randrange(20_000, 26_000), random.randrange(26_000, 31_990))
        super().__init__(
            folder,
            2,
            SALE,
            ports=ports,
            jurors=2,
            relays=2,
            chain=LocalChain(court=court_of(step)),
            **more,
        )
        self.ports: dict[str, int] = {}
        """Where daemons answer Prometheus."""

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.clock = SharedClock(self.folder / "clock")
        super().__enter__()
        try:
            self.node.request("evm_setIntervalMining", 0)
            self.node.request("evm_setAutomine", True)
            for name in PEOPLE:
                self.new_account(name, TOKENS)
            self._stake_more()
            self.node.request("evm_setAutomine", False)
            self.clock.move_to(self.node.head().time)  # jurors were waited for
            self.clock.run(RATE)
            self._ends.enter_context(Blocks(self.rpc, self.clock))
        except BaseException:
            self._ends.close()
            raise
        return self

    def _parameters(self) -> Parameters:
        people, rules = [DEPLOYER.address, *OTHERS], network.governance()
        chain, court = self.likeness.chain_id, self.likeness.court
        terms = TermsParameters(challenge_window=court.filing, verdict_by=court.least_verdict)
        return local_parameters(chain, people, runtime_ids(), rules, court, terms)

    def start(self, name: str, command: Sequence[str], **more: Any) -> Child:
        if tuple(command[: len(SUANLI)]) == SUANLI:
            arguments = [*command[len(SUANLI) :]]
            if arguments[0] in ROLES and arguments[1] == "run":
                arguments += self._watched(name)
            command = [sys.executable, "-m", "benchmarks.month.clock", *arguments]
            by = {VARIABLE: str(self.folder / "clock"), "PYTHONPATH": str(ROOT)}
            by |= {LIE: "corrupt"} if name == LIAR else {}
            more["env"] = {**(more.get("env") or {}), **by}
        return super().start(name, command, **more)

    def _watched(self, name: str) -> list[str]:
        if name not in self.ports:
            self.ports[name] = self._ends.enter_context(own_port(0))
        form = "json" if name.endswith("1") else "text"
        log = ["--log", str(self.folder / name / "log"), "--log-format", form]
        return [*log, "--metrics", f"127.0.0.1:{self.ports[name]}"]

    def _daemon(
        self, role: str, name: str, path: Path, values: dict[str, Any], tables: str = ""
    ) -> None:
        values |= MINER if role == "miner" else JUROR
        if name == LIAR:
            values |= {"appeal_bond": "0"}
        super()._daemon(role, name, path, values, tables)

    def _stake_more(self) -> None:
        sender, market = self.sender(PEOPLE[-1]), self.market
        sender.execute(Token(self.node, market.token()).approve(market.address, EXTRA))
        sender.execute(market.deposit(EXTRA))
        sender.execute(market.add_stake(self.keys.find("miner-2").address, EXTRA))

    def set_ask(self, name: str, ask: str) -> None:
        """From its next start on."""
        path = self.folder / name / "miner.toml"
        lines = path.read_text().splitlines()
        made = [f'ask = "{ask}"' if line.startswith("ask = ") else line for line in lines]
        path.write_text("\n".join(made) + "\n")

    def sender(self, name: str) -> Sender:
        """Beside the daemon of this account."""
        account = self.keys.unlock(name, self._passphrase)
        journal = journal_of(self.node, account.address, self.folder / network.SENT)
        return Sender(self.node, account, journal, network.FEES, poll_every=0.05)


class Blocks:
    """Mines one each second, dated by the clock, until it is left."""

    def __init__(self, url: str, clock: SharedClock) -> None:
        self._node, self._clock, self._stop = connect(url), clock, threading.Event()
        self._thread = threading.Thread(target=self._mine, name="blocks", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _mine(self) -> None:
        last = self._node.head().time
        while not self._stop.wait(1.0):
            with suppress(ChainError):  # the next second
                last = max(int(self._clock.now()), last + 1)
                mine(self._node, last)


def mine(node: Node, at: int) -> None:
    node.request("evm_mine", at)
