"""The part of `make demo-lease` that keeps a file: two copies, one lost, made again, paid by proof.

It begins before the other parts and ends after them: periods pass meanwhile.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from suanli.base.amounts import show
from suanli.chain import Event, events
from suanli.devnet import Devnet
from suanli.lease.storage.owner.ledger import Copy, CopyStage, find
from tests.harness.lease_coins import LeaseCoins
from tools.lease_part import Changes, PartFailed, Say, names_of, payment, run, together

KEEPERS = 3
SIZE = 5_000_000
HOLDS_ON = "miner-1"
"""Its rooms are another part's: it is not killed here."""
DISK = "miner-data/storage/bytes"
"""Of a miner's folder."""
LAST = 300.0
"""Seconds in which all periods must be over."""


@dataclass
class Kept:
    """A file, once its copy was made again."""

    name: str
    digest: str
    copies: list[Copy]
    killed: str


def begin(net: Devnet, coins: LeaseCoins, say: Say) -> Kept:
    """The file on two miners, one killed with its disk, the copy made again on the third."""
    names, data, source = names_of(coins), os.urandom(SIZE), net.folder / "kept.bin"
    source.write_bytes(data)
    say(f"storage: a file of {SIZE:,} bytes is put on two of {KEEPERS} miners for two minutes")
    put = ("--copies", "2", "--for", "2m", "--period", "60s")
    name = run(net, "storage-put", "storage", "put", str(source), *put).split()[-1]
    lost = _open(net, name)
    killed = next(one for one in lost if names[one.keeper.miner] != HOLDS_ON)
    victim, other = names[killed.keeper.miner], next(one for one in lost if one is not killed)
    say(f"{names[other.keeper.miner]} and {victim} keep a sealed copy each, no two alike")
    net.children[victim].kill()
    shutil.rmtree(net.folder / victim / DISK)
    say(f"{victim} is killed, and its disk is lost")
    run(net, "storage-repair", "storage", "verify", name, "--away", "--repair")
    (made,) = [one for one in _open(net, name) if one.number not in (killed.number, other.number)]
    say(f"its copy is made again on {names[made.keeper.miner]}, out of the one that was left")
    told = run(net, "storage-verify", "storage", "verify", name)
    for copy in (other, made):
        if f"copy {copy.number}  miner {copy.keeper.miner}  good" not in told:
            raise PartFailed(f"copy {copy.number} is not good: {told}")
    say("both show 16 leaves each that nobody could foresee")
    back = net.folder / "got.bin"
    run(net, "storage-get", "storage", "get", name, "--out", str(back))
    if back.read_bytes() != data:
        raise PartFailed("what came back is not what was put")
    say("the file came back, byte for byte")
    net.restart(victim)
    say(f"{victim} is started again; it has no bytes to prove its deal with")
    return Kept(name, hashlib.sha256(data).hexdigest(), [other, killed, made], victim)


def _open(net: Devnet, name: str) -> list[Copy]:
    with closing(find(net.folder / "requester", name)) as ledger:
        return [one for one in ledger.copies if one.stage is CopyStage.OPEN]


def finish(
    net: Devnet, kept: Kept, coins: LeaseCoins, happened: Callable[[], Sequence[Event]], say: Say
) -> dict[str, Any]:
    """Until all deals are over. What happened, for the report."""
    say("storage again: miners prove each period of a minute by themselves, and are paid for it;")
    say(f"the last one is over in {_left(net, kept)} s")
    told, ends = _Told(coins, say), time.monotonic() + LAST
    while told.tell(happened()) < len(kept.copies):
        if time.monotonic() > ends:
            raise PartFailed(f"{told.over} of {len(kept.copies)} storage deals are over")
        time.sleep(1)
    return {
        "file": kept.name,
        "bytes": SIZE,
        "sha256": kept.digest,
        "killed": kept.killed,
        "copies": [_about(coins, copy) for copy in kept.copies],
    }


def _left(net: Devnet, kept: Kept) -> int:
    """Seconds until the last period of all is over."""
    ends = max(one.deal.end_of(one.deal.quote.periods - 1) for one in kept.copies)
    return max(0, ends - net.node.head().time)


def _about(coins: LeaseCoins, copy: Copy) -> dict[str, Any]:
    quote = copy.deal.quote
    return {
        "miner": names_of(coins)[quote.miner],
        "deal": "0x" + coins.market.domain.digest(quote).hex(),
        "root": "0x" + quote.root.hex(),
        "period": quote.period,
        "periods": quote.periods,
        "pay": str(copy.deal.pay),
        "collateral": str(quote.collateral),
    }


