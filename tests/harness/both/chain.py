"""A chain without EVM: the model market in blocks, a pool of transactions, reorganizations.

A transaction is sent under a key, as the senders of both sides do: once, however often it is asked
for; after a reorganization it is mined again, later, and may then fail.
"""

from __future__ import annotations

import pickle
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from suanli.client.run.core.observations import At
from suanli.model import Market
from suanli.model.state import Signature
from suanli.protocol import (
    ZERO_ADDRESS,
    Domain,
    Kind,
    ResourceClass,
    Terms,
)
from suanli.protocol.errors import Refused

START = 1_000_000
TOKEN = 10**18
OWNER, TREASURY, REWARDS, TOKEN_AT, MARKET = ("0x" + f"{n:02x}" * 20 for n in range(0xA1, 0xA6))
PRICE_MODEL = "0x" + "a7" * 20
RUNTIME = b"\x01" * 32
TASK_UNITS = 10
WINDOW = 120
KEPT = 16
"""Blocks that are remembered: none is undone below."""


class _Price:
    def price(self, total: int, published: int, demanded: int) -> int:
        return TOKEN


@dataclass
class Transaction:
    key: str
    sender: str
    act: Callable[[Market], object]
    due: int


@dataclass
class Block:
    number: int
    time: int
    market: bytes
    mined: list[Transaction]


class Chain:
    """`now` in seconds; a block each second. `done`: keys whose transaction stands; `version`
    differs whenever the market may do so by more than the time."""

    def __init__(self, draws: random.Random, depth: int = 0) -> None:
        self.random, self.depth = draws, depth
        self.now, self.number = START, 0
        self.domain = Domain(31337, MARKET)
        self.market = _market(self.domain)
        self.pool: list[Transaction] = []
        self.done: dict[str, Transaction] = {}
        self.failed: dict[str, Refused] = {}
        self.blocks: deque[Block] = deque(maxlen=KEPT)
        self.reorganizations = self.version = 0
        self._kept: tuple[int, bytes] | None = None
        """The market as bytes, and of which version."""

    @property
    def head(self) -> At:
        return At(self.number, self.now)

    def seen(self, confirmations: int) -> tuple[At, Market]:
        """The block so far below the newest, and the market there."""
        if not confirmations or len(self.blocks) <= confirmations:
            return self.head, self.market
        block = self.blocks[-1 - confirmations]
        return At(block.number, block.time), self._market_of(block.market, block.time)

    def send(self, key: str, sender: str, act: Callable[[Market], object], delay: int) -> bool:
        """Whether it is new. What was refused may be sent again."""
        if key in self.done or self.holds(key):
            return False
        self.failed.pop(key, None)
        self.pool.append(Transaction(key, sender, act, self.now + delay))
        return True

    def holds(self, key: str) -> bool:
        """Whether it waits to be mined."""
        return any(sent.key == key for sent in self.pool)

    def would(self, act: Callable[[Market], object]) -> Refused | None:
        """Why the market would refuse it now."""
        try:
            act(self._market_of(self._state(), self.now))
        except Refused as refused:
            return refused
        return None

    def second(self) -> None:
        self.now += 1
        self.number += 1
        self.market.time = self.now
        mined, waits = [], set()
        for sent in list(self.pool):
            if sent.due > self.now or sent.sender in waits:
                waits.add(sent.sender)  # those after it, too
                continue
            self.pool.remove(sent)
            mined.append(sent)
            try:
                sent.act(self.market)
            except Refused as refused:
                self.failed[sent.key] = refused
            else:
                self.done[sent.key] = sent
        self.version += bool(mined)
        if self.depth:
            self.blocks.append(Block(self.number, self.now, self._state(), mined))

    def reorganize(self) -> None:
        """The newest blocks vanish; what was in them goes back into the pool, or is lost."""
        count = self.random.randint(1, self.depth)
        if len(self.blocks) <= count:
            return
        self.reorganizations += 1
        undone = [self.blocks.pop() for _ in range(count)]
        back = self.blocks[-1]
        self.market, self.number = self._market_of(back.market, self.now), back.number
        self.version += 1
        again = [sent for block in reversed(undone) for sent in block.mined]
        for sent in again:
            self.done.pop(sent.key, None)
            self.failed.pop(sent.key, None)
            sent.due = self.now + self.random.randint(1, 4)
        self.pool = [sent for sent in again if self.random.random() < 0.7] + self.pool

    def _state(self) -> bytes:
        if self._kept is None or self._kept[0] != self.version:
            # Ids are the same in every block: all markets share them.
            ids, self.market._ids = self.market._ids, {}
            self._kept = self.version, pickle.dumps(self.market, pickle.HIGHEST_PROTOCOL)
            self.market._ids = ids
        return self._kept[1]

    def _market_of(self, state: bytes, now: int) -> Market:
        market: Market = pickle.loads(state)
        market.time, market._ids = now, self.market._ids
        return market


def signature(signer: str, digest: bytes) -> Signature:
    return Signature(signer, digest)


def encoded(signed: Signature) -> bytes:
    """As bytes, for those who carry it without looking."""
    return bytes.fromhex(signed.signer[2:]) + signed.digest


def decoded(data: bytes) -> Signature | None:
    return Signature("0x" + data[:20].hex(), data[20:]) if data else None


def _market(domain: Domain) -> Market:
    market = Market(
        domain=domain,
        token=TOKEN_AT,
        decimals=18,
        time=START,
        owner=OWNER,
        unbonding_delay=0,
    )
    market.price_models[PRICE_MODEL] = _Price()
    market.add_resource_class(
        OWNER, ResourceClass(PRICE_MODEL, Kind.JUDGED, False, 1, TOKEN, 100, 1 << 30, 0, 1 << 28)
    )
    market.permit_runtime(OWNER, 1, RUNTIME)
    market.add_terms(
        OWNER,
        Terms(
            treasury=TREASURY,
            fee_bps=100,
            challenge_window=WINDOW,
            retired=False,
            court=ZERO_ADDRESS,
            verdict_by=0,
            release_bps=100,
            default_bps=500,
            overturn_bps=3_000,
            reward_pool=REWARDS,
            compensation_cap=0,
            court_bps=0,
        ),
    )
    return market
