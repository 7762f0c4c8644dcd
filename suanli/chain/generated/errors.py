"""One exception for each custom error of the contracts.

What to do about each stands in advice.toml.

Written by `make abi` from the contracts' build: change those, not this.
"""

from __future__ import annotations

from suanli.chain.errors import ContractError
from suanli.protocol import CaseOutcome, CasePhase, State, Trial


class AccessControlBadConfirmation(ContractError):
    """The caller of a function is not the expected one. NOTE: Don't confuse with
    {AccessControlUnauthorizedAccount}.
    """


class AccessControlUnauthorizedAccount(ContractError):
    """The `account` is missing a role."""

    account: str
    needed_role: bytes


class AllocationTooLarge(ContractError):
    """The table gives away more than there is."""

    total: int
    supply: int


class AlreadyAttestor(ContractError):
    account: str


class AlreadyClaimed(ContractError):
    epoch: int
    miner_id: int


class AlreadyDone(ContractError):
    """The party has done this already."""

    case_id: bytes
    party: str


class AlreadyDrawn(ContractError):
    epoch: int


class AlreadyInstalled(ContractError):
    governor: str


class AlreadyRegistered(ContractError):
    miner: str


class AlreadyReturned(ContractError):
    epoch: int


class AmountTooLarge(ContractError):
    """No more than `maximum` has room: with a deposit in the escrow, else in the balance that
    would grow.
    """

    amount: int
    maximum: int


class AskAboveBid(ContractError):
    ask: int
    max_price: int


class AttestationExpired(ContractError):
    valid_until: int


class BidBelowFloor(ContractError):
    max_price: int
    floor: int


class CapacityBelowPublished(ContractError):
    capacity: int
    published: int


class CapacityNotLower(ContractError):
    """Only the miner itself may raise its capacity."""

    capacity: int
    present: int


class CaseExists(ContractError):
    case_id: bytes


class ChannelOver(ContractError):
    """The channel's time is over."""

    ends: int


class CheckpointUnorderedInsertion(ContractError):
    """A value was attempted to be inserted on a past checkpoint."""


class ClaimsEnded(ContractError):
    epoch: int
    ended: int


class ClaimsNotEnded(ContractError):
    epoch: int
    ends: int


class CollateralTooLow(ContractError):
    """A missed period costs two periods' pay at least."""

    collateral: int
    least: int


class DeadlineNotPassed(ContractError):
    deadline: int


class DeadlinePassed(ContractError):
    deadline: int


class DeliveryMismatch(ContractError):
    """After the deposit the market would hold another amount than it must: the token took a
    fee, or lies.
    """

    expected_balance: int
    balance: int


class DepositBelowReserve(ContractError):
    """The money does not cover what the reserved time costs in any case."""

    deposit: int
    reserve: int


class DrawNotPrepared(ContractError):
    """No draw was prepared, or its block is too far back."""

    epoch: int


class DrawPending(ContractError):
    """The block that decides, `number`, can still be used, or is still to come."""

    epoch: int
    number: int


class DurationOutOfBounds(ContractError):
    duration: int
    minimum: int
    maximum: int


class ECDSAInvalidSignature(ContractError):
    pass


class ECDSAInvalidSignatureLength(ContractError):
    length: int


class ECDSAInvalidSignatureS(ContractError):
    s: bytes


class ERC20ExceededSafeSupply(ContractError):
    """Total supply cap has been exceeded, introducing a risk of votes overflowing."""

    increased_supply: int
    cap: int


class ERC20InsufficientAllowance(ContractError):
    """Indicates a failure with the `spender`’s `allowance`. Used in transfers.

    `spender`: Address that may be allowed to operate on tokens without being their owner.
    `allowance`: Amount of tokens a `spender` is allowed to operate with.
    `needed`: Minimum amount required to perform a transfer.
    """

    spender: str
    allowance: int
    needed: int


