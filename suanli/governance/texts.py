"""How changes are called, by contract and function: tables that read nothing off the chain."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from suanli.base import amounts
from suanli.base.text import percent, span
from suanli.governance.governor import show_votes
from suanli.protocol import ZERO_ADDRESS, Kind

VOTERS = "everybody who votes, from the next proposal on"
NEW_DEALS = "new deals only: live ones, and money in the market, stay as they are"
GIVEN_UP = "gives up the ownership of the {}, for ever"


@dataclass(frozen=True)
class Setter:
    """A function with one argument that a view shows."""

    what: str
    view: str
    show: Callable[[Any], str]
    affects: str


def who(address: str) -> str:
    return "nobody" if address == ZERO_ADDRESS else address


SETTERS: Mapping[tuple[str, str], Setter] = {
    ("IdentityRegistry", "transferOwnership"): Setter(
        "who is offered the identity registry, and the choice of attestors",
        "pendingOwner",
        who,
        "whoever asks for verified miners or requesters: if it accepts, it names who attests",
    ),
    ("RewardPool", "transferOwnership"): Setter(
        "who is offered the reward pool's rules",
        "pendingOwner",
        who,
        "miners: if it accepts, it says what is rewarded, out of which share of the fees",
    ),
    ("ComputeMarket", "setGuardian"): Setter(
        "the guardian", "guardian", who, "who may pause new business, once, for 14 days"
    ),
    ("ComputeMarket", "transferOwnership"): Setter(
        "who is offered the market, with all that votes decide",
        "pendingOwner",
        who,
        "everybody: if it accepts, votes decide nothing any more unless it lets them",
    ),
    ("MarketTimelock", "updateDelay"): Setter(
        "the time from a vote to its effect",
        "getMinDelay",
        span,
        "everybody: all that is queued later, what is proposed already, too",
    ),
    ("MarketGovernor", "setVotingDelay"): Setter(
        "the time from a proposal to its vote", "votingDelay", span, VOTERS
    ),
    ("MarketGovernor", "setVotingPeriod"): Setter(
        "the time of a vote", "votingPeriod", span, VOTERS
    ),
    ("MarketGovernor", "setLateQuorumVoteExtension"): Setter(
        "the time left to vote after a late quorum",
        "lateQuorumVoteExtension",
        span,
        "everybody who votes: wherever a quorum is reached later, in open votes, too",
    ),
    ("MarketGovernor", "updateQuorumNumerator"): Setter(
        "the quorum",
        "quorumNumerator()",
        percent,
        "everybody who votes: all votes that begin later, on what is proposed already, too",
    ),
    ("MarketGovernor", "setProposalThreshold"): Setter(
        "the votes needed to propose", "proposalThreshold", show_votes, VOTERS
    ),
}

TERMS_SHOWN: Mapping[str, tuple[str, Callable[[Any], str]]] = {
    "treasury": ("who receives fees", str),
    "fee_bps": ("the fee on payments", percent),
    "challenge_window": ("the time to challenge a result", span),
    "court": ("the court", who),
    "verdict_by": ("the court's time after that", span),
    "release_bps": ("the collateral lost by releasing", percent),
    "default_bps": ("the collateral lost by default", percent),
    "overturn_bps": ("the most lost by a verdict", percent),
    "reward_pool": ("who receives slashed collateral", str),
    "compensation_cap": ("the most a requester gets of it, in tokens", amounts.show_price),
    "court_bps": ("the court's share of the rest", percent),
    "identity_verifier": ("who says who is verified", who),
}

CLASS_SHOWN: Mapping[str, tuple[str, Callable[[Any], str]]] = {
    "kind": ("sold", lambda kind: {Kind.JUDGED: "by deals", Kind.LEASED: "by lots"}[kind]),
    "floor": ("the floor of bids", amounts.show_price),
    "stake_per_unit": ("the stake for a unit", amounts.show_price),
    "price_model": ("the price model", str),
    "max_task_units": ("the most units of a task", "{:,}".format),
    "max_task_memory": ("the most memory of a task", lambda count: f"{count:,} bytes"),
    "unit_seconds": (
        "how long a unit lasts",
        lambda seconds: span(seconds) if seconds else "no time",
    ),
    "max_task_bytes": ("the most that a task reads, and writes", lambda count: f"{count:,} bytes"),
}

FIXED: Mapping[tuple[str, str], tuple[str, str]] = {
    ("IdentityRegistry", "addAttestor"): (
        "lets {attestor} say who is verified",
        "whoever asks for verified miners or requesters, and believes it",
    ),
    ("IdentityRegistry", "removeAttestor"): (
        "takes from {attestor} its office of saying who is verified",
        "whom it attested: they are not verified by it any more",
    ),
    ("IdentityRegistry", "revokeMiner"): (
        "revokes what {attestor} attested of miner {minerId} in tenure {tenure}",
        "that miner, in deals that ask for verified ones and are not made yet",
    ),
    ("IdentityRegistry", "revokeRequester"): (
        "revokes what {attestor} attested of the requester {requester}",
        "that requester, in deals with miners who ask for verified ones that are not made yet",
    ),
    ("IdentityRegistry", "renounceOwnership"): (
        GIVEN_UP.format("identity registry"),
        "whoever asks for verified miners or requesters: its attestors stay as they are for ever",
    ),
    ("RewardPool", "renounceOwnership"): (
        GIVEN_UP.format("reward pool"),
        "miners: its rules stay as they are for ever",
    ),
    ("MarketGovernor", "relay"): (
        "lets the governor itself call {target}, which owns nothing",
        "unknown here: ask who proposed it what this call is",
    ),
    ("ComputeMarket", "pause"): (
        "stops new business for 14 days",
        "everybody who would post, confirm or lease; every way out stays open",
    ),
    ("ComputeMarket", "unpause"): ("ends a pause", "new business goes on"),
    ("ComputeMarket", "renounceOwnership"): (
        GIVEN_UP.format("market"),
        "everybody: nothing can be voted on any more",
    ),
}
"""What is told, with the call's arguments by name, and whom it affects."""
