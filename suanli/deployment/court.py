"""What can be chosen about a court, and the choice for local chains; docs/deploying.md has the
reasons for the defaults.

Times in seconds, amounts in 10^-18 token, shares in basis points.
"""

from __future__ import annotations

from dataclasses import dataclass

from suanli.base.amounts import show_price
from suanli.base.text import percent, span
from suanli.deployment.errors import DeploymentError
from suanli.protocol import BPS, Scale

HOUR, DAY = 3_600, 86_400
LEAST_INCLUSION = HOUR
"""Off local chains."""
MOST_SEATS = 31
"""Of a jury."""
STAKE, BOND, REWARD = 200, 50, 3
"""So many fees of a juror, unless they are named."""


@dataclass(frozen=True)
class CourtParameters:
    """A court of the market's own. `seat_fee`, what a juror gets for a case, is the one amount that
    depends on the chain: gas, and running a task of the largest usual kind. Amounts that are None
    follow from it."""

    seat_fee: int
    seat_stake: int | None = None
    bond: int | None = None
    reward_cap: int | None = None
    decimals: int = 18
    """Of the token."""
    inclusion: int = HOUR
    """The longest that the chain may keep a transaction out."""
    step: int = 3 * HOUR
    """For each step of the parties, for jurors to reveal, and to appeal."""
    vote: int = 2 * HOUR
    cure: int = 2 * HOUR
    queue: int = 18 * HOUR
    """The longest wait for free seats."""
    filing: int = DAY
    """The shortest challenge window, and how long filing is open again after data came."""
    join_delay: int = DAY
    leave_delay: int = 7 * DAY
    jury: int = 3
    large_jury: int = 9
    appeal_jury: int = 27
    cases_per_seat: int = 2
    cover_bps: int = 15_000
    penalty_bps: int = 100
    least_slash_bps: int = 5_000
    cure_slash_bps: int = 1_000
    slash_factor: int = 5
    delay_rate: int = 23_148_148_148
    """Of a deal's value for each second that a wrong challenge held it, in 10^-18."""

    def __post_init__(self) -> None:
        self._require("decimals", 6 <= self.decimals <= 24, "are those of the token, 6 to 24")
        least = Scale(self.decimals).value_down(1, self.seat_fee)
        self._require("seat_fee", least > 0, "is an amount of tokens, one base unit at least")
        self._require_times()
        self._require_juries()
        fee, juries = self.seat_fee, 2 * self.large_jury + self.appeal_jury
        self._require(
            "bond",
            self.bond_amount >= juries * fee,
            f"must pay two large juries and that of an appeal, {show_price(juries * fee)} tokens",
        )
        lost = self.penalty_bps * self.cases_per_seat
        self._require(
            "penalty_bps", lost <= BPS, "times cases_per_seat can't be more than a seat's stake"
        )
        for name in ("least_slash_bps", "cure_slash_bps"):
            share = getattr(self, name)
            self._require(name, 0 <= share <= BPS, f"lies between 0 and {percent(BPS)}")

    def _require_times(self) -> None:
        for name in ("step", "vote", "cure", "queue", "filing"):
            least = f"is at least inclusion, {span(self.inclusion)}"
            self._require(name, getattr(self, name) >= self.inclusion > 0, least)
        least_join = self.queue + 2 * self.step
        self._require(
            "join_delay",
            self.join_delay >= least_join,
            f"is at least queue and two steps, {span(least_join)}: nobody may join in time for a"
            " draw that it sees coming",
        )
        self._require(
            "leave_delay",
            self.leave_delay >= 3 * self.step,
            f"is at least three steps, {span(3 * self.step)}",
        )

    def _require_juries(self) -> None:
        juries = (self.jury, self.large_jury, self.appeal_jury)
        self._require(
            "jury",
            all(seats % 2 for seats in juries),
            "is odd, as large_jury and appeal_jury are: else there are ties",
        )
        self._require(
            "jury",
            0 < self.jury < self.large_jury < self.appeal_jury <= MOST_SEATS,
            f"is smaller than large_jury, that than appeal_jury, and that is {MOST_SEATS} at most",
        )

    def _require(self, name: str, holds: bool, rule: str) -> None:
        if not holds:
            raise DeploymentError(f"court.{name} {rule}")

    def require_live(self) -> None:
        """Raise DeploymentError: phases so short are for local chains."""
        least = f"is at least {span(LEAST_INCLUSION)} off local chains"
        self._require("inclusion", self.inclusion >= LEAST_INCLUSION, least)
        case = 5 * self.step + self.vote
        least = f"is at least five steps and the votes, {span(case)}, off local chains"
        self._require("queue", self.queue >= case, least)

    @property
    def bond_amount(self) -> int:
        return BOND * self.seat_fee if self.bond is None else self.bond

    @property
    def stake_amount(self) -> int:
        return STAKE * self.seat_fee if self.seat_stake is None else self.seat_stake

    @property
    def judgeable(self) -> int:
        """The most that may be at stake in a deal: what the seats of the large jury cover."""
        return self.large_jury * self.stake_amount * BPS // (self.cases_per_seat * self.cover_bps)

    @property
    def least_window(self) -> int:
        """The shortest challenge window of terms that name it."""
        return self.filing

    @property
    def least_verdict(self) -> int:
        """The shortest time for verdicts of terms that name it: two cases one after the other, each
        with three rounds, the filing between them, and a last step."""
        rounds = 3 * (2 * self.vote + self.cure + 3 * self.inclusion)
        return 2 * (self.queue + 19 * self.step + rounds) + self.filing + self.step


def court_rules(court: CourtParameters, sink: object) -> tuple[object, ...]:
    """`CourtRules`, in its order; amounts in base units."""
    scale = Scale(court.decimals)

    def units(amount: int | None, fees: int) -> int:
        return scale.value_down(1, fees * court.seat_fee if amount is None else amount)

    return (
        court.inclusion,
        court.step,
        court.vote,
        court.cure,
        court.queue,
        court.filing,
        court.join_delay,
        court.leave_delay,
        court.jury,
        court.large_jury,
        court.appeal_jury,
        court.cases_per_seat,
        court.cover_bps,
        court.penalty_bps,
        court.least_slash_bps,
        court.cure_slash_bps,
        court.slash_factor,
        court.delay_rate,
        units(court.seat_stake, STAKE),
        units(court.seat_fee, 1),
        units(court.bond, BOND),
        units(court.reward_cap, REWARD),
        sink,
    )


LOCAL_COURT = CourtParameters(seat_fee=5 * 10**17)
"""Of local chains."""
QUICK_COURT = CourtParameters(
    seat_fee=5 * 10**17,
    inclusion=5,
    step=15,
    vote=60,
    cure=30,
    queue=20,
    filing=60,
    join_delay=50,
    leave_delay=45,
    large_jury=5,
    appeal_jury=7,
    seat_stake=100_000 * 10**18,
    penalty_bps=1,
)
"""Of a devnet, with few jurors: a case without an appeal takes a minute or two. Tokens are free
there, and its classes' stakes are large."""