class ERC20InsufficientBalance(ContractError):
    """Indicates an error related to the current `balance` of a `sender`. Used in transfers.

    `sender`: Address whose tokens are being transferred.
    `balance`: Current balance for the interacting account.
    `needed`: Minimum amount required to perform a transfer.
    """

    sender: str
    balance: int
    needed: int


class ERC20InvalidApprover(ContractError):
    """Indicates a failure with the `approver` of a token to be approved. Used in approvals.

    `approver`: Address initiating an approval operation.
    """

    approver: str


class ERC20InvalidReceiver(ContractError):
    """Indicates a failure with the token `receiver`. Used in transfers.

    `receiver`: Address to which tokens are being transferred.
    """

    receiver: str


class ERC20InvalidSender(ContractError):
    """Indicates a failure with the token `sender`. Used in transfers.

    `sender`: Address whose tokens are being transferred.
    """

    sender: str


class ERC20InvalidSpender(ContractError):
    """Indicates a failure with the `spender` to be approved. Used in approvals.

    `spender`: Address that may be allowed to operate on tokens without being their owner.
    """

    spender: str


class ERC2612ExpiredSignature(ContractError):
    """Permit deadline has expired."""

    deadline: int


class ERC2612InvalidSigner(ContractError):
    """Mismatched signature."""

    signer: str
    owner: str


class ERC5805FutureLookup(ContractError):
    """Lookup to future votes is not available."""

    timepoint: int
    clock: int


class ERC6372InconsistentClock(ContractError):
    """The clock was incorrectly modified."""


class EmptyFile(ContractError):
    """A file without bytes needs nobody to keep it."""


class EnforcedPause(ContractError):
    """There is no new business, unless the owner ends the pause."""


class EpochMismatch(ContractError):
    requested: int
    current: int


class EpochNotOver(ContractError):
    epoch: int
    ends: int


class EpochNotRead(ContractError):
    """Nobody read anything in it: there is nobody to reward."""

    epoch: int


class EvenJury(ContractError):
    """A jury must be odd."""

    seats: int


class ExpectedPause(ContractError):
    pass


class FailedCall(ContractError):
    """A call to an address target failed. The target may have reverted."""


class FilingOpen(ContractError):
    """The deal waits: for cases to be closed, or for the time in which challenges are filed to
    end.
    """

    request_id: bytes
    open: int
    until: int


class FilingOver(ContractError):
    request_id: bytes
    ended: int


class FloorAboveCap(ContractError):
    floor: int
    cap: int


class ForeignExtension(ContractError):
    """The extension was made for another token, scale or delay."""

    extension: str


class ForeignQuote(ContractError):
    """The quote is for other channels."""

    channels: str


class ForeignRequest(ContractError):
    """The case is of another request."""

    case_id: bytes
    request_id: bytes


class ForeignStorageQuote(ContractError):
    """The quote is for another contract."""

    storage_deals: str


class GovernorAlreadyCastVote(ContractError):
    """The vote was already cast."""

    voter: str


class GovernorAlreadyQueuedProposal(ContractError):
    """The proposal has already been queued."""

    proposal_id: int


class GovernorDisabledDeposit(ContractError):
    """Token deposits are disabled in this contract."""


class GovernorInsufficientProposerVotes(ContractError):
    """The `proposer` does not have the required votes to create a proposal."""

    proposer: str
    votes: int
    threshold: int


class GovernorInvalidProposalLength(ContractError):
    """Empty proposal or a mismatch between the parameters length for a proposal call."""

    targets: int
    calldatas: int
    values_: int


class GovernorInvalidQuorumFraction(ContractError):
    """The quorum set is not a valid fraction."""

    quorum_numerator: int
    quorum_denominator: int


class GovernorInvalidSignature(ContractError):
    """The provided signature is not valid for the expected `voter`. If the `voter` is a
    contract, the signature is not valid using {IERC1271-isValidSignature}.
    """

    voter: str


class GovernorInvalidVoteParams(ContractError):
    """The provided params buffer is not supported by the counting module."""


class GovernorInvalidVoteType(ContractError):
    """The vote type used is not valid for the corresponding counting module."""


