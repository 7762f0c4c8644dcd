"""Classes, prices, offers, and what a page asks first."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from suanli.relay.server.index.shapes.base import (
    Address,
    Amount,
    Digest,
    Price,
    Shape,
    Text,
    Time,
    Units,
)

OfferState = Literal["open", "expired", "withdrawn"]

Step = Literal["minute", "hour", "day"]


class TokenShape(Shape):
    address: Address
    symbol: Text
    decimals: int


class TermsShape(Shape):
    """A record of terms, by its number."""

    terms: int
    retired: bool
    treasury: Address
    fee_bps: int
    challenge_window: Annotated[int, Field(description="seconds")]
    court: Address
    verdict_by: Annotated[int, Field(description="seconds after the window")]
    release_bps: int
    default_bps: int
    overturn_bps: int
    compensation_cap: Price
    court_bps: int
    identity_verifier: Address


class ContractsShape(Shape):
    """Null: there is none, or the relay was not told."""

    market: Address
    courts: list[Address]
    channels: Address | None
    storage: Address | None
    governor: Address | None
    timelock: Address | None
    voting_token: Address | None
    reward_pools: list[Address]
    identity: Address | None


class ConfigShape(Shape):
    """What a page needs to know to read and to sign."""

    version: str
    protocol: Annotated[int, Field(description="of relays and their clients")]
    chain_id: int
    contracts: ContractsShape
    token: TokenShape
    terms: Annotated[list[TermsShape], Field(description="all records, the newest first")]
    confirmations: Annotated[int, Field(description="blocks after which the relay takes as final")]
    max_blob: Annotated[int, Field(description="bytes")]


class StatusShape(Shape):
    """How far the index has read."""

    block: Annotated[int | None, Field(description="read last; null: nothing is read yet")]
    time: Time | None
    head: Annotated[int | None, Field(description="newest block, as the node said last")]
    caught_up: bool
    events: Annotated[int, Field(description="kept")]
    problem: Annotated[str | None, Field(description="why it does not get on, if it does not")]


class RuntimeShape(Shape):
    index: Annotated[int, Field(description="by which requests name it")]
    runtime_id: Digest
    suspended: bool


class ResourceClassShape(Shape):
    resource: int
    unit: Text
    kind: Annotated[Literal["judged", "leased"], Field(description="sold by deals, or by channels")]
    retired: bool
    price: Annotated[Price | None, Field(description="the model's now; null: it can't be asked")]
    adapts: Annotated[bool, Field(description="whether its model moves the price by use")]
    last_price: Annotated[Price | None, Field(description="of the newest deal or lot")]
    floor: Price
    stake_per_unit: Price
    max_task_units: Units
    max_task_memory: int
    max_task_bytes: int
    unit_seconds: Annotated[int, Field(description="how long a leased unit lasts; 0: judged")]
    price_model: Annotated[Address | None, Field(description="null: it can't be asked")]
    registered: Units
    published: Units
    demanded: Units
    utilization: Annotated[float | None, Field(description="demanded / published; null: 0 / 0")]
    miners: Annotated[int, Field(description="with an open offer")]
    deals: Annotated[int, Field(description="ever confirmed, lots included")]
    runtimes: list[RuntimeShape]


class PricePointShape(Shape):
    """A minute, hour or day of a class. Prices are those of deals and lots made in it; null:
    none."""

    start: Time
    deals: int
    units: Units
    value: Annotated[Amount, Field(description="units x price of the deals made, rounded down")]
    open: Price | None
    high: Price | None
    low: Price | None
    close: Price | None
    quoted: Annotated[Price | None, Field(description="the model's, as seen last in it")]
    registered: Annotated[Units, Field(description="at its end, as the next two")]
    published: Units
    demanded: Units


class PricesShape(Shape):
    """Only steps in which something changed: between them all stays as it was."""

    resource: int
    step: Step
    points: list[PricePointShape]
    next: Annotated[
        int | None, Field(description="for `to`: there are older ones; null: it is all")
    ]


class AnnouncedShape(Shape):
    """What a miner told the relay beside its offer."""

    units_per_second: Annotated[int, Field(description="of one worker; 0: unknown")]
    workers: int
    runtimes: list[Digest]
    valid_until: Time


class OfferShape(Shape):
    miner_id: int
    miner: Address
    resource: int
    state: OfferState
    ask: Price
    published: Units
    reserved: Units
    free: Units
    capacity: Units
    valid_until: Time
    verified_only: Annotated[bool, Field(description="for requesters with an identity only")]
    completed: int
    defaulted: int
    overturned: int
    score: Annotated[
        float | None, Field(description="0 to 1, for a job of 100 tokens; null: not known yet")
    ]
    announced: AnnouncedShape | None


class ReasonShape(Shape):
    """Why an offer would not take a job."""

    code: Literal[
        "withdrawn",
        "expired",
        "too_few_units",
        "ask_above_bid",
        "bid_below_floor",
        "verified_requesters_only",
        "units_above_tasks",
        "class_retired",
        "class_leased",
        "market_paused",
        "runtime_not_served",
    ]
    detail: str


class EstimatedOfferShape(Shape):
    offer: OfferShape
    takes: bool
    reasons: Annotated[list[ReasonShape], Field(description="empty: it would take the job")]
    price: Annotated[Price, Field(description="between its ask and the bid, as of now")]
    cost: Annotated[Amount, Field(description="of all units at that price, rounded up")]
    seconds: Annotated[float | None, Field(description="to run, by what the miner announced")]


class EstimateShape(Shape):
    """What a job would cost now. Without a bid it is the price itself, or an offer's ask if that is
    higher."""

    resource: int
    units: Units
    tasks: int
    price: Annotated[Price, Field(description="the model's now")]
    offers: Annotated[
        list[EstimatedOfferShape], Field(description="those that take it first, cheapest")
    ]
    more: Annotated[bool, Field(description="whether there are offers beyond these")]
