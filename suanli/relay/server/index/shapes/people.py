"""Miners, proposals and accounts."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from suanli.relay.server.index.shapes.base import (
    Address,
    Amount,
    Digest,
    MomentShape,
    Shape,
    StoryShape,
    Text,
    Time,
)
from suanli.relay.server.index.shapes.market import OfferShape

ProposalState = Literal[
    "pending",
    "active",
    "canceled",
    "defeated",
    "succeeded",
    "queued",
    "expired",
    "executed",
]


class MinerShape(Shape):
    miner_id: int
    miner: Annotated[Address, Field(description="account that acts for it")]
    payout: Address
    successor: Address | None
    tenure: int
    registered: MomentShape
    stake: Amount
    pledged: Amount
    unbonding: Amount
    unbonding_ends: Time
    collectable: Annotated[Amount, Field(description="earned by deals and not collected yet")]
    earned: Annotated[Amount, Field(description="by deals, after fees, ever")]
    earned_by_channels: Amount
    earned_by_storage: Amount
    rewards: Annotated[Amount, Field(description="claimed from reward pools")]
    fees_paid: Annotated[Amount, Field(description="by its deals, ever")]
    slashed: Amount
    live: Annotated[int, Field(description="deals confirmed and not ended")]
    completed: Annotated[int, Field(description="deals settled in this tenure")]
    released: int
    defaulted: int
    overturned: int
    last_payment_time: Time
    merit: Annotated[float | None, Field(description="docs/reputation.md; null: not known yet")]
    blame: float | None
    score: Annotated[float | None, Field(description="for a job of 100 tokens, from 0 to 1")]


class MinerStoryShape(MinerShape, StoryShape):
    """`history`: the newest 100 entries."""

    offers: list[OfferShape]


class ProposedCallShape(Shape):
    target: Address
    value: Annotated[str, Field(description="wei, decimal")]
    data: Annotated[str, Field(description="0x and hexadecimal; 4096 bytes at most")]
    cut: Annotated[bool, Field(description="the data goes on: only the chain has all of it")]


class ProposalShape(Shape):
    id: Digest
    state: Annotated[
        ProposalState,
        Field(description="in a list, once the vote is over, by its votes alone, quorum or not"),
    ]
    proposer: Address
    description: Text
    calls_in_all: Annotated[int, Field(description="of which a story's `calls` has the first 64")]
    begins: Annotated[Time, Field(description="last second before the vote")]
    ends: Annotated[Time, Field(description="last second of the vote")]
    against: Annotated[Amount, Field(description="votes, in base units of the voting token")]
    in_favour: Amount
    abstained: Amount
    quorum: Annotated[Amount | None, Field(description="null: in a list, or it can't be asked")]
    voters: int
    executable_from: Time | None
    proposed: MomentShape
    executed: MomentShape | None


class ProposalStoryShape(ProposalShape, StoryShape):
    calls: list[ProposedCallShape]


class AccountShape(Shape):
    """An address, whatever it does in the market. Its deals, channels and so on are found by
    `requester` in the lists, what it did in /api/v1/history."""

    address: Address
    available: Annotated[Amount | None, Field(description="null: the node can't be asked")]
    locked: Amount | None
    deposited: Annotated[Amount, Field(description="ever, by itself")]
    withdrawn: Annotated[Amount, Field(description="ever")]
    miner_id: Annotated[int | None, Field(description="the miner that it acts for")]
    payout_of: Annotated[list[int], Field(description="miners; 100 at most")]
    deals: Annotated[int, Field(description="as requester")]
    spent: Annotated[Amount, Field(description="paid and fees of its deals")]


class AccountStoryShape(AccountShape, StoryShape):
    """`history`: the newest 100 entries."""
