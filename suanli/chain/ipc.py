"""web3.py's IPC provider with bounds: its own reads on without an end, and while nothing comes."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from web3 import IPCProvider
from web3.types import RPCResponse

from suanli.chain.errors import AnswerTooLarge
from suanli.chain.transport import MOST_BYTES

_PIECE = 64 << 10


class BoundedIPC(IPCProvider):
    """`timeout` (seconds) bounds a question with its answer."""

    def __init__(self, path: Path, timeout: float, most_bytes: int = MOST_BYTES) -> None:
        super().__init__(path)
        self._seconds, self._most_bytes = timeout, most_bytes

    def _make_request(self, request: bytes) -> RPCResponse:
        ends = time.monotonic() + self._seconds
        answer = bytearray()
        opened: Any = self._socket
        with self._lock, opened as connection:
            connection.settimeout(self._seconds)
            connection.sendall(request + b"\n")
            while piece := connection.recv(_PIECE):
                answer += piece
                if len(answer) > self._most_bytes:
                    raise AnswerTooLarge(f"the node answers more than {self._most_bytes} bytes")
                if piece.rstrip().endswith(b"}"):
                    with suppress(ValueError):
                        return self.decode_rpc_response(bytes(answer))
                if (left := ends - time.monotonic()) <= 0:
                    raise TimeoutError
                connection.settimeout(left)
            raise ConnectionError("the node hung up")
