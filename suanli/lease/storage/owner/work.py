"""What is done with a file that miners keep. Each step is written down, so that whoever was killed
goes on where it was."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from suanli.lease.errors import BadPeer, LeaseError, LinkLost, LinkRefused, Unreached
from suanli.lease.storage.deal import TIMES_PAY, deal_from_json
from suanli.lease.storage.owner.asking import Asking, asking
from suanli.lease.storage.owner.finding import SpaceOffer
from suanli.lease.storage.owner.ledger import Copy, CopyStage, KeepWish, StorageLedger
from suanli.lease.storage.owner.onchain import QuoteSpent
from suanli.lease.storage.sealing import (
    CHUNK,
    Damaged,
    Seal,
    chunks_of,
    new_key,
    seal_file,
    sealed_size,
)
from suanli.lease.storage.talk import MOST_LEAVES
from suanli.lease.user.ledger import SessionPlace
from suanli.protocol import (
    Domain,
    Signed,
    Signer,
    StorageDeal,
    StorageQuote,
    StorageStatus,
    StorageView,
    file_leaves,
    holds_leaf,
    signed_from_json,
    signed_to_json,
)

AWAY = (LinkLost, LinkRefused, BadPeer, Unreached, Damaged, TimeoutError)
"""For which another miner is asked."""
LIVE = (StorageStatus.KEPT, StorageStatus.DUE)
GIVEN_UP = "given up"
TRIES = 3
SLIPPAGE = 105
"""Percent of the price seen that is bid, unless a bid was named."""


class OwnerChain(Protocol):
    """`OwnerDeals` is one."""

    address: str

    def now(self) -> int: ...
    def next_nonce(self) -> int: ...
    def fund(self, amount: int) -> None: ...
    def open(self, signed: Signed[StorageQuote], key: str) -> StorageDeal: ...
    def was_sent(self, key: str) -> bool: ...
    def view(self, deal: StorageDeal) -> StorageView: ...
    def end(self, deal: StorageDeal) -> None: ...


@dataclass(frozen=True)
class OwnerServices:
    domain: Domain
    key: Signer
    chain: OwnerChain
    offers: Callable[[KeepWish], list[SpaceOffer]]
    """Those that fit, the cheapest first. Raises LeaseError."""
    tell: Callable[[str], None]
    moved: Callable[[int], None] = lambda have: None
    """Hears how many bytes of a copy a miner has."""
    relays: Sequence[str] = ()
    """Through which miners are asked that can't be reached."""
    ahead: Callable[[str], float] = lambda relay: 0.0
    """Seconds by which a relay's clock is ahead of this machine's."""


@dataclass(frozen=True)
class CopySeen:
    """`good` None: nobody knows, the miner can't be reached."""

    copy: Copy
    good: bool | None
    why: str


