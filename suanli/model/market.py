"""Deals from confirmation to their end, as `contracts/market/Settlement.sol`; the whole market."""

from collections.abc import Sequence
from dataclasses import dataclass

from suanli.model.multicall import Multicall
from suanli.model.requests import RequestBook
from suanli.model.state import Deal, Miner, Signature
from suanli.protocol import (
    ZERO_DIGEST,
    Acceptance,
    Address,
    Payment,
    Release,
    Request,
    Slash,
    State,
    Trial,
    payment,
    require,
    slash,
)


@dataclass(frozen=True)
class Verdict:
    """How the court divides a lock, and what it slashes."""

    payment: Payment
    slash: Slash


class Market(RequestBook, Multicall):
    """The market without a chain.

    Every public function of the contract is here under its name in snake case, with the caller
    as the first argument. It does what the contract does, or raises Refused with the error and
    the arguments the contract would revert with, and then nothing has changed. Set `time`
    (seconds since 1970) to let time pass.
    """

    def release(self, sender: Address, request: Request) -> Slash:
        """Base units lost by the miner that gives the deal back."""
        deal = self._require_deal(request, State.CONFIRMED)
        self._require_deal_miner(sender, deal)
        require(self.time <= deal.time, "DeadlinePassed", deal.time)
        share = self.terms[request.terms].release_bps
        return self._end(request, deal, State.RELEASED, slash_bps=share).slash

    def release_by_agreement(
        self, sender: Address, request: Request, signature: Signature | None
    ) -> None:
        deal = self._require_deal(request, State.CONFIRMED)
        other = self._deal_miner(deal).account
        if sender != request.requester:
            require(sender == other, "NotDealMiner", sender)
            other = request.requester
        digest = self.domain.digest(Release(self.request_id(request)))
        self._require_signature(other, digest, signature)
        self._end(request, deal, State.ANNULLED)

    def submit_result(
        self, sender: Address, request: Request, root: bytes, units_used: int
    ) -> None:
        deal = self._require_deal(request, State.CONFIRMED)
        self._check_result(sender, deal, request, root, units_used)
        require(self.time <= deal.time, "DeadlinePassed", deal.time)
        deal.state = State.SUBMITTED
        deal.time = self.time
        deal.units_used, deal.root = units_used, root

    def accept_result(
        self, sender: Address, request: Request, root: bytes, units_used: int
    ) -> Payment:
        """Only the result that the requester saw."""
        require(sender == request.requester, "NotRequester", sender, request.requester)
        deal = self._require_deal(request, State.SUBMITTED)
        submitted = deal.root, deal.units_used
        require((root, units_used) == submitted, "ResultMismatch", *submitted)
        self._require_trial(request, deal, Trial.NONE, Trial.FROZEN)
        if deal.trial.open:
            deal.trial = Trial.ACCEPTED
        deal.due_set = False
        return self._settle(request, deal, units_used)

    def submit_accepted(
        self,
        sender: Address,
        request: Request,
        root: bytes,
        units_used: int,
        signature: Signature | None,
    ) -> Payment:
        deal = self._require_deal(request, State.CONFIRMED)
        self._check_result(sender, deal, request, root, units_used)
        request_id = self.request_id(request)
        digest = self.domain.digest(Acceptance(request_id, root, units_used))
        self._require_signature(request.requester, digest, signature)
        return self._settle(request, deal, units_used)

    def settle(self, _sender: Address, request: Request) -> Payment:
        """In full, or by what a court that then fell silent has set."""
        deal = self._require_deal(request, State.SUBMITTED)
        last = self._settleable_after(request, deal)
        require(self.time > last, "DeadlineNotPassed", last)
        return self._settle_undisputed(request, deal)

    def settle_many(self, _sender: Address, requests: Sequence[Request]) -> list[Payment | State]:
        """For each request what it paid, or the state for which it was left alone."""
        outcomes: list[Payment | State] = []
        for request in requests:
            state = self.state_of(request)
            if state == State.SETTLEABLE:
                deal = self.deals[self.request_id(request)]
                outcomes.append(self._settle_undisputed(request, deal))
            else:
                outcomes.append(state)
        return outcomes

    def claim_default(self, _sender: Address, request: Request) -> Slash:
        deal = self._require_deal(request, State.CONFIRMED)
        require(self.time > deal.time, "DeadlineNotPassed", deal.time)
        self._deal_miner(deal).defaulted += 1
        terms = self.terms[request.terms]
        return self._end(
            request,
            deal,
            State.DEFAULTED,
            slash_bps=terms.default_bps,
            compensation_cap=terms.compensation_cap,
        ).slash

    def freeze(self, sender: Address, request: Request) -> None:
        deal = self._require_deal(request, State.SUBMITTED)
        self._require_court(sender, request)
        self._require_trial(request, deal, Trial.NONE)
        window_end = self._window_end(request, deal)
        require(self.time <= window_end, "DeadlinePassed", window_end)
        deal.trial = Trial.FROZEN

    def thaw(self, sender: Address, request: Request) -> None:
        self._require_judging(sender, request).trial = Trial.NONE

    def note_reveal(self, sender: Address, request: Request) -> None:
        deal = self._require_judging(sender, request)
        self._require_trial(request, deal, Trial.FROZEN)
        deal.trial = Trial.REVEALED

    def set_due(self, sender: Address, request: Request, units_due: int) -> None:
        deal = self._require_judging(sender, request)
        require(units_due <= deal.units_used, "UnitsAboveDeal", units_due, deal.units_used)
        deal.due_set, deal.units_due = True, units_due

    def resolve(self, sender: Address, request: Request, units_due: int, slash_bps: int) -> Verdict:
        deal = self._require_judging(sender, request)
        most = self.terms[request.terms].overturn_bps
        require(units_due <= deal.units_used, "UnitsAboveDeal", units_due, deal.units_used)
        require(slash_bps <= most, "SlashAboveTerms", slash_bps, most)
        deal.trial = Trial.DECIDED
        deal.due_set = units_due != deal.units_used
        if deal.due_set:
            deal.units_due = units_due
        if units_due == deal.units_used and not slash_bps:
            nothing = Slash(0, 0, 0, 0)
            return Verdict(self._settle(request, deal, units_due), nothing)
        self._deal_miner(deal).overturned += 1
        terms = self.terms[request.terms]
        return self._end(
            request,
            deal,
            State.OVERTURNED,
            units_due,
            slash_bps,
            terms.compensation_cap,
            terms.court_bps,
        )

    def _settle_undisputed(self, request: Request, deal: Deal) -> Payment:
        if deal.trial.open:
            deal.trial = Trial.SILENT
        return self._settle(request, deal, deal.units_due if deal.due_set else deal.units_used)

    def _settle(self, request: Request, deal: Deal, units_due: int) -> Payment:
        return self._end(request, deal, State.SETTLED, units_due).payment

    def _end(
        self,
        request: Request,
        deal: Deal,
        state: State,
        units_due: int = 0,
        slash_bps: int = 0,
        compensation_cap: int = 0,
        court_bps: int = 0,
    ) -> Verdict:
        """Pays for the units due, refunds the rest, slashes, and frees the capacity."""
        terms, miner = self.terms[request.terms], self._deal_miner(deal)
        split = payment(
            self.scale,
            units=request.units,
            bid=request.max_price,
            price=deal.price,
            units_used=units_due,
            fee_bps=terms.fee_bps,
        )
        lost = slash(
            self.scale,
            units=request.units,
            price=deal.price,
            stake_per_unit=self.classes[request.resource].stake_per_unit,
            slash_bps=slash_bps,
            compensation_cap=compensation_cap,
            court_bps=court_bps,
        )
        deal.state = state
        self._unlock(request.requester, split.locked, split.refunded + lost.compensation)
        for account, amount in (
            (terms.treasury, split.fee),
            (terms.court, lost.court),
            (terms.reward_pool, lost.pool),
        ):
            self.accounts[account].available += amount
        if split.paid:
            miner.earned_total += split.paid
            miner.fees_paid += self.scale.billionths_down(split.fee)
            miner.last_payment_time = self.time
            miner.completed += state == State.SETTLED
        miner.stake -= lost.slashed
        self._unreserve(miner, request.resource, request.units, lost.units_lost)
        return Verdict(split, lost)

    def _check_result(
        self, sender: Address, deal: Deal, request: Request, root: bytes, units_used: int
    ) -> None:
        self._require_deal_miner(sender, deal)
        require(root != ZERO_DIGEST, "NoRoot")
        require(units_used <= request.units, "UnitsAboveDeal", units_used, request.units)

    def _require_judging(self, sender: Address, request: Request) -> Deal:
        """The deal is frozen and the caller is the court, in time."""
        deal = self._require_deal(request, State.SUBMITTED)
        self._require_court(sender, request)
        self._require_trial(request, deal, Trial.FROZEN, Trial.REVEALED)
        deadline = self._verdict_deadline(request, deal)
        require(self.time <= deadline, "DeadlinePassed", deadline)
        return deal

    def _deal_miner(self, deal: Deal) -> Miner:
        return self.miners_by_id[deal.miner_id - 1]

    def _require_deal(self, request: Request, expected: State) -> Deal:
        request_id = self.request_id(request)
        self._require_state(request_id, expected)
        return self.deals[request_id]

    def _require_deal_miner(self, sender: Address, deal: Deal) -> None:
        miner = self.miners.get(sender)
        is_his = miner is not None and miner.miner_id == deal.miner_id
        require(is_his, "NotDealMiner", sender)

    def _require_court(self, sender: Address, request: Request) -> None:
        court = self.terms[request.terms].court
        require(sender == court, "NotCourt", sender, court)

    def _require_trial(self, request: Request, deal: Deal, *fitting: Trial) -> None:
        require(deal.trial in fitting, "WrongTrial", self.request_id(request), deal.trial)
