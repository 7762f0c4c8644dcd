"""A whole market on one machine, for trying things out."""

from suanli.devnet.network import Devnet, Sale
from suanli.devnet.processes import Child, DevnetError

__all__ = ["Child", "Devnet", "DevnetError", "Sale"]
