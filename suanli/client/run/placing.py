"""Tasks that nobody has are offered to miners, and paid for in advance: never above the budget."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from suanli.chain import Block
from suanli.client.errors import BudgetTooSmall, NobodyTakes
from suanli.client.events import Event, MayDouble, Placed, TermsChosen, Trouble, Waiting
from suanli.client.failures import require_hope
from suanli.client.ledger import EXPIRED, NO_ANSWER, PASSING, Ledger, Part, Stage
from suanli.client.options import Options
from suanli.client.plan import Candidate, Plan, plan
from suanli.client.plan import Part as Planned
from suanli.client.run.hedging import Hedging
from suanli.client.run.watching import Watching
from suanli.job import StoredJob
from suanli.protocol import Request, sign
from suanli.verify import fetch_output

if TYPE_CHECKING:
    from suanli.client.connection import Client

BARRING = ("defaulted", "overturned")
"""Ends after which a miner gets nothing more of the job."""
DOUBLE_EVERY = 5.0
"""Seconds between looks for deals to be doubled."""
PUT_OFF = 10.0
"""Seconds for which a miner may put off what others could take."""
_ENDINGS = {
    "defaulted": "defaulted on these tasks",
    "released": "gave these tasks back",
    "overturned": "delivered a wrong result, as the court found",
}
_UNLOCKED = (Stage.SIGNED, Stage.OPEN)
"""Stages in which the chain may not hold the part's money yet."""