class _Told:
    """Each event of a deal is told once."""

    def __init__(self, coins: LeaseCoins, say: Say) -> None:
        self._names, self._say, self._decimals = names_of(coins), say, coins.token.decimals()
        self._seen: set[Any] = set()
        self._blocks: dict[bytes, int] = {}
        self.over = 0

    def tell(self, happened: Sequence[Event]) -> int:
        """How many deals are over."""
        for event in happened:
            if event.at not in self._seen:
                self._seen.add(event.at)
                self._one(event)
        return self.over

    def _one(self, event: Event) -> None:
        if isinstance(event, events.LeavesNamed):
            self._blocks[event.deal] = event.named
        elif isinstance(event, events.PeriodProved):
            block, earned = self._blocks[event.deal], self._show(event.earned)
            self._say(
                f"{self._names[event.miner_id]} shows the leaves that block {block} drew:"
                f" period {event.period + 1} is paid, {earned} tokens"
            )
        elif isinstance(event, events.StorageEnded):
            self.over += 1
            if event.lost:
                self._say(
                    f"{self._names[event.miner_id]} proved nothing in time: its deal is over, what"
                    f" was put in comes back, and {self._show(event.lost)} tokens of its collateral"
                    f" are lost, {self._show(event.compensation)} of them to the requester"
                )

    def _show(self, amount: int) -> str:
        return show(amount, self._decimals, 18)


def require(told: dict[str, Any], kept: Kept, happened: list[Event], coins: LeaseCoins) -> Changes:
    """Who proved was paid for it, who did not lost its collateral, of which the requester has what
    it paid and the treasury the rest; and nothing else moved."""
    ended = {event.deal: event for event in happened if isinstance(event, events.StorageEnded)}
    opened = [event for event in happened if isinstance(event, events.StorageOpened)]
    if len(opened) != len(kept.copies) or len(ended) != len(opened):
        raise PartFailed(f"{len(opened)} storage deals were opened, {len(ended)} are over")
    names, changes, lost = names_of(coins), [], 0
    for event in opened:
        end, deal = ended[event.deal], event.record
        missed = names[event.miner_id] == kept.killed
        proofs = [one for one in happened if _proves(one, event.deal)]
        if end.paid != len(proofs) or (end.paid == deal.quote.periods) == missed:
            raise PartFailed(f"{len(proofs)} periods were proved, {end.paid} paid: {end}")
        if end.earned + end.fees + end.refunded != deal.quote.periods * deal.pay:
            raise PartFailed(f"the storage deal's sums are wrong: {end}")
        if end.earned + end.fees != end.paid * deal.pay:
            raise PartFailed(f"other periods than the proved ones were paid: {end}")
        if end.lost != missed * deal.quote.collateral:
            raise PartFailed(f"the wrong collateral was lost: {end}")
        if end.compensation != min(end.lost, end.paid * deal.pay):
            raise PartFailed(f"the requester got the wrong part of the collateral: {end}")
        lost += end.lost
        treasury = coins.deals.treasury()
        parties = end.requester, end.miner_id
        changes.append(payment(coins, *parties, end.earned, end.fees, treasury))
        left = end.lost - end.compensation
        changes.append(payment(coins, *parties, -end.lost, left, treasury))
    whole = together(changes)
    put, earned, fees, back = (
        sum(one)
        for one in (
            (event.record.quote.periods * event.record.pay for event in opened),
            (end.earned for end in ended.values()),
            (end.fees for end in ended.values()),
            (end.refunded for end in ended.values()),
        )
    )
    sums = {"put_in": put, "earned": earned, "fees": fees, "refunded": back, "collateral": lost}
    told |= {name: str(amount) for name, amount in sums.items()}
    put_in, paid, fee, rest, fine = (
        show(amount, coins.token.decimals(), 18) for amount in (put, earned, fees, back, lost)
    )
    print(f"\nstorage: of {put_in} tokens put in, {paid} went to the miners that proved, {fee} are")
    print(f"fees, {rest} came back; and {fine} of collateral from {kept.killed}")
    return whole


def _proves(event: Event, deal: bytes) -> bool:
    return isinstance(event, events.PeriodProved) and event.deal == deal
