"""Who may call what: each function that changes something, of each contract that is deployed.

    powers_of("ComputeMarket")["addTerms"]         # Who.OWNER

A function of an ABI that stands in no list has no answer, and the deployment fails
(`UnknownPower`): so none can be forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from suanli.chain import artifact
from suanli.deployment.errors import DeploymentError


class Who(Enum):
    """Who may call a function; `refusals`: the errors with which all others are refused."""

    ANYBODY = "anybody, for what is its own or due", ()
    OWNER = "the owner", ("OwnableUnauthorizedAccount",)
    OWNER_OR_GUARDIAN = "the owner, and the guardian once", ("NotOwnerOrGuardian",)
    ATTESTOR = "the attestor of its own word, and the owner", ("NotAttestorOrOwner",)
    HEIR = "whom the owner offers it to", ("OwnableUnauthorizedAccount",)
    GOVERNOR = "the governor", ("AccessControlUnauthorizedAccount",)
    TIMELOCK = "the timelock, by a vote", ("GovernorOnlyExecutor", "TimelockUnauthorizedCaller")
    NOBODY = (
        "nobody",
        (
            "AccessControlUnauthorizedAccount",
            "AlreadyInstalled",
            "NotTheInstaller",
            "OnlyThroughMarket",
        ),
    )

    def __init__(self, text: str, refusals: tuple[str, ...]) -> None:
        self.text, self.refusals = text, refusals


class UnknownPower(DeploymentError):
    """A function of which it is not written down who may call it."""


_MARKET = {
    Who.ANYBODY: """
        deposit depositWithPermit withdraw
        registerMiner setPayout nameSuccessor succeed
        addStake startUnbonding withdrawStake collectEarnings
        registerResource lowerCapacity publishOffer withdrawOffer pruneOffer
        postRequest cancelRequest advanceEpoch confirmRequest
        release releaseByAgreement submitResult acceptResult submitAccepted
        settle settleMany claimDefault
        freeze thaw noteReveal setDue resolve
        permitOperator takeLot extendLot freeLot pruneLots
        multicall multicallSkip
    """,
    Who.OWNER: """
        addResourceClass permitRuntime setRuntimeSuspended setPriceModel retireResourceClass
        addTerms retireTerms setGuardian unpause transferOwnership renounceOwnership
    """,
    Who.OWNER_OR_GUARDIAN: "pause",
    Who.HEIR: "acceptOwnership",
}
_TOKEN = {
    Who.ANYBODY: "approve delegate delegateBySig permit transfer transferFrom",
}
_TIMELOCK = {
    Who.ANYBODY: "takeOwnership onERC721Received onERC1155Received onERC1155BatchReceived",
    Who.GOVERNOR: "schedule scheduleBatch cancel execute executeBatch",
    Who.TIMELOCK: "updateDelay",
    Who.NOBODY: "install grantRole revokeRole",
}
_GOVERNOR = {
    Who.ANYBODY: """
        propose cancel queue execute
        castVote castVoteWithReason castVoteWithReasonAndParams
        castVoteBySig castVoteWithReasonAndParamsBySig
        onERC721Received onERC1155Received onERC1155BatchReceived
    """,
    Who.TIMELOCK: """
        setVotingDelay setVotingPeriod setProposalThreshold updateQuorumNumerator
        setLateQuorumVoteExtension relay
    """,
}
_REGISTRY = {
    Who.ANYBODY: "submit",
    Who.OWNER: "addAttestor removeAttestor transferOwnership renounceOwnership",
    Who.ATTESTOR: "revokeMiner revokeRequester",
    Who.HEIR: "acceptOwnership",
}
_REWARDS = {
    Who.ANYBODY: "grant collect read prepareDraw draw claim returnUnclaimed",
    Who.OWNER: "setRules transferOwnership renounceOwnership",
    Who.HEIR: "acceptOwnership",
}
_COURT = {
    Who.ANYBODY: """
        deposit depositWithPermit withdraw
        join leave vacate
        challenge answer commitSecret recordHash revealSecret draw
        commitVote seizeSeat showLeaf revealVote appeal
        advance finish collect proveFalse
        multicall multicallSkip
    """,
}
_CHANNELS = {
    Who.ANYBODY: """
        deposit depositWithPermit withdraw
        open topUp redeem redeemMany close closeByMiner closeByRequester
        collectEarnings collectFees
    """,
}
_STORAGE = {
    Who.ANYBODY: """
        deposit depositWithPermit withdraw
        addCollateral collect
        open nameBlock prove settle closeByMiner closeByRequester
    """,
}
_LISTS: Mapping[str, Mapping[Who, str]] = {
    "AdaptivePriceModel": {Who.ANYBODY: "update"},
    "ComputeMarket": _MARKET,
    "Court": _COURT,
    "IdentityRegistry": _REGISTRY,
    "LinearPriceModel": {},
    "MarketGovernor": _GOVERNOR,
    "MarketTimelock": _TIMELOCK,
    "MarketToken": _TOKEN,
    "PaymentChannels": _CHANNELS,
    "RewardPool": _REWARDS,
    "StorageDeals": _STORAGE,
}
_INERT = ("MarketExtension", "CourtExtension")
"""They are run on the storage of market and court only: called themselves, they do nothing."""
STAND_INS = ("LocalToken", "MockCourt")
"""On local chains only, and whoever likes may tell them anything."""


def powers_of(contract: str) -> Mapping[str, Who]:
    """Who may call each function of the contract that changes something.

    Raises:
        UnknownPower: the contract, or one of its functions, is in no list.
    """
    changing = [
        name for name, entry in artifact(contract).abi.functions.items() if not entry.reads_only
    ]
    if contract in _INERT:
        return dict.fromkeys(changing, Who.NOBODY)
    known = {name: who for who, names in _LISTS.get(contract, {}).items() for name in names.split()}
    if contract not in _LISTS or set(changing) - known.keys():
        unknown = ", ".join(sorted(set(changing) - known.keys())) or "anything"
        raise UnknownPower(
            f"nobody has written down who may call {unknown} of {contract}: add it to"
            " suanli/deployment/powers.py"
        )
    return {name: known[name] for name in changing}