class Owner:
    """Of one file. Raises LeaseError, ChainError."""

    def __init__(self, ledger: StorageLedger, services: OwnerServices) -> None:
        self._ledger, self._services = ledger, services
        self._chain, self._tell = services.chain, services.tell

    # Putting

    async def put(self) -> None:
        """Until there are as many copies as wished; goes on with what was begun."""
        path = Path(self._ledger.wish.path)
        while (missing := self.missing()) > 0:
            begun = [one for one in self._ledger.copies if one.stage in _BEGUN]
            copy = begun[0] if begun else await self._sealed(path)
            await self._place(copy)
            self._tell(f"copy {copy.number} is kept; {missing - 1} more")

    def missing(self) -> int:
        """How many copies fewer than wished there are."""
        kept = [one for one in self._ledger.copies if one.stage is CopyStage.OPEN]
        return self._ledger.wish.copies - len(kept)

    async def _sealed(self, source: Path) -> Copy:
        """A copy with a key of its own, on this disk."""
        number = len(self._ledger.copies)
        key, into = new_key(), self._ledger.sealed(number)
        os.close(os.open(into, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
        size, root = await asyncio.to_thread(seal_file, source, into, key)
        if size != self._ledger.wish.size:
            into.unlink()
            raise LeaseError(f"{source} has {size:,} bytes now, not {self._ledger.wish.size:,}")
        copy = Copy(number, key.hex(), root.hex(), sealed_size(size), CopyStage.SEALED)
        self._ledger.save(copy)
        return copy

    async def _place(self, copy: Copy) -> None:
        """With the first miner that takes it."""
        if copy.stage is CopyStage.OPENING:
            try:
                return await self._open(copy)
            except QuoteSpent:
                copy = self._save(replace(copy, stage=CopyStage.SEALED, quote=None))
        copies = self._ledger.copies
        keepers = {one.keeper.miner for one in copies if one.stage is CopyStage.OPEN}
        losers = {one.keeper.miner for one in copies if one.place is not None and one.why}
        offers = await asyncio.to_thread(self._services.offers, self._ledger.wish)
        why = "no other miner fits"
        for offer in sorted(offers, key=lambda one: one.place.miner in losers):
            if offer.place.miner in keepers:
                continue
            try:
                return await self._with(copy, offer)
            except AWAY as error:
                why = f"miner {offer.place.miner}: {error}"
                self._tell(why)
        raise LeaseError(
            f"copy {copy.number} could not be placed ({why}): try again with suanli storage put"
            f" --resume {self._ledger.name}, or with fewer copies"
        )

    async def _with(self, copy: Copy, offer: SpaceOffer) -> None:
        copy = replace(copy, place=offer.place)
        for left in reversed(range(TRIES)):
            signed = await self._quoted(copy, offer)
            quoted = replace(copy, stage=CopyStage.OPENING, quote=signed_to_json(signed))
            self._save(quoted)
            try:
                return await self._open(quoted)
            except QuoteSpent:
                if not left:
                    raise

    async def _quoted(self, copy: Copy, offer: SpaceOffer) -> Signed[StorageQuote]:
        """The miner has all bytes, has verified them and signed; the money is there."""
        wish, space = self._ledger.wish, offer.space
        wanted = StorageQuote(
            self._chain.address,
            self._services.key.address,
            offer.place.miner,
            space.resource,
            space.units(copy.size),
            bytes.fromhex(copy.root),
            copy.size,
            wish.period,
            -(-wish.seconds // wish.period),
            wish.samples,
            0,
            wish.price or offer.price * SLIPPAGE // 100,
            await asyncio.to_thread(self._chain.next_nonce),
            0,
        )
        wanted = wanted._replace(collateral=space.collateral(wanted))
        whole = space.collateral(wanted) // TIMES_PAY * wanted.periods
        async with self._asking(offer.place) as miner:
            sealed = self._ledger.sealed(copy.number)
            signed = await miner.store(wanted, sealed, self._services.moved)
        await asyncio.to_thread(self._chain.fund, whole)
        return signed

    async def _open(self, copy: Copy) -> None:
        signed = signed_from_json(StorageQuote, copy.quote)
        deal = await asyncio.to_thread(self._chain.open, signed, self._key(copy))
        before = copy.record if copy.stage is CopyStage.OPEN else None
        self._save(replace(copy.opened(deal), before=before))
        self._ledger.sealed(copy.number).unlink(missing_ok=True)

    def _key(self, copy: Copy) -> str:
        """Under which its transaction is sent once."""
        signed = signed_from_json(StorageQuote, copy.quote)
        return f"storage {self._services.domain.digest(signed.message).hex()}"

    def _save(self, copy: Copy) -> Copy:
        self._ledger.save(copy)
        return copy

    def _asking(
        self, place: SessionPlace, deal: StorageDeal | None = None
    ) -> AbstractAsyncContextManager[Asking]:
        services = self._services
        quote = deal.quote if deal is not None else None
        way = services.relays, quote, services.ahead
        return asking(services.domain, services.key, place, *way)

    # Looking

    async def verify(self, count: int = MOST_LEAVES) -> list[CopySeen]:
        """Ask each copy for so many leaves that nobody can foresee, and write down what is lost."""
        await self._take_up()
        found = []
        for copy in self._ledger.copies:
            if copy.stage in (CopyStage.OPEN, CopyStage.LOST):
                seen = await self._look(copy, count)
                if seen.good is not None:
                    why = "" if seen.good else seen.why
                    self._save(replace(copy, stage=_STAGES[seen.good], why=why))
                found.append(seen)
        return found

    async def _look(self, copy: Copy, count: int) -> CopySeen:
        view = await asyncio.to_thread(self._chain.view, copy.deal)
        if view.status is StorageStatus.NONE:
            if await asyncio.to_thread(self._chain.now) < copy.deal.opened_at:
                return CopySeen(copy, None, "the node is behind: it does not know the deal yet")
            return CopySeen(copy, False, "its deal is over")
        if view.status is StorageStatus.MISSED:
            return CopySeen(copy, False, "it was not proved in time")
        file, leaves = copy.file, file_leaves(copy.size)
        asked = [secrets.randbelow(leaves) for _ in range(min(count, MOST_LEAVES))]
        try:
            async with self._asking(copy.keeper, copy.deal) as miner:
                shown = await miner.leaves(file, asked)
        except (LinkLost, Unreached, TimeoutError) as error:
            return CopySeen(copy, None, str(error))
        except (LinkRefused, BadPeer) as error:
            return CopySeen(copy, False, f"the miner does not show it: {error}")
        for leaf, proof in zip(asked, shown, strict=True):
            if not holds_leaf(file.root, file.size, leaf, proof.data, proof.path):
                return CopySeen(copy, False, "the miner shows other bytes")
        return CopySeen(copy, True, f"{len(asked)} leaves of {leaves:,} are right")

    async def repair(self) -> int:
        """Make the lost copies again, out of one that is there; how many.

        A deal that runs goes on until its miner misses a proof, which gives back what it was paid,
        two periods' pay at the bid at most: ended before, the period that runs would be paid, too.
        """
        plain, missing = self._ledger.folder / "again", self.missing()
        try:
            if missing > 0:
                await self.get(plain)
            for copy in self._ledger.copies:
                if copy.stage is CopyStage.LOST:
                    await self._see_out(copy)
            self._shorten()
            while self.missing() > 0:
                begun = [one for one in self._ledger.copies if one.stage in _BEGUN]
                await self._place(begun[0] if begun else await self._sealed(plain))
        finally:
            plain.unlink(missing_ok=True)
        return missing

    async def _see_out(self, copy: Copy) -> None:
        """A lost one's deal."""
        if (await asyncio.to_thread(self._chain.view, copy.deal)).status in LIVE:
            self._tell(
                f"copy {copy.number}: miner {copy.keeper.miner} is paid for as long as it gives"
                " proofs; when it misses one, --repair brings back what it got, two periods' pay at"
                " the bid at most; to end its deal now:"
                f" suanli storage drop {self._ledger.name} --copy {copy.number}"
            )
        else:
            await self._end(copy)

    async def _end(self, copy: Copy) -> None:
        await asyncio.to_thread(self._chain.end, copy.deal)
        self._save(replace(copy, stage=CopyStage.OVER))

    def give_up(self, copy: Copy) -> None:
        """One that can't be reached counts as lost."""
        self._save(replace(copy, stage=CopyStage.LOST, why=GIVEN_UP))

    def _shorten(self) -> None:
        """A new copy is kept no longer than the others."""
        ends = self.until()
        left = max(ends - self._chain.now(), 1)
        wish = self._ledger.wish
        if ends and left < wish.seconds:
            self._ledger.wish_for(replace(wish, seconds=left))

    def until(self) -> int:
        """When the last copy's time is over, in seconds since 1970; 0: there is none."""
        deals = [one.deal for one in self._ledger.copies if one.stage is CopyStage.OPEN]
        return max((deal.end_of(deal.quote.periods - 1) for deal in deals), default=0)

    # Getting

    async def get(self, into: Path) -> None:
        """The file, each chunk checked; where a copy fails the next goes on."""
        size = self._ledger.wish.size
        part, number, count = into.with_name(into.name + ".part"), 0, chunks_of(size)
        copies = [one for one in self._ledger.copies if one.stage is CopyStage.OPEN]
        copies += [one for one in self._ledger.copies if one.stage is CopyStage.LOST]
        with part.open("wb") as out:
            os.fchmod(out.fileno(), 0o600)
            for copy in copies:
                if number == count:
                    break
                seal = Seal(bytes.fromhex(copy.key), size)
                try:
                    async with self._asking(copy.keeper, copy.deal) as miner:
                        async for sealed in miner.fetch(copy.file, number * CHUNK):
                            out.write(seal.open(number, sealed))
                            number += 1
                except AWAY as error:
                    self._tell(f"copy {copy.number}: {error}")
            out.flush()
            os.fsync(out.fileno())
        if number < count:
            part.unlink()
            raise LeaseError(
                f"no copy of {self._ledger.name} could be got: see suanli storage verify, and try"
                " again later"
            )
        part.rename(into)

    # Longer, and no longer

    async def extend(self, seconds: int) -> int:
        """Keep each copy for so long from now on: another deal for the same bytes is opened, then
        the old one ended. How many copies that were."""
        await self._take_up()
        self._ledger.wish_for(replace(self._ledger.wish, seconds=seconds))
        offers = await asyncio.to_thread(self._services.offers, self._ledger.wish)
        sold, done, failed = {offer.place.miner: offer for offer in offers}, 0, []
        for copy in self._ledger.copies:
            if copy.stage is not CopyStage.OPEN:
                continue
            try:
                if (offer := sold.get(copy.keeper.miner)) is None:
                    raise Unreached(f"miner {copy.keeper.miner} does not sell it now")
                signed = await self._quoted(copy, offer)
                self._save(replace(copy, place=offer.place, quote=signed_to_json(signed)))
                await self._take_up()
                done += 1
            except AWAY as error:
                failed.append(f"copy {copy.number} is kept no longer than before: {error}")
        if failed:
            raise LeaseError("; ".join(failed))
        return done

    async def _take_up(self) -> None:
        """End what an extension began."""
        for copy in self._ledger.copies:
            if copy.stage is CopyStage.OPEN and copy.quote is not None:
                try:
                    await self._open(copy)
                except QuoteSpent:
                    self._save(replace(copy, quote=None))
        for copy in self._ledger.copies:
            if copy.before is not None:
                await asyncio.to_thread(self._chain.end, deal_from_json(copy.before))
                self._save(replace(copy, before=None))

    async def drop_copy(self, number: int) -> None:
        """End the deal of one copy alone; the period that runs is paid."""
        await self._take_up()
        for copy in self._ledger.copies:
            if copy.number == number and copy.stage in (CopyStage.OPEN, CopyStage.LOST):
                return await self._end(copy)
        raise LeaseError(f"no miner keeps a copy {number} of {self._ledger.name}")

    async def drop(self) -> None:
        """The miners may forget it; what has not begun is not paid, and the keys are gone."""
        await self._take_up()
        for copy in self._ledger.copies:
            if copy.stage is CopyStage.OPENING:
                sent = await asyncio.to_thread(self._chain.was_sent, self._key(copy))
                with suppress(QuoteSpent):
                    if sent:
                        await self._open(copy)
        for copy in self._ledger.copies:
            if copy.record is not None and copy.stage is not CopyStage.OVER:
                await asyncio.to_thread(self._chain.end, copy.deal)
            self._ledger.sealed(copy.number).unlink(missing_ok=True)
            self._save(replace(copy, stage=CopyStage.OVER, key=""))


_BEGUN = (CopyStage.SEALED, CopyStage.OPENING)
_STAGES = {True: CopyStage.OPEN, False: CopyStage.LOST}