class GovernorInvalidVotingPeriod(ContractError):
    """The voting period set is not a valid period."""

    voting_period: int


class GovernorNonexistentProposal(ContractError):
    """The `proposalId` doesn't exist."""

    proposal_id: int


class GovernorNotQueuedProposal(ContractError):
    """The proposal hasn't been queued yet."""

    proposal_id: int


class GovernorOnlyExecutor(ContractError):
    """The `account` is not the governance executor."""

    account: str


class GovernorQueueNotImplemented(ContractError):
    """Queue operation is not implemented for this governor. Execute should be called directly."""


class GovernorRestrictedProposer(ContractError):
    """The `proposer` is not allowed to create a proposal."""

    proposer: str


class GovernorUnableToCancel(ContractError):
    """The given `account` is unable to cancel the proposal with given `proposalId`."""

    proposal_id: int
    account: str


class GovernorUnexpectedProposalState(ContractError):
    """The current state of a proposal is not the required for performing an operation. The
    `expectedStates` is a bitmap with the bits enabled for each ProposalState enum position
    counting from right to left. NOTE: If `expectedState` is `bytes32(0)`, the proposal is
    expected to not be in any state (i.e. not exist). This is the case when a proposal that
    is expected to be unset is already initiated (the proposal is duplicated). See {Governor-
    _encodeStateBitmap}.
    """

    proposal_id: int
    current: int
    expected_states: bytes


class GuardianSpent(ContractError):
    """The guardian has paused already since it was appointed."""

    guardian: str


class HashMissed(ContractError):
    """The hash of block `named` can't be read any more: `recordHash` names another."""

    named: int


class HashNotThere(ContractError):
    """The hash of block `named` is not there yet."""

    named: int


class HashRecordedAlready(ContractError):
    """The hash that the present draw needs is recorded."""

    case_id: bytes


class InsufficientAvailable(ContractError):
    account: str
    available: int
    needed: int


class InsufficientCapacity(ContractError):
    free: int
    needed: int


class InsufficientGas(ContractError):
    """With less gas left than `needed` before the call at `index`, it could be left out for
    want of it.
    """

    index: int
    needed: int


class InsufficientLocked(ContractError):
    locked: int
    needed: int


class InsufficientStake(ContractError):
    """The stake that is neither pledged (for other classes) nor unbonding does not suffice."""

    free: int
    needed: int


class InvalidAccountNonce(ContractError):
    """The nonce used for an `account` is not the expected current nonce."""

    account: str
    current_nonce: int


class InvalidRecipient(ContractError):
    """The market or its token: what is sent there could never be withdrawn again."""

    recipient: str


class InvalidShortString(ContractError):
    pass


class InvalidSignature(ContractError):
    signer: str
    digest: bytes


class IssuedBeforeOffice(ContractError):
    """It was signed before its attestor was made one, perhaps again."""

    issued: int
    since: int


class IssuedInFuture(ContractError):
    issued: int
    time: int


class LeafNotInFile(ContractError):
    """`place`: Of the proof in the list.

    `leaf`: That was drawn.
    """

    place: int
    leaf: int


class LeafNotInResult(ContractError):
    """The path does not lead from the leaf to what the miner claimed."""

    request_id: bytes
    index: int


class LeavingAlready(ContractError):
    """The seat is being left already."""

    position: int
    until: int


class LocalChainsOnly(ContractError):
    chain_id: int


class LotEndOutOfBounds(ContractError):
    """A lot ends after now (an extended one after its former end), no further ahead than is
    permitted.
    """

    busy_until: int
    earliest: int
    latest: int


class LotExists(ContractError):
    operator: str
    lot: bytes


class LotLapsed(ContractError):
    busy_until: int


class MinerNotVerified(ContractError):
    """The request is for identity-verified miners."""

    miner_id: int
    tenure: int


class NamedAlready(ContractError):
    """A period's leaves are drawn once."""

    named: int


class NamedBlockGone(ContractError):
    """More than 256 blocks have passed: the chain does not tell the hash any more."""

    named: int


