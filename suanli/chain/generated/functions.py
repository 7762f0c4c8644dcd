"""Functions of the market, typed: views are read, others are calls to be sent.

Amounts in base units, prices in 10^-18 token per unit, times in seconds since 1970.

Written by `make abi` from the contracts' build: change those, not this.
"""

from __future__ import annotations

from collections.abc import Sequence

from suanli.chain.contract import Call, Contract
from suanli.chain.typed import record_of
from suanli.protocol import (
    Balance,
    Deal,
    Lot,
    MinerStatus,
    Offer,
    Request,
    ResourceClass,
    State,
    Supply,
    Terms,
)

ABI = "ComputeMarket"


class MarketFunctions:
    _contract: Contract

    def accept_ownership(self) -> Call[None]:
        """Take the ownership that was offered to the caller.

        Reverts: OwnableUnauthorizedAccount. Emits OwnershipTransferred.
        """
        return self._contract.call("acceptOwnership")

    def accept_result(self, request: Request, root: bytes, units_used: int) -> Call[None]:
        """Settle a submitted result at once, challenged or not, until jurors have revealed; by
        the requester.
        Reverts: NotRequester, WrongState, ResultMismatch, WrongTrial. Emits TrialChanged,
        RequestSettled.
        `root`: The result it saw: after a reorganization another one may stand here.
        `units_used`: Its units.
        """
        return self._contract.call("acceptResult", request, root, units_used)

    def account_of(self, account: str) -> Balance:
        """What an account may withdraw or spend, and what its requests hold."""
        return record_of(Balance, self._contract.read("accountOf", account))

    def add_resource_class(
        self, resource_class: ResourceClass, unit: str, runtime_ids: Sequence[bytes]
    ) -> Call[int]:
        """Add a class (owner). Ids are given in order, from 1.

        Reverts: OwnableUnauthorizedAccount, NotAContract, OutOfBounds, RuntimeAlreadyPermitted.
        Emits ResourceClassAdded, RuntimePermitted.
        `unit`: What one unit is, for people.
        `class`: Its `runtimes` must be 0: they are counted here.
        `runtime_ids`: Runtime ids permitted from the start (judged classes).
        """
        return self._contract.call("addResourceClass", resource_class, unit, runtime_ids)

    def add_stake(self, miner: str, amount: int) -> Call[None]:
        """Move `amount` from the caller's available balance to a miner's stake, which only its
        payout gets back.
        Reverts: NotRegistered, ZeroAmount, InsufficientAvailable. Emits StakeAdded.
        """
        return self._contract.call("addStake", miner, amount)

    def add_terms(self, record: Terms) -> Call[int]:
        """Add a record (owner). Each value has its bounds; see the specification. A court that
        is a contract is asked for its least times, see `ILeastTimes`.
        Reverts: OwnableUnauthorizedAccount, ZeroAddress, InvalidRecipient, NotAContract,
        OutOfBounds. Emits TermsAdded.
        """
        return self._contract.call("addTerms", record)

    def advance_epoch(self) -> Call[int]:
        """Void all requests the caller has signed up to this epoch and that are not on chain.

        Emits EpochAdvanced.
        """
        return self._contract.call("advanceEpoch")

    def cancel_request(self, request: Request) -> Call[None]:
        """Take back a posted request, or void a signed one; by its requester. A posted one that
        expired can be removed by anyone.
        Reverts: WrongState, NotRequester, RequestNotExpired. Emits RequestCancelled.
        """
        return self._contract.call("cancelRequest", request)

    def claim_default(self, request: Request) -> Call[None]:
        """End a deal whose deadline passed without a result; by anyone.

        Reverts: WrongState, DeadlineNotPassed, InsufficientStake. Emits StakeSlashed,
        RequestDefaulted.
        """
        return self._contract.call("claimDefault", request)

    def collect_earnings(self, miner: str) -> Call[None]:
        """Send all earnings to the payout address; by the miner or its payout.

        Reverts: NotRegistered, NotMinerOrPayout, NoEarnings, TransferFailed. Emits
        EarningsCollected.
        """
        return self._contract.call("collectEarnings", miner)

    def confirm_request(self, request: Request, signature: bytes) -> Call[int]:
        """Take a request as the caller's deal: the price is fixed, capacity reserved.

        Reverts: EnforcedPause, WrongState, InvalidSignature, RequestExpired, UnknownResource,
        ResourceRetired, ResourceLeased, UnknownRuntime, RuntimeUnavailable, UnknownTerms,
        RetiredTerms, EpochMismatch, ZeroAmount, NoTasks, UnitsAboveTasks, NoJob, UnknownFlags,
        DurationOutOfBounds, BidBelowFloor, NotRegistered, NotNamedMiner, MinerNotVerified,
        RequesterNotVerified, OfferExpired, InsufficientCapacity, AskAboveBid,
        InsufficientAvailable, SafeCastOverflowedUintDowncast. Emits RequestConfirmed.
        `signature`: The requester's, by ECDSA or ERC-1271; not read when the request was
        posted.
        """
        return self._contract.call("confirmRequest", request, signature)

    def deal_of(self, id: bytes) -> Deal:
        """What is stored of a request, by its id."""
        return record_of(Deal, self._contract.read("dealOf", id))

    def deposit(self, amount: int) -> Call[None]:
        """Move `amount` of the caller's tokens into its account.

        Requires an allowance. A token that delivers another amount is refused. Reverts:
        ReentrancyGuardReentrantCall, ZeroAmount, AmountTooLarge, TransferFromFailed,
        DeliveryMismatch. Emits Deposited.
        """
        return self._contract.call("deposit", amount)

    def deposit_with_permit(
        self, amount: int, deadline: int, v: int, r: bytes, s: bytes
    ) -> Call[None]:
        """`deposit` with the allowance given by an ERC-2612 signature.

        A permit that fails does no harm, as when somebody has already used it: the allowance
        there is decides. Reverts: ReentrancyGuardReentrantCall, ZeroAmount, AmountTooLarge,
        TransferFromFailed, DeliveryMismatch. Emits Deposited.
        """
        return self._contract.call("depositWithPermit", amount, deadline, v, r, s)

    def epoch_of(self, requester: str) -> int:
        """New requests of `requester` must carry this epoch; posted ones keep theirs."""
        return int(self._contract.read("epochOf", requester))

    def extend_lot(self, lot: bytes, max_price: int, busy_until: int) -> Call[tuple[int, int]]:
        """Keep a lot for longer, at today's price for the time added; by its operator, before
        it has lapsed.
        Reverts: EnforcedPause, NoLot, LotLapsed, UnknownResource, ResourceRetired,
        ResourceNotLeased, BidBelowFloor, OperatorNotPermitted, LotEndOutOfBounds, OfferExpired,
        AskAboveBid. Emits LotExtended.
        """
        return self._contract.call("extendLot", lot, max_price, busy_until)

    def extension(self) -> str:
        """Does what the market hands on; fixed at deployment."""
        return str(self._contract.read("extension"))

    def free_lot(self, lot: bytes) -> Call[None]:
        """Give a lot back; by its operator, at any time. Does nothing if it is gone, as when it
        was pruned.
        Emits LotFreed.
        """
        return self._contract.call("freeLot", lot)

    def freeze(self, request: Request) -> Call[None]:
        """Keep a result from being settled, as when it is challenged; by the court, within the
        window.
        Requires a submitted result, and trial None. Reverts: WrongState, NotCourt, WrongTrial,
        DeadlinePassed. Emits TrialChanged(Frozen).
        """
        return self._contract.call("freeze", request)

    def guardian(self) -> str:
        """May pause new business once for each appointment, and nothing else; zero: nobody."""
        return str(self._contract.read("guardian"))

    def guardian_spent(self) -> bool:
        """Whether it has paused since it was appointed."""
        return bool(self._contract.read("guardianSpent"))

    def immutables(self) -> tuple[str, int, int]:
        """What the code carries beside the storage; a market takes an extension only if all is
        as its own.
        Returns: token Settlement token.
        Returns: scale Base units of the token for prices in 10^-18 token: up << 128 | down.
        Returns: unbondingDelay In seconds.
        """
        return tuple(self._contract.read("immutables"))

    def is_runtime_suspended(self, resource: int, runtime: int) -> bool:
        """Whether new requests and deals can't name a runtime of a class, by its index."""
        return bool(self._contract.read("isRuntimeSuspended", resource, runtime))

    def longest_lot(self, miner_id: int, operator: str) -> int:
        """How far ahead an operator may take a miner's capacity, in seconds; 0: not at all."""
        return int(self._contract.read("longestLot", miner_id, operator))

    def lot_of(self, operator: str, lot: bytes) -> Lot:
        """A lot by its operator and the key that the operator gave it; all zero if there is
        none.
        """
        return record_of(Lot, self._contract.read("lotOf", operator, lot))

    def lower_capacity(self, miner: str, resource: int, capacity: int) -> Call[None]:
        """Lower a miner's capacity in a class and free stake; by the miner or its payout.

        An offer of more is withdrawn. Reverts: NotRegistered, NotMinerOrPayout,
        CapacityNotLower, NoOffer, SafeCastOverflowedUintDowncast, CapacityBelowPublished,
        InsufficientStake. Emits OfferWithdrawn, ResourceRegistered.
        `capacity`: In units; below the present one, not below what deals reserve.
        """
        return self._contract.call("lowerCapacity", miner, resource, capacity)

    def miner_of(self, miner_id: int) -> str:
        """The address that acts for the miner with this number; zero: there is none."""
        return str(self._contract.read("minerOf", miner_id))

    def miner_status(self, miner: str) -> MinerStatus:
        """Reputation and standing of a miner; reverts for an address that is not one.

        Reverts: NotRegistered.
        """
        return record_of(MinerStatus, self._contract.read("minerStatus", miner))

    def multicall(self, calls: Sequence[bytes]) -> Call[tuple[bytes, ...]]:
        """Make calls of this contract one after the other in the caller's name: all of them or
        none.
        Requires that each succeeds: what the first that doesn't reverts with, this does. Emits
        what they emit.
        `calls`: ABI-encoded, each with its selector.
        Returns: results What each returned, ABI-encoded.
        """
        return self._contract.call("multicall", calls)

    def multicall_skip(
        self, calls: Sequence[bytes]
    ) -> Call[tuple[tuple[bool, ...], tuple[bytes, ...]]]:
        """Make calls of this contract one after the other in the caller's name, and leave out
        those that revert.
        Requires 527,936 gas before each call, which gets 500,000 of it. A call that needs more,
        or another multicallSkip, is left out: make it by itself. Reverts: InsufficientGas.
        Emits CallSkipped for each that is left out, and what the others emit.
        `calls`: ABI-encoded, each with its selector.
        Returns: done Whether each succeeded.
        Returns: results What each returned, or the reason why it was left out, as in
        CallSkipped.
        """
        return self._contract.call("multicallSkip", calls)

    def name_successor(self, miner: str, successor: str) -> Call[None]:
        """Name the address that shall act for a miner, as when its key was lost or stolen; by
        its payout.
        Reverts: NotRegistered, NotPayout. Emits SuccessorNamed.
        `successor`: Zero: nobody.
        """
        return self._contract.call("nameSuccessor", miner, successor)

    def note_reveal(self, request: Request) -> Call[None]:
        """The requester can't accept any more, since jurors have revealed; by the court, until
        its time is up.
        Requires trial Frozen. Reverts: WrongState, NotCourt, WrongTrial, DeadlinePassed. Emits
        TrialChanged(Revealed).
        """
        return self._contract.call("noteReveal", request)

    def offer_of(self, miner: str, resource: int) -> Offer:
        """What a miner has and sells of a class; zeros: nothing.

        Reverts: NotRegistered.
        """
        return record_of(Offer, self._contract.read("offerOf", miner, resource))

    def owner(self) -> str:
        """Who governs; zero: nobody any more."""
        return str(self._contract.read("owner"))

    def pause(self) -> Call[None]:
        """Stop new business, and nothing else, for 14 days from now: by the owner as often as
        it likes, by the guardian once for each time it was appointed.
        Reverts: NotOwnerOrGuardian, GuardianSpent. Emits Paused.
        """
        return self._contract.call("pause")

    def paused(self) -> bool:
        """Whether there is no new business now: no posts and confirmations, no lots taken or
        extended.
        """
        return bool(self._contract.read("paused"))

    def paused_until(self) -> int:
        """Last second of the last pause, in seconds since 1970; 0: there was none, or it was
        ended.
        """
        return int(self._contract.read("pausedUntil"))

    def pending_owner(self) -> str:
        """Who may accept the ownership; zero: nobody."""
        return str(self._contract.read("pendingOwner"))

    def permit_operator(self, miner: str, operator: str, longest: int) -> Call[None]:
        """Let an operator take the miner's leased capacity; by its payout. The miner may only
        permit less.
        Permitting less, or nothing, ends no lot: what was taken stays taken until its end.
        Reverts: NotRegistered, NotMinerOrPayout, NotPayout, OutOfBounds. Emits
        OperatorPermitted.
        `longest`: How far ahead, in seconds; 0: not at all.
        """
        return self._contract.call("permitOperator", miner, operator, longest)

    def permit_runtime(self, resource: int, runtime_id: bytes) -> Call[None]:
        """Permit one more runtime id (owner), at the end of the class's list. It stays
        permitted.
        Reverts: OwnableUnauthorizedAccount, UnknownResource, RuntimeAlreadyPermitted. Emits
        RuntimePermitted.
        """
        return self._contract.call("permitRuntime", resource, runtime_id)

    def post_request(self, request: Request) -> Call[bytes]:
        """Put a request on chain and lock units x maxPrice of the caller's balance, rounded up.

        Reverts: EnforcedPause, NotRequester, WrongState, RequestExpired, UnknownResource,
        ResourceRetired, ResourceLeased, UnknownRuntime, RuntimeUnavailable, UnknownTerms,
        RetiredTerms, EpochMismatch, ZeroAmount, NoTasks, UnitsAboveTasks, NoJob, UnknownFlags,
        DurationOutOfBounds, BidBelowFloor, InsufficientAvailable,
        SafeCastOverflowedUintDowncast. Emits RequestPosted.
        """
        return self._contract.call("postRequest", request)

    def price_of(self, resource: int) -> int:
        """The model's price now, in 10^-18 token per unit.

        Reverts: UnknownResource.
        """
        return int(self._contract.read("priceOf", resource))

    def prune_lots(self, operator: str, lots: Sequence[bytes]) -> Call[None]:
        """Give back those that have lapsed; by anyone. Leaves the others alone.

        Emits LotFreed for each.
        """
        return self._contract.call("pruneLots", operator, lots)

    def prune_offer(self, miner: str, resource: int) -> Call[None]:
        """Take an expired offer from the market; by anyone.

        Reverts: NotRegistered, OfferStillValid, NoOffer, SafeCastOverflowedUintDowncast. Emits
        OfferWithdrawn.
        """
        return self._contract.call("pruneOffer", miner, resource)

    def publish_offer(
        self, resource: int, published: int, ask: int, valid_until: int, verified_only: bool
    ) -> Call[None]:
        """Put capacity up for sale, or change what is.

        Reverts: NotRegistered, UnknownResource, ResourceRetired, ZeroAmount,
        PublishedAboveCapacity, PublishedBelowReserved, OfferEndsInThePast,
        SafeCastOverflowedUintDowncast. Emits OfferPublished.
        `published`: In units: at least 1 and what deals reserve, at most the capacity.
        `ask`: Lowest price taken, in 10^-18 token per unit.
        `valid_until`: Last second at which the offer can be taken.
        `verified_only`: Only by requesters that the verifier of the request's terms calls
        verified.
        """
        return self._contract.call(
            "publishOffer", resource, published, ask, valid_until, verified_only
        )

    def register_miner(self, payout: str) -> Call[int]:
        """Become a miner.

        Reverts: AlreadyRegistered, ZeroAddress, InvalidRecipient. Emits MinerRegistered.
        `payout`: Where stake and earnings go; only it can change it.
        """
        return self._contract.call("registerMiner", payout)

    def register_resource(self, resource: int, capacity: int) -> Call[None]:
        """Set the caller's capacity in a class, pledging stake for it or freeing stake.

        In a retired class it can only be lowered. Reverts: NotRegistered, UnknownResource,
        ResourceRetired, CapacityBelowPublished, InsufficientStake,
        SafeCastOverflowedUintDowncast. Emits ResourceRegistered.
        `capacity`: In units; not below what is published.
        """
        return self._contract.call("registerResource", resource, capacity)

    def release(self, request: Request) -> Call[None]:
        """Give a deal back until its deadline, for a small share of its collateral; by its
        miner.
        Reverts: WrongState, NotDealMiner, DeadlinePassed, InsufficientStake. Emits
        StakeSlashed, RequestReleased.
        """
        return self._contract.call("release", request)

    def release_by_agreement(self, request: Request, signature: bytes) -> Call[None]:
        """End a confirmed deal for nothing; by one party, with the other's signature of
        Release(request id).
        Reverts: WrongState, NotDealMiner, InvalidSignature. Emits RequestAnnulled.
        """
        return self._contract.call("releaseByAgreement", request, signature)

    def renounce_ownership(self) -> Call[None]:
        """Give the ownership up, for ever (owner).

        Reverts: OwnableUnauthorizedAccount. Emits OwnershipTransferred.
        """
        return self._contract.call("renounceOwnership")

    def request_id(self, request: Request) -> bytes:
        """The request's EIP-712 digest."""
        return bytes(self._contract.read("requestId", request))

    def resolve(self, request: Request, units_due: int, slash_bps: int) -> Call[int]:
        """End the deal: pay for `unitsDue`, refund the rest, slash a share; by the court, until
        its time is up.
        Requires a frozen result. Reverts: WrongState, NotCourt, WrongTrial, DeadlinePassed,
        UnitsAboveDeal, SlashAboveTerms, InsufficientStake. Emits TrialChanged(Decided) and
        RequestSettled if the result stands, else StakeSlashed (if `slashBps` is not 0) and
        RequestOverturned.
        `units_due`: At most what the result claims.
        `slash_bps`: Share of the collateral, at most the terms' `overturnBps`.
        Returns: received What of it the court's account was credited with, in base units.
        """
        return self._contract.call("resolve", request, units_due, slash_bps)

    def resource_class(self, resource: int) -> ResourceClass:
        """What was fixed when a class was added, its price model, and whether it is retired.

        Reverts: UnknownResource.
        """
        return record_of(ResourceClass, self._contract.read("resourceClass", resource))

    def resource_count(self) -> int:
        """Number of classes; their ids run from 1 to this number."""
        return int(self._contract.read("resourceCount"))

    def retire_resource_class(self, resource: int) -> Call[None]:
        """End new business in a class (owner), for ever. Live deals go on.

        Reverts: OwnableUnauthorizedAccount, UnknownResource, ResourceRetired. Emits
        ResourceClassRetired.
        """
        return self._contract.call("retireResourceClass", resource)

    def retire_terms(self, terms: int) -> Call[None]:
        """End new business under a record (owner), for ever. Live deals keep it.

        Reverts: OwnableUnauthorizedAccount, UnknownTerms, RetiredTerms. Emits TermsRetired.
        """
        return self._contract.call("retireTerms", terms)

    def runtimes_of(self, resource: int) -> tuple[bytes, ...]:
        """The ids of the runtimes that may run a class's tasks; requests name one by its index.
        None ever moves.
        Reverts: UnknownResource.
        """
        return tuple(self._contract.read("runtimesOf", resource))

    def set_due(self, request: Request, units_due: int) -> Call[None]:
        """Say what shall be paid if there is no verdict in time; by the court, until its time
        is up.
        Requires a frozen result. Reverts: WrongState, NotCourt, WrongTrial, DeadlinePassed,
        UnitsAboveDeal. Emits DueSet.
        `units_due`: At most what the result claims.
        """
        return self._contract.call("setDue", request, units_due)

    def set_guardian(self, guardian: str) -> Call[None]:
        """Appoint a guardian, or the same one anew (owner); zero: nobody.

        Reverts: OwnableUnauthorizedAccount. Emits GuardianChanged.
        """
        return self._contract.call("setGuardian", guardian)

    def set_payout(self, miner: str, payout: str) -> Call[None]:
        """Name another payout address; by the present one. A successor it had named is void.

        Reverts: NotRegistered, NotPayout, ZeroAddress, InvalidRecipient. Emits PayoutChanged.
        """
        return self._contract.call("setPayout", miner, payout)

    def set_price_model(self, resource: int, price_model: str) -> Call[None]:
        """Replace the price model (owner). Deals keep their price; bids and asks still bound
        new ones.
        Reverts: OwnableUnauthorizedAccount, NotAContract, UnknownResource. Emits
        PriceModelChanged.
        """
        return self._contract.call("setPriceModel", resource, price_model)

    def set_runtime_suspended(self, resource: int, runtime: int, suspended: bool) -> Call[None]:
        """Keep new requests and deals from naming a runtime, as when it is found broken, or let
        them again (owner).
        Live deals go on. Reverts: OwnableUnauthorizedAccount, UnknownResource, UnknownRuntime.
        Emits RuntimeSuspended.
        """
        return self._contract.call("setRuntimeSuspended", resource, runtime, suspended)

    def settle(self, request: Request) -> Call[None]:
        """Settle a submitted result after its window, or, if it is frozen, after its court's
        time; by anyone.
        A silent court is no reason not to pay: what it has not set as not due is paid. Reverts:
        WrongState, DeadlineNotPassed. Emits TrialChanged, RequestSettled.
        """
        return self._contract.call("settle", request)

    def settle_many(self, requests: Sequence[Request]) -> Call[None]:
        """`settle` all that can be, and say which could not.

        Emits SettlementSkipped, TrialChanged, RequestSettled.
        """
        return self._contract.call("settleMany", requests)

    def start_unbonding(self, miner: str, amount: int) -> Call[None]:
        """Take free stake out of service; by the miner or its payout.

        A second call while one waits adds to it and starts the delay anew; by the payout only.
        Reverts: NotRegistered, NotMinerOrPayout, ZeroAmount, UnbondingAlready,
        InsufficientStake. Emits UnbondingStarted.
        """
        return self._contract.call("startUnbonding", miner, amount)

    def state_of(self, request: Request) -> State:
        """The state, with what time and challenges tell."""
        return State(self._contract.read("stateOf", request))

    def submit_accepted(
        self, request: Request, root: bytes, units_used: int, signature: bytes
    ) -> Call[None]:
        """Claim a result and settle it with the requester's signature of Acceptance(request id,
        root, unitsUsed); by its miner, even after the deadline as long as nobody claimed the
        default.
        The result is not stored: it stands in the calldata. Reverts: WrongState, NotDealMiner,
        NoRoot, UnitsAboveDeal, InvalidSignature. Emits RequestSettled.
        """
        return self._contract.call("submitAccepted", request, root, units_used, signature)

    def submit_result(self, request: Request, root: bytes, units_used: int) -> Call[None]:
        """Claim a result, by its miner, not after the deadline. Opens the challenge window.

        Reverts: WrongState, NotDealMiner, NoRoot, UnitsAboveDeal, DeadlinePassed. Emits
        ResultSubmitted.
        `root`: Root of the result's Merkle sum tree.
        `units_used`: The tree's sum.
        """
        return self._contract.call("submitResult", request, root, units_used)

    def succeed(self, miner: str) -> Call[None]:
        """Take the place of a miner's own address; by the successor that its payout named.

        Requests that name the miner's number stay its own. Its tenure goes up. The old address
        may register anew, as another miner. Reverts: NotRegistered, NotSuccessor,
        AlreadyRegistered. Emits MinerSucceeded.
        """
        return self._contract.call("succeed", miner)

    def supply_of(self, resource: int) -> Supply:
        """Supply and demand of a class.

        Reverts: UnknownResource.
        Returns: registered R, in units.
        Returns: published R_p, in units.
        Returns: demanded R_d, in units.
        Returns: unused R - R_p - R_d, in units; may be negative.
        """
        return record_of(Supply, self._contract.read("supplyOf", resource))

    def take_lot(
        self, lot: bytes, miner_id: int, resource: int, units: int, max_price: int, busy_until: int
    ) -> Call[tuple[int, int]]:
        """Take units of a miner's offer until `busyUntil`; by an operator it permits.

        The operator answers for whom it sells to: an offer's `verifiedOnly` is not asked here.
        Reverts: EnforcedPause, ZeroAmount, UnknownResource, ResourceRetired, ResourceNotLeased,
        BidBelowFloor, OperatorNotPermitted, LotEndOutOfBounds, LotExists, OfferExpired,
        InsufficientCapacity, AskAboveBid, SafeCastOverflowedUintDowncast. Emits LotTaken.
        `lot`: The operator's own key for it.
        `max_price`: Bid, in 10^-18 token per unit.
        Returns: price The model's, clamped to [ask, bid]: the operator holds to it.
        Returns: unitSeconds How long a unit of the class lasts.
        """
        return self._contract.call("takeLot", lot, miner_id, resource, units, max_price, busy_until)

    def terms_count(self) -> int:
        """Number of records; they are numbered from 1."""
        return int(self._contract.read("termsCount"))

    def terms_of(self, terms: int) -> Terms:
        """A record as it was added, and whether it is retired.

        Reverts: UnknownTerms.
        """
        return record_of(Terms, self._contract.read("termsOf", terms))

    def thaw(self, request: Request) -> Call[None]:
        """Let a result go on without a verdict; by the court, until its time is up.

        Requires a frozen result. What was set as due stays; a noted reveal does not, so that
        the requester may accept again, and the court freeze again within the window. Reverts:
        WrongState, NotCourt, WrongTrial, DeadlinePassed. Emits TrialChanged(None).
        """
        return self._contract.call("thaw", request)

    def token(self) -> str:
        """The settlement token, fixed at deployment."""
        return str(self._contract.read("token"))

    def transfer_ownership(self, new_owner: str) -> Call[None]:
        """Offer the ownership to `newOwner`, in place of whom it was offered to before (owner).

        Reverts: OwnableUnauthorizedAccount. Emits OwnershipTransferStarted.
        """
        return self._contract.call("transferOwnership", new_owner)

    def unbonding_delay(self) -> int:
        """How long stake waits between leaving service and leaving the market, in seconds."""
        return int(self._contract.read("unbondingDelay"))

    def unpause(self) -> Call[None]:
        """Let new business in again before a pause is over (owner).

        Reverts: OwnableUnauthorizedAccount, ExpectedPause. Emits Unpaused.
        """
        return self._contract.call("unpause")

    def withdraw(self, to: str, amount: int) -> Call[None]:
        """Send `amount` of the caller's available balance to `to`: anybody but zero, the market
        and the token.
        Reverts: ZeroAmount, ZeroAddress, InvalidRecipient, InsufficientAvailable,
        TransferFailed. Emits Withdrawn.
        """
        return self._contract.call("withdraw", to, amount)

    def withdraw_offer(self, resource: int) -> Call[None]:
        """Take the caller's offer from the market, expired or not; live deals are not touched.

        Reverts: NotRegistered, NoOffer, SafeCastOverflowedUintDowncast. Emits OfferWithdrawn.
        """
        return self._contract.call("withdrawOffer", resource)

    def withdraw_stake(self, miner: str) -> Call[None]:
        """Send unbonded stake to the payout address; by the miner or its payout.

        Reverts: NotRegistered, NotMinerOrPayout, NothingUnbonding, StillUnbonding,
        TransferFailed. Emits StakeWithdrawn.
        """
        return self._contract.call("withdrawStake", miner)
