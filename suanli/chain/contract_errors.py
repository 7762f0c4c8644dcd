"""One exception for each custom error of the market, with what to do about it.

The names and arguments are those of interfaces/*.sol; `values` has the arguments by name.
"""

from suanli.chain.errors import ContractError


class UnknownContractError(ContractError):
    advice = "the contract refused with an error that is not known here: is suanli too old?"


class ContractRevert(ContractError):
    """A refusal with a text, or with nothing at all."""

    advice = "the contract refused: {text}"


class ContractPanic(ContractError):
    advice = "the contract stopped on an internal check (code {code}): please report this as a bug"


# Money


class ZeroAmount(ContractError):
    advice = "the amount is zero: give a larger one"


class ZeroAddress(ContractError):
    advice = "the address is zero: name one that somebody owns"


class InvalidRecipient(ContractError):
    advice = "tokens sent to {recipient} could never be withdrawn again: name another recipient"


class InsufficientAvailable(ContractError):
    advice = (
        "{account} has {available} base units available in the market, {needed} are needed:"
        " deposit more, or ask for less"
    )


class DeliveryMismatch(ContractError):
    advice = (
        "after the deposit the market would hold {balance} base units instead of"
        " {expectedBalance}: tokens that charge for transfers can't be deposited"
    )


class TransferFailed(ContractError):
    advice = "the token refused to be sent: the recipient may be blocked, name another"


class TransferFromFailed(ContractError):
    advice = "the token refused to be taken: hold enough of it and approve the market for it"


class AmountTooLarge(ContractError):
    advice = "{amount} is more than the {maximum} base units that fit: use a smaller amount"


class UnsupportedDecimals(ContractError):
    advice = "a token of {decimals} decimals can't settle: choose one with 6 to 24"


# Miners


class AlreadyRegistered(ContractError):
    advice = "{miner} is a miner already: go on with its stake and offers"


class NotRegistered(ContractError):
    advice = "{miner} is not a miner: register it first"


class NotPayout(ContractError):
    advice = "only the payout address {payout} may do this, not {caller}: call from there"


class NotSuccessor(ContractError):
    advice = "only the successor {successor} may do this, not {caller}: have the payout name it"


class NotMinerOrPayout(ContractError):
    advice = "only the miner {miner} or its payout may do this, not {caller}: call from there"


class InsufficientStake(ContractError):
    advice = (
        "{needed} base units of free stake are needed, there are {free}: add stake, or register"
        " less capacity"
    )


class NothingUnbonding(ContractError):
    advice = "no stake of {miner} is on its way out: start unbonding first"


class StillUnbonding(ContractError):
    advice = "the stake may leave at {unbondingEnds} (seconds since 1970): come back then"


class NoEarnings(ContractError):
    advice = "{miner} has earned nothing since it last collected: collect after the next payment"


class CapacityBelowPublished(ContractError):
    advice = (
        "the capacity {capacity} would be less than the {published} units on offer: publish less,"
        " or withdraw the offer, first"
    )


class PublishedAboveCapacity(ContractError):
    advice = (
        "{published} units are more than the capacity of {capacity}: register more capacity, or"
        " offer less"
    )


class PublishedBelowReserved(ContractError):
    advice = (
        "{reserved} units are reserved by deals, so {published} can't be the whole offer: offer at"
        " least what is reserved, or withdraw the offer"
    )


class OfferEndsInThePast(ContractError):
    advice = "{validUntil} has passed: let the offer end later"


class NoOffer(ContractError):
    advice = "{miner} has no offer in resource class {resource}: publish one first"


class OfferStillValid(ContractError):
    advice = "the offer holds until {validUntil} (seconds since 1970): prune it after that"


class OfferExpired(ContractError):
    advice = "the offer ended at {validUntil} (0: there is none): publish it anew"


class InsufficientCapacity(ContractError):
    advice = (
        "{needed} units are needed, {free} of the offer are free: wait for deals to end, or offer"
        " more"
    )


# Resource classes and terms


class UnknownResource(ContractError):
    advice = "there is no resource class {resource}: classes are numbered from 1 to resourceCount"


class ResourceRetired(ContractError):
    advice = "resource class {resource} takes no new business: use another"


class ResourceLeased(ContractError):
    advice = "resource class {resource} is leased by channels, not sold by deals: use another"


class RuntimeAlreadyPermitted(ContractError):
    advice = "class {resource} permits the runtime {runtimeId} already: nothing is to be done"


class OutOfBounds(ContractError):
    advice = "{value} lies outside {minimum} to {maximum}: choose a value within"


class NotAContract(ContractError):
    advice = "{account} is no contract: deploy it first, or correct the address"


