"""What a requester may choose about a job."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from eth_utils.address import is_address

from suanli.base.amounts import show_price
from suanli.client.errors import ClientError
from suanli.protocol import BPS
from suanli.reputation import WEIGHT

MIN_DURATION, MAX_DURATION = 60, 30 * 86_400
MOST_SLIPPAGE = 10_000
"""Basis points."""
MOST_PATIENCE = 30 * 86_400
MOST_PRICE = 2**96 - 1
"""What a request on chain can name."""
_LARGE = ("most_price", "bond")
"""Whose numbers pass those of other programs that read JSON."""

SEALED_TOLD = (
    "sealed: relays and stores still see the program, who deals with whom, units, how many tasks"
    " are done and to do, and how large each blob is, with times",
    "each miner reads what it runs: inputs, arguments, environment and results of its tasks",
    "a dispute publishes plaintext: over a wrong result one task's inputs, and arguments and"
    " environment of its deal; over a withheld result all of that deal (--bond 0 begins none)",
)
"""What is said of a sealed job before anything moves."""


@dataclass(frozen=True)
class Options:
    """`slippage_bps`: above the quote. `most_price`: 10^-18 token per unit. `audit`: share of tasks
    that are run again, 0 to 1. `duration`, `confirm_within`: seconds a miner has for its part, and
    to take it; by default what it says that it wants, and some more. `patience`: seconds to wait
    for an offer to appear, a blob to be fetched or a miner to collect.

    Terms are signed only if they are number `terms` where it is given, their fee is at most
    `max_fee_bps` basis points, a court has at least `min_window` seconds to be called and is at
    `court` where that is given, and window and verdict together hold money at most `max_hold`
    seconds. Terms without a court are signed only with `no_court`.

    Nothing more is placed once the first `stop_after_failures` tasks all failed alike; 0: never.

    `reputation`: how much dearer and slower a newcomer counts than a miner of score 1, from 0 to 1;
    0: scores don't count, nor are the logs read for them.

    `bond`: 10^-18 token that bonds of challenges may hold and cost together, beside the budget; by
    default as much as the budget, and 0 challenges nothing.

    `hedge`: place a deal a second time if its miner falls silent (None), also if it is late or
    withholds its result (True), or never (False).

    `seal`: inputs, arguments and environment travel sealed to the miners that get them, and results
    to us; it stays as it was when the job began. What a miner can read all the same, and what a
    dispute publishes, is in docs/privacy.md.

    Raises:
        ClientError: a value without meaning.
    """

    resource: int = 1
    slippage_bps: int = 500
    most_price: int | None = None
    audit: float = 0.05
    duration: int | None = None
    confirm_within: int | None = None
    patience: float = 60.0
    verified_only: bool = False
    terms: int | None = None
    max_fee_bps: int = 200
    min_window: int = 3_600
    max_hold: int = 30 * 86_400
    court: str | None = None
    no_court: bool = False
    stop_after_failures: int = 5
    hedge: bool | None = None
    reputation: float = WEIGHT
    bond: int | None = None
    seal: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.audit <= 1:
            raise ClientError("audit is a share of the tasks, from 0 to 1")
        if not 0 <= self.slippage_bps <= MOST_SLIPPAGE:
            raise ClientError("slippage is from 0 to 100 percent (10000 basis points)")
        if not 0 <= self.patience <= MOST_PATIENCE:
            raise ClientError(f"patience is from 0 seconds to {MOST_PATIENCE} (30 days)")
        if self.most_price is not None and not 0 < self.most_price <= MOST_PRICE:
            raise ClientError(f"the price of a unit is at most {show_price(MOST_PRICE)} tokens")
        if self.duration is not None and not MIN_DURATION <= self.duration <= MAX_DURATION:
            raise ClientError(
                f"duration is from {MIN_DURATION} seconds to {MAX_DURATION} (30 days)"
            )
        if self.confirm_within is not None and not 5 <= self.confirm_within <= 86_400:
            raise ClientError("confirm_within is from 5 seconds to a day")
        if not 0 <= self.reputation <= 1:
            raise ClientError("the weight of reputation is from 0 to 100 percent")
        if self.bond is not None and self.bond < 0:
            raise ClientError("bond is an amount of tokens, from 0")
        if self.stop_after_failures < 0:
            raise ClientError("stop_after_failures is a number of tasks, 0 for never")
        self._check_terms()

    def _check_terms(self) -> None:
        if self.terms is not None and self.terms < 1:
            raise ClientError("terms are numbered from 1")
        if not 0 <= self.max_fee_bps <= BPS:
            raise ClientError("the fee to accept is from 0 to 100 percent (10000 basis points)")
        if self.min_window < 0 or self.max_hold < 0:
            raise ClientError("min_window and max_hold are seconds, from 0")
        if self.court is not None and not is_address(self.court):
            raise ClientError(f"{self.court!r} is no address of a court: write 0x and 40 digits")
        if self.court is not None and self.no_court:
            raise ClientError("either a court is named or none is wanted (no_court), not both")
        if self.court is not None:
            object.__setattr__(self, "court", self.court.lower())

    def to_json(self) -> dict[str, Any]:
        """Large numbers as text; `from_json` reads it."""
        values = asdict(self)
        for name in _LARGE:
            if values[name] is not None:
                values[name] = str(values[name])
        return values

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Options:
        """What `to_json` wrote. Raises ClientError: a value without meaning."""
        large = {name: int(values[name]) for name in _LARGE if values.get(name) is not None}
        return cls(**{**values, **large})
