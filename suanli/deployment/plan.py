"""The steps of a deployment, in order, and what must hold in the end: plain data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from suanli.deployment import voting
from suanli.deployment.channels import ChannelParameters
from suanli.deployment.court import CourtParameters, court_rules
from suanli.deployment.parameters import (
    LOCAL_FUNDS,
    AdaptiveParameters,
    ClassParameters,
    Parameters,
    RewardParameters,
)
from suanli.deployment.steps import ContractRef, Deploy, PlannedCall, PlannedCheck, Step
from suanli.deployment.storage import StorageParameters
from suanli.protocol import PRESETS, ZERO_ADDRESS

JUDGED, LEASED = 0, 1


@dataclass(frozen=True)
class DeploymentPlan:
    """`known` maps names to addresses that exist; `contracts` names to contracts, for their ABI."""

    known: Mapping[str, str]
    contracts: Mapping[str, str]
    steps: tuple[Step, ...]
    checks: tuple[PlannedCheck, ...]


def plan_of(parameters: Parameters, deployer: str) -> DeploymentPlan:
    """The steps for these parameters, in order, and what must hold in the end."""
    given = {
        "Token": parameters.token,
        "Court": parameters.court_address,
        "IdentityVerifier": parameters.identity_verifier,
    }
    known = {name: address for name, address in given.items() if address is not None}
    steps = tuple(_steps(parameters, deployer))
    contracts = {"Token": "IERC20Metadata"} | {
        step.name: step.contract for step in steps if isinstance(step, Deploy)
    }
    return DeploymentPlan(known, contracts, steps, tuple(_checks(parameters, deployer)))


def _steps(parameters: Parameters, deployer: str) -> Iterator[Step]:
    if parameters.local:
        yield Deploy("Token", "LocalToken", (18,))
    if parameters.governance is not None:
        yield from voting.steps(parameters.governance)
    delay = parameters.unbonding_delay
    yield Deploy("MarketExtension", "MarketExtension", (ContractRef("Token"), delay))
    arguments = (ContractRef("Token"), ContractRef("MarketExtension"), deployer, delay)
    yield Deploy("ComputeMarket", "ComputeMarket", arguments)
    if parameters.court is not None:
        yield Deploy("CourtExtension", "CourtExtension", _court(parameters, parameters.court))
        yield Deploy("Court", "Court", (ContractRef("CourtExtension"),))
    elif parameters.local and parameters.court_address is None:
        yield Deploy("Court", "MockCourt", (ContractRef("ComputeMarket"),))
    if parameters.identity is not None:
        yield Deploy("IdentityRegistry", "IdentityRegistry", _registry(parameters, deployer))
    for number, resource in enumerate(parameters.classes, start=1):
        yield from _class_steps(number, resource)
    if parameters.rewards is not None:
        yield Deploy("RewardPool", "RewardPool", _reward_pool(parameters, deployer))
    if parameters.channels is not None:
        channels = _channels(parameters, parameters.channels)
        yield Deploy("PaymentChannels", "PaymentChannels", channels)
    if parameters.storage is not None:
        storage = _storage(parameters, parameters.storage)
        yield Deploy("StorageDeals", "StorageDeals", storage)
    yield _add_terms(parameters)
    if parameters.guardian is not None:
        yield _set("setGuardian", "guardian", parameters.guardian)
    if parameters.governance is not None:
        yield from voting.hand_over("ComputeMarket")
    if parameters.funded:
        yield from _fund(parameters.funded, deployer)


def _class_steps(number: int, resource: ClassParameters) -> Iterator[Step]:
    yield _price_model(number, resource)
    yield PlannedCall(
        f"add class {number}, {resource.name}",
        "ComputeMarket",
        "addResourceClass",
        (_class_record(resource, 0), resource.unit, resource.runtimes),
        PlannedCheck("ComputeMarket", "resourceCount", (), number, at_least=True),
    )


def _price_model(number: int, resource: ClassParameters) -> Deploy:
    price, name = resource.price, _model_name(resource)
    if isinstance(price, AdaptiveParameters):
        values = tuple(_adaptive(number, price).values())
        return Deploy(name, "AdaptivePriceModel", (*values[:-2], price.start, *values[-2:]))
    weights = tuple(price.alpha * weight for weight in PRESETS[price.preset])
    return Deploy(name, "LinearPriceModel", (price.base, weights, price.floor, price.cap))


def _adaptive(number: int, price: AdaptiveParameters) -> dict[str, Any]:
    """The constructor's arguments that stand for ever, in its order, by their getters."""
    return {
        "market": ContractRef("ComputeMarket"),
        "resource": number,
        "target": price.target,
        "speed": price.speed,
        "window": price.window,
        "floor": price.floor,
        "cap": price.cap,
    }


