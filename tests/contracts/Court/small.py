"""A small court on the model alone: one deal with a result, its parties, three jurors."""

from __future__ import annotations

import pickle
from dataclasses import dataclass, field, replace
from typing import Any

from suanli.model import Market
from suanli.model.court import Court, CourtRules
from suanli.protocol import Domain, Kind, LinearPrice, Refused, Request, ResourceClass, Terms
from tests.contracts.Court import plays
from tests.harness.evm import account

OWNER, TREASURY, POOL, MODEL = (f"0x{number:040x}" for number in range(0xA1, 0xA5))
MARKET, TOKEN, COURT = (f"0x{number:040x}" for number in range(0xB1, 0xB4))
NAMES = (
    "miner",
    "requester",
    "filer",
    "friend",
    "anybody",
    "sink",
    "juror 1",
    "juror 2",
    "juror 3",
)
MINER, REQUESTER, FIRST, SECOND, ANYBODY, SINK, *JURORS = (
    str(account(f"small court's {name}")) for name in NAMES
)
PHASE = 60
UNIT = 10**6
TASKS = 2
PRICE = 10**18
EVERYBODY = (TREASURY, POOL, SINK, MINER, REQUESTER, FIRST, SECOND, ANYBODY, *JURORS)

RULES = CourtRules(
    inclusion=1,
    step=PHASE,
    vote=PHASE,
    cure=PHASE,
    queue=PHASE,
    filing=PHASE,
    join_delay=3 * PHASE,
    leave_delay=3 * PHASE,
    jury=1,
    large_jury=1,
    appeal_jury=1,
    cases_per_seat=2,
    cover_bps=1,
    penalty_bps=100,
    least_slash_bps=5_000,
    cure_slash_bps=1_000,
    slash_factor=2,
    delay_rate=0,
    seat_stake=100 * UNIT,
    seat_fee=UNIT // 2,
    bond=25 * UNIT,
    reward_cap=2 * UNIT,
    sink=SINK,
)


@dataclass
class Town:
    market: Market
    court: Court
    request: Request
    wrong: tuple[int, ...]
    cases: list[bytes] = field(default_factory=list)
    """In the order of their filing."""
    said: dict[tuple[bytes, int, int, int], str] = field(default_factory=dict)
    """By each juror: case, round, ballot, place in the jury."""
    given: int = 0
    """To all together, in base units."""

    def copy(self) -> bytes:
        return pickle.dumps(self, pickle.HIGHEST_PROTOCOL)

    def net(self, account: str) -> int:
        """All that an account has anywhere, a miner's stake and earnings included."""
        market, court = self.market, self.court
        total = market.wallets[account]
        for books in (market.accounts[account], court.accounts[account]):
            total += books.available + books.locked
        if miner := market.miners.get(account):
            total += miner.stake + miner.earnings
        return total

    def act(self, name: str, sender: str, *args: Any) -> Refused | None:
        self.court.block += 2  # so that a named block is past
        book: Any = self.court if hasattr(self.court, name) and name != "settle" else self.market
        try:
            result = getattr(book, name)(sender, *args)
        except Refused as refused:
            return refused
        if name == "challenge":
            self.cases.append(result)
        return None

    def wait(self, until: int) -> None:
        self.market.time = self.court.time = until


@dataclass
class Fixed:
    """The hash of any block."""

    value: bytes = bytes(32)

    def __call__(self, _number: int) -> bytes:
        assert self.value != bytes(32), "whoever draws says which hash"
        return self.value


def town(jury: int = 1, wrong: tuple[int, ...] = (), jurors: int = 3, **changes: int) -> Town:
    """`wrong`: tasks of which the miner claims another leaf than the right one."""
    rules = replace(RULES, jury=jury, large_jury=jury, appeal_jury=jury, **changes)
    market = Market(
        domain=Domain(1, MARKET),
        token=TOKEN,
        decimals=6,
        time=10**9,
        owner=OWNER,
        unbonding_delay=0,
    )
    alpha = PRICE // 1_000
    market.price_models[MODEL] = LinearPrice(PRICE, (0, -alpha, alpha), 0, 10 * PRICE)
    sold = ResourceClass(MODEL, Kind.JUDGED, False, 1, 2 * PRICE, 1_000, 0, 0, 0)
    market.add_resource_class(OWNER, sold, "unit", [bytes(32)])
    market.add_terms(
        OWNER,
        Terms(TREASURY, 100, PHASE, False, COURT, 100 * PHASE, 0, 3_000, 10_000, POOL, 0, 10_000),
    )
    court = Court(market, COURT, rules, Fixed())
    given = 0
    for person in (MINER, REQUESTER, FIRST, SECOND, *JURORS):
        market.wallets[person] = 2_000 * UNIT
        given += 2_000 * UNIT
        court.deposit(person, 1_000 * UNIT)
    for juror in JURORS[:jurors]:
        court.join(juror)
    market.time = court.time = market.time + rules.join_delay
    market.register_miner(MINER, MINER)
    market.deposit(MINER, 200 * UNIT)
    market.add_stake(MINER, MINER, 200 * UNIT)
    market.register_resource(MINER, 1, 100)
    market.publish_offer(MINER, 1, 100, 1, market.time + 10**6, False)
    request = Request(
        requester=REQUESTER,
        miner=1,
        resource=1,
        runtime=0,
        units=TASKS * plays.UNITS,
        max_price=PRICE,
        confirm_by=market.time,
        duration=60,
        tasks=TASKS,
        job=b"\1" * 32,
        terms=1,
    )
    market.deposit(REQUESTER, 100 * UNIT)
    market.post_request(REQUESTER, request)
    market.confirm_request(MINER, request)
    tree = plays.tree(TASKS, wrong)
    market.submit_result(MINER, request, tree.root, tree.total)
    return Town(market, court, request, wrong, given=given)
