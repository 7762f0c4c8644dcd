"""Other nodes that are likely to have, or to want, blobs: the node is told to connect to them."""

from __future__ import annotations

import ipaddress
import re
import threading
import time
from collections.abc import Iterable
from contextlib import closing, suppress

from suanli.base.parallel import side_by_side
from suanli.store.base import StoreUnavailable
from suanli.store.ipfs.pins import Pins
from suanli.store.ipfs.sources import Kubo, parse

MOST_KNOWN, MOST_ADDRESSES = 256, 8
"""Addresses that are kept in mind, those heard of last; and of one node."""
AGAIN, SECONDS = 60.0, 5.0
"""Seconds between tries to connect, and for one of them."""
_AT_ONCE = 8
_ADDRESS = re.compile(
    r"/(?P<kind>ip4|ip6|dns|dns4|dns6)/(?P<host>[0-9A-Za-z.:_-]{1,253})/[0-9A-Za-z/._:-]{1,300}"
    r"/p2p/[0-9A-Za-z]{20,120}"
)


class Peers:
    """Connecting goes on beside all else, and may fail: then nodes find each other as usual."""

    def __init__(self, node: Kubo | None, pins: Pins | None) -> None:
        self._node, self._pins = node, pins
        self._known = dict.fromkeys(pins.peers() if pins is not None else ())
        self._lock = threading.Lock()
        self._next = float("-inf")
        self._meeting: threading.Thread | None = None

    def own(self) -> str:
        """Where others reach the node, with spaces between. Raises StoreUnavailable."""
        found = self._node.addresses() if self._node is not None else []
        good = [text for text in found if _ADDRESS.fullmatch(text) and len(text) <= 240]
        # Those of use to most come first.
        return " ".join(sorted(good, key=lambda text: -_reach(text))[:MOST_ADDRESSES])

    def learn(self, addresses: Iterable[str], reach: int) -> None:
        """`reach`: see `reach_of`; addresses of less are left out, since they name something
        inside a network that their teller isn't known to be in."""
        good = [
            text
            for text in list(addresses)[:MOST_ADDRESSES]
            if _ADDRESS.fullmatch(text) and _reach(text) >= reach
        ]
        with self._lock:
            for text in good:
                if text not in self._known:
                    self._next = float("-inf")
                self._known.pop(text, None)
                self._known[text] = None
            for text in list(self._known)[:-MOST_KNOWN]:
                del self._known[text]
            if good and self._pins is not None:
                with suppress(StoreUnavailable):
                    self._pins.note_peers(list(self._known))

    def meet(self) -> None:
        """Connect to all of them, beside the caller, if that was not tried just now."""
        node = self._node
        with self._lock:
            if node is None or not self._known or time.monotonic() < self._next:
                return
            if self._meeting is not None and self._meeting.is_alive():
                return

            def connect(address: str) -> None:
                with suppress(StoreUnavailable):
                    node.connect(address, SECONDS)

            self._next = time.monotonic() + AGAIN
            given = connect, list(self._known), _AT_ONCE
            self._meeting = threading.Thread(target=side_by_side, args=given, daemon=True)
            self._meeting.start()


def peers_of(where: str) -> str:
    """Where others reach the node that a place names. Raises BadPlace, StoreUnavailable."""
    url, _ = parse(where)
    if url is None:
        return ""
    with closing(Kubo(url)) as node:
        return Peers(node, None).own()


def reach_of(host: str) -> int:
    """How far a host's address is known: 0 on this machine, 1 in a network, 2 everywhere."""
    if host == "localhost" or host.endswith(".localhost"):
        return 0
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return 2
    if address.is_loopback or address.is_unspecified:
        return 0
    return 2 if address.is_global else 1


def _reach(address: str) -> int:
    found = _ADDRESS.fullmatch(address)
    return reach_of(found["host"]) if found else 0
