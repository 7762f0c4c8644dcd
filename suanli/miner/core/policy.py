"""What a miner will not do, or does only, whatever it pays: pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from suanli.base.accounts import is_address
from suanli.engine.task import MAX_MODULE_BYTES
from suanli.miner.core.reasons import Reason
from suanli.store import InvalidCid, digest_of

KINDS = ("modules", "requesters")


@dataclass(frozen=True)
class Listed:
    """Modules by sha256 digest, requesters by address."""

    modules: frozenset[bytes] = frozenset()
    requesters: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Policy:
    """`deny` counts first; an empty list in `allow` allows all. The size in bytes."""

    deny: Listed = Listed()
    allow: Listed = Listed()
    max_module_bytes: int = MAX_MODULE_BYTES


def requester_objection(policy: Policy, requester: str) -> Reason | None:
    if requester in policy.deny.requesters:
        return Reason("requester", f"this miner sells nothing to {requester}")
    if policy.allow.requesters and requester not in policy.allow.requesters:
        return Reason("requester", f"this miner sells to some only, {requester} is not among them")
    return None


def module_objection(policy: Policy, digest: bytes, size: int) -> Reason | None:
    if digest in policy.deny.modules:
        return Reason("program", f"this miner does not run module {digest.hex()}")
    if policy.allow.modules and digest not in policy.allow.modules:
        return Reason("program", f"this miner runs some modules only, {digest.hex()} is not one")
    if size > policy.max_module_bytes:
        most = policy.max_module_bytes
        return Reason("size", f"a module of {size} bytes, this miner takes {most} at most")
    return None


def listed(table: Mapping[str, Any]) -> Listed:
    """From the miner's file. Raises ValueError with what is wrong."""
    if unknown := sorted(table.keys() - set(KINDS)):
        raise ValueError(f"{unknown[0]} is no list of it: modules and requesters are")
    for name, values in table.items():
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise ValueError(f"{name} must be a list of texts")
    return Listed(
        frozenset(_digest(text) for text in table.get("modules", ())),
        frozenset(_address(text) for text in table.get("requesters", ())),
    )


def _digest(text: str) -> bytes:
    """As `sha256sum` prints it, or a CID."""
    try:
        if len(text.removeprefix("0x")) == 64:
            return bytes.fromhex(text.removeprefix("0x"))
        return digest_of(text)
    except (ValueError, InvalidCid):
        raise ValueError(f"{text!r} is no module: the sha256 digest of its file is") from None


def _address(text: str) -> str:
    if not is_address(text):
        raise ValueError(f"{text!r} is no requester: 0x and 40 hexadecimal digits are")
    return "0x" + text.lower().removeprefix("0x")
