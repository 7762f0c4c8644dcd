"""A clock that many processes share and that runs at any rate, and `suanli …` by it.

    MONTH_CLOCK=FILE python -m benchmarks.month.clock miner run …

The wall clock of such a command is the shared one, the monotonic clock stays the machine's: waiting
and measuring take what they take, and all that is dated, kept for days or due at some time goes by
the fast days. What two processes allow each other for a message, and what a try has to wait for the
next, are the machine's matters, too: these constants are stretched to keep their length.
"""

from __future__ import annotations

import importlib
import math
import mmap
import os
import struct
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from email.utils import formatdate
from functools import partial
from pathlib import Path
from typing import Any

VARIABLE = "MONTH_CLOCK"
"""Names the file."""
LIE = "MONTH_LIE"
"""Names the lie of a miner that lies, if it does: see tests/harness/cheats.py."""
DAY = 86_400
RATE = 720.0
"""A day in two minutes."""
_RECORD = struct.Struct("ddd")
_machine = time.time


class SharedClock:
    """`now`: seconds since 1970, by all who have the file. One process changes it."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            begins = _RECORD.pack(time.monotonic(), _machine(), 1.0)
            path.write_bytes(struct.pack("q", 0) + 2 * begins)
        with path.open("r+b") as file:
            self._page = mmap.mmap(file.fileno(), 8 + 2 * _RECORD.size)

    def now(self) -> float:
        since, at, rate = self._record()
        return at + rate * (time.monotonic() - since)

    @property
    def rate(self) -> float:
        return self._record()[2]

    def machine_time(self, at: float) -> float:
        """When it was so late, by the machine's clock, as far as the rate was the same."""
        return _machine() - (self.now() - at) / self.rate

    def run(self, rate: float) -> None:
        """At this rate from now on."""
        self._write(self.now(), rate)

    def move_to(self, at: float) -> None:
        """Go on from there, which is not before now."""
        self._write(max(at, self.now()), self.rate)

    def _record(self) -> tuple[float, float, float]:
        place = 8 + self._page[0] * _RECORD.size
        since, at, rate = _RECORD.unpack_from(self._page, place)
        return since, at, rate

    def _write(self, at: float, rate: float) -> None:
        # Into the record that nobody reads; then that one counts, at once.
        other = 1 - self._page[0]
        _RECORD.pack_into(self._page, 8 + other * _RECORD.size, time.monotonic(), at, rate)
        self._page[0] = other


STRETCHED: Mapping[str, tuple[str, ...]] = {
    "suanli.chain.deposits": ("PERMIT_FOR",),
    "suanli.daemon.clock": ("MOST", "STALE"),
    "suanli.daemon.telling": ("STALE",),
    "suanli.juror.core": ("ASK_AGAIN",),
    "suanli.juror.core.machine": ("ASK_AGAIN", "FIRST_PAUSE", "LONGEST_PAUSE"),
    "suanli.miner.core": ("ASK_AGAIN",),
    "suanli.miner.core.book": ("ASK_AGAIN",),
    "suanli.miner.core.judging": ("ASK_AGAIN",),
    "suanli.miner.core.defending": ("PATIENCE", "AGAIN"),
    "suanli.miner.core.onchain": ("GRACE",),
    "suanli.miner.ports.relay": ("AHEAD",),
    "suanli.relay.server.board": ("AHEAD",),
    "suanli.relay.server.sessions": ("AHEAD",),
}
"""By module, what is as long by the machine's clock as it was by the wall's."""
SHORT: Mapping[str, Mapping[str, float]] = {
    "suanli.chain.journal": {"KEPT": 40},
    "suanli.juror.core.machine": {"MOST_PAST": 6},
    "suanli.juror.core.records": {"MOST_PAST": 6},
    "suanli.juror.journal": {"MOST_ASSESSED": 6, "MOST_FILED": 6},
    "suanli.miner.journal": {"KEPT": 12},
    "suanli.relay.server.app": {"SWEEP": 5.0},
    "suanli.relay.server.index.quotes": {"MINUTES_KEPT": 5 * DAY},
}
"""By module, windows that a month of this machine's would not fill, and how often is swept."""
LOG_BYTES = 64 << 10
"""Of a daemon's log and the file before it."""


