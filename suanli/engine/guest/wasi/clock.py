"""Virtual time: one unit of fuel is one nanosecond, and waiting moves it on at once."""

from __future__ import annotations

from suanli.engine.guest.wasi import abi
from suanli.engine.guest.wasi.abi import Errno, WasiError
from suanli.engine.guest.wasi.fuel import Meter

EPOCH_NS = 946_684_800_000_000_000
"""The realtime clock starts at 2000-01-01T00:00:00Z."""

_U64 = (1 << 64) - 1


class Clock:
    """Times are nanoseconds, at most 2^64 - 1."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._start = EPOCH_NS

    def now(self, clock: int) -> int:
        """Raises `WasiError`: INVAL for a clock that is not there."""
        if clock in (abi.CLOCK_PROCESS, abi.CLOCK_THREAD):
            return self._meter.used
        if clock not in (abi.CLOCK_REALTIME, abi.CLOCK_MONOTONIC):
            raise WasiError(Errno.INVAL)
        wall = self.wall()
        return wall if clock == abi.CLOCK_REALTIME else wall - EPOCH_NS

    def wall(self) -> int:
        """The realtime clock, which file times show."""
        return min(_U64, self._start + self._meter.used)

    @property
    def moved(self) -> int:
        """Nanoseconds that waiting took."""
        return self._start - EPOCH_NS

    def wait(self, nanoseconds: int) -> None:
        self._start += nanoseconds
