"""What the core knows of a job. Times on the shell's clock unless told otherwise; base units."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from suanli.base import amounts
from suanli.base.errors import SuanliError
from suanli.client.options import Options
from suanli.client.plan import Candidate
from suanli.client.records import NOT_FILED, DealRecord, DealStage, Filing, Kept, waiting
from suanli.client.run.core.observations import At, DealRead
from suanli.engine import Limits
from suanli.protocol import Scale


@dataclass(frozen=True)
class Setting:
    """What stays as it is for a job. `secret` decides which tasks are run again. `is_wallet`: the
    requester is a contract account; `can_post`: requests may go over the chain, since miners reach
    the data; `digest_of`: of the manifest over some of the job's tasks."""

    job: str
    tasks: int
    limits: Limits
    scale: Scale
    symbol: str
    secret: bytes
    requester: str
    is_wallet: bool
    has_relay: bool
    can_post: bool
    digest_of: Callable[[tuple[int, ...]], bytes]

    def show(self, amount: int) -> str:
        """Base units as tokens."""
        return f"{amounts.show(amount, self.scale.decimals)} {self.symbol}"


@dataclass
class Heard:
    """Of a confirmed deal's miner. `asked`: when; `silent`: for so many seconds nothing new came
    though it was asked for; `elapsed`: since the confirmation, by the chain's clock."""

    asked: float
    silent: float = 0.0
    elapsed: int = 0
    told: float = 0.0
    issued: int = 0
    done: int = 0


@dataclass
class CaseMemory:
    """`told`: which phase of a case was told last; `unworthy`: it was told why the deal is not
    challenged; `sure`: whether the task, run again, left the same once more; `tried`: when
    something was tried last that may be too early, or refused; `looked`: since this process began
    it was looked whether what is withheld came, and (`away`) nobody could be asked;
    `told_awaited`: it was told that it is waited for; `over_since`: cases of it were over."""

    told: tuple[int, ...] = ()
    unworthy: str = ""
    sure: bool | None = None
    tried: float = -1e9
    looked: bool = False
    away: bool = False
    told_awaited: bool = False
    over_since: float | None = None


@dataclass
class Memory:
    """Of one deal, what a restart may forget. `chain`: as read last. `late_block`: in which its
    request was first seen to be late; `late_since`: when its result was; `missed_since`: something
    of its result can't be fetched; `judged_at`: when one that was refused was looked at last;
    `reran`: root of a claim, and which of its tasks left the same when they were run again;
    `answered`: everybody who may know of a claim did when asked last; `told_relay`: when the relay
    was given its acceptance; `put_off_since`: its miner says that it can't take it yet;
    `seen_again`: its end was looked at since the process began."""

    chain: DealRead | None = None
    heard: Heard | None = None
    late_block: int | None = None
    late_since: float | None = None
    missed_since: float | None = None
    told_missed: bool = False
    judged_at: float | None = None
    reran: tuple[bytes, frozenset[int]] = (b"", frozenset())
    answered: bool = False
    told_relay: float | None = None
    put_off_since: float | None = None
    told_undoubled: bool = False
    seen_again: bool = False
    asked_wallet: set[str] = field(default_factory=set)
    case: CaseMemory = field(default_factory=CaseMemory)


@dataclass
class Round:
    """`agenda`: what is to be done yet, each with the name under which it may fail; `name`: of what
    is being done. `funded`: what requests lock is there; `moved`: something was sent that the chain
    will tell of; `troubled`: something failed that may pass."""

    head: At
    seen: At
    agenda: deque[tuple[str, Callable[[], None]]] = field(default_factory=deque)
    name: str = ""
    funded: bool = True
    moved: bool = False
    troubled: bool = False
    failed: dict[str, SuanliError | OSError] = field(default_factory=dict)


@dataclass
class RunState:
    """`records`, `results`, `filings`, `budget`, `options`, `closing` and `doubling` are in the
    ledger, the rest may be forgotten. `filings` by deal and number.

    `doubling`: what doubling may take, as it was told. `begun_at`: how many deals there were when
    this process took the job; `stuck`: what failed, took long, and would again. `offers`: as read
    last, with our own load. `terms`: under which was signed last. `said`, `saying`: troubles told
    in the last round and in this one.
    """

    setting: Setting
    budget: int
    options: Options
    closing: bool = False
    doubling: int | None = None
    records: dict[int, DealRecord] = field(default_factory=dict)
    results: dict[int, Kept] = field(default_factory=dict)
    filings: dict[tuple[int, int], Filing] = field(default_factory=dict)
    memory: defaultdict[int, Memory] = field(default_factory=lambda: defaultdict(Memory))
    round: Round = field(default_factory=lambda: Round(At(0, 0), At(0, 0)))
    begun_at: int = 0
    stuck: dict[str, SuanliError | OSError] = field(default_factory=dict)
    offers: Sequence[Candidate] = ()
    scores: Mapping[str, float] = field(default_factory=dict)
    first_uses: Mapping[str, float] = field(default_factory=dict)
    """Seconds that miners compile the program before they begin, by address, of the last plan."""
    terms: int = 0
    idle_since: float | None = None
    failing_since: float | None = None
    settling_since: float | None = None
    double_at: float = 0.0
    said: set[str] = field(default_factory=set)
    saying: set[str] = field(default_factory=set)

    def live(self) -> list[DealRecord]:
        """Deals that are not over."""
        return [r for r in self.records.values() if r.stage is not DealStage.ENDED]

    def waiting(self) -> list[int]:
        """Tasks without a result that no miner has."""
        return waiting(self.setting.tasks, self.records.values(), self.results)

    def filings_of(self, deal: int) -> list[Filing]:
        """Challenges of a deal's result that a court has, or may have."""
        mine = [filing for (number, _), filing in self.filings.items() if number == deal]
        return [filing for filing in mine if filing.end != NOT_FILED]

    def open_filings(self) -> list[Filing]:
        return [filing for filing in self.filings.values() if filing.open]

    def bond_left(self, least: int) -> int:
        """Base units that bonds may take yet; `least`: as many are theirs unless it was chosen."""
        wanted, scale = self.options.bond, self.setting.scale
        bond = max(self.budget, least) if wanted is None else scale.value_down(1, wanted)
        return bond - sum(filing.reserved for filing in self.filings.values())

    @property
    def reserved(self) -> int:
        """Base units of the budget that are locked or spent."""
        return sum(record.reserved for record in self.records.values())

    @property
    def left(self) -> int:
        """Base units of the budget that are not; below 0 if a reorganization undid ends."""
        return self.budget - self.reserved

    @property
    def done(self) -> bool:
        """Whether every task has an accepted result."""
        return len(self.results) == self.setting.tasks


def name_of(record: DealRecord) -> str:
    """Under which what is done about a deal may fail."""
    return f"deal {record.number}"


def case_name(filing: Filing) -> str:
    """Under which what is done about a case may fail."""
    return f"case of deal {filing.deal}"
