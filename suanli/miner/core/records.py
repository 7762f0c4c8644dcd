"""What the daemon's core knows. Times are the chain's, in seconds; amounts in base units."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Set
from dataclasses import dataclass, field, replace
from math import ceil
from typing import Any

from suanli.miner.core.accusations import Accusation, Purse
from suanli.miner.core.asking import Ask
from suanli.miner.core.policy import Policy
from suanli.miner.core.reasons import Reason
from suanli.miner.core.stages import LIVE, Stage
from suanli.protocol import Leaf, Offer, Request, ResourceClass, State, Terms
from suanli.schedule import Pace


@dataclass(frozen=True)
class Rest:
    """Deals lost in a row by this machine's fault, and until when no new one is taken."""

    faults: int = 0
    until: int = 0


@dataclass(frozen=True)
class Sale:
    """What is sold of a class: `capacity` in units owed at once, if the stake covers them; `ask` in
    10^-18 token per unit, or a share of the market's price. `verified_only`: to identity-verified
    requesters."""

    resource: int
    capacity: int
    ask: Ask
    verified_only: bool = False
    follows: bool = False
    """The capacity is what a cluster's machines do in an hour; 0 until some were there."""


@dataclass(frozen=True)
class Settings:
    """What the miner sells and how: `speed` in units per second of one worker, `margin` a factor on
    expected times, `decimals` of the token, `least`: what a deal must be able to pay, `max_fee` of
    results in wei per gas, `together`: for how long what is to be sent may wait for more to go with
    it; `runtimes`: ids of those that tasks are run by, and `leaving` those of them that take no new
    deals; the rest in seconds or base units."""

    miner: str
    miner_id: int
    sales: tuple[Sale, ...]
    runtimes: tuple[bytes, ...]
    workers: int
    speed: float
    margin: float = 1.5
    reserve: int = 15
    patience: int = 60
    offer_seconds: int = 86_400
    court: bool = False
    collect_at: int = 0
    decimals: int = 18
    least: int = 0
    max_fee: int = 0
    update_fee: int = 0
    """Most wei per gas for which prices that adapt are updated; 0: never."""
    reward_fee: int = 0
    """Most wei per gas for which a reward pool is made to do its steps; 0: never."""
    appeal_bond: int = 0
    """Most base units that deposits of this miner's appeals may hold at once."""
    together: int = 5
    policy: Policy = field(default_factory=Policy)
    cluster: bool = False
    """Whether workers come and go."""
    leaving: frozenset[bytes] = frozenset()

    def sale(self, resource: int) -> Sale | None:
        """None: the class is not sold here."""
        return next((sale for sale in self.sales if sale.resource == resource), None)

    @property
    def sold_runtimes(self) -> tuple[bytes, ...]:
        """Those that new deals may name, as many as are announced."""
        sold = [id_ for id_ in self.runtimes if id_ not in self.leaving]
        return tuple(sold[:MOST_ANNOUNCED])

    @property
    def pace(self) -> Pace:
        """As it is announced: the margin in whole percent, rounded up."""
        return Pace(self.workers, self.speed, ceil(round(self.margin * 100, 6)), self.reserve)


def by_machines(settings: Settings, workers: int, speed: float, capacity: int) -> Settings:
    """As a cluster's machines are. `capacity`: units that they do in an hour, 0: not known."""
    sales = tuple(
        replace(sale, capacity=capacity) if sale.follows and capacity else sale
        for sale in settings.sales
    )
    return replace(
        settings, cluster=True, workers=workers, speed=speed or settings.speed, sales=sales
    )


@dataclass(frozen=True)
class Work:
    """A checked manifest: how many tasks, the most units of each, and the most bytes that each may
    leave on the disk."""

    tasks: int
    task_units: int
    most_bytes: int = 0


@dataclass(frozen=True)
class OnChain:
    """A deal as the market stores it; `time`: the deadline, or when it was submitted."""

    state: State
    mine: bool = False
    price: int = 0
    time: int = 0
    frozen: bool = False


