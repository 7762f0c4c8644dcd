"""Suanli: the Python side of a decentralized compute market.

`suanli.connect` is where a requester begins; docs/requesting.md shows the ten lines.
"""

from typing import TYPE_CHECKING, Any

from suanli.base import version

if TYPE_CHECKING:
    from suanli.client import connect

__version__ = version.VERSION
__all__ = ["__version__", "connect"]


def __getattr__(name: str) -> Any:
    """`connect`, loaded when it is asked for: what it needs would slow every command's start."""
    if name == "connect":
        from suanli.client import connect

        return connect
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
