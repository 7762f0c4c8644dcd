"""What all answers are made of."""

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


class StoryShape(Shape):
    """The newest come last; beyond the first 500 see /api/v1/history."""

    history: list[HistoryEntryShape]
