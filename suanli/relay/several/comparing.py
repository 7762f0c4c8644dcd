"""Which of several relays lacks what others showed: it is behind, or hides it."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

GRACE = 30.0
"""Seconds in which what is at one relay comes to the others."""
LAST = 20
"""Messages by which a relay is judged."""
MOST = 5_000
"""Messages that are remembered."""


@dataclass
class _Shown:
    first: float
    issued: int
    shown: dict[int, int] = field(default_factory=dict)
    """By relay: when the last was issued that it showed of this."""
    asked: set[int] = field(default_factory=set)
    """Those that answered when they could have shown it."""


class Comparison:
    """`count`: how many relays. Everybody's messages need not be at all of them: who lacks some is
    told, and nothing else follows."""

    def __init__(self, count: int) -> None:
        self._young: OrderedDict[Hashable, _Shown] = OrderedDict()
        self._old: OrderedDict[Hashable, int] = OrderedDict()
        """When the last was issued that was judged."""
        self._last = [deque[bool](maxlen=LAST) for _ in range(count)]

    def saw(
        self, now: float, question: Hashable, answers: Mapping[int, Mapping[Hashable, int]]
    ) -> None:
        """By relay, what it showed when asked, by subject: when that was issued."""
        for relay, shown in answers.items():
            for subject, issued in shown.items():
                self._note(now, relay, (question, subject), issued)
        late = [key for key, seen in self._young.items() if now >= seen.first + GRACE]
        for key in late:
            if isinstance(key, tuple) and key[0] == question:
                self._young[key].asked |= answers.keys()
                self._judge(key, self._young.pop(key))
            elif now >= self._young[key].first + 10 * GRACE:
                del self._young[key]  # nobody asks any more

    def lacks(self, relay: int) -> tuple[int, int]:
        """How many it lacked, of so many."""
        return sum(self._last[relay]), len(self._last[relay])

    def _note(self, now: float, relay: int, key: Hashable, issued: int) -> None:
        if self._old.get(key, -1) >= issued:
            return
        seen = self._young.setdefault(key, _Shown(now, issued))
        if issued > seen.issued:
            seen.first, seen.issued = now, issued
        seen.shown[relay] = max(issued, seen.shown.get(relay, -1))
        if len(self._young) > MOST:
            self._young.popitem(last=False)

    def _judge(self, key: Hashable, seen: _Shown) -> None:
        self._old[key] = seen.issued
        if len(self._old) > MOST:
            self._old.popitem(last=False)
        for relay in seen.asked | seen.shown.keys():
            self._last[relay].append(seen.shown.get(relay, -1) < seen.issued)
