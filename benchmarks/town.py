"""A devnet whose parts can be killed and whose chain can be cut off, and the books of its money."""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from benchmarks.proxy import Proxy
from suanli.chain import (
    Contract,
    ContractError,
    CursorState,
    Event,
    EventCursor,
    Market,
    Token,
    events,
)
from suanli.devnet import SUANLI, Child, Devnet, DevnetSale
from suanli.protocol import ZERO_ADDRESS, State

ROOT = Path(__file__).parents[1]
MODULE = ROOT / "benchmarks/kernels/mandelbrot.wasm"
ENDED = (
    State.SETTLED,
    State.CANCELLED,
    State.RELEASED,
    State.ANNULLED,
    State.DEFAULTED,
    State.OVERTURNED,
)
DAY = 86_400


class Village(Devnet):
    """A devnet with requesters that are commands."""

    def suanli(self, name: str, *arguments: str, account: str) -> Child:
        """A command of a requester."""
        env = {**self.environment, "SUANLI_ACCOUNT": account}
        return self.start(name, [*SUANLI, *arguments], env=env)

    def addresses(self) -> list[str]:
        """All that may own anything, as far as known here; none twice."""
        stored = [account.address for account in self.keys.list()]
        local = [str(account).lower() for account in self.node.request("eth_accounts")]
        return list(dict.fromkeys([*stored, *local]))


class Town(Village):
    """Everybody but ourselves reaches chain and relays through `wires`; `heard` gets what passes to
    and from the first relay, see Proxy."""

    def __init__(
        self,
        folder: Path,
        miners: int,
        sale: DevnetSale,
        tell: Callable[[str], None] = lambda line: None,
        heard: Callable[[int, bool, bytes], None] = lambda number, asks, data: None,
        relays: int = 1,
    ) -> None:
        self.wires: dict[str, Proxy] = {}
        self._heard = heard
        # Below those of outgoing connections, which could take one while its part is dead.
        chain, relay = random.sample(range(20_000, 32_000), 2)
        super().__init__(folder, miners, sale, tell, self._between, (chain, relay), relays=relays)

    @contextmanager
    def _between(self, part: str, url: str) -> Iterator[str]:
        heard = {"heard": self._heard} if part == "relay" else {}
        with Proxy(int(url.rpartition(":")[2]), **heard) as proxy:
            self.wires[part] = proxy
            yield proxy.url

    def relay_is_there(self, name: str) -> bool:
        """Whether others reach it."""
        try:
            url = f"{self.wires[name].url}/v1/info"
            return httpx.get(url, trust_env=False, timeout=0.5).is_success
        except httpx.HTTPError:
            return False


