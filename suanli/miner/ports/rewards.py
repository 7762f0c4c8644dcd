"""What the chain port reads of a market's reward pool, now and then."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress

from suanli.chain import BadAnswer, Block, ContractError, Market, RewardPool
from suanli.miner.core import ClassView, PastEpoch, RewardedClass, RewardView, Settings

REFRESH = 60.0
"""Seconds between two looks."""
LOOK_BACK = 8
"""Epochs, of which rewards may still be claimed."""
BLIND = ("AlreadyClaimed", "ClaimsEnded", "NothingDue")
"""Why nothing will be claimed of an epoch any more."""


class RewardLooker:
    """Asks seldom, and not again about epochs of which nothing is to be had here."""

    def __init__(self, settings: Settings, miner_id: int, monotonic: Callable[[], float]) -> None:
        self._settings, self._miner_id, self._monotonic = settings, miner_id, monotonic
        self._looked = float("-inf")
        self._view: RewardView | None = None
        self._fixed: dict[str, tuple[int, int, int]] = {}
        """By pool: when its first epoch began, how long they last, and its settling time."""
        self._closed: set[tuple[str, int]] = set()

    def outdated(self) -> None:
        """Something was done."""
        self._looked = float("-inf")

    def read(self, head: Block, at: Market, classes: Mapping[int, ClassView]) -> RewardView | None:
        """None: there is no pool, or it is left alone here."""
        if self._settings.reward_fee and self._monotonic() >= self._looked + REFRESH:
            self._view = None
            with suppress(ContractError, BadAnswer):  # one that answers oddly stops no deal
                found = RewardPool.of(at)
                self._view = None if found is None else self._of(found, head, at, classes)
            self._looked = self._monotonic()
        return self._view

    def _of(
        self, pool: RewardPool, head: Block, at: Market, classes: Mapping[int, ClassView]
    ) -> RewardView:
        if pool.address not in self._fixed:
            self._fixed[pool.address] = pool.genesis(), pool.epoch_length(), pool.settling()
        genesis, length, settling = self._fixed[pool.address]
        epoch = (head.time - genesis) // length
        weights = [weight.resource for weight in pool.weights_of(epoch)]
        sold = {number: classes[number] for number in weights if number in classes}
        return RewardView(
            pool.address,
            epoch,
            genesis + (epoch + 1) * length,
            settling,
            tuple(self._seen(pool, epoch, number, it, head) for number, it in sold.items()),
            at.account_of(pool.address).available,
            self._past(pool, epoch, genesis, length),
        )

    def _seen(
        self, pool: RewardPool, epoch: int, number: int, seen: ClassView, head: Block
    ) -> RewardedClass:
        offer, read = seen.offer, pool.observed(epoch, self._miner_id, number)
        counts = head.time <= offer.valid_until and offer.ask <= seen.price
        return RewardedClass(read.counted, offer.published if counts else 0, read.since)

    def _past(self, pool: RewardPool, epoch: int, genesis: int, length: int) -> PastEpoch | None:
        """The oldest of which something may be had."""
        for number in range(max(epoch - LOOK_BACK, 0), epoch):
            if (pool.address, number) in self._closed:
                continue
            record, ended = pool.epoch(number), genesis + (number + 1) * length
            if not pool.limit_of(number, self._miner_id):
                self._closed.add((pool.address, number))
            elif not record.drawn_at:
                return PastEpoch(number, ended, record.seed_block)
            elif (due := self._due(pool, number)) and due >= self._settings.least:
                return PastEpoch(number, ended, record.seed_block, drawn=True)
        return None

    def _due(self, pool: RewardPool, epoch: int) -> int:
        """What can be claimed of a drawn epoch."""
        try:
            due = pool.reward_of(epoch, self._miner_id)
            pool.claim(epoch, self._miner_id).simulate(self._settings.miner)
        except ContractError as error:
            if error.name not in BLIND:
                raise
            self._closed.add((pool.address, epoch))
            return 0
        return due
