"""Calls to be put to a vote, from what a person writes.

addTerms fee_bps=250                 the newest terms, with another fee
setGuardian 0x…                      a function of one of the governed contracts, its arguments
MarketToken.transfer 0x… 1000e18     of a contract by name
IdentityRegistry@0x….pause           of any contract whose ABI is shipped, at an address
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from suanli.base.text import is_address
from suanli.chain import AbiEntry, Market, artifact
from suanli.chain.funding import LOCAL_CHAINS
from suanli.deployment import VOTING_BOUNDS, runtimes_of
from suanli.governance.errors import GovernanceError
from suanli.governance.governor import Governor, PlannedChange
from suanli.protocol import InvalidMessage, Kind, ResourceClass, Terms

RULES = {
    "updateDelay": "delay",
    "setVotingDelay": "voting_delay",
    "setVotingPeriod": "voting_period",
    "setLateQuorumVoteExtension": "late_quorum_extension",
    "updateQuorumNumerator": "quorum_bps",
    "setProposalThreshold": "proposal_threshold",
}
TIMES = ("delay", "voting_delay", "voting_period", "late_quorum_extension")
_NAMED = re.compile(r"(?:(\w+)(?:@(0x[0-9a-fA-F]{40}))?\.)?(\w+)")


def planned(text: str, governor: Governor) -> PlannedChange:
    """One call.

    Raises:
        GovernanceError: there is no such function, or its arguments are not right.
    """
    try:
        word, *arguments = shlex.split(text)
    except ValueError as error:
        raise GovernanceError(
            f"{text!r} is no call: write a function and its arguments, such as 'setGuardian 0x…'"
            f" ({error or 'it is empty'})"
        ) from None
    contract, address, entry = _function(word, governor)
    if contract == "ComputeMarket" and entry.name in RECORDS:
        values = RECORDS[entry.name](governor.market, arguments)
    else:
        values = _values(entry, arguments)
    _require_bounds(entry.name, values, governor)
    try:
        return PlannedChange(address, entry.encode(values))
    except InvalidMessage as error:
        raise GovernanceError(f"{entry.name}: {error}") from None


def _function(word: str, governor: Governor) -> tuple[str, str, AbiEntry]:
    """The contract's name, its address, and the function."""
    found = _NAMED.fullmatch(word)
    if not found:
        raise GovernanceError(f"{word!r} is no function: write one such as setGuardian")
    contract, address, name = found.groups()
    known = governor.addresses
    if address is None and contract is not None and contract not in known:
        raise GovernanceError(
            f"it is not known where {contract} is: write {contract}@0x….{name}, or one of"
            f" {', '.join(known)}"
        )
    places = {contract: address or known[contract]} if contract else known
    having = []
    for place, at in places.items():
        try:
            entry = artifact(place).abi.functions.get(name)
        except KeyError:
            raise GovernanceError(f"there is no contract {place}: correct its name") from None
        if entry is not None and not entry.reads_only:
            having.append((place, at, entry))
    if not having:
        raise GovernanceError(
            f"no function {name} of {', '.join(places)} changes anything: correct its name"
        )
    if len(having) > 1:
        named = " or ".join(f"{place}.{name}" for place, *_ in having)
        raise GovernanceError(f"several contracts have {name}: write {named}")
    return having[0]


def _values(entry: AbiEntry, arguments: Sequence[str]) -> tuple[Any, ...]:
    wanted = [f"{name} ({kind})" for name, kind in zip(entry.names, entry.inputs, strict=True)]
    if entry.name == "permitRuntime" and len(arguments) == 2:
        arguments = arguments[0], _runtime(arguments[1])
    if entry.name == "setRules" and arguments:
        share, *weights = arguments
        return value_of(share, entry.inputs[0], entry.names[0]), tuple(map(_weight, weights))
    if len(arguments) != len(wanted):
        raise GovernanceError(
            f"{entry.name} takes {', '.join(wanted) or 'nothing'}: not {len(arguments)} arguments"
        )
    return tuple(
        value_of(text, kind, name)
        for text, kind, name in zip(arguments, entry.inputs, entry.names, strict=True)
    )


def _weight(text: str) -> tuple[int, int]:
    """Of a class that a reward pool rewards: its number and units."""
    number, _, units = text.partition("=")
    try:
        return int(number), _number(units)
    except (ValueError, InvalidOperation):
        raise GovernanceError(
            f"setRules takes the share of fees in basis points, then class=units of each class that"
            f" is rewarded, such as 1=1000: not {text!r}"
        ) from None


def _require_bounds(function: str, values: tuple[Any, ...], governor: Governor) -> None:
    """Of the rules of voting, which nobody can try before the vote."""
    rule = RULES.get(function)
    if rule is None:
        return
    least, most = VOTING_BOUNDS[rule]
    if governor.node.chain_id() in LOCAL_CHAINS and rule in TIMES:
        least = 1
    if not least <= values[0] <= most:
        raise GovernanceError(
            f"{function} takes {least} to {most}, not {values[0]}: no vote can pass these bounds"
        )