class NamedBlockNotThere(ContractError):
    named: int


class NoEarnings(ContractError):
    miner: str


class NoJob(ContractError):
    pass


class NoLot(ContractError):
    operator: str
    lot: bytes


class NoOffer(ContractError):
    miner: str
    resource: int


class NoReserve(ContractError):
    pass


class NoRoot(ContractError):
    pass


class NoStepDue(ContractError):
    """Nothing is to be done in this case before `deadline`."""

    case_id: bytes
    phase: CasePhase
    deadline: int


class NoSuchSeat(ContractError):
    """The jury has fewer seats."""

    case_id: bytes
    index: int


class NoTasks(ContractError):
    pass


class NoVote(ContractError):
    """Nobody who sits there committed to a vote, or it is revealed."""

    case_id: bytes
    index: int


class NonceTooLow(ContractError):
    """The requester has opened a channel with this nonce or a greater one."""

    nonce: int
    last: int


class NotAContract(ContractError):
    """The address has no code, so it can't be a price model, verifier, or extension."""

    account: str


class NotAGovernor(ContractError):
    governor: str


class NotAscending(ContractError):
    """Each request is listed once: their ids ascend."""

    request_id: bytes


class NotAttestor(ContractError):
    account: str


class NotAttestorOrOwner(ContractError):
    """Only the attestor itself and the owner revoke."""

    caller: str
    attestor: str


class NotChannelMiner(ContractError):
    caller: str
    miner_id: int


class NotChannelRequester(ContractError):
    caller: str
    requester: str


class NotCommitted(ContractError):
    """This is not what was committed to."""

    commitment: bytes


class NotCourt(ContractError):
    """Only the court named by the deal's terms may do this."""

    caller: str
    court: str


class NotDealMiner(ContractError):
    """The caller is not the deal's miner (nor its requester, where either may call)."""

    caller: str


class NotDrawn(ContractError):
    epoch: int


class NotFiler(ContractError):
    caller: str
    filer: str


class NotJuror(ContractError):
    caller: str
    juror: str


class NotKeeper(ContractError):
    caller: str
    miner_id: int


class NotLoser(ContractError):
    """Only who lost may appeal."""

    caller: str
    outcome: CaseOutcome


class NotMiner(ContractError):
    caller: str
    miner: str


class NotMinerOrPayout(ContractError):
    """Only the miner or its payout address may do this."""

    caller: str
    miner: str


class NotNamed(ContractError):
    pass


class NotNamedMiner(ContractError):
    """Only the miner with the number `named` may do this."""

    caller: str
    named: int


class NotNewer(ContractError):
    """The attestor has said, or revoked, something of the same subject since, or in the same
    second.
    """

    issued: int
    last: int


class NotOneSubject(ContractError):
    """An attestation is either of a miner or of a requester, who has no tenure."""


class NotOwnerOfBytes(ContractError):
    caller: str
    requester: str


class NotOwnerOrGuardian(ContractError):
    caller: str


class NotParty(ContractError):
    caller: str


class NotPayout(ContractError):
    """Only the miner's payout address may do this."""

    caller: str
    payout: str


class NotRegistered(ContractError):
    miner: str


class NotRequester(ContractError):
    caller: str
    requester: str


class NotSeatHolder(ContractError):
    """The position is somebody else's, or nobody's."""

    caller: str
    position: int


class NotSuccessor(ContractError):
    """Only the successor named by the payout may do this."""

    caller: str
    successor: str


class NotTheInstaller(ContractError):
    caller: str


class NothingCommitted(ContractError):
    """Zero is no commitment."""


class NothingDue(ContractError):
    epoch: int
    miner_id: int


class NothingFalse(ContractError):
    """The path shows nothing false in the result."""

    request_id: bytes


class NothingFrozen(ContractError):
    """No case ever froze the deal, or the court is done with it."""

    request_id: bytes


class NothingToCollect(ContractError):
    case_id: bytes


class NothingUnbonding(ContractError):
    miner: str


