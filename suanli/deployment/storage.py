"""Parameters of storage deals."""

from __future__ import annotations

from dataclasses import dataclass

from suanli.deployment.errors import DeploymentError

HOUR, DAY = 3_600, 86_400
MOST_FEE = 1_000
LEAST_WINDOW, MOST_WINDOW = HOUR, 7 * DAY
"""The least one off local chains."""
LOCAL_WINDOW = 60


@dataclass(frozen=True)
class StorageParameters:
    """Storage deals; docs/leases.md has the reasons for the defaults."""

    fee_bps: int = 100
    window: int = 6 * HOUR
    """After a period, in which the miner proves it, in seconds."""

    def __post_init__(self) -> None:
        if not 0 <= self.fee_bps <= MOST_FEE:
            raise DeploymentError(
                f"storage.fee_bps is {self.fee_bps}: it must lie between 0 and {MOST_FEE}"
            )
        if not 1 <= self.window <= MOST_WINDOW:
            raise DeploymentError(
                f"storage.window is {self.window}: it must lie between 1 and {MOST_WINDOW}"
            )

    def require_live(self) -> None:
        """Raises DeploymentError: the window is one for local chains only."""
        if self.window < LEAST_WINDOW:
            raise DeploymentError(
                f"storage.window is {self.window}: off local chains it is {LEAST_WINDOW} at least,"
                " and longer than a miner may be away"
            )
