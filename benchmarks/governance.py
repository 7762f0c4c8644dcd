"""What voting costs: each step of a proposal that adds terms, and the moves of voting tokens."""

from __future__ import annotations

from typing import Any

from eth_utils.crypto import keccak

from benchmarks.stage import CHAIN_ID, Stage, address_of, sign
from suanli.deployment import TOKEN
from suanli.governance import ballot_digest

DAY = 86_400
MILLION = 1_000_000 * TOKEN
RULES = (DAY, 3 * DAY, 100_000 * TOKEN, 400, DAY)
VOTER, OTHER = map(address_of, ("voter", "other voter"))
FOR = 1
TEXT = "An ordinary reason, of some sixty characters: a fee of 2.5 %"


def governed(stage: Stage) -> None:
    """The market is a timelock's; two voters, and the requester, who signs its votes."""
    table = tuple((who, 10 * MILLION) for who in (VOTER, OTHER, stage.requester))
    timelock = _deploy(stage, "MarketTimelock", 2 * DAY)
    token = _deploy(stage, "MarketToken", timelock, table)
    governor = _deploy(stage, "MarketGovernor", token, timelock, RULES)
    stage.gas(stage.deployer, "install", governor, target="MarketTimelock")
    stage.gas(stage.deployer, "transferOwnership", timelock)
    stage.gas(
        stage.bystander, "takeOwnership", stage.addresses["ComputeMarket"], target="MarketTimelock"
    )
    stage.advance(DAY)


def _deploy(stage: Stage, name: str, *arguments: Any) -> str:
    stage.addresses[name] = stage.chain.deploy(name, arguments).address
    stage.contracts[name] = name
    return stage.addresses[name]


def step(stage: Stage, wanted: str) -> int:
    """The gas of one step of a decision."""
    governed(stage)
    record = stage.chain.call("ComputeMarket", stage.addresses["ComputeMarket"], "termsOf", (1,))
    data = bytes.fromhex(stage.data("addTerms", record)["data"][2:])
    calls = ([stage.addresses["ComputeMarket"]], [0], [data])
    decided = (*calls, keccak(text=TEXT))
    number = stage.chain.call(
        "MarketGovernor", stage.addresses["MarketGovernor"], "hashProposal", decided
    )
    gas = {"propose": _governor(stage, VOTER, "propose", *calls, TEXT)}
    stage.advance(DAY + 1)
    gas["castVote-first"] = _governor(stage, VOTER, "castVote", number, FOR)
    gas["castVote"] = _governor(stage, OTHER, "castVote", number, FOR)
    governor = stage.addresses["MarketGovernor"]
    digest = ballot_digest(CHAIN_ID, governor, number, FOR, stage.requester, 0)
    ballot = (number, FOR, stage.requester, sign(digest))
    gas["castVoteBySig"] = _governor(stage, stage.bystander, "castVoteBySig", *ballot)
    stage.advance(4 * DAY)
    gas["queue"] = _governor(stage, stage.bystander, "queue", *decided)
    stage.advance(2 * DAY)
    gas["execute-addTerms"] = _governor(stage, stage.bystander, "execute", *decided)
    return gas[wanted]


def _governor(stage: Stage, sender: str, method: str, *arguments: Any) -> int:
    return stage.gas(sender, method, *arguments, target="MarketGovernor")


def move(stage: Stage, method: str) -> int:
    """Between two who vote with their own tokens."""
    governed(stage)
    if method == "delegate":
        return stage.gas(VOTER, "delegate", OTHER, target="MarketToken")
    return stage.gas(VOTER, "transfer", OTHER, MILLION, target="MarketToken")


STEPS = ("propose", "castVote-first", "castVote", "castVoteBySig", "queue", "execute-addTerms")
CALLS = {f"vote-{name}": (lambda s, name=name: step(s, name)) for name in STEPS} | {
    f"vote-token-{name}": (lambda s, name=name: move(s, name)) for name in ("delegate", "transfer")
}
