"""Addresses that a stranger told: nobody is sent into the network that it is in itself."""

from __future__ import annotations

import asyncio
import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from suanli.base.config import ConfigError, setting
from suanli.chain.funding import LOCAL_CHAINS
from suanli.lease.errors import LinkLost
from suanli.lease.wire.carrier import TO_CONNECT, WebSocketCarrier, connect

_NAT64 = ip_network("64:ff9b::/96")
_SAYS = {"yes": True, "no": False}


async def connect_told(url: str, chain_id: int) -> WebSocketCarrier:
    """To a public address alone, but on a local chain, or where the user's settings say
    `internal`. Raises LinkLost, LinkRefused, ConfigError."""
    if chain_id in LOCAL_CHAINS or _internal():
        return await connect(url)
    parts = urlsplit(url)
    host = parts.hostname or ""
    if _numbers(host) is None and getproxies() and not proxy_bypass(parts.netloc):
        return await connect(url)  # the proxy looks the name up, and decides
    return await connect(url, at=await _public(url, host))


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether it leads out of this network, whatever is written within it."""
    if isinstance(address, IPv6Address):
        within = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            within = IPv4Address(int(address) & 0xFFFFFFFF)
        if address.teredo is not None or (within is not None and not is_public(within)):
            return False
        address = within or address
    return address.is_global and not address.is_multicast


async def _public(url: str, host: str) -> str:
    """What is dialled, so that a name means nothing else by then."""
    try:
        async with asyncio.timeout(TO_CONNECT):
            loop = asyncio.get_running_loop()
            found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, TimeoutError) as error:
        raise LinkLost(f"{url} can't be reached: {error or type(error).__name__}") from error
    addresses = [str(one[4][0]) for one in found]
    for address in addresses:
        if (numbers := _numbers(address)) is not None and is_public(numbers):
            return address
    raise LinkLost(
        f"{url} leads into this network ({addresses[0]}), by the word of a stranger: if it is"
        " meant, set SUANLI_INTERNAL=yes"
    )


def _numbers(host: str) -> IPv4Address | IPv6Address | None:
    """None: it is a name."""
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:
        return None


def _internal() -> bool:
    said = setting("internal", default="no") or ""
    if said not in _SAYS:
        raise ConfigError(f"internal (SUANLI_INTERNAL) is yes or no, not {said!r}")
    return _SAYS[said]
