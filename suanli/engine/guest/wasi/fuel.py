"""What host calls cost. Part of the WASI version: a change makes a new runtime id."""

from __future__ import annotations

from enum import IntEnum


class OutOfFuel(Exception):
    """A host call costs more than is left."""


class FuelPrice(IntEnum):
    """Fuel, set so that host calls take about as long as guest code for the same fuel.

    Measured: 1 to 7 µs a call, so that none costs less than a tenth of what the plainest loop does
    in the same time (`python -m benchmarks.host_calls`).
    """

    CALL = 12_000
    """Each call, whatever it does."""
    BYTE = 1
    """Each byte moved in or out of the guest's memory, or that a file grows."""
    BUFFER = 1_500
    """Each buffer of a scattered read or write."""
    PATH_BYTE = 200
    """Each byte of a path, and of the symbolic links followed on its way."""
    ENTRY = 1_500
    """Each entry when a directory is listed, argument, and environment variable."""
    SUBSCRIPTION = 8_000
    """Each subscription of a poll."""
    RANDOM_BYTE = 8
    """Each random byte."""


class Meter:
    """The task's fuel, as seen by host calls. `left` is loaded and stored around each call."""

    def __init__(self, limit: int) -> None:
        self.limit = self.left = limit

    @property
    def used(self) -> int:
        return self.limit - self.left

    def charge(self, fuel: int) -> None:
        """Raises `OutOfFuel`, with nothing left, when `fuel` can't be paid."""
        if fuel > self.left:
            self.left = 0
            raise OutOfFuel("in a host call")
        self.left -= fuel
