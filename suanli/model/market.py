"""Deals from confirmation to their end, as `contracts/market/Settlement.sol`; the whole market."""

from collections.abc import Sequence

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
    payment,
    require,
    slash,
)

MAX_CHALLENGES = 2**16 - 1


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
        return self._end_with_fault(request, deal, State.RELEASED, share)

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
        self._end_without_fault(request, deal)

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
        self._require_unchallenged(request, deal)
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
        deal = self._require_deal(request, State.SUBMITTED)
        self._require_unchallenged(request, deal)
        window_end = self._window_end(request, deal)
        require(self.time > window_end, "DeadlineNotPassed", window_end)
        return self._settle(request, deal, deal.units_used)

    def settle_many(self, _sender: Address, requests: Sequence[Request]) -> list[Payment | State]:
        """For each request what it paid, or the state for which it was left alone."""
        outcomes: list[Payment | State] = []
        for request in requests:
            state = self.state_of(request)
            if state == State.SETTLEABLE:
                deal = self.deals[self.request_id(request)]
                outcomes.append(self._settle(request, deal, deal.units_used))
            else:
                outcomes.append(state)
        return outcomes

    def claim_default(self, _sender: Address, request: Request) -> Slash:
        deal = self._require_deal(request, State.CONFIRMED)
        require(self.time > deal.time, "DeadlineNotPassed", deal.time)
        self._deal_miner(deal).defaulted += 1
        terms = self.terms[request.terms]
        share, cap = terms.default_bps, terms.compensation_cap
        return self._end_with_fault(request, deal, State.DEFAULTED, share, cap)

    def freeze(self, sender: Address, request: Request) -> None:
        deal = self._require_deal(request, State.SUBMITTED)
        self._require_court(sender, request)
        window_end = self._window_end(request, deal)
        require(self.time <= window_end, "DeadlinePassed", window_end)
        full = deal.open_challenges == MAX_CHALLENGES
        require(not full, "TooManyChallenges", self.request_id(request))
        deal.open_challenges += 1

    def thaw(self, sender: Address, request: Request) -> None:
        self._require_judging(sender, request).open_challenges -= 1

    def overturn(self, sender: Address, request: Request) -> Slash:
        deal = self._require_judging(sender, request)
        self._deal_miner(deal).overturned += 1
        terms = self.terms[request.terms]
        share, cap = terms.overturn_bps, terms.compensation_cap
        return self._end_with_fault(request, deal, State.OVERTURNED, share, cap, terms.court_bps)

    def close_without_fault(self, sender: Address, request: Request) -> None:
        deal = self._require_deal(request, State.SUBMITTED)
        self._require_challenged(request, deal)
        if self.time <= self._verdict_deadline(request, deal):
            self._require_court(sender, request)
        self._end_without_fault(request, deal)

    def _settle(self, request: Request, deal: Deal, units_used: int) -> Payment:
        terms = self.terms[request.terms]
        split = payment(
            self.scale,
            units=request.units,
            bid=request.max_price,
            price=deal.price,
            units_used=units_used,
            fee_bps=terms.fee_bps,
        )
        deal.state = State.SETTLED
        self._unlock(request.requester, split.locked, split.refunded)
        self.accounts[terms.treasury].available += split.fee
        miner = self._deal_miner(deal)
        if split.paid:
            miner.earnings += split.paid
            miner.last_payment_time = self.time
            miner.completed += 1
        self._unreserve(miner, request.resource, request.units, 0)
        return split

    def _end_without_fault(self, request: Request, deal: Deal) -> None:
        deal.state = State.ANNULLED
        locked = self.lock_of(request)
        self._unlock(request.requester, locked, locked)
        self._unreserve(self._deal_miner(deal), request.resource, request.units, 0)

    def _end_with_fault(
        self,
        request: Request,
        deal: Deal,
        state: State,
        slash_bps: int,
        compensation_cap: int = 0,
        court_bps: int = 0,
    ) -> Slash:
        terms = self.terms[request.terms]
        split = slash(
            self.scale,
            units=request.units,
            price=deal.price,
            stake_per_unit=self.classes[request.resource].stake_per_unit,
            slash_bps=slash_bps,
            compensation_cap=compensation_cap,
            court_bps=court_bps,
        )
        deal.state = state
        locked = self.lock_of(request)
        self._unlock(request.requester, locked, locked + split.compensation)
        self.accounts[terms.court].available += split.court
        self.accounts[terms.reward_pool].available += split.pool
        miner = self._deal_miner(deal)
        miner.stake -= split.slashed
        self._unreserve(miner, request.resource, request.units, split.units_lost)
        return split

    def _check_result(
        self, sender: Address, deal: Deal, request: Request, root: bytes, units_used: int
    ) -> None:
        self._require_deal_miner(sender, deal)
        require(root != ZERO_DIGEST, "NoRoot")
        require(units_used <= request.units, "UnitsAboveDeal", units_used, request.units)

    def _require_judging(self, sender: Address, request: Request) -> Deal:
        """A challenge is open and the caller is the court, in time for its verdict."""
        deal = self._require_deal(request, State.SUBMITTED)
        self._require_court(sender, request)
        self._require_challenged(request, deal)
        deadline = self._verdict_deadline(request, deal)
        require(self.time <= deadline, "DeadlinePassed", deadline)
        return deal

    def _verdict_deadline(self, request: Request, deal: Deal) -> int:
        return self._window_end(request, deal) + self.terms[request.terms].verdict_by

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

    def _require_unchallenged(self, request: Request, deal: Deal) -> None:
        count = deal.open_challenges
        require(count == 0, "ChallengesOpen", self.request_id(request), count)

    def _require_challenged(self, request: Request, deal: Deal) -> None:
        open_now = deal.open_challenges != 0
        require(open_now, "NoChallengeOpen", self.request_id(request))
