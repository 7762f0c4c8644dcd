"""What others may know of the core: what it wants to know, and what to tell. Nothing here changes
the state; other threads may ask."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from suanli.miner.core.accusations import Accused
from suanli.miner.core.case_words import charge, own_run, standing
from suanli.miner.core.deadlines import waits_of
from suanli.miner.core.judge import TWIN_REST, sees_twin
from suanli.miner.core.records import ClassView, CoreState, MarketView, Sale
from suanli.miner.core.room import needed_for
from suanli.miner.core.stages import FREE, LIVE, Stage
from suanli.protocol import Request
from suanli.schedule import Pace


@dataclass(frozen=True)
class Watch:
    """To be read from the chain: deals, cases about them, terms and requesters; `eager`: with every
    block."""

    deals: frozenset[bytes] = frozenset()
    accused: Mapping[bytes, Accused] = field(default_factory=dict)
    terms: frozenset[int] = frozenset()
    requesters: frozenset[str] = frozenset()
    eager: bool = False


@dataclass(frozen=True)
class Talk:
    """With the relay. `selling`: offers are announced. `at_work`: deals whose result is not
    accepted yet, with how many of how many tasks are done. `awaiting`: those whose acceptance may
    be there.
    `pace`: by which times are promised now, if not always by the same."""

    selling: bool = True
    at_work: Sequence[tuple[bytes, int, int]] = ()
    awaiting: Sequence[tuple[bytes, Request]] = ()
    pace: Pace | None = None


class Outlook:
    def __init__(self, state: CoreState) -> None:
        self._state = state

    def watch(self) -> Watch:
        deals = self._state.deals.values()
        return Watch(
            frozenset(d.id for d in deals if d.stage not in FREE or d.bound),
            self._accused(),
            frozenset(d.request.terms for d in deals),
            frozenset(d.request.requester for d in deals if d.stage in FREE and d.lodged),
            any(d.stage is Stage.CHECKING or d.stage in LIVE for d in deals),
        )

    def _accused(self) -> dict[bytes, Accused]:
        """Deals that a court holds, or about which there is a case."""
        terms = self._state.view.terms if self._state.view else {}
        return {
            deal.id: Accused(terms[deal.request.terms].court, deal.since, tuple(deal.cases))
            for deal in self._state.deals.values()
            if deal.request.terms in terms
            and (deal.cases or (deal.chain is not None and deal.chain.frozen))
        }

    def talk(self) -> Talk:
        waiting = (Stage.UPLOADED, Stage.OFFERED)
        deals = [d for d in self._state.live() if d.lodged]
        settings = self._state.settings
        return Talk(
            not self._state.draining and settings.workers > 0 and settings.speed > 0,
            [
                (d.id, len(d.leaves), d.work.tasks)
                for d in deals
                if d.work and d.stage in (Stage.RUNNING, *waiting)
            ],
            [(d.id, d.request) for d in deals if d.stage in waiting],
            settings.pace,
        )

    @property
    def draining(self) -> bool:
        return self._state.draining

    @property
    def room(self) -> int | None:
        """Bytes that find room on the disk, as far as the core knows."""
        return self._state.room

    def room_needed(self) -> int:
        """Bytes that the tasks of deals at work may need."""
        return needed_for(self._state)

    def knows(self, id_: bytes) -> bool:
        return id_ in self._state.deals

    def deals(self) -> set[bytes]:
        return set(self._state.deals)

    def needs_results(self, id_: bytes) -> bool:
        """Whether what its tasks leave is of use."""
        deal = self._state.deals.get(id_)
        return deal is not None and deal.stage not in (Stage.RELEASING, Stage.ENDED)

    def is_stored(self, id_: bytes, task: int) -> bool:
        """Whether what a task left is in the requesters' store, and need not be kept here, too."""
        deal = self._state.deals.get(id_)
        return deal is not None and task in deal.stored and not deal.cases

    def sales(self) -> Sequence[Sale]:
        """What is to be sold now."""
        return self._state.settings.sales

    def view(self) -> MarketView | None:
        """The market as it was read last."""
        return self._state.view

    def twin(self, now: int) -> str:
        """What to say of another daemon that works with this account, or ""."""
        state = self._state
        if not sees_twin(state, now):
            return ""
        return (
            f"0x{state.twin_deal.hex()[:8]} was confirmed with this account, but not by this"
            " daemon: another works with it elsewhere, and the same work is done twice; stop one"
            f" of them. This one takes no new deals for {TWIN_REST // 60} minutes"
        )

    def note(self) -> dict[str, Any]:
        """For `status` and `drain --wait`."""
        state, view = self._state, self._state.view
        noted: dict[str, Any] = {
            "waits": [
                {"request": "0x" + id_.hex(), "for": what, "until": until}
                for id_, what, until in waits_of(state)
            ],
            "cases": list(self._cases()),
        }
        if view is not None:
            sales = state.settings.sales
            noted |= {
                "block": view.block,
                "classes": [noted_of(sale, view.classes[sale.resource]) for sale in sales],
                "stake": str(view.stake),
                "earnings": str(view.earnings),
            }
        return noted

    def _cases(self) -> Iterator[dict[str, Any]]:
        """Those that are not over."""
        for deal in self._state.deals.values():
            for case in deal.cases.values():
                if case.look is not None and case.open:
                    yield {
                        "request": "0x" + deal.id.hex(),
                        "case": "0x" + case.case.hex(),
                        "charge": charge(case),
                        "standing": standing(case.look.status),
                        "until": case.look.status.deadline,
                        "own_run": own_run(case),
                        "note": case.note,
                    }


def noted_of(sale: Sale, seen: ClassView) -> dict[str, Any]:
    """Of a class."""
    offer = seen.offer
    return {
        "resource": sale.resource,
        "wanted": sale.capacity,
        "price": str(seen.price),
        "ask": str(offer.ask),
        "capacity": offer.capacity,
        "published": offer.published,
        "reserved": offer.reserved,
        "valid_until": offer.valid_until,
    }
