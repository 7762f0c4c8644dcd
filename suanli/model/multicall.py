"""Several calls of one caller at once, as `contracts/market/Multicall.sol`."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any, NamedTuple

from suanli.protocol import Address, Refused


class Named(NamedTuple):
    """A function of the model by its name, with its arguments but for the caller."""

    function: str
    arguments: tuple[Any, ...] = ()


class Multicall:
    """Of gas, which bounds what the contract's `multicallSkip` tries, the model knows nothing."""

    def multicall(self, sender: Address, calls: Sequence[Named]) -> list[Any]:
        """What each gave; if one is refused, so is all of it."""
        before = deepcopy(vars(self))
        try:
            return [self._make(sender, call) for call in calls]
        except Refused:
            vars(self).update(before)
            raise

    def multicall_skip(self, sender: Address, calls: Sequence[Named]) -> list[Any]:
        """What each gave, or the Refused for which it was left out."""
        outcomes: list[Any] = []
        for call in calls:
            try:
                outcomes.append(self._make(sender, call))
            except Refused as refusal:
                outcomes.append(refusal)
        return outcomes

    def _make(self, sender: Address, call: Named) -> Any:
        return getattr(self, call.function)(sender, *call.arguments)
