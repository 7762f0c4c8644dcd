"""What a room comes with, as a miner announces it and a requester asks for it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from suanli.base import strict_json
from suanli.base.text import plain
from suanli.lease.sandbox.bounds import RoomBounds, SandboxError
from suanli.lease.sandbox.gpus import Gpu

_MOST_TEXT = 80
_MOST_NUMBER = 1 << 53
_MOST_KINDS = 16


@dataclass(frozen=True)
class GpuKind:
    """GPUs that are alike: `memory` in bytes of one, `cuda` the newest version they can do."""

    model: str
    memory: int
    driver: str
    cuda: str
    count: int


@dataclass(frozen=True)
class GpuWish:
    """`count` GPUs of one kind, whose model has all these words, of `memory` bytes at least."""

    model: str = ""
    memory: int = 0
    count: int = 1

    def takes(self, kind: GpuKind) -> bool:
        words = self.model.casefold().split()
        named = all(word in kind.model.casefold() for word in words)
        return named and kind.memory >= self.memory and kind.count >= self.count


@dataclass(frozen=True)
class RoomOffer:
    """Sizes in bytes. `system`: what its root file system says that it is."""

    millicores: int
    memory: int
    disk: int
    processes: int
    network: bool
    system: str = ""
    gpus: tuple[GpuKind, ...] = ()

    def fits(self, wish: GpuWish | None) -> bool:
        """Whether its GPUs are those wished for; without a wish any do."""
        return wish is None or any(map(wish.takes, self.gpus))

    def text(self) -> str:
        """As it is announced."""
        return json.dumps(asdict(self), separators=(",", ":"), ensure_ascii=False)

    def show(self) -> str:
        """In one line, for people."""
        return ", ".join(self._parts())

    def _parts(self) -> Iterator[str]:
        yield f"{self.millicores / 1000:g} cores"
        yield f"{self.memory / 2**30:.3g} GiB"
        yield f"disk {self.disk / 2**30:.3g} GiB"
        for kind in self.gpus:
            model = plain(kind.model)
            yield f"{kind.count} × {model} ({kind.memory / 2**30:.3g} GiB, CUDA {plain(kind.cuda)})"
        yield "network" if self.network else "no network"
        if self.system:
            yield plain(self.system)


def offer_of(bounds: RoomBounds, present: Sequence[Gpu], system: str = "") -> RoomOffer:
    """What a room of these bounds comes with, of those GPUs that are present here."""
    leased = [gpu for gpu in present if gpu.uuid in bounds.gpus]
    kinds = Counter((gpu.model, gpu.memory, gpu.driver, gpu.cuda) for gpu in leased)
    return RoomOffer(
        millicores=round(bounds.cores * 1000),
        memory=bounds.memory,
        disk=bounds.disk,
        processes=bounds.processes,
        network=bounds.network,
        system=system,
        gpus=tuple(GpuKind(*kind, count) for kind, count in kinds.items()),
    )


def read_offer(text: str) -> RoomOffer:
    """What a miner announced. Raises SandboxError: it is no offer of a room."""
    try:
        said = strict_json.loads(text.encode())
        kinds = said.pop("gpus")
        if not isinstance(kinds, list) or len(kinds) > _MOST_KINDS:
            raise ValueError("gpus is no short list")
        offer = RoomOffer(**said, gpus=tuple(GpuKind(**kind) for kind in kinds))
        for part in (offer, *offer.gpus):
            _require_types(part)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise SandboxError(f"no offer of a room: {plain(str(error)[:200])}") from None
    return offer


def _require_types(part: Any) -> None:
    for name, kind in part.__annotations__.items():
        value = getattr(part, name)
        if kind == "int" and not (type(value) is int and 0 <= value < _MOST_NUMBER):
            raise ValueError(f"{name} is no whole number")
        if kind == "str" and not (type(value) is str and len(value) <= _MOST_TEXT):
            raise ValueError(f"{name} is no short text")
        if kind == "bool" and type(value) is not bool:
            raise ValueError(f"{name} is neither true nor false")
