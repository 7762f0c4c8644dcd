"""How a cluster is named: `dask://host:8786`, or `dask+tls://host:8786`."""

from __future__ import annotations

from urllib.parse import urlsplit

from suanli.engine.errors import EngineError

PORT = 8786
"""On which `dask scheduler` listens unless it is told otherwise."""
_SCHEMES = {"dask": "tcp", "dask+tls": "tls"}


class BadAddress(EngineError, ValueError):
    """What is said to be a cluster names none."""


def is_cluster(text: str) -> bool:
    """Whether it is meant to name a cluster."""
    return text.partition(":")[0] in _SCHEMES


def scheduler_of(text: str) -> str:
    """The address of its scheduler, as dask has it. Raises BadAddress."""
    wrong = f"{text!r} names no cluster: dask://host:{PORT} does, or dask+tls://host:{PORT}"
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port or PORT
    except ValueError:
        raise BadAddress(wrong) from None
    more = parts.path.strip("/") or parts.query or parts.fragment or parts.username is not None
    if parts.scheme not in _SCHEMES or not host or more:
        raise BadAddress(wrong)
    shown = f"[{host}]" if ":" in host else host
    return f"{_SCHEMES[parts.scheme]}://{shown}:{port}"
