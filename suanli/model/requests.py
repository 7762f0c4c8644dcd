"""Requests up to their confirmation, as `contracts/market/RequestBook.sol`."""

from suanli.model.leasing import Leasing
from suanli.model.state import Deal, Miner, Signature
from suanli.protocol import ZERO_DIGEST, Address, Domain, Request, State, clear, require

VERIFIED_ONLY = 1
MIN_DURATION = 60
MAX_DURATION = 30 * 86_400


class RequestBook(Leasing):
    def __init__(
        self,
        *,
        domain: Domain,
        token: Address,
        decimals: int,
        time: int,
        owner: Address,
        unbonding_delay: int,
    ) -> None:
        super().__init__(domain.market, token, decimals, time, owner, unbonding_delay)
        self.domain = domain
        self.deals: dict[bytes, Deal] = {}
        self._ids: dict[Request, bytes] = {}

    def request_id(self, request: Request) -> bytes:
        """The request's EIP-712 digest."""
        if request not in self._ids:
            self._ids[request] = self.domain.request_id(request)
        return self._ids[request]

    def deal_of(self, request_id: bytes) -> Deal:
        return self.deals.get(request_id) or Deal()

    def state_of(self, request: Request) -> State:
        """The state, with what time and challenges tell."""
        deal = self.deal_of(self.request_id(request))
        match deal.state:
            case State.POSTED if self.time > request.confirm_by:
                return State.EXPIRED
            case State.CONFIRMED if self.time > deal.time:
                return State.OVERDUE
            case State.SUBMITTED if self.time > self._settleable_after(request, deal):
                return State.SETTLEABLE
            case State.SUBMITTED if deal.trial.open:
                return State.CHALLENGED
        return deal.state

    def lock_of(self, request: Request) -> int:
        """What a request holds from posting or confirmation to its end, in base units."""
        return self.scale.value_up(request.units, request.max_price)

    def post_request(self, sender: Address, request: Request) -> bytes:
        self._when_not_paused()
        require(sender == request.requester, "NotRequester", sender, request.requester)
        request_id = self.request_id(request)
        self._require_state(request_id, State.NONE)
        self._check_new(request)
        self._require_openable(request)
        self.deals[request_id] = Deal(State.POSTED)
        self._open(request)
        return request_id

    def cancel_request(self, sender: Address, request: Request) -> None:
        request_id = self.request_id(request)
        posted = self.deal_of(request_id).state == State.POSTED
        if not posted:
            self._require_state(request_id, State.NONE)
        if sender != request.requester:
            require(posted, "NotRequester", sender, request.requester)
            require(self.time > request.confirm_by, "RequestNotExpired", request.confirm_by)
        self.deals[request_id] = Deal(State.CANCELLED)
        if posted:
            locked = self.lock_of(request)
            self._unlock(request.requester, locked, locked)
            self.totals[request.resource].demanded -= request.units

    def advance_epoch(self, sender: Address) -> int:
        self.accounts[sender].epoch += 1
        return self.accounts[sender].epoch

    def confirm_request(
        self, sender: Address, request: Request, signature: Signature | None = None
    ) -> int:
        """The deal's price; the signature is not read when the request was posted."""
        self._when_not_paused()
        request_id = self.request_id(request)
        posted = self.deal_of(request_id).state == State.POSTED
        if posted:
            self._require_confirmable(request)
        else:
            self._require_state(request_id, State.NONE)
            self._require_signature(request.requester, request_id, signature)
            self._check_new(request)
        miner = self._require_eligible(sender, request)
        offer = self._require_reservable(miner, request.resource, request.units)
        require(offer.ask <= request.max_price, "AskAboveBid", offer.ask, request.max_price)
        model_price = self._price(request.resource, request.units if posted else 0)
        if not posted:
            self._require_openable(request)
            self._open(request)
        offer.reserved += request.units
        price = clear(model_price, offer.ask, request.max_price)
        deadline = self.time + request.duration
        self.deals[request_id] = Deal(State.CONFIRMED, miner.miner_id, price, deadline)
        return price

    def _window_end(self, request: Request, deal: Deal) -> int:
        """Last second of a submitted result's challenge window."""
        return deal.time + self.terms[request.terms].challenge_window

    def _verdict_deadline(self, request: Request, deal: Deal) -> int:
        return self._window_end(request, deal) + self.terms[request.terms].verdict_by

    def _settleable_after(self, request: Request, deal: Deal) -> int:
        """Last second in which somebody may still object to a submitted result."""
        ends = self._verdict_deadline if deal.trial.open else self._window_end
        return ends(request, deal)

    def _require_openable(self, request: Request) -> None:
        self._require_available(request.requester, self.lock_of(request))
        self._require_total(self.totals[request.resource].demanded + request.units)

    def _open(self, request: Request) -> None:
        """Locks the money and counts the demand of a request that comes on chain."""
        locked = self.lock_of(request)
        account = self.accounts[request.requester]
        account.available -= locked
        account.locked += locked
        self.totals[request.resource].demanded += request.units

    def _check_new(self, request: Request) -> None:
        """All that can be wrong with a request that isn't on chain yet."""
        self._require_confirmable(request)
        known = request.runtime < self.classes[request.resource].runtimes
        require(known, "UnknownRuntime", request.resource, request.runtime)
        epoch = self.accounts[request.requester].epoch
        require(request.epoch == epoch, "EpochMismatch", request.epoch, epoch)
        require(request.units != 0, "ZeroAmount")
        require(request.tasks != 0, "NoTasks")
        most = request.tasks * self.classes[request.resource].max_task_units
        require(request.units <= most, "UnitsAboveTasks", request.units, most)
        require(request.job != ZERO_DIGEST, "NoJob")
        require(request.flags <= VERIFIED_ONLY, "UnknownFlags", request.flags)
        duration, bounds = request.duration, (MIN_DURATION, MAX_DURATION)
        require(MIN_DURATION <= duration <= MAX_DURATION, "DurationOutOfBounds", duration, *bounds)
        bid, floor = request.max_price, self.classes[request.resource].floor
        require(bid >= floor, "BidBelowFloor", bid, floor)

    def _require_confirmable(self, request: Request) -> None:
        """What may have changed since a request was posted."""
        require(self.time <= request.confirm_by, "RequestExpired", request.confirm_by)
        self._deal_class(request.resource)
        suspended = (request.resource, request.runtime) in self.suspended
        require(not suspended, "RuntimeUnavailable", request.resource, request.runtime)
        self._open_terms(request.terms)

    def _require_eligible(self, sender: Address, request: Request) -> Miner:
        miner = self._miner(sender)
        named = request.miner
        require(named in (0, miner.miner_id), "NotNamedMiner", sender, named)
        verifier = self.verifiers[self.terms[request.terms].identity_verifier]
        if request.flags & VERIFIED_ONLY:
            identity = miner.miner_id, miner.tenure
            require(identity in verifier.miners, "MinerNotVerified", *identity)
        if miner.offer(request.resource).verified_only:
            known = request.requester in verifier.requesters
            require(known, "RequesterNotVerified", request.requester)
        return miner

    def _require_signature(
        self, signer: Address, digest: bytes, signature: Signature | None
    ) -> None:
        require(signature == (signer, digest), "InvalidSignature", signer, digest)

    def _require_state(self, request_id: bytes, expected: State) -> None:
        state = self.deal_of(request_id).state
        require(state == expected, "WrongState", request_id, state)
