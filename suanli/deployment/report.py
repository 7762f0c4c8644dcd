"""What is told of a governed deployment in the end, and verified by asking the contracts: who has
which power, and who has how many votes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from suanli.chain import artifact
from suanli.deployment.errors import DeploymentError
from suanli.deployment.parameters import GovernanceParameters, Parameters
from suanli.deployment.plan import DeploymentPlan
from suanli.deployment.powers import STAND_INS, Who, powers_of

ZEROS = bytes(32 * 64)
"""Arguments of whatever types: numbers and addresses of zero, all else empty."""
STRANGER = "0x" + "5a" * 20
TOP = 5
HOLDERS = {
    Who.OWNER: "MarketTimelock",
    Who.OWNER_OR_GUARDIAN: "MarketTimelock",
    Who.ATTESTOR: "MarketTimelock, and each attestor its own word",
    Who.HEIR: "nobody: no ownership is on offer",
    Who.GOVERNOR: "MarketGovernor",
    Who.TIMELOCK: "MarketTimelock",
    Who.NOBODY: "nobody",
}


class Probe(Protocol):
    """What is asked of a chain."""

    def call(self, contract: str, address: str, method: str, arguments: tuple[Any, ...]) -> Any: ...

    def refusal(self, address: str, data: bytes, sender: str) -> str | None:
        """The name of the error with which the call would end; None: it would succeed."""


@dataclass(frozen=True)
class Power:
    """A function that not everybody may call, and who may, in words."""

    contract: str
    function: str
    holder: str


@dataclass(frozen=True)
class Holder:
    """Of voting tokens: base units, and the part of the distributed ones in basis points."""

    address: str
    tokens: int
    bps: int


def power_map(
    plan: DeploymentPlan,
    parameters: Parameters,
    deployer: str,
    addresses: Mapping[str, str],
    chain: Probe,
) -> list[Power]:
    """Of all contracts deployed, by walking their ABIs: each function that not everybody may call
    is tried by everybody who is known by name, and by a stranger.

    Raises:
        DeploymentError: somebody has a power that it should not have, or nobody has written down
            who may call a function.
    """
    callers, found = _known(parameters, deployer), list[Power]()
    for name, contract in plan.contracts.items():
        if name in plan.known or contract in STAND_INS:
            continue
        powers = {f: who for f, who in powers_of(contract).items() if who is not Who.ANYBODY}
        for function, who in powers.items():
            data = artifact(contract).abi.functions[function].selector + ZEROS
            allowed = {parameters.guardian} if who is Who.OWNER_OR_GUARDIAN else set()
            for caller in callers - allowed:
                refusal = chain.refusal(addresses[name], data, caller)
                if refusal not in who.refusals:
                    raise DeploymentError(
                        f"{caller} has a power that belongs to {who.text}: {name}.{function}"
                        f" answers it with {refusal or 'success'}. Use no such market: deploy anew"
                    )
        found += _told(name, powers, parameters.guardian)
    return found


def _known(parameters: Parameters, deployer: str) -> set[str]:
    named = (parameters.guardian, parameters.treasury, parameters.reward_pool)
    holders = parameters.governance.holders() if parameters.governance else {}
    return {deployer, STRANGER, *filter(None, named), *list(holders)[:TOP]}


def _told(name: str, powers: Mapping[str, Who], guardian: str | None) -> Iterator[Power]:
    if powers and set(powers.values()) == {Who.NOBODY}:
        yield Power(name, "everything", HOLDERS[Who.NOBODY])
        return
    for function, who in powers.items():
        once = f", and the guardian {guardian} once" if guardian else ""
        told = HOLDERS[who] + (once if who is Who.OWNER_OR_GUARDIAN else "")
        yield Power(name, function, told)


def top_holders(
    governance: GovernanceParameters, addresses: Mapping[str, str], chain: Probe
) -> Iterator[Holder]:
    """The largest holders of the table, by what the token says, and what is not distributed."""
    token, timelock = addresses["MarketToken"], addresses["MarketTimelock"]

    def balance(holder: str) -> int:
        return int(chain.call("MarketToken", token, "balanceOf", (holder,)))

    reserve = balance(timelock)
    distributed = int(chain.call("MarketToken", token, "totalSupply", ())) - reserve
    for holder in list(governance.holders())[:TOP]:
        tokens = balance(holder)
        yield Holder(holder, tokens, tokens * 10_000 // distributed)
    yield Holder(timelock, reserve, 0)
