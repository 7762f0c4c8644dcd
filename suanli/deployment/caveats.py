"""What an owner and those who trade should know of a market: said when it is deployed, and by
`suanli miner check`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from suanli.deployment.parameters import Parameters

NO_COURT = (
    "the terms name no court: a wrong result is refused by its requester, but nobody is slashed for"
    " it; requesters sign such terms with --no-court only"
)


def no_runtime(number: int) -> str:
    return (
        f"class {number} permits no runtime, so nobody can trade in it: the owner permits one with"
        f" `brownie run deploy permit {number} --network …`"
    )


def one_owner(owner: str) -> str:
    return (
        f"the owner {owner} is one account: whoever has its key can pause the market, add terms and"
        " permit runtimes; before there is money in it, hand it to a contract that takes several"
        " keys"
    )


def caveats(
    parameters: Parameters, deployer: str, is_contract: Callable[[str], bool]
) -> Iterator[str]:
    """Of a market that is deployed with these parameters."""
    for number, resource in enumerate(parameters.classes, start=1):
        if not resource.leased and not resource.runtimes:
            yield no_runtime(number)
    if parameters.court is None and not parameters.local:
        yield NO_COURT
    if not is_contract(owner := parameters.owner or deployer):
        yield one_owner(owner)