def install(clock: SharedClock, role: str) -> None:
    """From here on this process goes by it, and is a `role` or a requester. Before anything of
    suanli's is loaded but this. Raises RuntimeError: a module has a constant as it was."""
    # What is sent is waited for until the next blocks, and these come as on any chain.
    importlib.import_module("suanli.chain.sender")
    _replace_time(clock)
    changed = []
    for name, constants in STRETCHED.items():
        for constant in constants if _concerns(role, name) else ():
            changed.append((name, constant, _set(name, constant, _stretched)))
    for name, windows in SHORT.items():
        for constant, value in windows.items() if _concerns(role, name) else ():
            changed.append((name, constant, _set(name, constant, partial(_given, value))))
    require_changed(changed)
    _date_blobs(clock)
    _shorten_logs()
    if role == "miner":
        _stretch_announcements()
    if role == "relay":
        _take_stretched()
        _date_answers(clock)


def _stretched(usual: float) -> int:
    return int(usual * RATE)


def _given(value: float, _usual: float) -> float:
    return value


def _concerns(role: str, module: str) -> bool:
    part = module.split(".")[1]
    return part == role or part not in ("miner", "juror", "relay")


def _set(module: str, constant: str, to: Callable[[Any], Any]) -> Any:
    """What it was. Raises AttributeError: there is no such constant any more."""
    loaded = importlib.import_module(module)
    usual = getattr(loaded, constant)
    setattr(loaded, constant, to(usual))
    return usual


def require_changed(changed: Iterable[tuple[str, str, Any]]) -> None:
    """Raises RuntimeError: a module of the same part imported one of these by its value, and has
    it as it was. `changed`: module, constant, what it was."""
    for module, constant, usual in changed:
        part = ".".join(module.split(".")[:2])
        for name, loaded in list(sys.modules.items()):
            inside = name == part or name.startswith(part + ".")
            if inside and vars(loaded).get(constant) == usual:
                raise RuntimeError(f"{name} has {constant} as it was: name it beside {module}")


def _replace_time(clock: SharedClock) -> None:
    patched: Any = time
    broken_down = {name: getattr(time, name) for name in ("gmtime", "localtime")}
    shown = time.strftime
    patched.time = clock.now
    patched.time_ns = lambda: int(clock.now() * 1e9)
    for name, real in broken_down.items():
        setattr(patched, name, lambda at=None, real=real: real(clock.now() if at is None else at))
    patched.strftime = lambda form, at=None: shown(form, at or time.localtime())


def _stretch_announcements() -> None:
    """A miner says each few minutes that it is there."""
    from suanli.miner.ports import relay
    from suanli.protocol import Announcement

    def lasting(**said: Any) -> Announcement:
        holds = said["valid_until"] - said["issued"]
        return Announcement(**said | {"valid_until": said["issued"] + int(holds * RATE)})

    patched: Any = relay
    patched.Announcement = lasting


def _take_stretched() -> None:
    """A relay bounds for how long they hold."""
    from suanli.relay.server.board import Bounds

    usual = Bounds()
    values = list(Bounds.__init__.__defaults__ or ())
    names = list(Bounds.__dataclass_fields__)
    for name in ("longest_announcement", "oldest_announcement"):
        values[names.index(name)] = int(getattr(usual, name) * RATE)
    init: Any = Bounds.__init__
    init.__defaults__ = tuple(values)


def _date_answers(clock: SharedClock) -> None:
    """A server dates its answers each second: twelve minutes."""
    from uvicorn import server

    class DatedState(server.ServerState):
        @property
        def default_headers(self) -> list[tuple[bytes, bytes]]:
            return [(b"date", formatdate(clock.now(), usegmt=True).encode())]

        @default_headers.setter
        def default_headers(self, given: object) -> None:
            pass

    patched: Any = server
    patched.ServerState = DatedState


def _date_blobs(clock: SharedClock) -> None:
    """Files are dated by the machine."""
    from suanli.store import DirectoryStore, partial

    collect, drop = DirectoryStore.collect, partial.drop

    def by_machine(before: float) -> float:
        return clock.machine_time(before) if math.isfinite(before) else before

    def collected(store: DirectoryStore, keep: Any, before: float) -> int:
        return collect(store, keep, by_machine(before))

    def dropped(path: Path, before: float = math.inf) -> int:
        return drop(path, by_machine(before))

    patched: Any = DirectoryStore
    patched.collect = collected
    unfinished: Any = partial
    unfinished.drop = dropped


def _shorten_logs() -> None:
    from suanli.base import logs

    patched: Any = logs.log_to
    form, file, _ = patched.__defaults__
    patched.__defaults__ = (form, file, LOG_BYTES)


def main() -> None:
    install(SharedClock(Path(os.environ[VARIABLE])), sys.argv[1])
    if lie := os.environ.get(LIE):
        from tests.harness import cheats

        cheats.main(lie, sys.argv[1:])
    else:
        from suanli.cli import main as suanli

        suanli()


if __name__ == "__main__":
    main()
