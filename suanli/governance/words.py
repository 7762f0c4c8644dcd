"""A proposal in words: what changes, from what, to what, and whom it affects."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from suanli.base import amounts
from suanli.base.text import percent, span
from suanli.chain import (
    BadAnswer,
    ChainError,
    Contract,
    ContractError,
    Market,
    NoContract,
    Token,
    artifact,
)
from suanli.governance.governor import Governor, PlannedChange, show_votes
from suanli.governance.planning import RECORD_TYPES, newest_terms
from suanli.protocol import ZERO_ADDRESS

VOTERS = "everybody who votes, from the next proposal on"
NEW_DEALS = "new deals only: live ones, and money in the market, stay as they are"


@dataclass(frozen=True)
class Change:
    """One call of a proposal. `differs`: name, old and new value of what changes; old is empty for
    what is new, or what the node has forgotten."""

    contract: str
    address: str
    function: str
    arguments: Mapping[str, Any]
    told: str
    differs: tuple[tuple[str, str, str], ...]
    affects: str


@dataclass(frozen=True)
class _Seen:
    """What an explanation reads: the governor, and the market as it was at some block."""

    governor: Governor
    market: Market
    block: int | None

    def read(self, contract: str, method: str, *arguments: Any) -> Any:
        address = self.governor.addresses[contract]
        where = "latest" if self.block is None else self.block
        return Contract(self.governor.node, address, contract, where).read(method, *arguments)


Explained = tuple[str, Sequence[tuple[str, str, str]], str]
"""What is told, what differs, whom it affects."""


def explain(
    calls: Sequence[PlannedChange], governor: Governor, block: int | None = None
) -> list[Change]:
    """Each call in words. Old values are those of `block`, or of now."""
    market = governor.market if block is None else governor.market.at(block)
    return [_explain(call, _Seen(governor, market, block)) for call in calls]


def _explain(call: PlannedChange, seen: _Seen) -> Change:
    names = {address: name for name, address in seen.governor.addresses.items()}
    contract = names.get(call.target.lower(), "")
    functions = artifact(contract).abi.functions.values() if contract else ()
    sends = f", and sends {amounts.show(call.value, 18)} of the chain's coin" if call.value else ""
    for entry in functions:
        if entry.selector == call.data[:4]:
            try:
                arguments = entry.arguments(call.data[4:])
            except ValueError:
                break
            told, differs, affects = _words(contract, entry.name, arguments, seen)
            where, told = call.target.lower(), told + sends
            return Change(contract, where, entry.name, arguments, told, tuple(differs), affects)
    shown = {"data": "0x" + call.data.hex(), "value": call.value}
    what = f"{contract} by no function of its" if contract else f"{call.target.lower()}, which is"
    what += "" if contract else " none of the market's contracts"
    told = f"calls {what}, with 0x{call.data.hex()}{sends}"
    affects = "unknown here: ask who proposed it what this contract and this call are"
    return Change(contract or "unknown", call.target.lower(), "", shown, told, (), affects)


def _words(contract: str, function: str, arguments: Mapping[str, Any], seen: _Seen) -> Explained:
    known = _EXPLAINED.get((contract, function))
    try:
        if known is not None:
            return known(seen, arguments)
        if (setter := _SETTERS.get((contract, function))) is not None:
            return _setting(seen, contract, setter, arguments)
    except ChainError:
        pass  # a node that has forgotten the block, or a call that will fail
    listed = ", ".join(f"{name} = {_plain(value)}" for name, value in arguments.items())
    return f"calls {contract}.{function}({listed})", (), "what that function's interface says"


def _plain(value: Any) -> str:
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, tuple):
        return f"({', '.join(map(_plain, value))})"
    return str(value)


@dataclass(frozen=True)
class _Setter:
    """A function with one argument that a view shows."""

    what: str
    view: str
    show: Callable[[Any], str]
    affects: str


def _who(address: str) -> str:
    return "nobody" if address == ZERO_ADDRESS else address


_SETTERS: Mapping[tuple[str, str], _Setter] = {
    ("ComputeMarket", "setGuardian"): _Setter(
        "the guardian", "guardian", _who, "who may pause new business, once, for 14 days"
    ),
    ("ComputeMarket", "transferOwnership"): _Setter(
        "who is offered the market, with all that votes decide",
        "pendingOwner",
        _who,
        "everybody: if it accepts, votes decide nothing any more unless it lets them",
    ),
    ("MarketTimelock", "updateDelay"): _Setter(
        "the time from a vote to its effect",
        "getMinDelay",
        span,
        "everybody: all that is queued later, what is proposed already, too",
    ),
    ("MarketGovernor", "setVotingDelay"): _Setter(
        "the time from a proposal to its vote", "votingDelay", span, VOTERS
    ),
    ("MarketGovernor", "setVotingPeriod"): _Setter(
        "the time of a vote", "votingPeriod", span, VOTERS
    ),
    ("MarketGovernor", "setLateQuorumVoteExtension"): _Setter(
        "the time left to vote after a late quorum",
        "lateQuorumVoteExtension",
        span,
        "everybody who votes: wherever a quorum is reached later, in open votes, too",
    ),
    ("MarketGovernor", "updateQuorumNumerator"): _Setter(
        "the quorum",
        "quorumNumerator()",
        percent,
        "everybody who votes: all votes that begin later, on what is proposed already, too",
    ),
    ("MarketGovernor", "setProposalThreshold"): _Setter(
        "the votes needed to propose", "proposalThreshold", show_votes, VOTERS
    ),
}


def _setting(
    seen: _Seen, contract: str, setter: _Setter, arguments: Mapping[str, Any]
) -> Explained:
    (new,) = arguments.values()
    old = setter.show(seen.read(contract, setter.view))
    return f"changes {setter.what}", [(setter.what, old, setter.show(new))], setter.affects


_TERMS_SHOWN: Mapping[str, tuple[str, Callable[[Any], str]]] = {
    "treasury": ("who receives fees", str),
    "fee_bps": ("the fee on payments", percent),
    "challenge_window": ("the time to challenge a result", span),
    "court": ("the court", _who),
    "verdict_by": ("the court's time after that", span),
    "release_bps": ("the collateral lost by releasing", percent),
    "default_bps": ("the collateral lost by default", percent),
    "overturn_bps": ("the most lost by a verdict", percent),
    "reward_pool": ("who receives slashed collateral", str),
    "compensation_cap": ("the most a requester gets of it, in tokens", amounts.show_price),
    "court_bps": ("the court's share of the rest", percent),
    "identity_verifier": ("who says who is verified", _who),
}


def _record(function: str, values: Any) -> Any:
    return RECORD_TYPES[function](*values)


def _add_terms(seen: _Seen, arguments: Mapping[str, Any]) -> Explained:
    new = _record("addTerms", next(iter(arguments.values())))
    model, number = newest_terms(seen.market), seen.market.terms_count() + 1
    old = seen.market.terms_of(model)
    differs = [
        (what, show(getattr(old, name)), show(getattr(new, name)))
        for name, (what, show) in _TERMS_SHOWN.items()
        if getattr(old, name) != getattr(new, name)
    ]
    told = f"adds terms {number}" + (f", as terms {model} but for:" if differs else f", as {model}")
    affects = (
        f"requests that name terms {number} from then on, which clients do by themselves within"
        " what their users allow; signed requests and live deals keep the terms that they name"
    )
    return told, differs, affects


def _retire_terms(seen: _Seen, arguments: Mapping[str, Any]) -> Explained:
    (number,) = arguments.values()
    affects = (
        f"whoever has signed a request under terms {number} that no miner confirmed yet: it can't"
        " be confirmed any more. Live deals go on to their end"
    )
    return f"retires terms {number}", (), affects


def _set_price_model(seen: _Seen, arguments: Mapping[str, Any]) -> Explained:
    resource, model = arguments.values()
    market, supply = seen.market, seen.market.supply_of(resource)
    counted = supply.registered, supply.published, supply.demanded
    try:
        price = Contract(market.node, model, "LinearPriceModel").read("price", *counted)
        new = amounts.show_price(price)
    except (ContractError, NoContract, BadAnswer):
        new = "none: it gives no price, so nobody could trade"
    old = market.resource_class(resource).price_model
    now = amounts.show_price(market.price_of(resource))
    differs = [
        (f"the price model of class {resource}", old, model),
        ("its price of a unit now", now, new),
    ]
    told = f"changes how class {resource} is priced"
    affects = f"new deals of class {resource}: prices of live ones are fixed"
    return told, differs, affects


def _add_class(seen: _Seen, arguments: Mapping[str, Any]) -> Explained:
    values, unit, runtimes = arguments.values()
    new = _record("addResourceClass", values)
    number = seen.market.resource_count() + 1
    differs = [
        ("a unit", "", unit),
        ("the floor of bids", "", amounts.show_price(new.floor)),
        ("the stake for a unit", "", amounts.show_price(new.stake_per_unit)),
        ("the price model", "", new.price_model),
        ("runtimes", "", str(len(runtimes))),
    ]
    return f"adds class {number}", differs, "miners, who may offer it from then on"


def _retire_class(seen: _Seen, arguments: Mapping[str, Any]) -> Explained:
    (resource,) = arguments.values()
    offered = seen.market.supply_of(resource).published
    told = f"retires class {resource}, of which {offered:,} units are on offer now"
    return told, (), f"miners of class {resource}, who get no new deals in it; live ones go on"


def _permit_runtime(seen: _Seen, arguments: Mapping[str, Any]) -> Explained:
    resource, runtime = arguments.values()
    place = len(seen.market.runtimes_of(resource))
    told = f"lets jobs of class {resource} run on runtime 0x{runtime.hex()}, as its number {place}"
    return told, (), "miners that have this runtime: they can sell in the class"


def _suspend(seen: _Seen, arguments: Mapping[str, Any]) -> Explained:
    resource, runtime, suspended = arguments.values()
    was = seen.market.is_runtime_suspended(resource, runtime)
    words = {True: "suspended", False: "permitted"}
    what = f"runtime {runtime} of class {resource}"
    return (
        f"{'suspends' if suspended else 'permits again'} {what}",
        [(what, words[was], words[suspended])],
        NEW_DEALS,
    )


def _transfer(seen: _Seen, arguments: Mapping[str, Any]) -> Explained:
    to, amount = arguments.values()
    held = seen.read("MarketToken", "balanceOf", seen.governor.timelock)
    told = f"gives {show_votes(amount)} voting tokens of the reserve to {to}"
    differs = [("the reserve", show_votes(held), show_votes(held - amount))]
    return told, differs, "everybody who votes: what is distributed counts for the quorum"


def _withdraw(seen: _Seen, arguments: Mapping[str, Any]) -> Explained:
    to, amount = arguments.values()
    token = Token(seen.market.node, seen.market.token())
    held = seen.market.account_of(seen.governor.timelock).available
    told = f"takes {token.show(amount)} of the timelock's money in the market, for {to}"
    differs = [("the timelock's money there", token.show(held), token.show(held - amount))]
    return told, differs, "nobody else: fees and slashes that came to the timelock"


def _set_rules(seen: _Seen, arguments: Mapping[str, Any]) -> Explained:
    share, weights = arguments.values()
    old_share, old_weights = (seen.read("RewardPool", view) for view in ("feeShareBps", "weights"))
    shown = (
        ("the share of fees kept", percent(old_share), percent(share)),
        ("what is rewarded", _weights(old_weights), _weights(weights)),
    )
    differs = [(what, old, new) for what, old, new in shown if old != new]
    affects = (
        "miners from the first epoch on in which nothing was read yet, and who receives the other"
        " fees from now on; what was read or drawn keeps its rules"
    )
    return "sets the rules of the reward pool", differs, affects


def _weights(weights: Sequence[Sequence[int]]) -> str:
    """Classes and units."""
    lines = [f"{units:,} units of class {number}" for number, units in weights]
    return ", ".join(lines) or "nothing"


_EXPLAINED: Mapping[tuple[str, str], Callable[[_Seen, Mapping[str, Any]], Explained]] = {
    ("ComputeMarket", "addTerms"): _add_terms,
    ("ComputeMarket", "retireTerms"): _retire_terms,
    ("ComputeMarket", "setPriceModel"): _set_price_model,
    ("ComputeMarket", "addResourceClass"): _add_class,
    ("ComputeMarket", "retireResourceClass"): _retire_class,
    ("ComputeMarket", "permitRuntime"): _permit_runtime,
    ("ComputeMarket", "setRuntimeSuspended"): _suspend,
    ("ComputeMarket", "withdraw"): _withdraw,
    ("MarketToken", "transfer"): _transfer,
    ("IdentityRegistry", "addAttestor"): lambda seen, given: (
        f"lets {given['attestor']} say who is verified",
        (),
        "whoever asks for verified miners or requesters, and believes it",
    ),
    ("IdentityRegistry", "removeAttestor"): lambda seen, given: (
        f"takes from {given['attestor']} its office of saying who is verified",
        (),
        "whom it attested: they are not verified by it any more",
    ),
    ("RewardPool", "setRules"): _set_rules,
    ("ComputeMarket", "pause"): lambda seen, _: (
        "stops new business for 14 days",
        (),
        "everybody who would post, confirm or lease; every way out stays open",
    ),
    ("ComputeMarket", "unpause"): lambda seen, _: ("ends a pause", (), "new business goes on"),
    ("ComputeMarket", "renounceOwnership"): lambda seen, _: (
        "gives up the ownership of the market, for ever",
        (),
        "everybody: nothing can be voted on any more",
    ),
}
