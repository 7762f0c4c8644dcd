"""One deal's next step, decided by what the chain says of it: so a restart needs no memory of what
was under way, and a reorganization is nothing special.

Everything is written to the ledger before it is done.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from suanli.base.text import plain
from suanli.chain import Block
from suanli.client.events import Confirmed, Event, FellBack, Refused, Trouble
from suanli.client.ledger import EXPIRED, NO_ANSWER, PASSING, Part, Stage
from suanli.client.run.context import Context
from suanli.client.run.judging import Judge
from suanli.client.run.payment import Payments
from suanli.client.run.watching import Watching
from suanli.protocol import Deal, Rejection, Signed, State
from suanli.relay import RelayError, RelayRefusal

MONEY = "money"
"""Code of refusals that a deposit ends."""
ENDS = {
    State.CANCELLED: "cancelled",
    State.RELEASED: "released",
    State.DEFAULTED: "defaulted",
    State.OVERTURNED: "overturned",
}
UNCONFIRMED = (State.NONE, State.POSTED, State.EXPIRED)
BEFORE = (Stage.SIGNED, Stage.OPEN, Stage.CALLED)
"""Stages before a miner took the tasks."""
_OFFERED = (Stage.SIGNED, Stage.OPEN)
LATE_BLOCKS, LATE_SECONDS = 5, 60
"""A request ends so many blocks after its time, or seconds of the chain's clock if these are over
first: the block that was late may be replaced by one in time that confirms it."""
DEEP = 30
"""Blocks below which no end is undone any more, as far as we look."""


class Deals:
    """Follows a job's deals."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self._judge, self._payments = Judge(context), Payments(context)
        self.watching = Watching(context)
        self._late: dict[int, int] = {}
        """By part: the block in which its request was first seen to be late."""

    def advance(self, part: Part, seen: Block, may_open: bool) -> Iterator[Event]:
        """Do what is to be done about a part now; `seen`: the block to judge by; `may_open`: what
        its request locks is there."""
        market = self.context.market.at(seen.number)
        state = market.state_of(part.request)
        if state in ENDS:
            yield self.context.end(part, ENDS[state], 0, part.why, seen)
        elif state in UNCONFIRMED:
            yield from self._unconfirmed(part, state, seen, may_open)
        else:
            deal = market.deal_of(self.context.id_of(part))
            yield from self._confirmed(part, state, deal, seen)

    def look_again(self, part: Part, seen: Block) -> Iterator[Event]:
        """Follow a part that ended once more, if a reorganization undid its end."""
        context = self.context
        state = context.market.at(seen.number).state_of(part.request)
        over = part.end in PASSING and seen.time > part.request.confirm_by
        if ENDS.get(state) == part.end or (state is State.NONE and over):
            return
        if state is State.SETTLED and part.end == "settled":
            return
        stage = Stage.REFUSED
        if not part.refused:
            stage = Stage.SIGNED if part.acceptance else Stage.CALLED
            if state not in UNCONFIRMED:
                stage = Stage.OPEN
        context.ledger.update(part, stage=stage, cost=0, end="", why="")
        yield Trouble(
            f"deal {part.number}: a reorganization undid its end ({part.end}); it is followed again"
        )

    # Until a miner takes it

    def _unconfirmed(
        self, part: Part, state: State, seen: Block, may_open: bool
    ) -> Iterator[Event]:
        if part.stage in (Stage.CONFIRMED, Stage.ACCEPTED):
            # Reorganized away, perhaps with the deposit: once that is there, it is opened anew.
            self.context.ledger.update(part, stage=Stage.SIGNED)
            return
        if part.stage in _OFFERED and not part.acceptance and self._is_superfluous(part):
            part = self.context.ledger.update(part, stage=Stage.CALLED, why="its tasks are done")
        late = seen.time > part.request.confirm_by
        unwanted = part.stage in (Stage.REFUSED, Stage.CALLED)
        unwanted = unwanted or (self.context.closing and not part.acceptance)
        if late and state is State.NONE:
            if self._is_late_for_good(part, seen):
                yield self.context.end(part, EXPIRED, 0, part.why or NO_ANSWER, seen)
        elif late or unwanted:
            self._call_back(part)
        elif part.stage is Stage.SIGNED:
            if may_open:
                yield from self._open(part)
        elif state is State.NONE and (rejection := self._rejection(part)):
            yield from self._refused(part, rejection)

    def _refused(self, part: Part, rejection: Rejection) -> Iterator[Event]:
        """What is refused for good is called back, and its tasks may go elsewhere at once."""
        why = plain(rejection.reason)
        final = rejection.is_final and not part.acceptance
        if final or why != part.why:
            yield Refused(part.number, part.miner, why, final)
        if why.startswith(MONEY) and not final:
            # A reorganization may have undone the deposit: it is looked after with what is new.
            self.context.ledger.update(part, stage=Stage.SIGNED, why=why)
        elif final or why != part.why:
            stage = Stage.CALLED if final else part.stage
            self.context.ledger.update(part, stage=stage, why=why)

    def _is_superfluous(self, part: Part) -> bool:
        """Whether those who had its tasks before brought all results after all."""
        done = self.context.ledger.results().keys() >= set(part.tasks)
        return part.doubles is not None and done

    def _is_late_for_good(self, part: Part, seen: Block) -> bool:
        since = self._late.setdefault(part.number, seen.number)
        late = seen.time - part.request.confirm_by
        return seen.number >= since + LATE_BLOCKS or late > LATE_SECONDS

    def _open(self, part: Part) -> Iterator[Event]:
        """Show the miner the request: at the relay, or on the chain."""
        context = self.context
        context.job.upload(context.job.part(part.tasks), context.store)
        if context.relay is not None and not part.posted:
            try:
                context.relay.post(Signed(part.request, part.request.requester, part.signature))
                context.ledger.update(part, stage=Stage.OPEN)
                return
            except RelayError as error:
                if isinstance(error, RelayRefusal) and not error.is_outage:
                    yield Trouble(plain(str(error)))
                    return
                if (
                    context.wallet or context.results is None
                ):  # posts nothing, or has no store that the miner reaches, either
                    raise
                yield FellBack(plain(str(error)))
        part = context.ledger.update(part, posted=True)
        key = f"post:{context.id_of(part).hex()}"
        context.sender.execute(context.market.post_request(part.request), key)
        context.ledger.update(part, stage=Stage.OPEN)

    def _call_back(self, part: Part) -> None:
        """Void the request, so that no miner can take it any more."""
        self.context.sent(self.context.market.cancel_request(part.request), "cancel", part)

    def _rejection(self, part: Part) -> Rejection | None:
        """What the miner says of the request, if it can be asked for."""
        if self.context.relay is None:
            return None
        with suppress(RelayError):
            for rejection in self.context.relay.rejections(self.context.id_of(part)):
                if rejection.miner == part.miner:
                    return rejection
        return None

    # From confirmation to the end

    def _confirmed(self, part: Part, state: State, deal: Deal, seen: Block) -> Iterator[Event]:
        if part.stage in BEFORE:
            # What was accepted before a reorganization still is.
            stage = Stage.ACCEPTED if part.acceptance else Stage.CONFIRMED
            part = self.context.ledger.update(part, stage=stage, why="")
            yield Confirmed(part.number, part.miner, deal.price, deal.time)
        if part.stage is Stage.ACCEPTED:
            part = yield from self._judge.compare(part, deal)
        elif part.stage is Stage.CONFIRMED:
            part = yield from self._judge.judge(part, state, deal)
            if part.stage is Stage.CONFIRMED and state is State.CONFIRMED:
                yield from self.watching.look(part, deal, seen)
        if state is State.SETTLED:
            if part.stage is not Stage.CONFIRMED:
                yield self._payments.settled(part, deal, seen)
        elif state is State.OVERDUE and part.stage is Stage.REFUSED:
            self._payments.claim_default(part, "its result was refused")
        elif state is State.OVERDUE and part.stage is Stage.CONFIRMED:
            if self._judge.gives_up(part):
                self._payments.claim_default(part, "no result by the deadline")
        else:
            yield from self._payments.advance(part, state, deal, seen)
