"""The daemon's side of the engine: worker processes, their walls, compiled modules."""

from suanli.engine.host.pool import Pool, pool_by, served, usable
from suanli.engine.host.sandbox import Isolation

__all__ = ["Isolation", "Pool", "pool_by", "served", "usable"]
