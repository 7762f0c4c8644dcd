"""Which machines of a cluster are used, and what they have compiled: all in one event loop."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from suanli.engine.errors import CompileFailed, EngineError, EngineUnavailable, HostError
from suanli.engine.executor import Compilations
from suanli.engine.runtime import show_runtime
from suanli.engine.task import Limits, Module

OPENING = 120.0
"""Seconds in which a machine must have said what it is."""
COMPILING = 900.0
"""Seconds in which it must have compiled a module: five minutes of processor time, and slack."""
AGAIN = 30.0
"""Seconds after which a machine that was not fit is asked again."""
_ANOTHER = (
    "another version of suanli is installed there: install this one, or add the package of the"
    " runtime (suanli runtime add)"
)
_READY = 8
"""Modules used last, which machines that come get at once."""
_Key = tuple[bytes, bytes]
"""Runtime id and digest of a module."""


class Gone(HostError):
    """The machines that a task was meant for left the cluster."""


@dataclass(frozen=True)
class Machine:
    """A worker of dask's that is used: `places` tasks run there at a time, each at `speed` units
    per second, or 0 where that was not measured."""

    address: str
    places: int
    speed: float = 0.0


@dataclass
class _Known:
    """Of a machine in the cluster: why it is not used, or what it is."""

    born: str
    machine: Machine | None = None
    unfit: str = ""
    asked: float = float("-inf")
    programs: Compilations = field(default_factory=Compilations)
    compiled: dict[_Key, asyncio.Task[str | None]] = field(default_factory=dict)
    """Modules that are compiled there, or that it is at; the answers of `prepare`."""


class Machines:
    """`runtimes`: ids of those that a machine must run to be used. `tell` hears in a sentence what
    is wrong with a machine, once; `changed` whenever others are used than before."""

    def __init__(
        self,
        runtimes: Collection[bytes],
        measured: bool,
        tell: Callable[[str], None],
        changed: Callable[[Sequence[Machine]], None],
    ) -> None:
        self._runtimes, self._measured = runtimes, measured
        self._tell, self._changed = tell, changed
        self._known: dict[str, _Known] = {}
        self._told: dict[str, str] = {}
        self._modules: OrderedDict[_Key, Module] = OrderedDict()
        self._client: Any = None
        self._opening: set[asyncio.Task[None]] = set()
        self._there = asyncio.Event()

    @property
    def used(self) -> list[Machine]:
        return [known.machine for known in self._known.values() if known.machine]

    @property
    def present(self) -> Collection[str]:
        """Addresses of all that are in the cluster, used or not."""
        return self._known.keys()

    @property
    def unfit(self) -> dict[str, str]:
        """By address why a machine is not used."""
        return {address: known.unfit for address, known in self._known.items() if known.unfit}

    @property
    def settled(self) -> bool:
        """Whether all that are there have said what they are."""
        return not self._opening

    @property
    def compilations(self) -> Compilations:
        """What all machines that are used have compiled, and how fast the slowest does."""
        found = [known.programs for known in self._known.values() if known.machine]
        if not found:
            return Compilations()
        common = set(found[0].programs).intersection(*(one.programs for one in found[1:]))
        programs = tuple(program for program in found[0].programs if program in common)
        return Compilations(programs, min(one.rate for one in found))

    def having(self, runtime: bytes, module: bytes) -> set[str]:
        """Addresses of machines that are used and have compiled the module with this digest."""
        found = set()
        for address, known in self._known.items():
            at = known.compiled.get((runtime, module)) if known.machine else None
            if at is not None and at.done() and not _failed(at):
                found.add(address)
        return found

    def see(self, client: Any, there: Mapping[str, str], now: float) -> None:
        """These are in the cluster, by its scheduler: each address with what tells it from one that
        was there before; none: it is away. Those that are new are asked what they are."""
        self._client = client
        for address in [one for one, known in self._known.items() if there.get(one) != known.born]:
            self._lose(address)
        for address, born in sorted(there.items()):
            known = self._known.setdefault(address, _Known(born))
            if known.machine is None and now >= known.asked + AGAIN:
                known.asked = float("inf")  # until it has answered
                opening = asyncio.ensure_future(self._open(client, address))
                self._opening.add(opening)
                opening.add_done_callback(self._opening.discard)

    def distrust(self, address: str) -> None:
        """It can't do what it said: it is asked anew."""
        known = self._known.get(address)
        if known is not None and known.machine is not None:
            known.machine, known.asked = None, float("-inf")
            self._changed(self.used)

    def forget_module(self, address: str, key: _Key) -> None:
        if address in self._known:
            self._known[address].compiled.pop(key, None)

    async def wait(self) -> list[Machine]:
        """Those that are used, once there is one."""
        while not self.used:
            self._there.clear()
            await self._there.wait()
        return self.used

    async def with_module(
        self, runtime: bytes, module: Module, avoid: Collection[str]
    ) -> list[str]:
        """Addresses of machines that have it compiled, others than to `avoid` if there are any.
        Those that have not, begin to compile it.

        Raises:
            HostError: the machines that are there can't compile it.
        """
        used = await self.wait()
        begun = {machine.address: self._compiled(machine, runtime, module) for machine in used}
        begun = {one: at for one, at in begun.items() if one not in avoid} or begun
        while True:
            if right := [one for one, at in begun.items() if at.done() and not _failed(at)]:
                return right
            waiting = [at for at in begun.values() if not at.done()]
            if not waiting:
                raise _why(next(iter(begun.values())))
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)

    async def prepare(self, runtime: bytes, module: Module, limits: Limits | None) -> str | None:
        """As `Executor.prepare`, on all machines that are used. Raises HostError."""
        places = await self.with_module(runtime, module, ())
        for address in places:
            try:
                return await self._ask_module(address, runtime, module, limits)
            except CompileFailed:
                raise
            except HostError:
                continue
        raise Gone("the machines that had compiled a module left the cluster")

    def _compiled(
        self, machine: Machine, runtime: bytes, module: Module
    ) -> asyncio.Task[str | None]:
        key, known = (runtime, module.digest), self._known[machine.address]
        self._modules[key] = module
        self._modules.move_to_end(key)
        if len(self._modules) > _READY:
            self._modules.popitem(last=False)
        at = known.compiled.get(key)
        if at is None or (at.done() and _failed(at) and not isinstance(_why(at), CompileFailed)):
            at = asyncio.ensure_future(self._ask_module(machine.address, runtime, module, None))
            at.add_done_callback(_seen)
            known.compiled[key] = at
        return at

    async def _ask_module(
        self, address: str, runtime: bytes, module: Module, limits: Limits | None
    ) -> str | None:
        """The code is sent only if the machine has not compiled it."""
        from suanli.engine.cluster import machine

        most = machine.limits_message(limits)
        for code in (None, module.code):
            arguments = runtime, module.digest, code, most
            try:
                answer = await self._ask(address, COMPILING, machine.prepare, *arguments)
                if address in self._known:
                    self._known[address].programs = _compilations(answer)
                objection: str | None = answer["objection"]
                return objection
            except machine.NotHere:
                if code is not None:
                    raise
        raise AssertionError("unreachable")

    async def _open(self, client: Any, address: str) -> None:
        from suanli.engine.cluster import machine

        known = self._known[address]
        try:
            found = await self._ask(
                address, OPENING, machine.open_machine, machine.FORM, self._measured
            )
            one, known.programs, known.unfit = _read(address, found, machine.FORM, self._runtimes)
        except EngineError as error:
            known.unfit = str(error)
        except (KeyError, TypeError, ValueError):
            known.unfit = _ANOTHER
        known.asked = asyncio.get_running_loop().time()
        if self._known.get(address) is not known or client is not self._client:
            return  # it went meanwhile
        if known.unfit:
            if self._told.get(address) != known.unfit:
                self._told[address] = known.unfit
                self._tell(f"the machine {address} is not used: {known.unfit}")
            return
        # A machine that comes while others work is not given what it would only begin to compile.
        modules = list(self._modules.items())
        recent = [self._compiled(one, key[0], module) for key, module in modules]
        if recent:
            await asyncio.wait(recent)
        if self._known.get(address) is known and client is self._client:
            known.machine = one
            self._there.set()
            self._changed(self.used)

    async def _ask(self, address: str, seconds: float, function: Any, *arguments: Any) -> Any:
        """Call a function of `machine` there, beside its tasks. Raises HostError."""
        try:
            asked = self._client.run(function, *arguments, workers=[address], on_error="return")
            answers = await asyncio.wait_for(asked, seconds)
        except TimeoutError:
            raise HostError(f"the machine {address} gave no answer in {seconds:.0f} s") from None
        except Exception as error:  # of dask, in as many kinds as its networks have
            raise HostError(f"the machine {address} can't be asked: {error}") from error
        answer = answers.get(address, HostError(f"the machine {address} is gone"))
        if isinstance(answer, ModuleNotFoundError):
            raise EngineUnavailable(f"suanli is not installed there, or another version: {answer}")
        if isinstance(answer, EngineError):
            raise answer
        if isinstance(answer, BaseException):
            raise HostError(f"{type(answer).__name__}: {answer}")
        return answer

    def _lose(self, address: str) -> None:
        known = self._known.pop(address)
        for at in known.compiled.values():
            at.cancel()
        if known.machine is not None:
            self._changed(self.used)


def _read(
    address: str, found: dict[str, Any], form: int, runtimes: Collection[bytes]
) -> tuple[Machine, Compilations, str]:
    """What a machine says it is, and why it is not used, or "". Raises KeyError, TypeError and
    ValueError for what is no answer."""
    if found["form"] != form:
        raise ValueError(found["form"])
    one = Machine(address, int(found["places"]), float(found["speed"]))
    why = {id_: found["runtimes"].get(id_.hex(), _ANOTHER) for id_ in runtimes}
    unfit = [f"no runtime {show_runtime(id_)} there: {text}" for id_, text in why.items() if text]
    return one, _compilations(found), "; ".join(unfit)


def _compilations(found: dict[str, Any]) -> Compilations:
    return Compilations(tuple(found["programs"]), int(found["rate"]))


def _failed(at: asyncio.Task[Any]) -> bool:
    return at.cancelled() or at.exception() is not None


def _why(at: asyncio.Task[Any]) -> HostError:
    error = None if at.cancelled() else at.exception()
    return error if isinstance(error, HostError) else Gone("the machine left the cluster")


def _seen(at: asyncio.Task[Any]) -> None:
    """Nobody need wait for it: what it failed with is asked for when somebody does."""
    if not at.cancelled():
        at.exception()
