"""What an owner and those who trade should know of a market: said when it is deployed, and by
`suanli miner check`."""

from __future__ import annotations

from collections.abc import Iterator

from suanli.base.amounts import show_price
from suanli.deployment.parameters import Parameters

CLAIM_GAS = 31_000
"""Of a claim of a default made together with many."""

NO_COURT = (
    "the terms name no court: a wrong result is refused by its requester, but nobody is slashed for"
    " it; requesters sign such terms with --no-court only"
)


def no_runtime(number: int) -> str:
    return (
        f"class {number} permits no runtime, so nobody can trade in it; a vote permits one,"
        f' suanli govern propose "permitRuntime {number} fast"'
    )


def one_owner(owner: str) -> str:
    return (
        f"the owner {owner} is one account: whoever has its key can pause the market, add terms and"
        " permit runtimes; before there is money in it, have it governed by votes"
    )


def jurors(seats: int) -> str:
    return (
        f"the court judges nothing until jurors hold {seats} seats and some more: suanli juror init"
        " begins with one; until then requesters sign its terms with --no-court only"
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
    if parameters.terms.compensation_cap and not parameters.local:
        yield compensation(parameters.terms.compensation_cap)
    if parameters.governance is None:
        yield one_owner(deployer)
