"""One task's way through a cluster, again and again until it has an answer."""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from suanli.engine import wire
from suanli.engine.cluster.inputs import Inputs, digest_of
from suanli.engine.cluster.machines import Gone, Machines
from suanli.engine.errors import (
    CompileFailed,
    EngineUnavailable,
    HostError,
    TaskTimeout,
    WorkerDied,
)
from suanli.engine.task import Module, Result, Task

_SLOWEST = 10e6
"""Fuel a second, as the pool has it."""
_ATTEMPTS = 3
"""How often a task may fail by machines, each time another one if there is one, until it is given
up. Machines and schedulers that are lost don't count, unless dask itself gives a task up."""
_PAUSE = 0.2
"""Seconds after which what was lost is tried again."""


@dataclass(frozen=True)
class Question:
    """A task, as it goes to a machine. `large`: by place in `blobs`, digests of inputs that go by
    themselves."""

    runtime: bytes
    module: Module
    header: wire.Header
    blobs: list[bytes] = field(repr=False)
    large: dict[int, bytes]
    seconds: float

    @classmethod
    def of(cls, runtime: bytes, task: Task, timeout: float | None) -> Question:
        header, blobs = wire.task_message(task)
        large = {at: digest for at, blob in enumerate(blobs) if (digest := digest_of(blob))}
        seconds = timeout or 60 + task.limits.fuel / _SLOWEST
        return cls(runtime, task.module, header, blobs, large, seconds)


class _Lost(Exception):
    """A machine, an input or the scheduler is gone: no answer will come."""


@dataclass(eq=False)
class _Flying:
    """A task that dask has. `machines`: those that could have it, whether they still do or not;
    `lost` is done once none of them is there."""

    question: Question
    machines: set[str]
    lost: asyncio.Future[None]


class Serving:
    """`client`: of dask's, while its scheduler is there."""

    def __init__(self, machines: Machines) -> None:
        self.client: Any = None
        self._machines, self._inputs = machines, Inputs()
        self._name, self._number = secrets.token_hex(8), itertools.count()
        self._flying: set[_Flying] = set()

    def begin_again(self) -> None:
        """Tasks none of whose machines are in the cluster any more: dask would wait for them."""
        having: dict[tuple[bytes, bytes], set[str]] = {}
        for one in self._flying:
            key = one.question.runtime, one.question.module.digest
            if key not in having:
                having[key] = self._machines.having(*key)
            one.machines |= having[key]
            if one.machines.isdisjoint(self._machines.present) and not one.lost.done():
                one.lost.set_result(None)

    async def serve(self, question: Question) -> Result:
        """Raises HostError."""
        failed: list[HostError] = []
        avoid: set[str] = set()
        while True:
            try:
                return await self._attempt(question, avoid)
            except (_Lost, Gone):
                await asyncio.sleep(_PAUSE)
            except (CompileFailed, TaskTimeout):
                raise
            except HostError as error:
                failed.append(error)
                if len(failed) == _ATTEMPTS:
                    raise

    async def _attempt(self, question: Question, avoid: set[str]) -> Result:
        """`avoid` learns which machine failed. Raises HostError, and `_Lost`."""
        places = await self._machines.with_module(question.runtime, question.module, avoid)
        client = self.client
        if client is None:
            raise _Lost
        asked = await self._submit(client, question, places, places if avoid else None)
        flying = _Flying(question, set(places), asyncio.get_running_loop().create_future())
        answer = asyncio.ensure_future(_answer(asked))
        self._flying.add(flying)
        try:
            await asyncio.wait((answer, flying.lost), return_when=asyncio.FIRST_COMPLETED)
            if not answer.done():
                raise _Lost
            return answer.result()
        except HostError as error:
            self._learn(error, question, avoid)
            raise
        finally:
            self._flying.remove(flying)
            answer.cancel()
            asked.release()  # if it runs, it is of no use any more, and its machine ends it

    async def _submit(
        self, client: Any, question: Question, places: Sequence[str], only: Sequence[str] | None
    ) -> Any:
        """A future of dask's, to be run by whatever machine has the module, or by one of `only`.
        Raises _Lost."""
        from suanli.engine.cluster import machine

        blobs: list[Any] = list(question.blobs)
        try:
            for at, digest in question.large.items():
                blobs[at] = await self._inputs.put(client, digest, question.blobs[at], places)
            return client.submit(
                machine.run,
                question.runtime,
                question.header,
                blobs,
                question.seconds,
                key=f"suanli-{self._name}-{next(self._number)}",
                resources={machine.resource_of(question.runtime, question.module.digest): 1},
                workers=only,
                allow_other_workers=False,
                pure=False,
            )
        except Exception as error:  # of dask, in as many kinds as its networks have
            raise _Lost from error

    def _learn(self, error: HostError, question: Question, avoid: set[str]) -> None:
        """From what a machine failed with. Raises _Lost where it need only be asked again."""
        from suanli.engine.cluster import machine

        address = str(getattr(error, "machine", ""))
        if isinstance(error, machine.NotOpen | EngineUnavailable):
            self._machines.distrust(address)
        if isinstance(error, machine.NotHere):
            self._machines.forget_module(address, (question.runtime, question.module.digest))
            raise _Lost from error
        avoid.add(address)


async def _answer(asked: Any) -> Result:
    """Raises HostError, and _Lost."""
    from distributed import CancelledError, KilledWorker

    try:
        return wire.read_result(*await asked)
    except HostError:
        raise
    except CancelledError as error:
        raise _Lost from error
    except KilledWorker as error:
        raise WorkerDied(
            f"machines of the cluster ended while they held a task: {error}"
        ) from error
    except Exception as error:
        raise HostError(f"a machine answers nonsense: {error!r}") from error
