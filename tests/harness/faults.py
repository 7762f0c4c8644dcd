"""A transport that fails as told, in front of a real one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from suanli.chain import Transport, TransportError

Fault = Callable[[Transport, str, Sequence[Any]], Any]


def drop_question(transport: Transport, method: str, params: Sequence[Any]) -> Any:
    """The node never hears it."""
    raise TransportError("dropped on the way there")


def drop_answer(transport: Transport, method: str, params: Sequence[Any]) -> Any:
    """The node acts, but nobody hears it say so."""
    transport.request(method, params)
    raise TransportError("dropped on the way back")


def twice(transport: Transport, method: str, params: Sequence[Any]) -> Any:
    """The node hears it twice; its second answer arrives."""
    transport.request(method, params)
    return transport.request(method, params)


def answer(value: Any) -> Fault:
    """The node says this, whatever is true."""
    return lambda transport, method, params: value


def refuse(error: Exception) -> Fault:
    def fault(transport: Transport, method: str, params: Sequence[Any]) -> Any:
        raise error

    return fault


def change(edit: Callable[[Any], Any]) -> Fault:
    """The node's answer, changed."""
    return lambda transport, method, params: edit(transport.request(method, params))


class Faulty:
    """Passes questions on, but for those that `faults` (by method, used up in order) spoil."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.faults: dict[str, list[Fault]] = {}
        self.always: dict[str, Fault] = {}
        self.asked: list[str] = []

    def spoil(self, method: str, *faults: Fault) -> None:
        self.faults.setdefault(method, []).extend(faults)

    def request(self, method: str, params: Sequence[Any]) -> Any:
        self.asked.append(method)
        if self.faults.get(method):
            return self.faults[method].pop(0)(self.transport, method, params)
        if method in self.always:
            return self.always[method](self.transport, method, params)
        return self.transport.request(method, params)

    @property
    def exhausted(self) -> bool:
        """Whether every fault has been used."""
        return not any(self.faults.values())


class Clock:
    """Time that passes by sleeping only; `meanwhile` happens during each sleep."""

    def __init__(self, now: float = 1_000_000.0) -> None:
        self.now = now
        self.slept: list[float] = []
        self.meanwhile: Callable[[], None] = lambda: None

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        self.meanwhile()
