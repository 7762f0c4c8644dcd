"""What the daemon tells: its log, what is wrong, and the notes that `status` shows."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from suanli.daemon import DaemonTeller
from suanli.miner.core import FREE, Changes, ClassView, Outlook, Sale, Settings, Told

log = logging.getLogger("suanli.miner")
TWIN = "twin"


class Teller(DaemonTeller):
    def __init__(
        self,
        settings: Settings,
        outlook: Outlook,
        wall: Callable[[], float],
        monotonic: Callable[[], float],
        local_chain: bool,
    ) -> None:
        who = ("miner", settings.miner, settings.decimals)
        super().__init__(log, *who, wall, monotonic, local_chain)
        self._settings, self._outlook = settings, outlook
        self._sold: dict[int, tuple[int, int]] = {}

    def tell_changes(self, changes: Changes) -> None:
        """Log what a deal has come to, once; requests that just wait or pass are for `status`."""
        for id_, deal in changes.deals.items():
            if deal.stage != self._told.get(id_) and (deal.stage not in FREE or id_ in self._told):
                self._told[id_] = deal.stage
                why = f" ({deal.reason})" if deal.reason else ""
                log.info("0x%s: %s%s", id_.hex()[:8], deal.stage, why)
        for line in changes.lines:
            if line.told is Told.CASE:
                log.info("0x%s: case %s", line.id.hex()[:8], line.because)
        for id_ in changes.forgotten - changes.deals.keys():
            if self._told.pop(id_, None) is not None:
                passed = changes.passed.get(id_)
                log.info("0x%s: %s", id_.hex()[:8], passed.reason if passed else "over")
        self._tell_offer()

    def _tell_offer(self) -> None:
        """Log what is sold, when it changes."""
        view = self._outlook.view()
        if view is not None and not self._outlook.draining:
            for sale in self._outlook.sales():
                self._tell_sale(sale, view.classes[sale.resource])

    def _tell_sale(self, sale: Sale, seen: ClassView) -> None:
        offer = seen.offer
        sold = offer.published if offer.valid_until else 0
        if not sold and seen.covered:
            return  # it is on its way
        if (sold, offer.capacity) != self._sold.get(sale.resource):
            self._sold[sale.resource] = sold, offer.capacity
            short = ": the stake covers no more" if offer.capacity < sale.capacity else ""
            of = f" of class {sale.resource}" if len(self._settings.sales) > 1 else ""
            log.info("sells %s of %s units%s%s", f"{sold:,}", f"{sale.capacity:,}", of, short)

    def status(self, now: int, relay: float | None, chain: float | None) -> dict[str, Any] | None:
        """A note, now and then. `relay` and `chain`: by how much their clocks are ahead."""
        if not self.is_due():
            return None
        self.trouble(TWIN, self._outlook.twin(now))
        return self.note(relay, chain) | self._outlook.note()
