"""What goes wrong with leases."""

from __future__ import annotations

from suanli.base.errors import SuanliError


class LeaseError(SuanliError):
    """Something about a lease."""


class LinkLost(LeaseError):
    """The connection is gone: it can be made again."""


class LinkRefused(LeaseError):
    """The other side, or a relay, does not want this connection: trying again does not help."""


class BadPeer(LeaseError):
    """The other side breaks the protocol."""


class Unreached(LeaseError):
    """A miner that can't be spoken with now: another one may be."""
