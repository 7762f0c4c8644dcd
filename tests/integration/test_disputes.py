"""Whole markets with jurors: each lie is found, judged and slashed, the job ends right all the
same, and whoever challenges what is right pays for it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from suanli.chain import Court, CursorState, Event, EventCursor, Sender, Token, caught_up, events
from suanli.client import Options
from suanli.devnet import DEPLOYER, OTHERS, DevnetSale
from suanli.devnet.network import FEES
from suanli.engine.host import pool_by
from suanli.job import load, run_local
from suanli.juror.setup import find_court
from suanli.protocol import (
    NO_SALT,
    CaseOutcome,
    CasePhase,
    CaseStatus,
    Request,
    State,
    case_id,
    leaf_commitment,
    secret_commitment,
)
from suanli.relay import HttpStore, RelayClient
from tests.harness.cheats import LIED_ABOUT, ROOT, WITHHOLDING, CheatingDevnet
from tests.harness.coins import Coins
from tests.harness.world import Requester, manifest_of

pytestmark = pytest.mark.deep
TOKEN = 10**18
SALE = DevnetSale(speed=100.0, capacity=1_000)
JURORS = 3
LONGEST = 120
"""Seconds from a challenge to its verdict."""
PATIENCE = 240.0
"""Seconds for what follows by itself."""


def write_job(folder: Path, tasks: int, units: int) -> Path:
    """Tasks of less than a unit, each of which may take so many."""
    path = folder / "job.toml"
    lines = [
        f'module = "{ROOT / "benchmarks/kernels/mandelbrot.wasm"}"',
        f'limits = {{ fuel = {units * 1_000_000}, memory = "2 MiB" }}',
        'gather = { kind = "concat", to = "rows.txt" }',
        *(f'[[tasks]]\nargs = ["{12 + number % 12}"]' for number in range(tasks)),
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


def expected(job: Path) -> dict[str, bytes]:
    loaded = load(job, salt=NO_SALT)
    with pool_by(loaded.manifest.runtime) as pool:
        return run_local(loaded, pool, ahead=4, on_done=lambda *_: None).files or {}


def until(holds: Callable[[], object], seconds: float = PATIENCE) -> None:
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.5)


class Town:
    """A devnet with a court, its books, and what its chain tells."""

    def __init__(self, net: CheatingDevnet) -> None:
        self.net, self.market, self.court = net, net.market, find_court(net.market)
        terms = self.market.terms_of(self.market.terms_count())
        sink = self.court.rules().sink
        named = {DEPLOYER.address: "deployer", OTHERS[0]: "guardian", terms.treasury: "treasury"}
        named |= {self.market.address: "market", self.court.address: "court", sink: "sink"}
        named |= {terms.reward_pool: named.get(terms.reward_pool, "pool")}
        named |= {stored.address: stored.name for stored in net.keys.list()}
        self.names = named
        self.coins = Coins(self.market, self.court, named)

    def changes(self) -> dict[str, int]:
        """Base units, by name; all of them sum to nothing."""
        now = self.coins.worth()
        return {self.names[who]: now[who] - before for who, before in self.coins.before.items()}

    def told(self, *kinds: type[Event]) -> list[Any]:
        """By the court."""
        return self._events(self.court.address, kinds)

    def dealt(self, *kinds: type[Event]) -> list[Any]:
        """Told by the market."""
        return self._events(self.market.address, kinds)

    def _events(self, address: str, kinds: Collection[type[Event]]) -> list[Any]:
        cursor = EventCursor(self.market.node, address, kinds)
        batches = caught_up(cursor, CursorState.from_block(0))
        return [event for batch in batches for event in batch.events]

    def cases(self) -> dict[str, tuple[bytes, bytes]]:
        """Deal and case, by the miner's name."""
        account = self.market.miner_of
        return {
            self.names[account(event.miner_id)]: (event.request_id, event.case_id)
            for event in self.told(events.ChallengeFiled)
        }

    def verdict_took(self, case: bytes) -> int:
        """Seconds from the challenge to what the jury found at last."""
        counted = [e for e in self.told(events.VotesCounted) if e.case_id == case][-1]
        filed = self.court.case_of(case).filed_at
        return self.market.node.block(counted.at.block).time - filed  # type: ignore[union-attr]

    def run(self, job: Path, out: Path, **options: Any) -> None:
        usual = {"min_window": 60, "audit": 1.0, "hedge": False, "patience": 10.0}
        client = self.net.client()
        run = client.submit(job, "100", Options(**(usual | options)))
        deque(run.events(), 0)
        written = run.save(out)
        assert {path.name: path.read_bytes() for path in written} == expected(job)
        run.close()
        client.close()

    def await_end(self, ids: list[bytes]) -> None:
        ended = {State.SETTLED, State.OVERTURNED}
        until(lambda: {self.market.deal_of(id_).state for id_ in ids} <= ended)


@contextmanager
def town(folder: Path, cheat: str) -> Iterator[Town]:
    """Of two miners, the first of which cheats."""
    with CheatingDevnet(folder / "net", 2, {1: cheat}, sale=SALE, jurors=JURORS) as net:
        yield Town(net)


def test_a_corrupted_task_of_fifty(tmp_path: Path) -> None:
    with town(tmp_path, "corrupt") as lying:
        lying.run(write_job(tmp_path, 100, 1), tmp_path / "out")
        cases = lying.cases()
        assert cases.keys() == {"miner-1"}
        deal, case = cases["miner-1"]
        lying.await_end([deal])
        found = lying.court.case_of(case)
        assert (found.phase, found.outcome) == (CasePhase.UPHELD, CaseOutcome.WRONG)
        state = lying.market.deal_of(deal).state
        assert (found.task, state) == (LIED_ABOUT, State.OVERTURNED)
        assert lying.verdict_took(case) < LONGEST
        slashed = 50 * 2 * TOKEN // 2
        assert lying.changes()["miner-1"] == -slashed, "half of the collateral of fifty units"
        assert lying.changes()["miner-2"] > 0


