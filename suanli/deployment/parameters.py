"""What can be chosen about a deployment, and the choice for a local chain.

Prices are in 10^-18 token per unit, amounts in the token's base units, times in seconds, shares
in basis points (1/10,000).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from suanli.base.amounts import show, show_price
from suanli.base.text import percent
from suanli.deployment.channels import LOCAL_NOTICE, ChannelParameters
from suanli.deployment.court import CourtParameters
from suanli.deployment.errors import DeploymentError
from suanli.deployment.storage import LOCAL_WINDOW, StorageParameters
from suanli.protocol import MAX_PRICE, PRESETS

VOTING_SUPPLY = 10**27
"""Base units of voting tokens that there are."""
TOKEN = 10**18
"""One token per unit, as a price; one token of 18 decimals, as an amount."""
HOUR, DAY = 3_600, 86_400
LEAST_ADAPTIVE = 10**9
"""Lowest floor of a price that adapts, so that rounding hardly moves it."""
MOST_ATTESTORS, MOST_LEVEL = 8, 255
"""Of an identity registry."""
MOST_REWARDED, MOST_FEE_SHARE = 8, 5_000
"""Classes, and basis points, of a reward pool."""
EPOCHS = DAY, 30 * DAY
"""Seconds that a reward pool's may last, off local chains."""