def _model_name(resource: ClassParameters) -> str:
    return f"PriceModel:{resource.name}"


def _class_record(resource: ClassParameters, runtimes: int) -> tuple[Any, ...]:
    """`ResourceClass`, in its order; the market counts the runtimes as it is given them."""
    return (
        ContractRef(_model_name(resource)),
        LEASED if resource.leased else JUDGED,
        False,
        resource.floor,
        resource.stake_per_unit,
        resource.max_task_units,
        resource.max_task_memory,
        runtimes,
        resource.max_task_bytes,
        resource.unit_seconds,
    )


def _terms_record(parameters: Parameters) -> tuple[Any, ...]:
    """`ITermsBook.Terms`, in its order."""
    terms = parameters.terms
    own = parameters.court is not None or parameters.court_address is not None
    has_court = parameters.local or own
    return (
        _treasury(parameters) if parameters.rewards is None else ContractRef("RewardPool"),
        terms.fee_bps,
        terms.challenge_window,
        False,
        ContractRef("Court") if has_court else ZERO_ADDRESS,
        terms.verdict_by,
        terms.release_bps,
        terms.default_bps,
        terms.overturn_bps,
        parameters.reward_pool or voting.TIMELOCK,
        terms.compensation_cap,
        terms.court_bps,
        _verifier(parameters),
    )


def _court(parameters: Parameters, court: CourtParameters) -> tuple[Any, ...]:
    """The constructor's arguments. What is nobody's goes where what is slashed does."""
    sink = parameters.reward_pool or voting.TIMELOCK
    return (ContractRef("ComputeMarket"), court_rules(court, sink))


def _verifier(parameters: Parameters) -> ContractRef | str:
    if parameters.identity is not None:
        return ContractRef("IdentityRegistry")
    given = parameters.identity_verifier is not None
    return ContractRef("IdentityVerifier") if given else ZERO_ADDRESS


def _treasury(parameters: Parameters) -> ContractRef | str:
    """Who receives the fees in the end, or what a reward pool does not keep of them."""
    return parameters.treasury or voting.TIMELOCK


def _owner(parameters: Parameters, deployer: str) -> ContractRef | str:
    return deployer if parameters.governance is None else voting.TIMELOCK


def _registry(parameters: Parameters, deployer: str) -> tuple[Any, ...]:
    """The constructor's arguments: it is its owner's from the beginning, with nothing to hand
    over."""
    identity = parameters.identity
    assert identity is not None, "there is a registry"
    owner = _owner(parameters, deployer)
    return (ContractRef("ComputeMarket"), owner, identity.least_level, identity.attestors)


def _reward_pool(parameters: Parameters, deployer: str) -> tuple[Any, ...]:
    """The constructor's arguments: its owner's from the beginning, too."""
    rewards = parameters.rewards
    assert rewards is not None, "there is a pool"
    owner, treasury = _owner(parameters, deployer), _treasury(parameters)
    return (
        ContractRef("ComputeMarket"),
        owner,
        treasury,
        rewards.epoch_length,
        rewards.fee_share_bps,
        _weights(parameters, rewards),
    )


def _channels(parameters: Parameters, channels: ChannelParameters) -> tuple[Any, ...]:
    """The constructor's arguments. A reward pool could not take fees out of there."""
    market = ContractRef("ComputeMarket")
    return market, _treasury(parameters), channels.fee_bps, channels.notice


def _storage(parameters: Parameters, storage: StorageParameters) -> tuple[Any, ...]:
    """The constructor's arguments."""
    market = ContractRef("ComputeMarket")
    return market, _treasury(parameters), storage.fee_bps, storage.window


def _weights(parameters: Parameters, rewards: RewardParameters) -> tuple[tuple[int, int], ...]:
    """`ClassWeight`s, by number."""
    units = {line.resource: line.units for line in rewards.classes}
    numbered = enumerate((resource.name for resource in parameters.classes), start=1)
    return tuple((number, units[name]) for number, name in numbered if name in units)