@dataclass(frozen=True)
class Commitment:
    """To a result: root of the tree over the leaves, their units, digest of their encoding."""

    root: bytes
    units_used: int
    leaves: bytes


@dataclass
class MinerDeal:
    """A request that may become, or is, or was a deal. `lodged`: the relay knows it.

    `listed`: all outputs and the leaves are in the store. `answered`: the result is where
    requesters look for it. `waiting_since`: when the wait for the acceptance began.
    """

    id: bytes
    request: Request
    signature: bytes
    lodged: bool
    seen: int
    stage: Stage = Stage.SEEN
    reason: Reason | None = None
    wait_until: int = 0
    fetched: bool = False
    """Some of its data may be here."""
    work: Work | None = None
    chain: OnChain | None = None
    leaves: dict[int, Leaf] = field(default_factory=dict)
    stored: set[int] = field(default_factory=set)
    listed: bool = False
    result: Commitment | None = None
    waiting_since: int = 0
    answered: bool = False
    acceptance: bytes = b""
    distrusted: bytes = b""
    """An acceptance that the market refused."""
    failures: int = 0
    reverts: int = 0
    """Confirmations that were mined, and failed."""
    bound: bool = False
    """A confirmation was asked for: one may be mined at any time."""
    taken: int = 0
    """Since when the chain says that another miner has it, or that it is cancelled."""
    ended: int = 0
    rejected: bool = False
    """Its requester was told that it is not taken, whatever comes."""
    since: int = 0
    """Block at which it was seen confirmed; 0: it was not."""
    cases: dict[bytes, Accusation] = field(default_factory=dict)
    """Challenges of its result, by id."""
    served: int = 0
    """When all its data was last seen in the requesters' store."""
    lost: set[int] = field(default_factory=set)
    """Tasks whose outputs are neither there nor here: they are run again."""

    @property
    def deadline(self) -> int:
        """Of the result; 0 while nothing is confirmed."""
        confirmed = self.chain is not None and self.chain.state is State.CONFIRMED
        return self.chain.time if confirmed and self.chain else 0

    @property
    def units_left(self) -> int:
        """Most units that the workers still owe."""
        if self.work is None:
            return self.request.units
        return (self.work.tasks - len(self.leaves)) * self.work.task_units


@dataclass(frozen=True)
class AdaptiveView:
    """A price that adapts: its contract, its window in seconds, what the last update left (price,
    time, lowest utilizations in billionths), and the utilization now, None if nothing is sold."""

    model: str
    window: int
    price: int
    updated_at: int
    lowest: int
    lowest_before: int
    utilization: int | None


@dataclass(frozen=True)
class ClassView:
    """A class that is sold, at one block: the market's price, this miner's offer. `covered`: units
    that the stake is enough for, and the account's tokens if none are registered. `runtimes`: ids
    of those that this miner runs, by their places in the class's list; `suspended`: the places of
    those that new deals can't name. `adaptive`: if the price
    adapts, and is to be updated here."""

    price: int
    offer: Offer
    resource: ResourceClass
    covered: int = 0
    runtimes: Mapping[int, bytes] = field(default_factory=dict)
    adaptive: AdaptiveView | None = None
    suspended: Set[int] = frozenset()

    @property
    def deals(self) -> bool:
        """Whether new deals can be made by a runtime of this miner's."""
        return not self.resource.retired and bool(self.runtimes.keys() - self.suspended)


@dataclass(frozen=True)
class RewardedClass:
    """A class that is rewarded, and sold here, in units: what counts, what the pool would see now,
    and since when (seconds) the next reading makes it count."""

    counted: int
    sells: int
    since: int


@dataclass(frozen=True)
class PastEpoch:
    """One that is over, in which this miner's deals paid fees: when it ended, and the block that
    decides it (0: none yet). `drawn`: this miner has something to claim that is worth it."""

    number: int
    ended: int
    seed_block: int
    drawn: bool = False


