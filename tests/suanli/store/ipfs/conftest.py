"""Nodes on loopback ports, and stores on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from suanli.store.ipfs import IpfsStore
from tests.harness.kubo import Blocks, Kubo, serving

NOW = 1_800_000_000


class Told:
    """Roots, as a relay has them."""

    def __init__(self) -> None:
        self.roots: dict[bytes, list[str]] = {}

    def tell(self, digest: bytes, root: str) -> None:
        if root not in self.roots.setdefault(digest, []):
            self.roots[digest].append(root)

    def find(self, digest: bytes) -> list[str]:
        return self.roots.get(digest, [])


class Nodes:
    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder, self._stack = folder, stack
        self.told, self.now = Told(), NOW

    def node(self, *peers: Kubo) -> Kubo:
        """Connected to some."""
        made = self._stack.enter_context(serving(Kubo(Blocks())))
        made.blocks.peers = [peer.blocks for peer in peers]
        return made

    def store(self, where: Kubo | str, **options: Any) -> IpfsStore:
        place = where if isinstance(where, str) else where.place
        made = IpfsStore(
            place, self.told, self._folder / "pins.sqlite", clock=lambda: self.now, **options
        )
        self._stack.callback(made.close)
        return made


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[Nodes]:
    with ExitStack() as stack:
        yield Nodes(tmp_path, stack)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Say how many seconds a block is waited for."""

    def set_(seconds: float) -> None:
        monkeypatch.setattr("suanli.store.ipfs.patience.LONG", seconds)

    return set_