def write_job(
    folder: Path, rng: random.Random, tasks: int, sizes: tuple[int, int], secret: str = ""
) -> Path:
    """A job of tasks of unlike length, about `size`² / 850 microseconds each. With a `secret`,
    which its tasks get, it is sealed."""
    listed = [rng.randint(*sizes) for _ in range(tasks)]
    fuel = 1_300 * sizes[1] ** 2
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "job.toml"
    lines = [
        *([f'seal = true\nenv = {{ NOTE = "{secret}" }}'] if secret else []),
        f'module = "{MODULE}"',
        f'limits = {{ fuel = {fuel}, memory = "2 MiB", file_bytes = 1024 }}',
        'gather = { kind = "concat", to = "all.txt" }',
        *(f'[[tasks]]\nargs = ["{size}"]' for size in listed),
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


@dataclass
class Books:
    """What the chain says at its end. Amounts in base units of the token."""

    requests: int = 0
    ended: dict[str, int] = field(default_factory=dict)
    open: list[str] = field(default_factory=list)
    held: int = 0
    owed: int = 0
    locked: int = 0
    supply: int = 0
    balances: int = 0
    confirmed_twice: list[str] = field(default_factory=list)
    charged: dict[bytes, int] = field(default_factory=dict)
    """Units by settled request: exact, because a devnet's token has 18 decimals."""
    people: frozenset[str] = frozenset()
    """Whose all that is."""

    @property
    def wrongs(self) -> list[str]:
        """What does not add up; empty if all does."""
        checks = {
            f"{len(self.open)} deals are not at their end: {self.open}": not self.open,
            f"the market holds {self.held}, and owes {self.owed}": self.held == self.owed,
            f"{self.locked} are locked although nothing is open": not self.locked,
            f"{self.supply} were minted, the balances sum to {self.balances}": self.supply
            == self.balances,
            f"confirmed twice: {self.confirmed_twice}": not self.confirmed_twice,
        }
        return [wrong for wrong, right in checks.items() if not right]


def books(market: Market, addresses: Iterable[str]) -> Books:
    """Everything that happened in the market, and where all its tokens are.

    `addresses`: of all who may own something; who is named in an event is added.
    """
    found, token = Books(), Token(market.node, market.token())
    people = {*addresses, market.address, token.address}
    ids: dict[bytes, int] = {}
    prices: dict[bytes, int] = {}
    for event in all_events(market):
        people |= _addresses_in(event)
        if isinstance(event, events.RequestPosted | events.RequestCancelled):
            ids.setdefault(event.id, 0)
        elif isinstance(event, events.RequestConfirmed):
            ids[event.id] = ids.get(event.id, 0) + 1
            prices[event.id] = event.price
        elif isinstance(event, events.RequestSettled):
            found.charged[event.id] = (event.paid + event.fee) // prices[event.id]
    for number in range(1, market.terms_count() + 1):
        terms = market.terms_of(number)
        people |= {terms.treasury, terms.court, terms.reward_pool}
    found.requests = len(ids)
    for id_, confirmed in ids.items():
        state = market.deal_of(id_).state
        found.ended[state.name.lower()] = found.ended.get(state.name.lower(), 0) + 1
        if state not in ENDED:
            found.open.append(f"0x{id_.hex()} {state.name.lower()}")
        if confirmed > 1:
            found.confirmed_twice.append("0x" + id_.hex())
    people -= {ZERO_ADDRESS}
    found.people = frozenset(people)
    for address in people:
        account = market.account_of(address)
        found.locked += account.locked
        found.owed += account.available + account.locked + _of_miner(market, address)
        found.balances += token.balance_of(address)
    found.held = token.balance_of(market.address)
    found.supply = int(Contract(market.node, token.address, "LocalToken").read("totalSupply"))
    return found


def _of_miner(market: Market, address: str) -> int:
    with suppress(ContractError):
        status, account = market.miner_status(address), market.miner_account(address)
        return status.stake + (account.earnings if account else 0)
    return 0


def all_events(market: Market) -> list[Event]:
    cursor, state = EventCursor(market.node, market.address), CursorState.from_block(0)
    found: list[Event] = []
    while True:
        batch = cursor.read(state)
        found += batch.events
        state = batch.state
        if batch.caught_up:
            return found


def _addresses_in(event: Event) -> set[str]:
    texts = [value for value in vars(event).values() if isinstance(value, str)]
    return {text for text in texts if text.startswith("0x") and len(text) == 42}


def parser_of(about: str | None, minutes: float) -> argparse.ArgumentParser:
    """Of a market that runs for so many minutes by default."""
    parser = argparse.ArgumentParser(description=(about or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=minutes)
    parser.add_argument("--seed", type=int, help="draws the same again; its effect varies")
    parser.add_argument("--folder", type=Path, help="keep everything here; by default a temporary")
    return parser


def judged_run(
    name: str,
    given: argparse.Namespace,
    run: Callable[[float, int, Path, Callable[[str], None]], list[str]],
    right: str,
) -> int:
    """The exit code. `run` gets minutes, seed, folder and what tells a line; it gives all that it
    found wrong, and where that is nothing, `right` is said."""
    seed = random.SystemRandom().randrange(2**32) if given.seed is None else given.seed
    folder = given.folder or Path(tempfile.mkdtemp(prefix=f"suanli-{name}-"))
    began = time.monotonic()

    def tell(line: str) -> None:
        print(f"{time.monotonic() - began:7.1f} s  {line}", flush=True)

    def end(_number: int, _frame: Any) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, end)
    tell(f"seed {seed}, {given.minutes:g} minutes, logs in {folder}")
    wrongs = run(given.minutes, seed, folder, tell)
    for wrong in wrongs:
        print(f"wrong: {wrong}", file=sys.stderr)
    if wrongs:
        print(f"all logs: {folder}; again: --seed {seed}", file=sys.stderr)
        return 1
    if given.folder is None:
        shutil.rmtree(folder)
    print(f"\n{right}")
    return 0
