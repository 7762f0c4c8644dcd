"""What each call of a proposal changes, read off the chain: from what, to what, whom it affects."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from suanli.base import amounts
from suanli.base.text import percent
from suanli.chain import BadAnswer, Contract, ContractError, Market, NoContract, Token
from suanli.engine import show_runtime
from suanli.governance.governor import Governor, show_votes
from suanli.governance.planning import RECORD_TYPES, newest_terms
from suanli.governance.texts import CLASS_SHOWN, FIXED, NEW_DEALS, SETTERS, TERMS_SHOWN
from suanli.protocol import Kind


@dataclass(frozen=True)
class Seen:
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


def explained(
    contract: str, function: str, arguments: Mapping[str, Any], seen: Seen
) -> Explained | None:
    """One call, by the tables; None: it is in none of them.

    Raises:
        ChainError: a node that has forgotten the block, or a call that will fail.
    """
    key = contract, function
    if (fixed := FIXED.get(key)) is not None:
        told, affects = fixed
        return told.format(**arguments), (), affects
    if key in SETTERS:
        return _setting(seen, contract, function, arguments)
    reading = READING.get(key)
    return None if reading is None else reading(seen, arguments)


def _setting(seen: Seen, contract: str, function: str, arguments: Mapping[str, Any]) -> Explained:
    setter = SETTERS[contract, function]
    (new,) = arguments.values()
    old = setter.show(seen.read(contract, setter.view))
    return f"changes {setter.what}", [(setter.what, old, setter.show(new))], setter.affects


def _record(function: str, values: Any) -> Any:
    return RECORD_TYPES[function](*values)


def _add_terms(seen: Seen, arguments: Mapping[str, Any]) -> Explained:
    new = _record("addTerms", next(iter(arguments.values())))
    model, number = newest_terms(seen.market), seen.market.terms_count() + 1
    old = seen.market.terms_of(model)
    differs = [
        (what, show(getattr(old, name)), show(getattr(new, name)))
        for name, (what, show) in TERMS_SHOWN.items()
        if getattr(old, name) != getattr(new, name)
    ]
    told = f"adds terms {number}" + (f", as terms {model} but for:" if differs else f", as {model}")
    affects = (
        f"requests that name terms {number} from then on, which clients do by themselves within"
        " what their users allow; signed requests and live deals keep the terms that they name"
    )
    return told, differs, affects


def _retire_terms(seen: Seen, arguments: Mapping[str, Any]) -> Explained:
    (number,) = arguments.values()
    affects = (
        f"whoever has signed a request under terms {number} that no miner confirmed yet: it can't"
        " be confirmed any more. Live deals go on to their end"
    )
    return f"retires terms {number}", (), affects


def _set_price_model(seen: Seen, arguments: Mapping[str, Any]) -> Explained:
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


def _add_class(seen: Seen, arguments: Mapping[str, Any]) -> Explained:
    values, unit, runtimes = arguments.values()
    new = _record("addResourceClass", values)
    number = seen.market.resource_count() + 1
    shown = [(what, "", show(getattr(new, name))) for name, (what, show) in CLASS_SHOWN.items()]
    differs = [
        ("a unit", "", unit),
        *shown,
        *(("a runtime", "", _runtime(id_)) for id_ in runtimes),
    ]
    if not runtimes and new.kind == Kind.JUDGED:
        differs.append(("runtimes", "", "none: no deal can be made until a vote permits one"))
    return f"adds class {number}", differs, "miners, who may offer it from then on"


def _retire_class(seen: Seen, arguments: Mapping[str, Any]) -> Explained:
    (resource,) = arguments.values()
    offered = seen.market.supply_of(resource).published
    told = f"retires class {resource}, of which {offered:,} units are on offer now"
    return told, (), f"miners of class {resource}, who get no new deals in it; live ones go on"


def _permit_runtime(seen: Seen, arguments: Mapping[str, Any]) -> Explained:
    resource, runtime = arguments.values()
    place = len(seen.market.runtimes_of(resource))
    told = (
        f"lets jobs of class {resource} run on runtime {_runtime(runtime)}, as its number {place}"
    )
    return told, (), "miners that have this runtime: they can sell in the class"


def _runtime(id_: bytes) -> str:
    """In full: whoever votes compares it; with the name that it has here, if it has one."""
    name, full = show_runtime(id_), f"0x{id_.hex()}"
    return full if name.endswith("…") else f"{full} ({name})"


def _suspend(seen: Seen, arguments: Mapping[str, Any]) -> Explained:
    resource, runtime, suspended = arguments.values()
    was = seen.market.is_runtime_suspended(resource, runtime)
    words = {True: "suspended", False: "permitted"}
    what = f"runtime {runtime} of class {resource}"
    listed = seen.market.runtimes_of(resource)
    which = f", {_runtime(listed[runtime])}" if runtime < len(listed) else ""
    return (
        f"{'suspends' if suspended else 'permits again'} {what}{which}",
        [(what, words[was], words[suspended])],
        NEW_DEALS,
    )


def _transfer(seen: Seen, arguments: Mapping[str, Any]) -> Explained:
    to, amount = arguments.values()
    held = seen.read("MarketToken", "balanceOf", seen.governor.timelock)
    told = f"gives {show_votes(amount)} voting tokens of the reserve to {to}"
    differs = [("the reserve", show_votes(held), show_votes(held - amount))]
    return told, differs, "everybody who votes: what is distributed counts for the quorum"


def _withdraw(seen: Seen, arguments: Mapping[str, Any]) -> Explained:
    to, amount = arguments.values()
    token = Token(seen.market.node, seen.market.token())
    held = seen.market.account_of(seen.governor.timelock).available
    told = f"takes {token.show(amount)} of the timelock's money in the market, for {to}"
    differs = [("the timelock's money there", token.show(held), token.show(held - amount))]
    return told, differs, "nobody else: fees and slashes that came to the timelock"


def _set_rules(seen: Seen, arguments: Mapping[str, Any]) -> Explained:
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


READING: Mapping[tuple[str, str], Callable[[Seen, Mapping[str, Any]], Explained]] = {
    ("ComputeMarket", "addTerms"): _add_terms,
    ("ComputeMarket", "retireTerms"): _retire_terms,
    ("ComputeMarket", "setPriceModel"): _set_price_model,
    ("ComputeMarket", "addResourceClass"): _add_class,
    ("ComputeMarket", "retireResourceClass"): _retire_class,
    ("ComputeMarket", "permitRuntime"): _permit_runtime,
    ("ComputeMarket", "setRuntimeSuspended"): _suspend,
    ("ComputeMarket", "withdraw"): _withdraw,
    ("MarketToken", "transfer"): _transfer,
    ("RewardPool", "setRules"): _set_rules,
}
