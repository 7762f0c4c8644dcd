"""What can be chosen about a deployment, and the choice for a local chain.

Prices are in 10^-18 token per unit, amounts in the token's base units, times in seconds, shares
in basis points (1/10,000).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from suanli.deployment.errors import DeploymentError
from suanli.protocol import MAX_PRICE, PRESETS

TOKEN = 10**18
"""One token per unit, as a price; one token of 18 decimals, as an amount."""
DAY = 86_400


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
class ClassParameters:
    """A kind of thing sold. `unit` says what one unit is; `runtimes` are permitted runtime ids."""

    name: str
    unit: str
    price: PriceParameters
    floor: int
    stake_per_unit: int
    max_task_units: int
    max_task_memory: int = 0
    max_task_bytes: int = 0
    leased: bool = False
    runtimes: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class TermsParameters:
    """The first Terms record's numbers; docs/deploying.md gives the reasons for the defaults."""

    fee_bps: int = 100
    challenge_window: int = DAY
    verdict_by: int = 7 * DAY
    release_bps: int = 500
    default_bps: int = 3_000
    overturn_bps: int = 10_000
    compensation_cap: int = 0
    """In 10^-18 token, for a deal: less than one claim of a default among many costs in gas."""
    court_bps: int = 2_000


@dataclass(frozen=True)
class Parameters:
    """All that distinguishes one deployment from another.

    A `token`, `court` or `identity_verifier` that is None is replaced by a stand-in on a local
    chain. On any other the token must be given; a missing court or verifier means there is none.
    """

    chain_id: int
    treasury: str
    reward_pool: str
    classes: tuple[ClassParameters, ...]
    terms: TermsParameters = TermsParameters()
    owner: str | None = None
    guardian: str | None = None
    token: str | None = None
    court: str | None = None
    identity_verifier: str | None = None
    unbonding_delay: int = 7 * DAY
    funded: tuple[str, ...] = ()
    """Accounts given `LOCAL_FUNDS` of the local token each."""

    @property
    def local(self) -> bool:
        return self.token is None


LOCAL_FUNDS = 100_000 * TOKEN


def local_parameters(
    chain_id: int, accounts: Sequence[str], runtimes: tuple[bytes, ...] = ()
) -> Parameters:
    """A whole market for one machine: the last three accounts are guardian, treasury and pool."""
    *funded, guardian, treasury, reward_pool = accounts
    return Parameters(
        chain_id=chain_id,
        guardian=guardian,
        treasury=treasury,
        reward_pool=reward_pool,
        classes=local_classes(runtimes),
        funded=tuple(funded),
    )


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
        leased=True,
    )
    return cpu, large, gpu
