"""A whole market on one machine, for trying things out."""

from suanli.devnet.likeness import LocalChain, NetworkLike
from suanli.devnet.network import DEPLOYER, OTHERS, Devnet, DevnetSale
from suanli.devnet.processes import SUANLI, Child, DevnetError

__all__ = [
    "DEPLOYER",
    "OTHERS",
    "SUANLI",
    "Child",
    "Devnet",
    "DevnetError",
    "DevnetSale",
    "LocalChain",
    "NetworkLike",
    "rehearsal",
    "remarks",
]
