"""A proposal in words: what changes, from what, to what, and whom it affects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from suanli.base import amounts
from suanli.chain import ChainError, artifact
from suanli.governance.governor import Governor, PlannedChange
from suanli.governance.sentences import Explained, Seen, explained


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


def explain(
    calls: Sequence[PlannedChange], governor: Governor, block: int | None = None
) -> list[Change]:
    """Each call in words. Old values are those of `block`, or of now."""
    market = governor.market if block is None else governor.market.at(block)
    return [_explain(call, Seen(governor, market, block)) for call in calls]


def _explain(call: PlannedChange, seen: Seen) -> Change:
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


def _words(contract: str, function: str, arguments: Mapping[str, Any], seen: Seen) -> Explained:
    # A node that has forgotten the block, or a call that will fail.
    with suppress(ChainError):
        if (found := explained(contract, function, arguments, seen)) is not None:
            return found
    listed = ", ".join(f"{name} = {_plain(value)}" for name, value in arguments.items())
    return f"calls {contract}.{function}({listed})", (), "what that function's interface says"


def _plain(value: Any) -> str:
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, tuple):
        return f"({', '.join(map(_plain, value))})"
    return str(value)
