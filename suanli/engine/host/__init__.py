"""The daemon's side of the engine: worker processes, their walls, compiled modules, and other
versions of it."""

from suanli.engine.host.elsewhere import Installation, SeveralVersions
from suanli.engine.host.pool import Pool, pool_by, served, usable
from suanli.engine.host.sandbox import Isolation
from suanli.engine.host.serving import serve

__all__ = [
    "Installation",
    "Isolation",
    "Pool",
    "SeveralVersions",
    "pool_by",
    "serve",
    "served",
    "usable",
]
