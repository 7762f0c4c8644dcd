"""What a daemon tells: what is wrong, in its log, and the notes that `status` shows."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from suanli.daemon import clock, lock

NOTE_EVERY = 3.0
"""Seconds between notes for `status`."""
STALE = 30.0
"""Seconds after which the last one is old."""
FAULT = "error"


class DaemonTeller:
    """`away`: services that can't be reached, and why. `troubles`: what keeps something from being
    done, by what that is. `local_chain`: one whose time is moved at will, and whose newest
    block may be old."""

    def __init__(
        self,
        log: logging.Logger,
        role: str,
        account: str,
        decimals: int,
        wall: Callable[[], float],
        monotonic: Callable[[], float],
        local_chain: bool,
    ) -> None:
        self._log, self._wall, self._monotonic = log, wall, monotonic
        self._local_chain = local_chain
        self._account = account
        self._who = {"pid": os.getpid(), "started": wall(), role: account, "decimals": decimals}
        self._noted = float("-inf")
        self._told: dict[Any, Any] = {}
        """What was logged last, by what it is about."""
        self.away: dict[str, str] = {}
        self.troubles: dict[str, str] = {}

    def outage(self, name: str, why: str) -> None:
        """A service is away, or, without a reason, back."""
        if why:
            self._log.warning("%s is away: %s", name, why)
            self.away[name] = why
        else:
            self._log.info("%s is back", name)
            self.away.pop(name, None)
        self._noted = float("-inf")

    def trouble(self, act: str, why: str) -> None:
        """What keeps an act from being done; "" once it is."""
        if why and act not in self.troubles:  # amounts in it may change all the time
            self._log.warning("%s: %s", act, why)
        if why:
            self.troubles[act] = why
        else:
            self.troubles.pop(act, None)

    def noticed(self, text: str) -> None:
        """Something that passes, if anything."""
        if text:
            self._log.warning("%s", text)

    def alarm(self, text: str) -> None:
        """An error of this program, which stays in `status` until the daemon ends."""
        if self.troubles.get(FAULT) != text:
            self._log.error("%s", text)
        self.troubles[FAULT] = text

    def ready(self) -> None:
        self._log.info("ready: %s", self._account)

    def is_due(self) -> bool:
        """Whether it is time for a note."""
        return self._monotonic() >= self._noted + NOTE_EVERY

    def note(self, relay: float | None, chain: float | None) -> dict[str, Any]:
        """`relay` and `chain`: by how much their clocks are ahead of this machine's."""
        self._noted = self._monotonic()
        chain = None if self._local_chain else chain
        self.trouble("clock", clock.trouble(relay, chain))
        return {
            **self._who,
            "noted": self._wall(),
            "away": dict(self.away),
            "troubles": dict(self.troubles),
            "clock": {"relay": relay, "chain": chain},
        }


def is_running(note: Mapping[str, Any], now: float | None = None) -> bool:
    """Whether the daemon that left this note, or none yet, is at work."""
    asked = now if now is not None else time.time()
    return asked - float(note.get("noted", 0)) < STALE and lock.lives(note["pid"])


def rows_of_daemon(status: Mapping[str, Any], role: str, ends: str) -> Iterator[tuple[str, str]]:
    """The first of its `status`; `ends`: what it is called, and noted, that it does no more than
    end its work."""
    yield role, status.get(role, "not started yet")
    how = "running" if status["running"] else "not running"
    yield "daemon", f"{how}{f', {ends}' if status[ends] else ''}"
    for name, why in {**status.get("away", {}), **status.get("troubles", {})}.items():
        yield "trouble", f"{name}: {why}"
