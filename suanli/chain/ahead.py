"""What is read again and again, in one question.

Whoever looks at a market at block after block asks much the same each time. What was asked lately
is asked anew in a single `eth_call`, and answered from there when it is asked. That call carries
the creation code of BatchRead, which is never deployed; a node that does not carry such calls out
is asked one by one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError

from suanli.chain.abi import artifact
from suanli.chain.errors import RpcError
from suanli.chain.transport import Transport, is_momentary

MOST_VIEWS = 32
"""In one question: the answer may be no longer than a contract's code, 24 KiB."""
KEPT = 120.0
"""Seconds for which something counts as asked lately."""
RESTS = 600.0
"""Seconds until a node that refused is tried again."""

Question = tuple[str, str]
"""A contract and the data of a call; without data an account, whose balance is asked for."""


class ReadsAhead:
    """A transport. `turn` begins a look at another block; what is asked of that block, and what an
    account's newest balance is, is then known in advance."""

    def __init__(
        self, transport: Transport, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._transport, self._monotonic = transport, monotonic
        self._block = ""
        self._asked: dict[Question, float] = {}
        self._known: dict[Question, tuple[bool, bytes]] = {}
        self._not_before = float("-inf")

    def turn(self, block: int) -> None:
        """Ask what was asked lately, as of this block.

        Raises:
            TransportError: the node is away.
        """
        now = self._monotonic()
        self._block, self._known = hex(block), {}
        self._asked = {it: at for it, at in self._asked.items() if now < at + KEPT}
        if len(self._asked) < 2 or now < self._not_before:
            return
        questions = list(self._asked)
        for start in range(0, len(questions), MOST_VIEWS):
            some = questions[start : start + MOST_VIEWS]
            try:
                self._known |= zip(some, self._answers(some), strict=True)
            except (RpcError, ValueError) as error:
                if not (isinstance(error, RpcError) and is_momentary(error)):
                    self._not_before = now + RESTS
                return

    def request(self, method: str, params: Sequence[Any]) -> Any:
        question = self._question(method, params)
        if question is None:
            return self._transport.request(method, params)
        self._asked[question] = self._monotonic()
        known = self._known.get(question)
        if known is None:
            return self._transport.request(method, params)
        success, data = known
        if not success:
            raise RpcError(method, 3, "execution reverted", "0x" + data.hex())
        return hex(int.from_bytes(data)) if method == "eth_getBalance" else "0x" + data.hex()

    def _question(self, method: str, params: Sequence[Any]) -> Question | None:
        if method == "eth_getBalance" and params[1] == "latest":
            return str(params[0]), ""
        if method == "eth_call" and params[1] == self._block and params[0].keys() == {"to", "data"}:
            return str(params[0]["to"]), str(params[0]["data"])
        return None

    def _answers(self, questions: Sequence[Question]) -> list[tuple[bool, bytes]]:
        """ValueError for what are none."""
        views = [(to, bytes.fromhex(data.removeprefix("0x"))) for to, data in questions]
        call = {"data": "0x" + artifact("BatchRead").creation([views]).hex()}
        answer = self._transport.request("eth_call", [call, self._block])
        try:
            (found,) = decode(["(bool,bytes)[]"], bytes.fromhex(str(answer).removeprefix("0x")))
        except (DecodingError, OverflowError) as error:
            raise ValueError(f"no answers: {error}") from None
        if len(found) != len(questions):
            raise ValueError("not all is answered")
        return list(found)
