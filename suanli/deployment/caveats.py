"""What an owner and those who trade should know of a market: said when it is deployed, and by
`suanli miner check`."""

from __future__ import annotations

from collections.abc import Iterator

from suanli.base.amounts import show_price
from suanli.deployment.court import CourtParameters
from suanli.deployment.parameters import Parameters
from suanli.model import LEAST_SLASH, SLASH_FACTOR
from suanli.protocol import BPS

RUNNING = 3_000
"""Of a unit's price, in basis points: what it costs to run it."""
CLAIM_GAS = 31_000
"""Of a claim of a default made together with many."""

NO_COURT = (
    "the terms name no court: a wrong result is refused by its requester, but nobody is slashed for"
    " it; requesters sign such terms with --no-court only"
)


def no_runtime(number: int) -> str:
    """Said of a class, by number, in which nobody can trade yet."""
    return (
        f"class {number} permits no runtime, so nobody can trade in it; a vote permits one,"
        f' suanli govern propose "permitRuntime {number} fast"'
    )


def one_owner(owner: str) -> str:
    """Said of a market whose owner is an account, not a vote."""
    return (
        f"the owner {owner} is one account: whoever has its key can pause the market, add terms and"
        " permit runtimes; before there is money in it, have it governed by votes"
    )


def jurors(seats: int) -> str:
    return (
        f"the court judges nothing until jurors hold {seats} seats and some more: suanli juror init"
        " begins with one; until then requesters sign its terms with --no-court only"
    )


def _beyond(parameters: Parameters, court: CourtParameters) -> Iterator[str]:
    """Classes whose largest tasks the court can't judge, or pays too little for."""
    for number, resource in enumerate(parameters.classes, start=1):
        if resource.leased:
            continue
        price, most = resource.first_price, resource.max_task_units
        slashed = resource.stake_per_unit * parameters.terms.overturn_bps // BPS
        if (units := court.judgeable // (price + slashed)) < most:
            yield (
                f"the court can judge deals of {units:,} units of class {number} at most, and a"
                f" task may use {most:,}: raise court.seat_stake, or lower max_task_units"
            )
        if (cost := most * price * RUNNING // BPS) > court.seat_fee:
            yield (
                f"to run a task of {most:,} units of class {number} costs a juror about"
                f" {show_price(cost)} tokens, and it gets {show_price(court.seat_fee)}: raise"
                " court.seat_fee, or lower max_task_units"
            )


def _lenient(court: CourtParameters) -> bool:
    return court.least_slash_bps < BPS * LEAST_SLASH or court.slash_factor < SLASH_FACTOR


SLASHES = (
    "the court slashes less for one wrong result than clients reckon with when they audit (half of"
    " the collateral, and all for a fifth of the results): lying may pay"
)


def compensation(cap: int) -> str:
    """`cap` in 10^-18 token."""
    return (
        f"a default brings its requester up to {show_price(cap)} tokens: while {CLAIM_GAS:,} gas"
        " cost less on this chain, asking for work that can't be done pays; terms with a cap of 0"
        " are always safe"
    )


def caveats(parameters: Parameters, deployer: str) -> Iterator[str]:
    """Of a market that is deployed with these parameters."""
    for number, resource in enumerate(parameters.classes, start=1):
        if not resource.leased and not resource.runtimes:
            yield no_runtime(number)
    if parameters.court is None and parameters.court_address is None and not parameters.local:
        yield NO_COURT
    if parameters.court is not None and not parameters.local:
        yield jurors(parameters.court.appeal_jury)
        yield from _beyond(parameters, parameters.court)
        if _lenient(parameters.court):
            yield SLASHES
    if parameters.terms.compensation_cap and not parameters.local:
        yield compensation(parameters.terms.compensation_cap)
    if parameters.governance is None:
        yield one_owner(deployer)
