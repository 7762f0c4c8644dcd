"""Miners that cheat: `python -m tests.harness.cheats KIND miner run …` is `suanli miner run …` with
one lie; and a devnet of which some miners are such.

They answer, take part in draws and defend their lies like anybody: what was claimed is what they
would find again.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

from suanli.devnet import Child, Devnet
from suanli.engine import Result
from suanli.miner import core as m
from suanli.miner.daemon import Daemon
from suanli.miner.ports.engine import EnginePort, Finished
from suanli.miner.ports.store import StorePort
from suanli.protocol import CasePhase

ROOT = Path(__file__).parents[2]
LIED_ABOUT = 17
"""The task that is corrupted, of a deal that has so many."""
PATIENCE = 3
"""Seconds for which miners of these devnets wait for an acceptance."""


def _another(result: Result) -> Result:
    files = {name: data + b"!" for name, data in result.files.items()}
    return replace(result, stdout=result.stdout + b"!", files=files)


def _corrupt(index: int, result: Result) -> Result:
    return _another(result) if index == LIED_ABOUT else result


def _lazy(index: int, result: Result) -> Result:
    return _another(result)


def _greedy(index: int, result: Result) -> Result:
    return replace(result, fuel=result.fuel + 1_000_000)


LIES: Mapping[str, Callable[[int, Result], Result]] = {
    "corrupt": _corrupt,
    "lazy": _lazy,
    "greedy": _greedy,
}
WITHHOLDING = "withholding"
"""Uploads nothing, says that it did, and serves when half of a jury has complained."""


def _lying(lie: Callable[[int, Result], Result]) -> mock._patch[Any]:
    honest = EnginePort._keep

    def keep(port: EnginePort, finished: Sequence[Finished]) -> None:
        honest(
            port, [(deal, index, salt, _told(done, index)) for deal, index, salt, done in finished]
        )

    def _told(done: Future[Result], index: int) -> Future[Result]:
        if done.cancelled() or done.exception() is not None:
            return done
        told: Future[Result] = Future()
        told.set_result(lie(index, done.result()))
        return told

    return mock.patch.object(EnginePort, "_keep", keep)


def _serves_late(daemon: Daemon, serve: m.Serve) -> bool:
    deal = daemon.core.state.deals.get(serve.id)
    looks = [case.look for case in deal.cases.values() if case.look] if deal else []
    return any(look.status.phase is CasePhase.CURING for look in looks)


def _withholding() -> list[mock._patch[Any]]:
    serve = Daemon._serve

    def serve_late(daemon: Daemon, wanted: m.Serve) -> None:
        if _serves_late(daemon, wanted):
            with mock.patch.object(StorePort, "_upload", upload):
                serve(daemon, wanted)
        else:
            daemon.inbox.put(m.DealServed(daemon._clock.now(), wanted.id))

    upload = StorePort._upload
    return [
        mock.patch.object(StorePort, "_upload", return_value=None),
        mock.patch.object(Daemon, "_serve", serve_late),
    ]


class CheatingDevnet(Devnet):
    """`cheats`: by a miner's number, the kind of its lie. No miner waits long for an acceptance;
    those that cheat don't appeal."""

    def __init__(self, folder: Path, miners: int, cheats: Mapping[int, str], **more: Any) -> None:
        super().__init__(folder, miners, **more)
        self._cheats = {f"miner-{number}": kind for number, kind in cheats.items()}

    def _daemon(
        self, role: str, name: str, path: Path, values: dict[str, Any], tables: str = ""
    ) -> None:
        if role == "miner":
            values = values | {"patience": PATIENCE}
        if name in self._cheats:
            values = values | {"appeal_bond": "0"}
        super()._daemon(role, name, path, values, tables)

    def _child(self, name: str, command: Sequence[str], **more: Any) -> Child:
        if name in self._cheats:
            where = command.index("miner")
            command = [sys.executable, "-m", __name__, self._cheats[name], *command[where:]]
            more["env"] = {**more["env"], "PYTHONPATH": str(ROOT)}
        return super()._child(name, command, **more)


def main(kind: str, arguments: Collection[str]) -> None:
    from suanli.cli import cli

    patches = _withholding() if kind == WITHHOLDING else [_lying(LIES[kind])]
    for patch in patches:
        patch.start()
    cli([*arguments])


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