def test_data_that_comes_late(tmp_path: Path) -> None:
    """Nobody else does these tasks, and each is paid once."""
    with town(tmp_path, WITHHOLDING) as hiding:
        hiding.run(write_job(tmp_path, 40, 1), tmp_path / "out")
        cases = hiding.cases()
        assert cases.keys() == {"miner-1"}
        deal, case = cases["miner-1"]
        hiding.await_end([deal])
        found = hiding.court.case_of(case)
        assert found.unavailable, "jurors could not get it at first"
        assert (found.phase, found.outcome) == (CasePhase.REJECTED, CaseOutcome.STANDS)
        (finished,) = [e for e in hiding.told(events.DealFinished) if e.request_id == deal]
        assert (finished.result, finished.slash_bps) == (CasePhase.UNDECIDED, 1_000)
        judged = hiding.market.deal_of(deal)
        value = judged.units_used * judged.price  # of a token with 18 decimals
        slashed = 20 * 2 * TOKEN // 10
        assert hiding.changes()["miner-1"] == value - value // 100 - slashed, "paid, less a tenth"
        assert [e.units for e in hiding.dealt(events.RequestConfirmed)] == [20, 20]
        settled = hiding.dealt(events.RequestSettled, events.RequestOverturned)
        assert sum(e.paid + e.fee for e in settled) == -hiding.changes()["requester"]


def test_more_units_billed_than_used(tmp_path: Path) -> None:
    with town(tmp_path, "greedy") as quarrel:
        _billed_too_much(quarrel, tmp_path)
        _challenge_what_is_right(quarrel)


def _billed_too_much(quarrel: Town, tmp_path: Path) -> None:
    quarrel.run(write_job(tmp_path, 40, 2), tmp_path / "out")
    cases = quarrel.cases()
    assert cases.keys() == {"miner-1"}
    deal, case = cases["miner-1"]
    quarrel.await_end([deal])
    assert quarrel.court.case_of(case).phase is CasePhase.UPHELD
    assert quarrel.verdict_took(case) < LONGEST
    assert quarrel.changes()["miner-1"] < 0
    assert quarrel.changes()["miner-2"] > 0


def _challenge_what_is_right(town: Town) -> None:
    """By a requester, who pays for it; a juror is killed between commitment and reveal."""
    before = town.changes()
    net, market, court = town.net, town.market, town.court
    account = net.keys.unlock("requester", net._passphrase)
    with closing(RelayClient(net.relay, market.domain)) as relay:
        alice = Requester(market, relay, HttpStore(relay), account)
        manifest = manifest_of(3)
        alice.put(manifest)
        sender, token = Sender(market.node, account, fees=FEES), Token(market.node, market.token())
        funds = 200 * TOKEN
        sender.execute(token.approve(market.address, funds))
        sender.execute(market.deposit(funds))
        miner = net.keys.find("miner-2").address
        request = alice.request(manifest, miner, max_price=TOKEN, duration=60)
        id_ = alice.lodge(request)
        until(lambda: market.deal_of(id_).state is State.SUBMITTED)
        case = _file(sender, court, request, id_)
        _play(town, sender, request, case)
    assert court.case_of(case).phase is CasePhase.REJECTED
    assert town.verdict_took(case) < LONGEST
    until(lambda: market.deal_of(id_).state is State.SETTLED)
    changes = {name: now - before[name] for name, now in town.changes().items()}
    deal, deposit = market.deal_of(id_), 25 * TOKEN + 3 * TOKEN // 2
    assert changes["miner-2"] >= deal.price * deal.units_used * 99 // 100
    pay = sum(changes[f"juror-{number}"] for number in range(1, JURORS + 1))
    assert pay == 3 * TOKEN // 2, "all of them, the killed one too"
    assert changes["requester"] <= -deposit


def _file(sender: Sender, court: Court, request: Request, id_: bytes) -> bytes:
    me = sender.address
    case = case_id(id_, me, 0)
    deposit = court.deposit_of(0, 3, request.miner)
    token = Token(court.node, court.token())
    secret = secret_commitment(case, 0, False, b"\x01" * 32)
    for call in (
        token.approve(court.address, deposit),
        court.deposit(deposit),
        court.challenge(request, 0, False, 1, leaf_commitment(me, b"\x02" * 32, case), secret),
    ):
        sender.execute(call)
    return case


def _play(town: Town, sender: Sender, request: Request, case: bytes) -> None:
    court, killed = town.court, ""
    while not (status := court.case_of(case)).phase.is_final:
        head = town.market.node.head()
        if not killed and status.committed == status.seats and _voted(status):
            killed = town.names[court.seat_of(court.seats_of(case, 0)[0]).juror]
            town.net.children[killed].kill()
        if status.phase is CasePhase.DRAWING and head.number > status.named:
            if not status.filer_acted:
                sender.execute(court.reveal_secret(case, b"\x01" * 32))
        elif status.phase is CasePhase.SHOWING:
            sender.execute(court.show_leaf(request, case, b"\x02" * 32, case))
            town.net.restart(killed)
        time.sleep(0.5)
    assert killed, "nobody was killed between commitment and reveal"


def _voted(status: CaseStatus) -> bool:
    return status.phase is CasePhase.SHOWING
