"""One exception for each custom error of the contracts.

What to do about each stands in advice.toml.

Written by `make abi` from the contracts' build: change those, not this.
"""

from __future__ import annotations

from suanli.chain.errors import ContractError
from suanli.protocol import State, Trial


class AlreadyRegistered(ContractError):
    miner: str


class AmountTooLarge(ContractError):
    """No more than `maximum` has room: with a deposit in the escrow, else in the balance that
    would grow.
    """

    amount: int
    maximum: int


class AskAboveBid(ContractError):
    ask: int
    max_price: int


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


class EnforcedPause(ContractError):
    """There is no new business, unless the owner ends the pause."""


class EpochMismatch(ContractError):
    requested: int
    current: int


class ExpectedPause(ContractError):
    pass


class FloorAboveCap(ContractError):
    floor: int
    cap: int


class ForeignExtension(ContractError):
    """The extension was made for another token, scale or delay."""

    extension: str


class GuardianSpent(ContractError):
    """The guardian has paused already since it was appointed."""

    guardian: str


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


class NoRoot(ContractError):
    pass


class NoTasks(ContractError):
    pass


class NotAContract(ContractError):
    """The address has no code, so it can't be a price model, verifier, or extension."""

    account: str


class NotCourt(ContractError):
    """Only the court named by the deal's terms may do this."""

    caller: str
    court: str


class NotDealMiner(ContractError):
    """The caller is not the deal's miner (nor its requester, where either may call)."""

    caller: str


class NotMinerOrPayout(ContractError):
    """Only the miner or its payout address may do this."""

    caller: str
    miner: str


class NotNamedMiner(ContractError):
    """Only the miner with the number `named` may do this."""

    caller: str
    named: int


class NotOwnerOrGuardian(ContractError):
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


class NotSuccessor(ContractError):
    """Only the successor named by the payout may do this."""

    caller: str
    successor: str


class NothingUnbonding(ContractError):
    miner: str


class OfferEndsInThePast(ContractError):
    valid_until: int


class OfferExpired(ContractError):
    """The offer has expired, or (0) there is none."""

    valid_until: int


class OfferStillValid(ContractError):
    valid_until: int


class OnlyThroughMarket(ContractError):
    """This code works on a market's storage only: call the market."""


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
    owner: str


class OwnableUnauthorizedAccount(ContractError):
    account: str


class PublishedAboveCapacity(ContractError):
    published: int
    capacity: int


class PublishedBelowReserved(ContractError):
    published: int
    reserved: int


class ReentrancyGuardReentrantCall(ContractError):
    """Unauthorized reentrant call."""


class RequestExpired(ContractError):
    confirm_by: int


class RequestNotExpired(ContractError):
    confirm_by: int


class RequesterNotVerified(ContractError):
    """The offer is for identity-verified requesters."""

    requester: str


class ResourceLeased(ContractError):
    """Leased resources are sold by channels, not by deals."""

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


class SlashAboveTerms(ContractError):
    """The terms let a court slash `most` at most."""

    slash_bps: int
    most: int


class StillUnbonding(ContractError):
    unbonding_ends: int


class StringTooLong(ContractError):
    str_: str


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


class UnknownFlags(ContractError):
    flags: int


class UnknownResource(ContractError):
    resource: int


class UnknownRuntime(ContractError):
    """The class's list of runtimes ends before this index."""

    resource: int
    runtime: int


class UnknownTerms(ContractError):
    terms: int


class UnsupportedDecimals(ContractError):
    """The settlement token must have 6 to 24 decimals."""

    decimals: int


class WeightTooLarge(ContractError):
    """A weight so large that the price could not be computed for every supply."""

    weight: int


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