def _runtime(text: str) -> str:
    """One runtime of this version by name."""
    try:
        (found,) = runtimes_of(text)
    except ValueError:
        return text
    return "0x" + found.hex()


def value_of(text: str, kind: str, name: str) -> Any:
    """An argument of a type of the ABI.

    Raises:
        GovernanceError: it is none.
    """
    try:
        if kind.endswith("[]"):
            inner = text.removeprefix("[").removesuffix("]")
            return tuple(value_of(item, kind[:-2], name) for item in inner.split(",") if item)
        value = _PLAIN[re.sub(r"\d+$", "", kind)](text)
        if (size := kind.removeprefix("bytes")).isdecimal() and len(value) != int(size):
            raise ValueError
        return value
    except (ValueError, InvalidOperation, KeyError):
        raise GovernanceError(f"{name} can't be {text!r}: it is {_MEANT.get(kind, kind)}") from None


def _number(text: str) -> int:
    """Also with an exponent: "1.5e18"."""
    value = Decimal(text.replace("_", "").replace(",", ""))
    if value != value.to_integral_value() or abs(value.adjusted()) > 78:
        raise ValueError
    return int(value)


def _address(text: str) -> str:
    if not is_address(text):
        raise ValueError
    return text.lower()


def _bool(text: str) -> bool:
    return {"true": True, "yes": True, "false": False, "no": False}[text.lower()]


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


_PLAIN: Mapping[str, Callable[[str], Any]] = {
    "uint": _number,
    "int": _number,
    "address": _address,
    "bool": _bool,
    "bytes": _bytes,
    "string": str,
}
_MEANT = {
    "address": "an address, 0x and 40 hexadecimal digits",
    "bool": "true or false",
    "bytes32": "32 bytes in hexadecimal",
}


def newest_terms(market: Market) -> int:
    """The number of the newest terms that are not retired; of the newest if all are.

    Raises:
        GovernanceError: there are none.
    """
    count = market.terms_count()
    if not count:
        raise GovernanceError("the market has no terms yet: name all fields of the first")
    return next((number for number, _ in market.open_terms()), count)


def _terms(market: Market, arguments: Sequence[str]) -> tuple[Any, ...]:
    """`addTerms fee_bps=250`: as the newest, but for what is said."""
    model = market.terms_of(newest_terms(market))
    return (tuple(_changed(model._replace(retired=False), arguments, "addTerms")),)


def _resource_class(market: Market, arguments: Sequence[str]) -> tuple[Any, ...]:
    """`addResourceClass like=1 unit=… floor=…`: as a class that there is, but for what is said."""
    given = dict(item.split("=", 1) for item in arguments if "=" in item)
    try:
        like = int(given.pop("like", "1"))
    except ValueError:
        raise GovernanceError("like names a class by its number, such as like=1") from None
    count = market.resource_count()
    if not 1 <= like <= count:
        raise GovernanceError(f"there is no class {like} to be like: the market has {count}")
    if "unit" not in given:
        raise GovernanceError("say what a unit of the class is: unit='1,000,000 units of fuel'")
    unit, runtimes = given.pop("unit"), given.pop("runtimes", "")
    rest = [f"{name}={value}" for name, value in given.items()]
    model = market.resource_class(like)._replace(retired=False, runtimes=0)
    ids = value_of(runtimes, "bytes32[]", "runtimes") if runtimes else market.runtimes_of(like)
    return tuple(_changed(model, rest, "addResourceClass")), unit, tuple(ids)


def _changed(model: Any, arguments: Sequence[str], function: str) -> Any:
    """A record with some fields changed by "name=value"."""
    changes = {}
    for item in arguments:
        name, sign, text = item.partition("=")
        if not sign or name not in model._fields or name == "retired":
            fields = ", ".join(field for field in model._fields if field != "retired")
            raise GovernanceError(f"{function} takes name=value, not {item!r}: of {fields}")
        old = getattr(model, name)
        if isinstance(old, Kind):
            kinds = {kind.name.lower(): kind for kind in Kind}
            if text not in kinds:
                raise GovernanceError(f"kind is {' or '.join(kinds)}, not {text!r}")
            changes[name] = kinds[text]
        else:
            kind = "address" if isinstance(old, str) else "uint"
            changes[name] = value_of(text, kind, name)
    return model._replace(**changes)


RECORDS: Mapping[str, Callable[[Market, Sequence[str]], tuple[Any, ...]]] = {
    "addTerms": _terms,
    "addResourceClass": _resource_class,
}
RECORD_TYPES = {"addTerms": Terms, "addResourceClass": ResourceClass}