class UnknownTerms(ContractError):
    advice = "there are no terms {terms}: records are numbered from 1 to termsCount"


class TermsRetired(ContractError):
    advice = "terms {terms} take no new business: use another record"


# Requests


class WrongState(ContractError):
    advice = "request {id} is in state {state}, from which this can't be done: look at it again"


class NotRequester(ContractError):
    advice = "only the requester {requester} may do this, not {caller}: call from there"


class NotNamedMiner(ContractError):
    advice = "the request is for the miner {named}, not for {caller}: leave it to that one"


class NotVerified(ContractError):
    advice = "the request wants a verified identity, {miner} has none: have it attested first"


class InvalidSignature(ContractError):
    advice = (
        "the signature is not {signer}'s for {digest}: sign this message again, for this chain and"
        " this market"
    )


class EpochMismatch(ContractError):
    advice = "the request is of epoch {requested}, the requester's is {current}: make it anew"


class RequestExpired(ContractError):
    advice = "the request could be confirmed until {confirmBy} (seconds since 1970): make it anew"


class RequestNotExpired(ContractError):
    advice = "the request can still be confirmed until {confirmBy}: only its requester may cancel"


class DurationOutOfBounds(ContractError):
    advice = "a duration of {duration} seconds lies outside {minimum} to {maximum}: change it"


class UnknownFlags(ContractError):
    advice = "flags {flags} have bits that mean nothing: only bit 0 may be set"


class NoTasks(ContractError):
    advice = "the request has no tasks: give it at least one"


class NoJob(ContractError):
    advice = "the request names no job: put in the digest of its manifest"


class BidBelowFloor(ContractError):
    advice = "the bid {maxPrice} is below the class's floor {floor}: bid more"


class AskAboveBid(ContractError):
    advice = "the miner asks {ask}, the request bids {maxPrice}: bid more, or ask for less"


class NotOwnerOrGuardian(ContractError):
    advice = "{caller} is neither owner nor guardian: only they may do this"


# Deals


class NotDealMiner(ContractError):
    advice = "{caller} did not confirm this deal: call from the miner that did"


class NotCourt(ContractError):
    advice = "only the court {court} of the deal's terms may do this, not {caller}"


class NoRoot(ContractError):
    advice = "the result's root is zero: submit the root of its sum tree"


class ResultMismatch(ContractError):
    advice = "another result was submitted, root {root} with {unitsUsed} units: look at it first"


class UnitsAboveDeal(ContractError):
    advice = "the result claims {unitsUsed} units, the deal has {units}: claim no more than that"


class DeadlinePassed(ContractError):
    advice = (
        "the deadline {deadline} (seconds since 1970) has passed: only what the states allow"
        " afterwards can still be done"
    )


class DeadlineNotPassed(ContractError):
    advice = "the deadline {deadline} (seconds since 1970) has not passed: try again after it"


class ChallengesOpen(ContractError):
    advice = "{openChallenges} challenges of {id} are open: wait for the court"


class TooManyChallenges(ContractError):
    advice = "no more challenges of {id} can be open at once: wait until one is closed"


class NoChallengeOpen(ContractError):
    advice = "no challenge of {id} is open: nothing is to be decided"


# Owner, pause and the libraries below


class OwnableUnauthorizedAccount(ContractError):
    advice = "{account} is not the owner: only the owner may do this"


class OwnableInvalidOwner(ContractError):
    advice = "{owner} can't own the market: name another owner"


class EnforcedPause(ContractError):
    advice = "the market is paused, no new requests and deals: try again when it is not"


class ExpectedPause(ContractError):
    advice = "the market is not paused: nothing is to be done"


class ReentrancyGuardReentrantCall(ContractError):
    advice = "the market was called back in the middle of a call: the token does that, avoid it"


class SafeCastOverflowedUintDowncast(ContractError):
    advice = "{value} does not fit into {bits} bits: use a smaller one"


# The settlement token


class ERC20InsufficientBalance(ContractError):
    advice = "{sender} has {balance} base units of the token, {needed} are needed: get more of it"


class ERC20InsufficientAllowance(ContractError):
    advice = "{spender} may take {allowance} base units, {needed} are needed: approve more"


class ERC2612ExpiredSignature(ContractError):
    advice = "the permit ended at {deadline} (seconds since 1970): sign a new one"


class ERC2612InvalidSigner(ContractError):
    advice = "the permit is signed by {signer}, not by the owner {owner}: sign it anew"


class LocalChainsOnly(ContractError):
    advice = "the local token does not work on chain {chainId}: deploy with a token of that chain"
