"""One deal's next step, decided by what the chain says of it: so a restart needs no memory of what
was under way, and a reorganization is nothing special.

Everything is written to the ledger before it is done.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from suanli.accounts import Account
from suanli.chain import (
    Acceptance,
    Block,
    Call,
    ContractError,
    Deal,
    Market,
    Sender,
    Signed,
    State,
    TransactionReverted,
    sign,
)
from suanli.client import evidence, verification
from suanli.client.errors import ResultRefused
from suanli.client.events import (
    Confirmed,
    Event,
    FellBack,
    PartEnded,
    PartRefused,
    TaskDone,
    Trouble,
)
from suanli.client.ledger import EXPIRED, Kept, Ledger, Part, Stage
from suanli.client.options import Options
from suanli.client.stored import StoredJob
from suanli.client.verification import Claim
from suanli.engine import Executor
from suanli.job import Leaf
from suanli.model import Scale, payment
from suanli.relay import (
    RelayClient,
    RelayError,
    RelayRefusal,
    Result,
    SignedMessage,
)
from suanli.store import Store

MONEY = "money"
TRANSIENT = (MONEY, "capacity", "time", "price", "paused", "chain", "reverted", "gas")
"""Codes of refusals that a miner may take back while the request is open."""
TELL_AGAIN = 60.0
"""Seconds after which the relay is given an acceptance once more, should it have lost it."""
UNCOLLECTED = 86_400
"""Seconds after its deadline from which an accepted deal that its miner never collected may be
taken for a default, so that its money is not locked for ever."""
ENDS = {
    State.CANCELLED: "cancelled",
    State.RELEASED: "released",
    State.DEFAULTED: "defaulted",
    State.OVERTURNED: "overturned",
}


@dataclass
class Deals:
    """Follows a job's deals. `results`: a folder where miners leave results when there is no
    relay, or None. `closing`: no new deals, those that nobody took are called back."""

    market: Market
    account: Account
    sender: Sender
    relay: RelayClient | None
    store: Store
    results: Path | None
    job: StoredJob
    ledger: Ledger
    folder: Path
    options: Options
    scale: Scale
    pool: Callable[[], Executor]
    chance: random.Random
    clock: Callable[[], float] = time.monotonic
    confirmations: int = 0
    closing: bool = False
    _missed: dict[int, float] = field(default_factory=dict)
    _told: dict[int, float] = field(default_factory=dict)

    def advance(self, part: Part, head: Block) -> Iterator[Event]:
        """Do what is to be done about a part now."""
        market = self.market.at(max(0, head.number - self.confirmations))
        state = market.state_of(part.request)
        deal = market.deal_of(self.id_of(part))
        if state in ENDS:
            yield self._end(part, ENDS[state], 0, self._why(part))
        elif state in (State.NONE, State.POSTED, State.EXPIRED):
            yield from self._unconfirmed(part, state, head)
        elif state is State.CHALLENGED:
            return
        else:
            if part.stage in (Stage.SIGNED, Stage.OPEN):
                # What was accepted before a reorganization still is.
                stage = Stage.ACCEPTED if part.acceptance else Stage.CONFIRMED
                part = self.ledger.update(part, stage=stage, price=deal.price)
                yield Confirmed(part.number, part.miner, deal.price, deal.time)
            yield from self._confirmed(part, state, deal, head)

    def id_of(self, part: Part) -> bytes:
        return self.market.domain.request_id(part.request)

    # Until a miner takes it

    def _unconfirmed(self, part: Part, state: State, head: Block) -> Iterator[Event]:
        if part.stage in (Stage.CONFIRMED, Stage.ACCEPTED):
            # Reorganized away, perhaps with the deposit: once that is there, it is opened anew.
            self.ledger.update(part, stage=Stage.SIGNED)
            return
        expired = head.time > part.request.confirm_by
        unwanted = part.stage is Stage.REFUSED or (self.closing and not part.acceptance)
        if state is State.NONE and expired:
            yield self._end(part, EXPIRED, 0, self._why(part) or "no answer in time")
        elif expired or unwanted:
            yield from self._call_back(part)
        elif part.stage is Stage.SIGNED:
            yield from self._open(part)
        elif state is State.NONE and (why := self._why(part)):
            if why.startswith(MONEY):
                # A reorganization may have undone the deposit: it is looked after with what is new.
                self.ledger.update(part, stage=Stage.SIGNED)
            elif not why.startswith(TRANSIENT) and not part.acceptance:
                yield from self._call_back(part)

    def _open(self, part: Part) -> Iterator[Event]:
        """Show the miner the request: at the relay, or on the chain."""
        self.job.upload(self.job.part(part.tasks), self.store)
        if self.relay is not None and not part.posted:
            try:
                self.relay.post_request(Signed(part.request, part.signature))
                self.ledger.update(part, stage=Stage.OPEN)
                return
            except RelayError as error:
                if isinstance(error, RelayRefusal) and not error.is_outage:
                    yield Trouble(str(error))
                    return
                if self.results is None:  # no store that the miner reaches, either
                    raise
                yield FellBack(str(error))
        part = self.ledger.update(part, posted=True)
        key = f"post:{self.id_of(part).hex()}"
        self.sender.execute(self.market.post_request(part.request), key)
        self.ledger.update(part, stage=Stage.OPEN)

    def _call_back(self, part: Part) -> Iterator[Event]:
        """Void the request, so that no miner can take it any more."""
        if self._sent(self.market.cancel_request(part.request), "cancel", part):
            yield self._end(part, "cancelled", 0, self._why(part))

    def _why(self, part: Part) -> str:
        """What the miner says of the request, if it can be asked for."""
        if self.relay is None:
            return ""
        with suppress(RelayError):
            for refusal in self.relay.refusals(self.id_of(part)):
                if refusal.miner == part.miner:
                    return refusal.reason
        return ""

    # From confirmation to the end

    def _confirmed(self, part: Part, state: State, deal: Deal, head: Block) -> Iterator[Event]:
        submitted = state in (State.SUBMITTED, State.SETTLEABLE)
        if part.stage is Stage.CONFIRMED:
            claim = self._claim(part, deal)
            if claim is not None:
                part = yield from self._judge(part, claim)
            elif submitted or state is State.SETTLED:
                refused = ResultRefused("withheld", "nobody has its list of leaves")
                if self._is_final(part, refused):
                    part = yield from self._refuse(part, refused)
        if state is State.SETTLED:
            if part.stage is not Stage.CONFIRMED:
                yield self._end(part, "settled", self._due(part, deal))
        elif part.stage is Stage.ACCEPTED:
            abandoned = state is State.OVERDUE and head.time > deal.time + UNCOLLECTED
            if abandoned and self.closing:
                yield from self._claim_default(part, "its miner never collected")
            else:
                yield from self._pay(part, submitted)
        elif state is State.OVERDUE and (part.stage is Stage.REFUSED or not self._waits(part)):
            why = "its result was refused" if part.refused else "no result by the deadline"
            yield from self._claim_default(part, why)

    def _claim_default(self, part: Part, why: str) -> Iterator[Event]:
        if self._sent(self.market.claim_default(part.request), "default", part):
            yield self._end(part, "defaulted", 0, why)

    def _claim(self, part: Part, deal: Deal) -> Claim | None:
        """The miner's result, as told to the relay or left beside the blobs."""
        for result in self._told_results(part):
            claim = Claim(
                bytes.fromhex(result.root[2:]),
                int(result.units_used),
                bytes.fromhex(result.leaves[2:]),
            )
            on_chain = deal.state in (State.SUBMITTED, State.SETTLED)
            bound = not any(deal.root) or (claim.root, claim.units_used) == (
                deal.root,
                deal.units_used,
            )
            if result.miner == part.miner and (bound or not on_chain):
                return claim
        return None

    def _told_results(self, part: Part) -> Iterator[Result]:
        request_id = "0x" + self.id_of(part).hex()
        if self.results is not None:
            with suppress(OSError, ValidationError):
                text = (self.results / f"{request_id}.json").read_bytes()
                signed = SignedMessage[Result].model_validate_json(text)
                if signed.is_genuine(self.market.domain) and signed.message.request == request_id:
                    yield signed.message
        if self.relay is not None:
            with suppress(RelayError):
                yield from self.relay.results(self.id_of(part))

    def _judge(self, part: Part, claim: Claim) -> Generator[Event, None, Part]:
        """Check a result; keep it and sign the acceptance if it is right."""
        manifest = self.job.part(part.tasks)
        limits, keep = manifest.limits, self.job.blobs
        leaves: list[Leaf] = []
        try:
            leaves = verification.fetch_leaves(self.store, claim, manifest, part.request.units)
            results = [
                verification.fetch_output(self.store, leaf, self.job.salt, limits, keep)
                for leaf in leaves
            ]
        except ResultRefused as refused:
            if self._is_final(part, refused):
                part = yield from self._refuse(part, refused, claim, leaves)
            return part
        chosen = verification.sample(results, self.options.audit, self.chance)
        right: Mapping[int, Leaf] = {}
        if chosen:
            right = verification.audit(self.job, manifest, leaves, chosen, self.pool())
        if right:
            first = min(right)
            why = f"task {part.tasks[first]} run again leaves something else"
            wrong = ResultRefused("wrong", why, first)
            return (yield from self._refuse(part, wrong, claim, leaves, right))
        acceptance = Acceptance(self.id_of(part), claim.root, claim.units_used)
        known = self.ledger.results().keys()
        part = self.ledger.accept(
            part,
            [
                Kept(part.tasks[leaf.index], part.number, leaf, leaf.index in chosen)
                for leaf in leaves
            ],
            stage=Stage.ACCEPTED,
            root=claim.root,
            units_used=claim.units_used,
            acceptance=sign(self.market.domain, acceptance, self.account),
        )
        for leaf, result in zip(leaves, results, strict=True):
            task, audited = part.tasks[leaf.index], leaf.index in chosen
            if task not in known:
                yield TaskDone(task, part.miner, leaf.units, audited, result)
        return part

    def _is_final(self, part: Part, refused: ResultRefused) -> bool:
        """What is withheld may come yet: only after a while is it refused."""
        since = self._missed.setdefault(part.number, self.clock())
        return refused.kind == "wrong" or self.clock() - since > self.options.patience

    def _waits(self, part: Part) -> bool:
        """Whether a result is there and only its data are awaited."""
        since = self._missed.get(part.number)
        return since is not None and self.clock() - since <= self.options.patience

    def _refuse(
        self,
        part: Part,
        refused: ResultRefused,
        claim: Claim | None = None,
        leaves: list[Leaf] | None = None,
        right: Mapping[int, Leaf] | None = None,
    ) -> Generator[Event, None, Part]:
        folder = self.folder / "evidence"
        path = evidence.write(folder, part, claim, refused, leaves or [], right)
        part = self.ledger.update(part, stage=Stage.REFUSED, refused=str(refused))
        yield PartRefused(part.number, part.miner, refused.kind, refused.why, path)
        return part

    def _pay(self, part: Part, submitted: bool) -> Iterator[Event]:
        """Give the miner the acceptance, or, if its result is on the chain, accept it there."""
        if submitted:
            call = self.market.accept_result(part.request, part.root, part.units_used)
            if self._sent(call, "accept", part):
                return
        told = self.clock() - self._told.get(part.number, -TELL_AGAIN) < TELL_AGAIN
        if self.relay is not None and not part.posted and not told:
            message = Acceptance(self.id_of(part), part.root, part.units_used)
            try:
                self.relay.post_acceptance(Signed(message, part.acceptance))
                self._told[part.number] = self.clock()
            except RelayError as error:
                yield Trouble(str(error))

    def _sent(self, call: Call[None], what: str, part: Part) -> bool:
        """Send; False if the market refuses, as when the other side was quicker."""
        try:
            self.sender.execute(call, f"{what}:{self.id_of(part).hex()}")
        except (ContractError, TransactionReverted):
            return False
        return True

    def _due(self, part: Part, deal: Deal) -> int:
        request = part.request
        parted = payment(
            self.scale,
            units=request.units,
            bid=request.max_price,
            price=part.price or deal.price,
            units_used=deal.units_used or part.units_used,
            fee_bps=self.market.terms_of(request.terms).fee_bps,
        )
        return parted.paid + parted.fee

    def _end(self, part: Part, how: str, cost: int, why: str = "") -> PartEnded:
        self.ledger.update(part, stage=Stage.ENDED, cost=cost, end=how, why=why)
        return PartEnded(part.number, part.miner, how, cost, why)
