"""A relay on a loopback port, with a clock of its own, and callers that can sign."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from suanli.base.accounts import Account
from suanli.protocol import (
    Acceptance,
    Announcement,
    Claim,
    Domain,
    Envelope,
    Progress,
    Rejection,
    Request,
    Signed,
    sign,
)
from suanli.relay import HttpStore, RelayClient
from suanli.relay.server.app import create_app
from suanli.relay.server.board import Board, Bounds
from suanli.relay.server.connections import config_of
from suanli.relay.server.database import open_database
from suanli.relay.server.limits import RateLimiter
from suanli.store import DirectoryStore

NOW = 1_800_000_000
DOMAIN = Domain(1337, "0x" + "ab" * 20)
REQUESTER = Account.from_key("0x" + "11" * 32)
MINER = Account.from_key("0x" + "22" * 32)
OTHER = Account.from_key("0x" + "33" * 32)
NUMBER, ANY_MINER = 1, 0
"""The miner's; and what names none."""
DIGEST = b"\x77" * 32
OTHER_DIGEST = b"\x99" * 32


class Server:
    """A listening server whose application can be exchanged."""

    app: Any = None

    def __init__(self, **more: Any) -> None:
        async def current(scope: Any, receive: Any, send: Any) -> None:
            await self.app(scope, receive, send)

        config = config_of(current, max_blob=1 << 20, port=0, lifespan="off", **more)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run)
        self._thread.start()
        while not self._server.started:
            assert self._thread.is_alive(), "the server did not start"
            time.sleep(0.005)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"

    def close(self) -> None:
        self._server.should_exit = True
        self._thread.join()


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with closing(Server()) as made:
        yield made


@dataclass
class Relay:
    """`now` is the relay's clock."""

    server: Server
    folder: Path
    bounds: Bounds = field(default_factory=Bounds)
    limiter: RateLimiter | None = None
    now: float = NOW

    def __post_init__(self) -> None:
        self.database = open_database(self.folder / "relay.sqlite", DOMAIN)
        self.board = Board(self.database, DOMAIN, bounds=self.bounds, clock=lambda: self.now)
        self.store = DirectoryStore(self.folder / "blobs", max_blob=1 << 20, max_bytes=1 << 21)
        self.server.app = create_app(self.board, self.store, limiter=self.limiter)
        self.http = httpx.Client(base_url=self.server.url, trust_env=False)
        self._clients: list[RelayClient] = []
        self.client = self.connect(DOMAIN)
        self.blobs = HttpStore(self.client)

    def connect(self, domain: Domain) -> RelayClient:
        self._clients.append(RelayClient(self.server.url, domain))
        return self._clients[-1]

    def close(self) -> None:
        for client in self._clients:
            client.close()
        self.http.close()
        self.database.close()


@pytest.fixture
def relay(server: Server, tmp_path: Path) -> Iterator[Relay]:
    with closing(Relay(server, tmp_path)) as made:
        yield made


def request(**changes: Any) -> Request:
    usual = Request(
        requester=REQUESTER.address,
        miner=NUMBER,
        resource=1,
        runtime=0,
        units=100,
        max_price=10**18,
        confirm_by=NOW + 600,
        duration=3600,
        tasks=4,
        job=b"\x55" * 32,
        terms=1,
        flags=0,
        epoch=0,
        salt=1,
    )
    return usual._replace(**changes)


def signed_request(account: Account = REQUESTER, **changes: Any) -> Signed[Request]:
    made = request(**changes)
    return sign(DOMAIN, made, account, made.requester)


def signed_acceptance(made: Request, account: Account = REQUESTER) -> Signed[Acceptance]:
    acceptance = Acceptance(DOMAIN.request_id(made), b"\x66" * 32, 90)
    return sign(DOMAIN, acceptance, account, made.requester)


def announcement(
    account: Account = MINER, domain: Domain = DOMAIN, **changes: Any
) -> Signed[Announcement]:
    usual = {
        "miner": MINER.address,
        "resource": 1,
        "runtimes": (DIGEST, OTHER_DIGEST),
        "units_per_second": 500,
        "workers": 2,
        "margin": 150,
        "reserve": 15,
        "public_key": b"\x02" + b"\x88" * 32,
        "issued": NOW,
        "valid_until": NOW + 600,
    }
    made = Announcement(**(usual | changes))
    return sign(domain, made, account, made.miner)


def claim(made: Request, account: Account = MINER, **changes: Any) -> Signed[Claim]:
    usual = {
        "miner": MINER.address,
        "request": DOMAIN.request_id(made),
        "issued": NOW,
        "root": DIGEST,
        "units_used": 90,
        "leaves": DIGEST,
    }
    said = Claim(**(usual | changes))
    return sign(DOMAIN, said, account, said.miner)


def rejection(made: Request, account: Account = MINER, **changes: Any) -> Signed[Rejection]:
    usual = {
        "miner": account.address,
        "request": DOMAIN.request_id(made),
        "issued": NOW,
        "reason": "ask above bid",
        "is_final": True,
    }
    return sign(DOMAIN, Rejection(**(usual | changes)), account)


def progress(made: Request, account: Account = MINER, **changes: Any) -> Signed[Progress]:
    usual = {
        "miner": account.address,
        "request": DOMAIN.request_id(made),
        "issued": NOW,
        "done": 3,
        "tasks": 20,
    }
    return sign(DOMAIN, Progress(**(usual | changes)), account)


def envelope(made: Request, account: Account = MINER, **changes: Any) -> Signed[Envelope]:
    usual = {
        "sender": account.address,
        "request": DOMAIN.request_id(made),
        "issued": NOW,
        "contents": DIGEST,
    }
    return sign(DOMAIN, Envelope(**(usual | changes)), account)
