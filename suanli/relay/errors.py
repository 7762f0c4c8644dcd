"""What the relay refuses, and what its clients run into."""

from suanli.base.errors import SuanliError


class RelayError(SuanliError):
    """Root of the relay's errors."""


class RelayUnreachable(RelayError):
    """No answer, or none that could be read; the market itself goes on over the chain."""


class RelayLied(RelayError):
    """The relay sent something that its maker never signed, or other bytes than were asked for."""


class RelayRefusal(RelayError):
    """The relay does not take or have this; `status` is the HTTP status."""

    def __init__(self, status: int, detail: str) -> None:
        self.status = status
        super().__init__(detail)

    @property
    def is_outage(self) -> bool:
        """Whether the relay, or a proxy before it, is in trouble: not what it was told or asked."""
        return not 400 <= self.status < 500


class RelayBusy(RelayRefusal):
    """Too many calls; try again after `wait` seconds."""

    def __init__(self, wait: float) -> None:
        self.wait = wait
        super().__init__(429, f"too many calls: wait {wait:.1f} seconds")
