"""Callers that mean ill: the relay stays small, quick and calm."""

from __future__ import annotations

import socket

import httpx

from tests.relay.conftest import Relay


def connected(relay: Relay) -> socket.socket:
    url = httpx.URL(relay.server.url)
    return socket.create_connection((url.host, url.port or 0), timeout=5)


def test_chunks_do_not_pass_the_bound_under_a_length(relay: Relay) -> None:
    with connected(relay) as caller:
        caller.sendall(
            b"POST /v1/requests HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        assert caller.recv(100).startswith(b"HTTP/1.1 413 ")
