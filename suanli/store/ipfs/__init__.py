"""Blobs on IPFS: a node of one's own by its RPC, or trustless gateways."""

from suanli.store.ipfs.dag import BadBlock, Cid, read_cid
from suanli.store.ipfs.peers import Peers, peers_of, reach_of
from suanli.store.ipfs.sources import BadPlace, is_ipfs, parse, require_node
from suanli.store.ipfs.store import IpfsStore, Roots

__all__ = [
    "BadBlock",
    "BadPlace",
    "Cid",
    "IpfsStore",
    "Peers",
    "Roots",
    "is_ipfs",
    "parse",
    "peers_of",
    "reach_of",
    "read_cid",
    "require_node",
]
