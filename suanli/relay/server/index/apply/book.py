"""What an event is applied to: the rows, where it stands, and what never changes on chain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from suanli.protocol import ResourceClass, Scale, Terms
from suanli.relay.server.index.changes import Row, RowChanges
from suanli.relay.server.index.tables import CLASSES, MINERS, OFFERS, POINTS

STEPS = {"minute": 60, "hour": 3_600, "day": 86_400}


class Constants(Protocol):
    """Of the market. They raise ChainError if the node can't be asked."""

    @property
    def scale(self) -> Scale: ...

    def resource_class(self, resource: int) -> ResourceClass: ...

    def terms(self, number: int) -> Terms: ...

    def beside(self, terms: Terms) -> dict[str, str]:
        """Contracts that the terms name and that are followed: roles by address."""
        ...

    def forget(self) -> None:
        """The chain was reorganized: numbers may mean something else now."""


@dataclass
class TableBook:
    changes: RowChanges
    constants: Constants
    at: int = 0
    time: int = 0

    def miner(self, miner_id: int) -> Row:
        return self.changes.get(MINERS, miner_id)

    def offer(self, miner_id: int, resource: int) -> Row:
        """All zero if the miner has none."""
        found = self.changes.find(OFFERS, miner_id, resource)
        if found is not None:
            return found
        nothing = dict.fromkeys(("capacity", "published", "reserved", "free", "ask"), 0)
        values: dict[str, Any] = {"valid_until": 0, "verified_only": False, **nothing}
        return self.changes.add(OFFERS, miner_id=miner_id, resource=resource, **values)

    def registered(self, offer: Row, capacity: int) -> None:
        self._total(offer["resource"], "registered", capacity - offer["capacity"])
        offer["capacity"] = capacity

    def published(self, offer: Row, published: int) -> None:
        self._total(offer["resource"], "published", published - offer["published"])
        offer["published"] = published
        offer["free"] = max(published - offer["reserved"], 0)

    def reserved(self, offer: Row, units: int) -> None:
        """So many more; fewer if negative."""
        offer["reserved"] += units
        offer["free"] = max(offer["published"] - offer["reserved"], 0)

    def demanded(self, resource: int, units: int) -> None:
        self._total(resource, "demanded", units)

    def unreserved(self, miner_id: int, resource: int, units: int) -> None:
        """A deal's or a lot's units are free again; of a withdrawn offer they leave the market."""
        offer = self.offer(miner_id, resource)
        self.reserved(offer, -units)
        self.demanded(resource, -units)
        if not offer["valid_until"]:
            self.published(offer, offer["published"] - units)

    def traded(self, resource: int, units: int, price: int) -> None:
        """A deal or a lot was made."""
        kind = self.changes.get(CLASSES, resource)
        kind["last_price"], kind["deals"] = price, kind["deals"] + 1
        for point in self._points(resource):
            point["deals"] += 1
            point["units"] += units
            point["value"] += self.constants.scale.value_down(units, price)
            point["open"] = price if point["open"] is None else point["open"]
            point["high"] = max(price, point["high"] or 0)
            point["low"] = price if point["low"] is None else min(price, point["low"])
            point["close"] = price

    def _total(self, resource: int, name: str, more: int) -> None:
        kind = self.changes.get(CLASSES, resource)
        kind[name] += more
        for point in self._points(resource):
            point[name] = kind[name]

    def _points(self, resource: int) -> list[Row]:
        """The minute, hour and day of now; new ones begin with what is on offer."""
        return [self._point(resource, step) for step in STEPS.values()]

    def _point(self, resource: int, step: int) -> Row:
        start = self.time - self.time % step
        found = self.changes.find(POINTS, resource, step, start)
        if found is not None:
            return found
        kind = self.changes.get(CLASSES, resource)
        return self.changes.add(
            POINTS,
            resource=resource,
            step=step,
            start=start,
            deals=0,
            units=0,
            value=0,
            registered=kind["registered"],
            published=kind["published"],
            demanded=kind["demanded"],
        )
