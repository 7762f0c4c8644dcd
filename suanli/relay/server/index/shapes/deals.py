"""Requests, deals and cases."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from suanli.relay.server.index.shapes.base import (
    Address,
    Amount,
    Digest,
    HistoryEntryShape,
    MomentShape,
    Price,
    Shape,
    StoryShape,
    Time,
    Units,
)

DealState = Literal[
    "posted",
    "expired",
    "cancelled",
    "confirmed",
    "overdue",
    "submitted",
    "challenged",
    "settled",
    "released",
    "annulled",
    "defaulted",
    "overturned",
]
"""A request that was posted, or a deal; "expired", "overdue" and "challenged" by time and court."""

Trial = Literal["none", "frozen", "revealed", "accepted", "decided", "silent"]

CasePhase = Literal[
    "queued",
    "answering",
    "drawing",
    "voting",
    "showing",
    "revealing",
    "curing",
    "decided",
    "rejected",
    "upheld",
    "undecided",
    "void",
]


class RequestShape(Shape):
    """What a requester signed, as far as it is known here."""

    id: Digest
    source: Annotated[Literal["chain", "board"], Field(description="posted, or put up at a relay")]
    state: Annotated[DealState, Field(description='"posted": open, on chain or on the board')]
    requester: Address
    miner_id: Annotated[int, Field(description="who alone may take it; 0: anybody")]
    resource: int
    runtime: int
    units: Units
    max_price: Price
    confirm_by: Time
    duration: Annotated[int, Field(description="seconds")]
    tasks: int
    job: Digest
    terms: int
    flags: Annotated[int, Field(description="bit 0: for miners with an identity only")]
    epoch: int
    salt: Annotated[str, Field(pattern="^[0-9]+$")]
    posted: Annotated[MomentShape | None, Field(description="null: it was signed, and not posted")]
    history: Annotated[list[HistoryEntryShape], Field(description="empty in lists")]


class SlashShape(Shape):
    """What the miner lost."""

    compensation: Amount
    court: Amount
    pool: Amount


class DealShape(Shape):
    id: Digest
    state: DealState
    requester: Address
    miner_id: int
    miner: Address
    resource: int
    units: Units
    price: Price
    value: Annotated[Amount, Field(description="of all units at the price, rounded up")]
    deadline: Time
    confirmed: MomentShape
    submitted: MomentShape | None
    ended: MomentShape | None
    units_used: Annotated[Units | None, Field(description="as claimed on chain")]
    units_due: Annotated[Units | None, Field(description="as a court has set")]
    root: Digest | None
    trial: Trial
    paid: Annotated[Amount | None, Field(description="to the miner; null: not ended yet")]
    fee: Amount | None
    refunded: Amount | None
    slashed: SlashShape | None


class DealStoryShape(DealShape, StoryShape):
    request: Annotated[
        RequestShape | None,
        Field(description="null: signed, and not on this relay's board any more"),
    ]
    cases: list[Digest]


class JurorShape(Shape):
    juror: Address
    position: int
    round: int
    index: int
    assessment: Literal["nothing", "paid", "penalized", "unseated"] | None


class DividedShape(Shape):
    """Of the filer's and the appellant's deposits: who got what."""

    filer: Amount
    appellant: Amount
    jurors: Amount
    miner: Amount
    sink: Amount


class CaseShape(Shape):
    id: Digest
    court: Address
    deal: Digest
    filer: Address
    miner_id: int
    number: int
    withheld: Annotated[bool, Field(description="filed because data is withheld")]
    task: int
    seats: int
    deposit: Amount
    phase: CasePhase
    round: int
    deadline: Annotated[Time, Field(description="of the phase; 0: final")]
    outcome: Literal["none", "stands", "wrong", "unavailable"]
    filed: MomentShape
    refund: Amount | None
    reward: Amount | None
    divided: DividedShape | None


class CaseStoryShape(CaseShape, StoryShape):
    jurors: list[JurorShape]