def _add_terms(parameters: Parameters) -> PlannedCall:
    done = PlannedCheck("ComputeMarket", "termsCount", (), 1, at_least=True)
    return PlannedCall(
        "add terms 1", "ComputeMarket", "addTerms", (_terms_record(parameters),), done
    )


def _set(method: str, getter: str, value: Any) -> PlannedCall:
    done = PlannedCheck("ComputeMarket", getter, (), value)
    return PlannedCall(method, "ComputeMarket", method, (value,), done)


def _fund(accounts: tuple[str, ...], deployer: str) -> Iterator[Step]:
    """The faucet gives to its caller, so the deployer takes for all and passes on."""
    amount = len(accounts) * LOCAL_FUNDS
    taken = PlannedCheck("Token", "totalSupply", (), amount)
    yield PlannedCall("take tokens", "Token", "faucet", (amount,), taken)
    for account in accounts:
        if account != deployer:
            funded = PlannedCheck("Token", "balanceOf", (account,), LOCAL_FUNDS)
            yield PlannedCall(
                f"fund {account}", "Token", "transfer", (account, LOCAL_FUNDS), funded
            )


def _checks(parameters: Parameters, deployer: str) -> Iterator[PlannedCheck]:
    def market(method: str, *arguments: Any, gives: Any) -> PlannedCheck:
        return PlannedCheck("ComputeMarket", method, arguments, gives)

    yield market("token", gives=ContractRef("Token"))
    yield market("extension", gives=ContractRef("MarketExtension"))
    yield market("unbondingDelay", gives=parameters.unbonding_delay)
    yield market("resourceCount", gives=len(parameters.classes))
    for number, resource in enumerate(parameters.classes, start=1):
        record = _class_record(resource, len(resource.runtimes))
        yield market("resourceClass", number, gives=record)
        yield market("runtimesOf", number, gives=resource.runtimes)
        if isinstance(resource.price, AdaptiveParameters):
            for name, value in _adaptive(number, resource.price).items():
                yield PlannedCheck(_model_name(resource), name, (), value)
    yield market("termsCount", gives=1)
    yield market("termsOf", 1, gives=_terms_record(parameters))
    yield market("guardian", gives=parameters.guardian or ZERO_ADDRESS)
    yield market("owner", gives=_owner(parameters, deployer))
    yield market("pendingOwner", gives=ZERO_ADDRESS)
    if parameters.governance is not None:
        yield from voting.checks(parameters.governance)
    if parameters.court is not None:
        _, rules = _court(parameters, parameters.court)
        yield PlannedCheck("Court", "market", (), ContractRef("ComputeMarket"))
        yield PlannedCheck("Court", "extension", (), ContractRef("CourtExtension"))
        yield PlannedCheck("Court", "rules", (), rules)
        yield PlannedCheck("Token", "decimals", (), parameters.court.decimals)
    if parameters.identity is not None:
        yield from _registry_checks(parameters, deployer)
    if parameters.rewards is not None:
        names = ("market", "owner", "treasury", "epochLength", "feeShareBps", "weights")
        for name, value in zip(names, _reward_pool(parameters, deployer), strict=True):
            yield PlannedCheck("RewardPool", name, (), value)
    if parameters.channels is not None:
        fixed = ("market", "treasury", "feeBps", "notice")
        for name, value in zip(fixed, _channels(parameters, parameters.channels), strict=True):
            yield PlannedCheck("PaymentChannels", name, (), value)
    if parameters.storage is not None:
        fixed = ("market", "treasury", "feeBps", "window")
        for name, value in zip(fixed, _storage(parameters, parameters.storage), strict=True):
            yield PlannedCheck("StorageDeals", name, (), value)


def _registry_checks(parameters: Parameters, deployer: str) -> Iterator[PlannedCheck]:
    names = ("market", "owner", "leastLevel")
    *values, attestors = _registry(parameters, deployer)
    for name, value in zip(names, values, strict=True):
        yield PlannedCheck("IdentityRegistry", name, (), value)
    for attestor in attestors:
        yield PlannedCheck("IdentityRegistry", "attestorSince", (attestor,), 1, at_least=True)
    yield PlannedCheck("IdentityRegistry", "attestors", (), len(set(attestors)), counts=True)