class Placing:
    """`budget` in base units. `begun_at`: how many parts there were when this process took the
    job; `stuck`: parts, by number, of which nothing comes in this run."""

    def __init__(
        self,
        name: str,
        client: Client,
        job: StoredJob,
        ledger: Ledger,
        options: Options,
        budget: int,
        watching: Watching,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._id, self._client, self._job, self._ledger = name, client, job, ledger
        self.options, self.budget, self._clock = options, budget, clock
        self._idle_since: float | None = None
        self._last: list[Candidate] = []
        self.hedging = Hedging(ledger, watching, lambda: self.options.hedge)
        self._look_again = 0.0
        """When deals to be doubled are looked for again."""
        self._not_doubled: set[int] = set()
        """Parts of which it was told that they can't be doubled."""
        self._put_off: dict[int, float] = {}
        """By part: since when its miner says that it can't take it yet."""
        self._terms = 0
        """Number of those under which deals were signed last."""
        self.begun_at = 0
        self.stuck: set[int] = set()

    def waiting(self) -> list[int]:
        """Tasks without a result that no miner has."""
        return self._ledger.waiting(len(self._job.manifest.tasks))

    def place(self, head: Block) -> Iterator[Event]:
        """Give tasks that nobody has to miners, and pay what is owed."""
        yield from self._offer_again(head)
        self._take_from_busy(head)
        waiting = self.waiting()
        if not waiting:
            self._idle_since = None
            yield from self._double(head)
            return
        self._require_hope()
        found = self.plan(head, waiting)
        if not self._ledger.parts():
            self._require_budget(found)
            yield from self._may_double(found)
        if not found.parts:
            yield from self._give_up_in_time(found)
            return
        self._idle_since = None
        yield from self._add(found.parts, head)

    def _may_double(self, found: Plan) -> Iterator[Event]:
        """Before anything is placed: what that may cost."""
        most = self.hedging.bound(self.budget, found.lock + (found.least or 0))
        if most > 0 and found.parts:
            yield MayDouble(most, bool(self.options.hedge))

    def _double(self, head: Block) -> Iterator[Event]:
        """Give what silent or late miners have to others as well."""
        late, now = self.hedging.late(), self._clock()
        if not late or now < self._look_again:
            return
        self._look_again = now + DOUBLE_EVERY
        running = [part for part in self._ledger.live() if part.running]
        had = set(self._ledger.results())
        for part in running:
            had |= set() if part.number in late else set(part.tasks)
        for part in running:
            tasks = [task for task in part.tasks if task not in had]
            if part.number not in late or not tasks:
                continue
            barred = self.barred(tasks)
            for other in running:
                for task in barred.keys() & set(other.tasks):
                    barred[task][other.miner] = "it has these tasks"
            found = self.plan(head, tasks, barred, self.hedging.left(self.budget))
            why = late[part.number]
            yield from self._add(found.parts, head, part.number, why)
            had |= {task for planned in found.parts for task in planned.tasks}
            if found.unplaced and part.number not in self._not_doubled:
                self._not_doubled.add(part.number)
                yield Trouble(
                    f"{len(found.unplaced)} tasks of deal {part.number} can't be placed a second"
                    f" time though {why}: {self._obstacle(found)}"
                )

    def _obstacle(self, found: Plan) -> str:
        if found.least is not None:
            show, left = self._client.show, self.hedging.left(self.budget)
            return f"they may cost {show(found.least)}, {show(left)} may be used for that"
        return "; ".join(self._objections(found)) or "there are no other offers"

    def _take_from_busy(self, head: Block) -> None:
        """Call back what its miner puts off for a while, if others can take all of it now."""
        now = self._clock()
        for part in self._ledger.live():
            if part.stage is not Stage.OPEN or not part.why or part.acceptance:
                self._put_off.pop(part.number, None)
            elif now - self._put_off.setdefault(part.number, now) > PUT_OFF:
                barred = self.barred(list(part.tasks))
                for miners in barred.values():
                    miners[part.miner] = part.why
                if not self.plan(head, list(part.tasks), barred).unplaced:
                    self._ledger.update(part, stage=Stage.CALLED)

    def _require_hope(self) -> None:
        """Raises TasksFailed if the first tasks all failed, and alike."""
        kept, bound = list(self._ledger.results().values()), self.options.stop_after_failures
        if not bound or len(kept) < bound or any(result.ok for result in kept):
            return
        limits = self._job.manifest.limits
        first = [
            fetch_output(self._job.blobs, result.leaf, self._job.salt, limits)
            for result in kept[:bound]
        ]
        require_hope(first, len(kept), limits, self._id)

    def owed(self) -> list[Part]:
        """Deals to be offered once more, as many as the budget allows, so that their miners are
        paid after all."""
        latest = {(part.miner, part.tasks): part for part in self._ledger.parts()}
        left, owed = self.budget - self._ledger.reserved(), []
        for part in latest.values():
            if part.unpaid and part.lock <= left:
                owed.append(part)
                left -= part.lock
        return owed

    def _offer_again(self, head: Block) -> Iterator[Event]:
        """The miner need only do again what it did."""
        owed = self.owed()
        if not owed:
            return
        need = self._client.need(self._job.manifest, self.options, head)
        known = {c.miner: c for c in self._client.candidates(self.options, head)}
        for part in owed:
            request, miner = part.request, known.get(part.miner, Candidate(part.miner, 0, 0, 0))
            again = Planned(
                part.miner,
                part.tasks,
                request.units,
                request.max_price,
                part.lock,
                part.seconds,
                request.duration,
                need.confirm_within_for(miner),
            )
            yield from self._add([again], head)

    def _add(
        self,
        planned: Sequence[Planned],
        head: Block,
        doubles: int | None = None,
        why: str = "",
    ) -> Iterator[Event]:
        if not planned:
            return
        chosen = self._client.terms(self.options)
        if chosen.number != self._terms:
            self._terms = chosen.number
            yield TermsChosen(chosen.number, str(chosen))
        start = len(self._ledger.parts())
        odds = self._client.audits(self.options, chosen, planned, self._last)
        parts = [
            replace(self._signed(number, p, head, chosen.number, audit), doubles=doubles)
            for number, (p, audit) in enumerate(zip(planned, odds, strict=True), start)
        ]
        needed = self._to_lock() + sum(part.lock for part in parts)
        funds, domain = self._client.funds, self._client.market.domain
        with funds.alone:
            if funds.require(self._id, needed):
                # Miners would wait in vain for a deposit that is too dear now.
                self._client.sender.fees.now(self._client.market.node)
            funds.promise(
                self._id,
                {domain.request_id(p.request): (p.lock, p.request.confirm_by) for p in parts},
            )
        self._ledger.add_parts(parts)
        for part in parts:
            yield Placed(part.number, part.miner, part.tasks, part.lock, part.seconds, doubles, why)

    def fund(self) -> Iterator[Event]:
        """Deposit what miners are about to lock."""
        if any(part.stage is Stage.SIGNED for part in self._ledger.parts()):
            self._client.funds.make_available(self._id, self._to_lock())
        yield from ()

    def _to_lock(self) -> int:
        """What requests that are out may still lock."""
        return sum(
            part.lock
            for part in self._ledger.parts()
            if part.stage is Stage.SIGNED or (part.stage is Stage.OPEN and not part.posted)
        )

    def plan(
        self,
        head: Block,
        tasks: list[int],
        barred: dict[int, dict[str, str]] | None = None,
        most: int | None = None,
    ) -> Plan:
        """How the tasks would be placed now; moves nothing. `barred`: instead of what is known;
        `most`: base units, instead of what the budget leaves."""
        self._last = [self._with_our_load(c) for c in self._client.candidates(self.options, head)]
        need = self._client.need(self._job.manifest, self.options, head)
        left = self.budget - self._ledger.reserved() if most is None else most
        barred = self.barred(tasks) if barred is None else barred
        return plan(tasks, self._last, need, self._client.scale, left, barred)

    def _with_our_load(self, candidate: Candidate) -> Candidate:
        """What it was given and has not confirmed is not free any more."""
        free, busy = candidate.free, candidate.busy
        for part in self._ledger.parts():
            if part.miner == candidate.miner and part.running:
                busy += part.seconds or 0.0
                free -= part.request.units if part.stage in _UNLOCKED else 0
        return replace(candidate, free=max(0, free), busy=busy)

    def barred(self, waiting: list[int]) -> dict[int, dict[str, str]]:
        """By task the miners that it does not go to again, and why."""
        barred: dict[int, dict[str, str]] = {task: {} for task in waiting}
        for part in self._ledger.parts():
            if part.running or part.stage is Stage.ACCEPTED:
                continue
            if part.end in PASSING and not part.refused and part.number < self.begun_at:
                continue
            everywhere = part.refused or part.end in BARRING
            for task in waiting if everywhere else part.tasks:
                if task in barred:
                    barred[task][part.miner] = _failing(part)
        return barred

    def _require_budget(self, found: Plan) -> None:
        if not found.unplaced or found.least is None:
            return
        total, show = found.lock + found.least, self._client.show
        if total > self.budget - self._ledger.reserved():
            raise BudgetTooSmall(
                f"the job may cost {show(total)} at worst, the budget is {show(self.budget)}:"
                f" raise it (suanli job resume {self._id} --budget TOKENS), lower the job's limits,"
                " or wait for lower prices"
            )

    def _give_up_in_time(self, found: Plan) -> Iterator[Event]:
        """Offers may come: wait for them a while, but not for ever."""
        live = [part for part in self._ledger.live() if part.number not in self.stuck]
        if any(part.running or part.stage is Stage.CALLED for part in live):
            self._idle_since = None
            return
        seconds = self._wait_for_offers()
        if self._idle_since is None:
            self._idle_since = self._clock()
            if seconds:
                yield Waiting(len(found.unplaced), tuple(self.reasons(found)), seconds)
        if self._clock() - self._idle_since <= seconds:
            return
        self._require_budget(found)
        advice = f"To try again: suanli job resume {self._id}"
        raise NobodyTakes(len(found.unplaced), self.reasons(found), advice)

    def _wait_for_offers(self) -> float:
        """Nothing is lost by saying at once that a job that never began can't."""
        return self.options.patience if self._ledger.parts() else 0.0

    def reasons(self, found: Plan) -> list[str]:
        """For each offer, why it gets nothing; then what miners said of our requests."""
        failed = [p for p in self._ledger.parts() if p.refused or p.end not in ("", "settled")]
        told = [f"{p.miner}: deal {p.number} {_ending(p)}" for p in failed]
        return self._objections(found) + told

    def _objections(self, found: Plan) -> list[str]:
        return [
            f"{c.miner}: {found.objections[c.miner]}"
            for c in self._last
            if c.miner in found.objections
        ]

    def _signed(self, number: int, planned: Planned, head: Block, terms: int, audit: float) -> Part:
        client, manifest = self._client, self._job.part(planned.tasks)
        request = Request(
            requester=client.requester,
            miner=planned.miner,
            resource=self.options.resource,
            units=planned.units,
            max_price=planned.bid,
            confirm_by=head.time + planned.confirm_within,
            duration=planned.duration,
            tasks=len(planned.tasks),
            job=manifest.digest(self._job.salt),
            terms=terms,
            flags=int(self.options.verified_only),
            epoch=client.market.epoch_of(client.requester),
            salt=secrets.randbits(64),
        )
        signed = sign(client.market.domain, request, client.account, client.requester)
        return Part(
            number,
            Stage.SIGNED,
            planned.tasks,
            request,
            signed.signature,
            planned.lock,
            planned.seconds,
            audit,
        )


def _failing(part: Part) -> str:
    """Why its miner gets these tasks no more."""
    if part.refused:
        return f"its result was refused: {part.refused}"
    if part.end == EXPIRED and part.why == NO_ANSWER:
        return "it did not answer when it was offered these tasks"
    if part.end in PASSING or part.stage is Stage.CALLED:
        return f"it refused these tasks: {part.why}" if part.why else "they were called back"
    return f"it {_ENDINGS.get(part.end, part.end)}"


def _ending(part: Part) -> str:
    why, how = part.refused or part.why, part.end or "is not over yet"
    return f"{how} ({why})" if why else how
