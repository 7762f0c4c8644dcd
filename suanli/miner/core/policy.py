"""What a miner will not do, or does only, whatever it pays: pure functions."""

from __future__ import annotations

from dataclasses import dataclass

from suanli.engine import MAX_MODULE_BYTES
from suanli.miner.core.reasons import Reason


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
