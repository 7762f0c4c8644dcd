"""The steps by which a market is governed by votes, and what must hold then."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from suanli.deployment.parameters import VOTING_SUPPLY, GovernanceParameters
from suanli.deployment.steps import ContractRef, Deploy, PlannedCall, PlannedCheck, Step
from suanli.protocol import ZERO_ADDRESS

TIMELOCK = ContractRef("MarketTimelock")
GOVERNOR = ContractRef("MarketGovernor")
VOTES = ContractRef("MarketToken")
RULES = (
    "votingDelay",
    "votingPeriod",
    "proposalThreshold",
    "quorumNumerator()",
    "lateQuorumVoteExtension",
)
"""The governor's views of what `VotingRules` has, in its order."""


def steps(governance: GovernanceParameters) -> Iterator[Step]:
    """Timelock, token and governor; the timelock obeys the governor from then on, for ever."""
    yield Deploy(TIMELOCK.name, "MarketTimelock", (governance.delay,))
    table = tuple((line.holder, line.tokens) for line in governance.allocation)
    yield Deploy(VOTES.name, "MarketToken", (TIMELOCK, table))
    yield Deploy(GOVERNOR.name, "MarketGovernor", (VOTES, TIMELOCK, _rules(governance)))
    yield PlannedCall(
        "install the governor",
        TIMELOCK.name,
        "install",
        (GOVERNOR,),
        _view(TIMELOCK, "governor", gives=GOVERNOR),
    )


def hand_over(contract: str) -> Iterator[Step]:
    """What the deployer owns becomes the timelock's."""
    owned = PlannedCheck(contract, "owner", (), TIMELOCK)
    offered = PlannedCheck(contract, "pendingOwner", (), TIMELOCK)
    yield PlannedCall(
        f"offer {contract} to the timelock",
        contract,
        "transferOwnership",
        (TIMELOCK,),
        offered,
        beyond=owned,
    )
    yield PlannedCall(
        f"{contract} is the timelock's",
        TIMELOCK.name,
        "takeOwnership",
        (ContractRef(contract),),
        owned,
    )


def checks(governance: GovernanceParameters) -> Iterator[PlannedCheck]:
    yield _view(TIMELOCK, "getMinDelay", gives=governance.delay)
    yield _view(TIMELOCK, "governor", gives=GOVERNOR)
    yield _view(VOTES, "totalSupply", gives=VOTING_SUPPLY)
    yield _view(VOTES, "reserve", gives=TIMELOCK)
    yield _view(VOTES, "delegates", TIMELOCK, gives=ZERO_ADDRESS)
    yield _view(GOVERNOR, "token", gives=VOTES)
    yield _view(GOVERNOR, "timelock", gives=TIMELOCK)
    for name, value in zip(RULES, _rules(governance), strict=True):
        yield _view(GOVERNOR, name, gives=value)


def _rules(governance: GovernanceParameters) -> tuple[int, ...]:
    """`VotingRules`, in its order."""
    return (
        governance.voting_delay,
        governance.voting_period,
        governance.proposal_threshold,
        governance.quorum_bps,
        governance.late_quorum_extension,
    )


def _view(contract: ContractRef, method: str, *arguments: Any, gives: Any) -> PlannedCheck:
    return PlannedCheck(contract.name, method, arguments, gives)