@dataclass(frozen=True)
class RewardView:
    """The market's reward pool: its epoch, and when that ends; `settling`: seconds between two
    readings that make capacity count; `fees`: that it has in the market; `past`: the oldest epoch
    of which something is left to do here."""

    pool: str
    epoch: int
    ends: int
    settling: int
    classes: tuple[RewardedClass, ...]
    fees: int = 0
    past: PastEpoch | None = None


@dataclass(frozen=True)
class MarketView:
    """The market at one block, as far as it matters here; `classes` sold, by number. `verifiers`:
    those of terms that call this miner verified; `known_by`: by requester, those that call it
    verified, asked if something is sold to such only. `gas`: wei that this miner has; `base_fee`:
    wei per gas; `funds`: by requester, what it has available, as far as it was asked for.
    `evm_block`: the block's number as contracts see it, which may be the parent chain's."""

    block: int
    evm_block: int
    paused: bool
    classes: Mapping[int, ClassView]
    terms: Mapping[int, Terms]
    verifiers: Set[str] = frozenset()
    earnings: int = 0
    stake: int = 0
    terms_count: int = 1
    gas: int | None = None
    base_fee: int = 0
    funds: Mapping[str, int] = field(default_factory=dict)
    known_by: Mapping[str, Set[str]] = field(default_factory=dict)
    rewards: RewardView | None = None


@dataclass(frozen=True)
class Passed:
    """A request that was not taken, or is done. `rejected`: its requester was told that it never
    will be."""

    request: Request
    reason: Reason
    at: int
    rejected: bool = False


MOST_ANNOUNCED = 16
"""Runtimes, as many as a relay takes."""
MOST_PASSED = 10_000
MOST_SEEN = 5_000


@dataclass
class CoreState:
    """All of it but `busy`, `handed`, `tried`, `rests`, `judged`, `begun`, `asked`, `room`,
    `stored`, `twin`, `twin_deal` and `purses` survives a restart.

    `busy`: by kind, what was asked for and not answered yet. `handed`: by deal, the first task
    that may have to be handed out. `tried`: when a transaction was asked for. `rests`: until when
    no task of a deal is handed out. `begun`: when the daemon started. `asked`: deals for which the
    relay has since answered whether there is an acceptance. `room`: bytes that still find room on
    the disk, None while that is not known; `stored`: bytes of all data of deals. `twin`: when
    another daemon was last seen to work with this account, by its confirmation of `twin_deal`.
    `purses`: by court, what this miner has for it.
    """

    settings: Settings
    deals: dict[bytes, MinerDeal] = field(default_factory=dict)
    passed: OrderedDict[bytes, Passed] = field(default_factory=OrderedDict)
    view: MarketView | None = None
    draining: bool = False
    rest: Rest = field(default_factory=Rest)
    busy: dict[str, set[tuple[Any, ...]]] = field(default_factory=dict)
    handed: dict[bytes, int] = field(default_factory=dict)
    tried: dict[tuple[Any, ...], int] = field(default_factory=dict)
    rests: dict[bytes, int] = field(default_factory=dict)
    judged: int = 0
    begun: int = 0
    asked: set[bytes] = field(default_factory=set)
    room: int | None = None
    stored: int = 0
    twin: int = 0
    twin_deal: bytes = b""
    purses: Mapping[str, Purse] = field(default_factory=dict)
    moves: int = field(default=0, compare=False)
    """How often a deal changed its stage, came or went."""
    _live: tuple[int, list[MinerDeal]] = field(default=(-1, []), compare=False, repr=False)

    def live(self) -> list[MinerDeal]:
        """Not to be changed: it is kept until a deal moves, as thousands may be waiting."""
        if self._live[0] != self.moves:
            self._live = self.moves, [d for d in self.deals.values() if d.stage in LIVE]
        return self._live[1]
