"""What a plan is made of: plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ContractRef:
    """Stands in arguments for the address of what is called so."""

    name: str


@dataclass(frozen=True)
class PlannedCheck:
    """A view that must return `expected` (or, if `at_least`, no less; or, if `counts`, as many)."""

    target: str
    method: str
    arguments: tuple[Any, ...]
    expected: Any
    at_least: bool = False
    counts: bool = False


@dataclass(frozen=True)
class Deploy:
    """Create `contract`; what it is called may differ, as two price models must."""

    name: str
    contract: str
    arguments: tuple[Any, ...] = ()


@dataclass(frozen=True)
class PlannedCall:
    """Send a transaction, unless `done` already holds, or `beyond`: what came later."""

    name: str
    target: str
    method: str
    arguments: tuple[Any, ...]
    done: PlannedCheck
    beyond: PlannedCheck | None = None


Step = Deploy | PlannedCall