VOTING_BOUNDS = {
    "delay": (2 * DAY, 30 * DAY),
    "voting_delay": (DAY, 30 * DAY),
    "voting_period": (3 * DAY, 30 * DAY),
    "late_quorum_extension": (DAY, 30 * DAY),
    "quorum_bps": (400, 5_000),
    "proposal_threshold": (0, VOTING_SUPPLY // 100),
}
"""Of the contracts, off local chains."""


@dataclass(frozen=True)
class PriceParameters:
    """A LinearPriceModel: `base`, and `alpha` times the preset's weights, within [floor, cap]."""

    base: int
    alpha: int
    preset: str = "excess-demand"
    floor: int = 0
    cap: int = MAX_PRICE

    def __post_init__(self) -> None:
        if self.preset not in PRESETS:
            raise DeploymentError(
                f"there is no price preset {self.preset!r}: use one of {', '.join(PRESETS)}"
            )


@dataclass(frozen=True)
class AdaptiveParameters:
    """An AdaptivePriceModel: the price begins at `start`, stays while so much of what is for sale
    is taken as `target_bps`, and doubles in `doubling` while all is, within [floor, cap]. `window`:
    most time that an update makes up for, and least for which a low utilization is remembered."""

    start: int
    target_bps: int = 8_000
    doubling: int = 7 * DAY
    window: int = 3_600
    floor: int = LEAST_ADAPTIVE
    cap: int = MAX_PRICE

    def __post_init__(self) -> None:
        self._require("target_bps", self.target_bps, 100, 9_900)
        self._require("window", self.window, 60, DAY)
        self._require("doubling", self.doubling, self.shortest, 3_650 * DAY)
        self._require("floor", self.floor, LEAST_ADAPTIVE, MAX_PRICE, show_price)
        self._require("cap", self.cap, self.floor, MAX_PRICE, show_price)
        self._require("start", self.start, self.floor, self.cap, show_price)

    @property
    def target(self) -> int:
        """In billionths."""
        return self.target_bps * 10**5

    @property
    def speed(self) -> int:
        """Growth of the price's logarithm a second at a utilization of 100 % above the target, in
        10^-18."""
        return self._in_a_second() // self.doubling

    def _in_a_second(self) -> int:
        """The speed with which the price would double in a second."""
        return int(Decimal(2).ln() * 10**18 * 10_000) // (10_000 - self.target_bps)

    @property
    def shortest(self) -> int:
        """The least `doubling`: with it an update moves the price by a factor of e at most."""
        return self._in_a_second() // (10**18 // self.window + 1) + 1

    def _require(
        self, name: str, value: int, least: int, most: int, show: Callable[[int], str] = str
    ) -> None:
        if not least <= value <= most:
            raise DeploymentError(
                f"{name} is {show(value)}: it must lie between {show(least)} and {show(most)}"
            )


@dataclass(frozen=True)
class ClassParameters:
    """A kind of thing sold. `unit` says what one unit is; `runtimes` are permitted runtime ids."""

    name: str
    unit: str
    price: PriceParameters | AdaptiveParameters
    floor: int
    stake_per_unit: int
    max_task_units: int
    max_task_memory: int = 0
    max_task_bytes: int = 0
    unit_seconds: int = 0
    """How long a unit of a leased class lasts; 0: a judged one."""
    runtimes: tuple[bytes, ...] = ()

    @property
    def leased(self) -> bool:
        return self.unit_seconds != 0

    @property
    def first_price(self) -> int:
        """Without supply and demand."""
        price = self.price
        return price.start if isinstance(price, AdaptiveParameters) else price.base


@dataclass(frozen=True)
class TermsParameters:
    """The first Terms record's numbers; docs/deploying.md gives the reasons for the defaults."""

    fee_bps: int = 100
    challenge_window: int = DAY
    verdict_by: int = 14 * DAY
    release_bps: int = 500
    default_bps: int = 3_000
    overturn_bps: int = 10_000
    compensation_cap: int = 0
    """In 10^-18 token, for a deal: less than one claim of a default among many costs in gas."""
    court_bps: int = 10_000


@dataclass(frozen=True)
class Allocation:
    """A line of the table by which voting tokens are first given away; `tokens` in base units."""

    holder: str
    tokens: int


@dataclass(frozen=True)
class GovernanceParameters:
    """How is voted, and who can at first; docs/governance.md has the reasons for the defaults."""

    allocation: tuple[Allocation, ...]
    delay: int = 2 * DAY
    """From a vote to its effect."""
    voting_delay: int = DAY
    voting_period: int = 3 * DAY
    late_quorum_extension: int = DAY
    quorum_bps: int = 400
    proposal_threshold: int = 100_000 * TOKEN
    """Votes, in base units."""

    def __post_init__(self) -> None:
        if not self.distributed:
            raise DeploymentError("nobody could vote: name holders under governance.allocation")
        if self.distributed > VOTING_SUPPLY:
            raise DeploymentError(
                f"governance.allocation gives away {show(self.distributed, 18)} voting tokens, and"
                f" there are {show(VOTING_SUPPLY, 18)}: lower its amounts"
            )

    @property
    def distributed(self) -> int:
        return sum(line.tokens for line in self.allocation)

    def require_sound(self) -> None:
        """The rules lie within the contracts' bounds, and nobody decides alone.

        Raises:
            DeploymentError: which rule does not, or who does.
        """
        for name, (least, most) in VOTING_BOUNDS.items():
            if not least <= (value := getattr(self, name)) <= most:
                raise DeploymentError(
                    f"governance.{name} is {value}: it must lie between {least} and {most}"
                )
        for holder, tokens in self.holders().items():
            if tokens * 10_000 >= self.quorum_bps * self.distributed:
                share = tokens * 10_000 // self.distributed
                raise DeploymentError(
                    f"{holder} alone would make a quorum: it gets {percent(share)} of the voting"
                    f" tokens, and {percent(self.quorum_bps)} decide. Spread governance.allocation"
                    " wider, or raise governance.quorum_bps"
                )

    def holders(self) -> dict[str, int]:
        """Base units by holder, the largest first."""
        spelt: dict[str, str] = {}
        found: dict[str, int] = {}
        for line in self.allocation:
            holder = spelt.setdefault(line.holder.lower(), line.holder)
            found[holder] = found.get(holder, 0) + line.tokens
        return dict(sorted(found.items(), key=lambda item: -item[1]))


@dataclass(frozen=True)
class IdentityParameters:
    """An identity registry: who vouches at first, and from which level somebody is verified."""

    attestors: tuple[str, ...] = ()
    least_level: int = 1

    def __post_init__(self) -> None:
        if len(self.attestors) > MOST_ATTESTORS:
            raise DeploymentError(
                f"a registry has {MOST_ATTESTORS} attestors at most, not {len(self.attestors)}"
            )
        if len({attestor.lower() for attestor in self.attestors}) < len(self.attestors):
            raise DeploymentError("an attestor stands twice in the list: leave it there once")
        if not 1 <= self.least_level <= MOST_LEVEL:
            raise DeploymentError(
                f"least_level is a whole number from 1 to {MOST_LEVEL}, not {self.least_level}"
            )


@dataclass(frozen=True)
class ClassReward:
    """A class that a pool rewards, by its name: an epoch's reward is that of so many units."""

    resource: str
    units: int


@dataclass(frozen=True)
class RewardParameters:
    """A reward pool, which is the terms' treasury: it keeps a share of the fees, and passes on the
    rest. docs/rewards.md has the reasons for the defaults."""

    classes: tuple[ClassReward, ...] = ()
    fee_share_bps: int = 2_500
    epoch_length: int = 7 * DAY

    def __post_init__(self) -> None:
        if len(self.classes) > MOST_REWARDED:
            raise DeploymentError(
                f"a pool rewards {MOST_REWARDED} classes at most, not {len(self.classes)}"
            )
        if len({line.resource for line in self.classes}) < len(self.classes):
            raise DeploymentError("a class stands twice under rewards.classes: leave it there once")
        if not all(0 < line.units < 2**64 for line in self.classes):
            raise DeploymentError("under rewards.classes, units is a whole number from 1")
        if not 0 <= self.fee_share_bps <= MOST_FEE_SHARE:
            raise DeploymentError(
                f"rewards.fee_share_bps is {self.fee_share_bps}: it must lie between 0 and"
                f" {MOST_FEE_SHARE}"
            )


@dataclass(frozen=True)
class Parameters:
    """All that distinguishes one deployment from another.

    A `token` that is None is replaced by a stand-in on a local chain; on any other it must be
    given. `court`: one of the market's own is deployed; `court_address`: another judges; neither:
    there is none, on a local chain a stand-in that does what anybody tells it. `identity`: a
    registry of the market's own is deployed; `identity_verifier`: another contract is asked;
    neither: nobody is verified.
    Without `governance`, which only a local chain may lack, the deployer stays the owner; with it
    the timelock is, and a `treasury` or `reward_pool` that is None is the timelock, too. With
    `rewards` a pool is deployed that receives the fees, and the treasury what it does not keep.
    With `channels` payment channels, with `storage` storage deals are deployed, whose fees are the
    treasury's.
    """

    chain_id: int
    classes: tuple[ClassParameters, ...]
    terms: TermsParameters = TermsParameters()
    treasury: str | None = None
    reward_pool: str | None = None
    governance: GovernanceParameters | None = None
    guardian: str | None = None
    token: str | None = None
    court: CourtParameters | None = None
    court_address: str | None = None
    identity_verifier: str | None = None
    identity: IdentityParameters | None = None
    rewards: RewardParameters | None = None
    channels: ChannelParameters | None = None
    storage: StorageParameters | None = None
    unbonding_delay: int = 7 * DAY
    funded: tuple[str, ...] = ()
    """Accounts given `LOCAL_FUNDS` of the local token each."""

    def __post_init__(self) -> None:
        if self.governance is None and None in (self.treasury, self.reward_pool):
            raise DeploymentError(
                "without governance nobody receives fees and slashes: name treasury and reward_pool"
            )
        if self.identity is not None and self.identity_verifier is not None:
            raise DeploymentError(
                "the terms name one identity verifier: either identity_verifier, or a registry that"
                " is deployed by [identity]"
            )

        if self.court is not None:
            self._require_judged(self.court)
        if self.rewards is not None:
            self._require_rewardable(self.rewards)
        if self.channels is not None and not self.local:
            self.channels.require_live()
        if self.storage is not None and not self.local:
            self.storage.require_live()

    def _require_judged(self, court: CourtParameters) -> None:
        """The terms leave the court the time that it needs."""
        if self.court_address is not None:
            raise DeploymentError(
                "the terms name one court: either court_address, or one that is deployed by [court]"
            )
        if not self.local:
            court.require_live()
        for name, least in (
            ("challenge_window", court.least_window),
            ("verdict_by", court.least_verdict),
        ):
            if (value := getattr(self.terms, name)) < least:
                raise DeploymentError(
                    f"terms.{name} is {value}, and the court needs {least}: raise it, or shorten"
                    " the court's phases"
                )

    def _require_rewardable(self, rewards: RewardParameters) -> None:
        names = [resource.name for resource in self.classes]
        for line in rewards.classes:
            if line.resource not in names:
                raise DeploymentError(
                    f"rewards.classes names {line.resource!r}, and there is no such class: use one"
                    f" of {', '.join(names)}"
                )
        least, most = EPOCHS[0] if not self.local else 64, min(EPOCHS[1], self.unbonding_delay)
        if not least <= rewards.epoch_length <= most:
            raise DeploymentError(
                f"rewards.epoch_length is {rewards.epoch_length}: it must lie between {least} and"
                f" {most}, the unbonding delay at most, so that no stake backs two miners in one"
            )

    @property
    def local(self) -> bool:
        return self.token is None


QUICK_TERMS = TermsParameters(challenge_window=60, verdict_by=1_800)
"""What goes with `QUICK_COURT`."""
LOCAL_FUNDS = 100_000 * TOKEN
LOCAL_VOTES = 100_000_000 * TOKEN


def local_parameters(
    chain_id: int,
    accounts: Sequence[str],
    runtimes: tuple[bytes, ...] = (),
    governance: GovernanceParameters | None = None,
    court: CourtParameters | None = None,
    terms: TermsParameters | None = None,
) -> Parameters:
    """A whole market for one machine: the last three accounts are guardian, treasury and pool, the
    first attests identities. Without `court` a stand-in judges as anybody tells it."""
    *funded, guardian, treasury, reward_pool = accounts
    return Parameters(
        chain_id=chain_id,
        guardian=guardian,
        treasury=treasury,
        reward_pool=reward_pool,
        classes=local_classes(runtimes),
        governance=governance,
        identity=IdentityParameters(attestors=(funded[0],)),
        court=court,
        channels=ChannelParameters(notice=LOCAL_NOTICE),
        storage=StorageParameters(window=LOCAL_WINDOW),
        terms=terms or TermsParameters(),
        funded=tuple(funded),
    )


def local_governance(holders: Sequence[str]) -> GovernanceParameters:
    """Each has as many votes as any other."""
    return GovernanceParameters(tuple(Allocation(holder, LOCAL_VOTES) for holder in holders))


def local_classes(runtimes: tuple[bytes, ...] = ()) -> tuple[ClassParameters, ...]:
    """Prices made to be read by people, not to be fair: about a token per unit."""
    milli = TOKEN // 1_000
    price = PriceParameters(base=TOKEN, alpha=milli // 2, floor=TOKEN // 100, cap=100 * TOKEN)
    cpu = ClassParameters(
        name="cpu-wasm",
        unit="1,000,000 units of engine fuel",
        price=price,
        floor=TOKEN // 100,
        stake_per_unit=2 * TOKEN,
        max_task_units=100_000,
        max_task_memory=1 << 30,
        max_task_bytes=256 << 20,
        runtimes=runtimes,
    )
    large = ClassParameters(
        name="cpu-wasm-large",
        unit="1,000,000 units of engine fuel, tasks of up to 4 GiB",
        price=PriceParameters(base=2 * TOKEN, alpha=milli, floor=TOKEN // 50, cap=200 * TOKEN),
        floor=TOKEN // 50,
        stake_per_unit=4 * TOKEN,
        max_task_units=1_000_000,
        max_task_memory=4 << 30,
        max_task_bytes=1 << 30,
        runtimes=runtimes,
    )
    gpu = ClassParameters(
        name="gpu-hour",
        unit="one hour of one GPU",
        price=PriceParameters(base=5 * TOKEN, alpha=10 * milli, floor=TOKEN, cap=500 * TOKEN),
        floor=TOKEN,
        stake_per_unit=TOKEN,
        max_task_units=1,
        unit_seconds=HOUR,
    )
    core = ClassParameters(
        name="cpu-hour",
        unit="one hour of one core with 2 GiB of memory",
        price=PriceParameters(base=TOKEN, alpha=milli, floor=TOKEN // 100, cap=100 * TOKEN),
        floor=TOKEN // 100,
        stake_per_unit=TOKEN,
        max_task_units=1,
        unit_seconds=HOUR,
    )
    space = ClassParameters(
        name="gb-day",
        unit="1,000,000,000 bytes kept for a day",
        price=PriceParameters(base=TOKEN // 10, alpha=milli // 10, floor=milli, cap=10 * TOKEN),
        floor=milli,
        stake_per_unit=TOKEN // 10,
        max_task_units=1,
        unit_seconds=DAY,
    )
    return cpu, large, gpu, core, space
