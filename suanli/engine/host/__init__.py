"""The daemon's side of the engine: worker processes, their walls, compiled modules, and packages of
other versions' runtimes."""

from suanli.engine.host import packing
from suanli.engine.host.holders import RuntimeHolder, holders
from suanli.engine.host.installed import InstalledRuntime
from suanli.engine.host.packages import BadPackage, RuntimePackage, packages, packages_folder
from suanli.engine.host.pool import Pool, installed, pool_by, served, usable, usable_packages
from suanli.engine.host.sandbox import Isolation

__all__ = [
    "BadPackage",
    "InstalledRuntime",
    "Isolation",
    "Pool",
    "RuntimeHolder",
    "RuntimePackage",
    "holders",
    "installed",
    "packages",
    "packages_folder",
    "packing",
    "pool_by",
    "served",
    "usable",
    "usable_packages",
]
