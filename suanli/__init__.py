"""Suanli: the Python side of a decentralized compute market.

`suanli.connect` is where a requester begins; docs/requesting.md shows the ten lines. Python
functions run on a market by `suanli.client.Client.executor`, and here, in the same sandbox, by
`suanli.local_executor` (docs/python.md). What goes wrong is a `suanli.base.errors.SuanliError`.
"""

from typing import TYPE_CHECKING, Any

from suanli.base import version

if TYPE_CHECKING:
    from suanli.client import connect
    from suanli.python import function, local_executor

__version__ = version.VERSION
__all__ = ["__version__", "connect", "function", "local_executor"]


def __getattr__(name: str) -> Any:
    """What needs other packages, loaded when it is asked for: it would slow every command."""
    if name == "connect":
        from suanli.client import connect

        return connect
    if name in ("function", "local_executor"):
        from suanli import python

        return getattr(python, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