class NoticeNotOver(ContractError):
    until: int


class NumberTooHigh(ContractError):
    """The same filer's challenges of a deal are numbered from 0 to `most`."""

    number: int
    most: int


class OfferEndsInThePast(ContractError):
    valid_until: int


class OfferExpired(ContractError):
    """The offer has expired, or (0) there is none."""

    valid_until: int


class OfferStillValid(ContractError):
    valid_until: int


class OnlyThroughMarket(ContractError):
    """This code works on another contract's storage only: call the market, or the court."""


class OperatorNotPermitted(ContractError):
    """The miner's payout has not permitted this operator."""

    miner_id: int
    operator: str


class OutOfBounds(ContractError):
    """A parameter set at deployment or by governance lies outside its bounds."""

    value: int
    minimum: int
    maximum: int


class OwnableInvalidOwner(ContractError):
    """The owner is not a valid owner account. (eg. `address(0)`)."""

    owner: str


class OwnableUnauthorizedAccount(ContractError):
    """The caller account is not authorized to perform an operation."""

    account: str


class PeriodMissed(ContractError):
    """It was not proved in time: the deal can only be settled."""

    until: int


class PeriodNotMissed(ContractError):
    until: int


class PeriodNotOver(ContractError):
    over: int


class PeriodOutOfBounds(ContractError):
    period: int
    least: int
    most: int


class PeriodsOutOfBounds(ContractError):
    periods: int
    least: int
    most: int


class PhaseOver(ContractError):
    """The time for it was over at `deadline`."""

    case_id: bytes
    deadline: int


class PublishedAboveCapacity(ContractError):
    published: int
    capacity: int


class PublishedBelowReserved(ContractError):
    published: int
    reserved: int


class QuoteExpired(ContractError):
    valid_until: int


class ReentrancyGuardReentrantCall(ContractError):
    """Unauthorized reentrant call."""


class RequestExpired(ContractError):
    confirm_by: int


class RequestNotExpired(ContractError):
    confirm_by: int


class RequesterNotVerified(ContractError):
    """The offer is for identity-verified requesters."""

    requester: str


class ReserveCantVote(ContractError):
    """Undistributed tokens have no votes to delegate."""

    reserve: str


class ResourceLeased(ContractError):
    """Leased resources are sold by channels, not by deals."""

    resource: int


class ResourceNeedsUnits(ContractError):
    """Without units, only judged classes are paid for."""

    resource: int


class ResourceNotAscending(ContractError):
    """The classes of a list stand in it by number, each once."""

    resource: int


class ResourceNotLeased(ContractError):
    """Only classes of the leased kind have lots."""

    resource: int


class ResourceRetired(ContractError):
    resource: int


class ResultMismatch(ContractError):
    """Another result was submitted than the one to be accepted."""

    root: bytes
    units_used: int


class RetiredTerms(ContractError):
    terms: int


class RolesAreFixed(ContractError):
    """Who may do what here was settled at deployment."""


class RuntimeAlreadyPermitted(ContractError):
    resource: int
    runtime_id: bytes


class RuntimeUnavailable(ContractError):
    """The owner has suspended the runtime for new requests and deals."""

    resource: int
    runtime: int


class SafeCastOverflowedUintDowncast(ContractError):
    """The totals of a class would exceed 2^80 - 1 units."""

    bits: int
    value: int


class SafeCastOverflowedUintToInt(ContractError):
    """An uint value doesn't fit in an int of `bits` size."""

    value: int


class SamplesOutOfBounds(ContractError):
    samples: int
    least: int
    most: int


class SlashAboveTerms(ContractError):
    """The terms let a court slash `most` at most."""

    slash_bps: int
    most: int


class StillSeated(ContractError):
    """The seat's stake stays until then, and as long as it sits in cases; 0: it was not left,
    or is nobody's.
    """

    position: int
    until: int
    sitting: int


class StillUnbonding(ContractError):
    unbonding_ends: int


