"""Addresses that strangers tell."""

from __future__ import annotations

import asyncio
import socket
from http import HTTPStatus
from ipaddress import ip_address
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from suanli.base.config import ConfigError
from suanli.lease.errors import LinkLost, LinkRefused
from suanli.lease.wire import accepting, connect, connect_told
from suanli.lease.wire.told import is_public

BASE, LOCAL = 8453, 31337


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("203.0.114.1", True),
        ("2606:4700::1111", True),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::808:808", True),
        ("127.0.0.1", False),
        ("127.8.8.8", False),
        ("0.0.0.0", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("224.0.1.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("ff0e::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("2002:7f00:1::", False),
        ("2001:0:7f00:1::1", False),
    ],
)
def test_which_addresses_lead_out_of_this_network(address: str, public: bool) -> None:
    assert is_public(ip_address(address)) is public


async def nothing(*_: object) -> None: ...


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SUANLI_INTERNAL", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433"])
def test_no_stranger_sends_anybody_into_its_own_network(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test() -> None:
        async with accepting(nothing, "127.0.0.1", 0) as port:
            url = f"ws://{host}:{port}"
            with pytest.raises(LinkLost) as found:
                await connect_told(url, BASE)
            assert str(found.value).startswith(f"{url} leads into this network (")
            assert str(found.value).endswith("if it is meant, set SUANLI_INTERNAL=yes")
            url = f"ws://127.0.0.1:{port}"
            await (await connect_told(url, LOCAL)).close()
            monkeypatch.setenv("SUANLI_INTERNAL", "yes")
            await (await connect_told(url, BASE)).close()
            monkeypatch.setenv("SUANLI_INTERNAL", "perhaps")
            with pytest.raises(ConfigError, match="is yes or no, not 'perhaps'"):
                await connect_told(url, BASE)

    asyncio.run(test())


def test_what_was_looked_at_is_what_is_dialled(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that means a public address at first, and then one of this network."""
    dialled: list[Any] = []

    async def test() -> None:
        loop = asyncio.get_running_loop()
        answers = ["127.0.0.1", "8.8.8.8"]

        async def looked_up(*_: Any, **__: Any) -> Any:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answers.pop(), 0))]

        async def create(_: Any, host: str, port: int, **__: Any) -> Any:
            dialled.append((host, port))
            raise OSError("no way there")

        monkeypatch.setattr(loop, "getaddrinfo", looked_up)
        monkeypatch.setattr(loop, "create_connection", create)
        with pytest.raises(LinkLost, match="no way there"):
            await connect_told("ws://miner.example:8710", BASE)

    asyncio.run(test())
    assert dialled == [("8.8.8.8", 8710)]


def test_nobody_is_sent_on(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        async with accepting(nothing, "127.0.0.1", 0) as within:

            def redirected(connection: ServerConnection, request: Request) -> Response:
                answer = connection.respond(HTTPStatus.FOUND, "")
                answer.headers["Location"] = f"ws://127.0.0.1:{within}"
                return answer

            async with serve(nothing, "127.0.0.1", 0, process_request=redirected) as server:
                port = next(iter(server.sockets)).getsockname()[1]
                with pytest.raises(LinkRefused, match=r"refuses \(302\)"):
                    await connect(f"ws://127.0.0.1:{port}")

    asyncio.run(test())
