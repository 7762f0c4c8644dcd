"""How one of several relays fares: whether it is asked, and waited for."""

from __future__ import annotations

from dataclasses import dataclass

SHORTEST, LONGEST = 2.0, 64.0
"""Seconds for which one that failed, or let others wait, is left alone; doubled each time."""


@dataclass
class Health:
    """`why`: what is wrong with it, or "". Times by a monotonic clock."""

    why: str = ""
    is_slow: bool = False
    """It answers, but late: asked all the same, and not waited for."""
    since: float | None = None
    """When it first failed, of late."""
    _until: float = float("-inf")
    _tries: int = 0

    @property
    def trouble(self) -> str:
        """What to tell people: of one that let others wait only once, nothing."""
        return self.why if not self.is_slow or self._tries > 1 else ""

    def well(self) -> None:
        self.why, self.is_slow, self.since = "", False, None
        self._until, self._tries = float("-inf"), 0

    def failed(self, now: float, why: str, wait: float = 0.0) -> None:
        """`wait`: seconds for which it said itself that it wants to be left alone."""
        self._back_off(now, wait)
        self.why, self.is_slow = why, False
        self.since = now if self.since is None else self.since

    def overran(self, now: float, why: str) -> None:
        """The others had answered, and it had not."""
        self._back_off(now)
        self.why, self.is_slow, self.since = why, True, None

    def is_left_alone(self, now: float) -> bool:
        return now < self._until and not self.is_slow

    def is_waited_for(self, now: float) -> bool:
        return now >= self._until

    def _back_off(self, now: float, wait: float = 0.0) -> None:
        if now >= self._until:  # else it is the same trouble still
            self._until = now + max(wait, min(SHORTEST * 2**self._tries, LONGEST))
            self._tries = min(self._tries + 1, 10)
