"""Channels and storage deals."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from suanli.relay.server.index.shapes.base import (
    Address,
    Amount,
    Digest,
    MomentShape,
    Price,
    Shape,
    StoryShape,
    Time,
    Units,
)

ChannelState = Literal["open", "ending", "closable", "closed"]

StorageState = Literal["kept", "ended"]


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
