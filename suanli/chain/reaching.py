"""The nodes that a text names."""

from __future__ import annotations

from suanli.chain.transport import HttpTransport, NamedTransport, Several, Transport
from suanli.chain.web3_transport import opened


def transport_of(urls: str, timeout: float = 10.0) -> Transport:
    """The node at a URL, or several nodes at URLs with commas between.

    Raises:
        TransportError: one is no URL.
    """
    found = [node_at(url.strip(), timeout) for url in urls.split(",") if url.strip()]
    if len(found) > 1:
        return Several(found)
    return found[0] if found else HttpTransport(urls, timeout)


def node_at(url: str, timeout: float = 10.0) -> NamedTransport:
    """The node at one URL: over HTTP, over WebSocket (ws://, wss://), or over IPC, where the URL is
    the path of a file that ends in .ipc.

    Raises:
        TransportError: it is none of them.
    """
    if url.startswith(("ws://", "wss://")) or url.endswith(".ipc"):
        return opened(url, timeout)
    return HttpTransport(url, timeout)
