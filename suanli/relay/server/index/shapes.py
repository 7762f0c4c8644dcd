"""What the index answers, as JSON: these types are the OpenAPI document, there without "Shape".

Amounts are decimal text of base units of the settlement token, prices of 10^-18 token per unit,
units of the class; times are seconds since 1970. Ids and digests are 0x and 64 hexadecimal digits,
addresses 0x and 40, in lowercase. Text of strangers is data: whoever shows it escapes it.
"""

from __future__ import annotations

from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

T = TypeVar("T")

Amount = Annotated[str, Field(pattern="^[0-9]+$", description="base units, decimal")]
Price = Annotated[str, Field(pattern="^[0-9]+$", description="10^-18 token per unit, decimal")]
Units = Annotated[str, Field(pattern="^[0-9]+$", description="units of the class, decimal")]
Time = Annotated[int, Field(description="seconds since 1970")]
Address = Annotated[str, Field(pattern="^0x[0-9a-f]{40}$")]
Digest = Annotated[str, Field(pattern="^0x[0-9a-f]{64}$")]
Text = Annotated[str, Field(description="of strangers: to be escaped where it is shown")]

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
ChannelState = Literal["open", "ending", "closable", "closed"]
StorageState = Literal["kept", "ended"]
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
OfferState = Literal["open", "expired", "withdrawn"]
Subject = Literal["class", "deal", "miner", "case", "channel", "storage", "proposal", "account"]
"""What an event is about."""
Contract = Literal[
    "market",
    "court",
    "channels",
    "storage",
    "governor",
    "timelock",
    "reward_pool",
    "identity",
]
Step = Literal["minute", "hour", "day"]


class Shape(BaseModel):
    model_config = ConfigDict(frozen=True)


class ProblemShape(Shape):
    """Why there is no answer."""

    detail: str


class PageShape(Shape, Generic[T]):
    items: list[T]
    next: Annotated[
        str | None, Field(description="where the next page begins, for `after`; null: it is all")
    ]


class MomentShape(Shape):
    """Where and when something came on chain."""

    block: int
    place: Annotated[int, Field(description="of the log in the block")]
    time: Time
    transaction: Digest


class AboutShape(Shape):
    kind: Subject
    id: Annotated[str, Field(description="a number for classes and miners, else an id or address")]


class HistoryEntryShape(Shape):
    """An event of a contract. Whole numbers among its arguments are decimal text."""

    id: Annotated[str, Field(description="for Last-Event-ID: block, place and block's hash")]
    name: Annotated[str, Field(description="as in the contract's interface: RequestConfirmed")]
    contract: Contract
    address: Address
    at: MomentShape
    arguments: dict[str, Any]
    about: list[AboutShape]


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
    rpc: Annotated[str | None, Field(description="a node that anybody may ask, if there is one")]
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


class StoryShape(Shape):
    """The newest come last; beyond the first 500 see /api/v1/history."""

    history: list[HistoryEntryShape]


class DealStoryShape(DealShape, StoryShape):
    request: Annotated[
        RequestShape | None,
        Field(description="null: signed, and not on this relay's board any more"),
    ]
    cases: list[Digest]


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


class ChannelShape(Shape):
    id: Digest
    state: Annotated[ChannelState, Field(description='"ending": its time is over')]
    requester: Address
    signer: Annotated[Address, Field(description="whose key signs its vouchers")]
    miner_id: int
    miner: Address
    resource: int
    units: Units
    price: Price
    deposit: Amount
    reserve: Amount
    paid: Amount
    earned: Amount
    fee: Amount
    refunded: Amount | None
    ends: Time
    closable_from: Annotated[Time | None, Field(description="null: nobody ended it early")]
    opened: MomentShape
    closed: MomentShape | None


class ChannelStoryShape(ChannelShape, StoryShape):
    pass


class StorageDealShape(Shape):
    id: Digest
    state: StorageState
    requester: Address
    miner_id: int
    miner: Address
    resource: int
    units: Units
    root: Digest
    size: Annotated[Units, Field(description="bytes")]
    period: Annotated[int, Field(description="seconds")]
    periods: int
    proved: Annotated[int, Field(description="periods")]
    samples: int
    pay: Annotated[Amount, Field(description="for each period, the fee included")]
    collateral: Amount
    earned: Amount
    refunded: Amount | None
    lost: Annotated[Amount | None, Field(description="collateral, in base units")]
    opened: MomentShape
    ended: MomentShape | None


class StorageStoryShape(StorageDealShape, StoryShape):
    pass


class ProposedCallShape(Shape):
    target: Address
    value: Annotated[str, Field(description="wei, decimal")]
    data: Annotated[str, Field(description="0x and hexadecimal; cut after 4096 bytes")]


class ProposalShape(Shape):
    id: Digest
    state: ProposalState
    proposer: Address
    description: Text
    begins: Annotated[Time, Field(description="last second before the vote")]
    ends: Annotated[Time, Field(description="last second of the vote")]
    against: Annotated[Amount, Field(description="votes, in base units of the voting token")]
    in_favour: Amount
    abstained: Amount
    quorum: Annotated[Amount | None, Field(description="null: it can't be asked")]
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