class StorageNonceTooLow(ContractError):
    """The requester has opened a deal with this nonce or a greater one."""

    nonce: int
    last: int


class StorageQuoteExpired(ContractError):
    valid_until: int


class StorageQuoteNotSigned(ContractError):
    miner: str
    deal: bytes


class StringTooLong(ContractError):
    str_: str


class TaskOutOfRange(ContractError):
    """The deal has no task of this index."""

    index: int
    tasks: int


class TimeOutOfBounds(ContractError):
    duration: int
    least: int
    most: int


class TimelockInsufficientDelay(ContractError):
    """The schedule operation doesn't meet the minimum delay."""

    delay: int
    min_delay: int


class TimelockInvalidOperationLength(ContractError):
    """Mismatch between the parameters length for an operation call."""

    targets: int
    payloads: int
    values_: int


class TimelockIsFixed(ContractError):
    """The timelock is this governor's for ever."""


class TimelockUnauthorizedCaller(ContractError):
    """The caller account is not authorized."""

    caller: str


class TimelockUnexecutedPredecessor(ContractError):
    """The predecessor to an operation not yet done."""

    predecessor_id: bytes


class TimelockUnexpectedOperationState(ContractError):
    """The current state of an operation is not as required. The `expectedStates` is a bitmap
    with the bits enabled for each OperationState enum position counting from right to left.
    See {_encodeStateBitmap}.
    """

    operation_id: bytes
    expected_states: bytes


class TooManyAttestors(ContractError):
    """Each verification may ask all of them, so there are no more."""

    most: int


class TooManyClasses(ContractError):
    """At most so many classes are rewarded."""

    most: int


class TransferFailed(ContractError):
    """The token refused to be sent."""


class TransferFromFailed(ContractError):
    """The token refused to be taken: too little balance or allowance."""


class UnbondingAlready(ContractError):
    """Stake is unbonding already: only the payout may add to it, since that starts the delay
    anew.
    """

    unbonding_ends: int


class UnitsAboveDeal(ContractError):
    units_used: int
    units: int


class UnitsAboveTasks(ContractError):
    """So many tasks of this class may not use so many units: a result could not be judged."""

    units: int
    most: int


class UnknownChannel(ContractError):
    """Never opened with this record, or closed."""

    channel: bytes


class UnknownFlags(ContractError):
    flags: int


class UnknownMiner(ContractError):
    """The miner was never registered."""

    miner_id: int


class UnknownResource(ContractError):
    resource: int


class UnknownRuntime(ContractError):
    """The class's list of runtimes ends before this index."""

    resource: int
    runtime: int


class UnknownStorageDeal(ContractError):
    """Never opened with this record, or ended."""

    deal: bytes


class UnknownTerms(ContractError):
    terms: int


class UnsupportedDecimals(ContractError):
    """The settlement token must have 6 to 24 decimals."""

    decimals: int


class VotedAlready(ContractError):
    case_id: bytes
    index: int


class VotesExpiredSignature(ContractError):
    """The signature used has expired."""

    expiry: int


class VoucherAboveDeposit(ContractError):
    amount: int
    deposit: int


class VoucherNotAbovePaid(ContractError):
    """It pays nothing that was not paid."""

    amount: int
    paid: int


class WeightTooLarge(ContractError):
    """A weight so large that the price could not be computed for every supply."""

    weight: int


class WrongPathLength(ContractError):
    """A path in a tree of this many tasks has `depth` siblings."""

    length: int
    depth: int


class WrongPhase(ContractError):
    """In this phase that can't be done."""

    case_id: bytes
    phase: CasePhase


class WrongRegistry(ContractError):
    registry: str


class WrongSamples(ContractError):
    given: int
    expected: int


class WrongState(ContractError):
    """The request is in a state from which this can't be done."""

    id: bytes
    state: State


class WrongTrial(ContractError):
    """The court is at another point with this result."""

    id: bytes
    trial: Trial


class ZeroAddress(ContractError):
    pass


class ZeroAmount(ContractError):
    pass


class ZeroAttestor(ContractError):
    pass
