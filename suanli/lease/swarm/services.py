"""What a miner's side of swarms is made with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from suanli.engine import Executors
from suanli.lease.swarm.tills import Tills
from suanli.lease.wire import Certificate
from suanli.protocol import Channel, ChannelView, Domain, ResourceClass, Signer


class SwarmChain(Protocol):
    """A miner's channels on chain. May block; raises SuanliError."""

    def now(self) -> int:
        """The chain's time, in seconds since 1970."""

    def view(self, record: Channel) -> ChannelView: ...

    def close(self, record: Channel, amount: int, signature: bytes) -> None: ...


@dataclass(frozen=True)
class SwarmServices:
    """`executors` run `workers` tasks at a time, by the runtimes with these ids."""

    domain: Domain
    signer: Signer
    miner: int
    channels_at: str
    resource: int
    kind: ResourceClass
    decimals: int
    tills: Tills
    chain: SwarmChain
    certificate: Certificate
    executors: Executors
    runtimes: tuple[bytes, ...]
    workers: int
    draining: Callable[[], bool] = lambda: False
    """Whether nothing new is taken."""
    host: str = "127.0.0.1"
    port: int = 0
