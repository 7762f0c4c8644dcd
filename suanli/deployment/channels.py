"""Parameters of payment channels."""

from __future__ import annotations

from dataclasses import dataclass

from suanli.deployment.errors import DeploymentError

HOUR, DAY = 3_600, 86_400
MOST_FEE = 1_000
LEAST_NOTICE, MOST_NOTICE = HOUR, 30 * DAY
"""The least one off local chains."""
LOCAL_NOTICE = 60


@dataclass(frozen=True)
class ChannelParameters:
    """Payment channels; docs/leases.md has the reasons for the defaults."""

    fee_bps: int = 100
    notice: int = DAY
    """From the end of a channel's time until anybody may close it, in seconds."""

    def __post_init__(self) -> None:
        if not 0 <= self.fee_bps <= MOST_FEE:
            raise DeploymentError(
                f"channels.fee_bps is {self.fee_bps}: it must lie between 0 and {MOST_FEE}"
            )
        if not 1 <= self.notice <= MOST_NOTICE:
            raise DeploymentError(
                f"channels.notice is {self.notice}: it must lie between 1 and {MOST_NOTICE}"
            )

    def require_live(self) -> None:
        """Raises DeploymentError: the notice is one for local chains only."""
        if self.notice < LEAST_NOTICE:
            raise DeploymentError(
                f"channels.notice is {self.notice}: off local chains it is {LEAST_NOTICE} at least,"
                " and longer than a miner may be away"
            )
