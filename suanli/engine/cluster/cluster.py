"""Tasks on the machines of a cluster, through the engine's one interface."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import warnings
from collections.abc import Callable, Collection, Coroutine, Sequence
from concurrent.futures import CancelledError, Future
from importlib.util import find_spec
from typing import Any, Self, TypeVar

from suanli.engine.cluster.address import scheduler_of
from suanli.engine.cluster.machines import Machine, Machines
from suanli.engine.cluster.serving import Question, Serving
from suanli.engine.errors import EngineUnavailable, HostError
from suanli.engine.executor import Compilations, Executor
from suanli.engine.runtime import runtime_ids, show_runtime
from suanli.engine.task import Limits, Module, Result, Task

_T = TypeVar("_T")

_EVERY = 0.5
"""Seconds between looks at who is there."""
_PATIENCE = 10.0
"""Seconds in which the scheduler must answer."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 15.0
"""Seconds between tries to reach a scheduler that is away."""


class Cluster:
    """`Executors` on a cluster of dask.distributed; also a context manager.

    It is made whether the scheduler is there or not: tasks wait for it, and are begun again when
    it, or a machine that had them, was lost. A machine is used if it can run all `runtimes`, by
    default those of this version. `tell` hears in a sentence why a machine is not used; `outage`
    why the scheduler can't be reached, and "" once it can; `changed` which machines are used,
    whenever others are; all in a thread of this class.
    `measured`: each machine's speed is measured when it comes, which takes a second or two.

    Raises:
        BadAddress: `address` names no cluster.
        EngineUnavailable: dask is not installed.
    """

    def __init__(
        self,
        address: str,
        runtimes: Collection[bytes] | None = None,
        *,
        measured: bool = False,
        tell: Callable[[str], None] = lambda text: None,
        outage: Callable[[str], None] = lambda why: None,
        changed: Callable[[Sequence[Machine]], None] = lambda machines: None,
    ) -> None:
        self._scheduler = scheduler_of(address)
        _require_dask()
        self._runtimes = tuple(runtime_ids() if runtimes is None else runtimes)
        self._outage, self._told_of = outage, changed
        self.away = f"no scheduler has answered at {self._scheduler} yet"
        self._settled = threading.Event()
        self._closed = self._told = False
        self._loop = asyncio.new_event_loop()
        self._machines = Machines(self._runtimes, measured, tell, self._changed)
        self._serving = Serving(self._machines)
        self._waiting: set[Future[Result]] = set()
        self._thread = threading.Thread(target=self._run, daemon=True, name="suanli-cluster")
        self._thread.start()

    def of(self, runtime: bytes) -> Executor:
        """What runs tasks by the runtime with this id. Closing it does nothing.

        Raises:
            EngineUnavailable: its machines were not asked for this one.
        """
        if runtime not in self._runtimes:
            raise EngineUnavailable(f"the cluster is not used for {show_runtime(runtime)}")
        return _ByRuntime(self, runtime)

    def compiled(self) -> Compilations:
        """What all its machines have compiled, whatever runtime it is for."""
        return self._ask(self._compiled_now())

    @property
    def machines(self) -> Sequence[Machine]:
        """Those that are used now."""
        return self._ask(self._machines_now())

    @property
    def unfit(self) -> dict[str, str]:
        """By address of a machine, why it is not used."""
        return self._ask(self._unfit_now())

    def wait(self, seconds: float) -> str:
        """Until all machines that are there have said what they are, and one can be used; else what
        is missing after so many seconds."""
        if self._settled.wait(seconds):
            return ""
        if self.away:
            return self.away
        if unfit := self.unfit:
            each = "; ".join(f"{address}: {why}" for address, why in unfit.items())
            return f"the cluster at {self._scheduler} has no machine to be used: {each}"
        if self._machines.present:
            return f"no machine of the cluster at {self._scheduler} has said yet what it is"
        return (
            f"the scheduler at {self._scheduler} has no machines: start some, each with"
            f" `dask worker {self._scheduler} --nworkers 1`"
        )

    def submit(self, runtime: bytes, task: Task, *, timeout: float | None = None) -> Future[Result]:
        """As `Executor.submit`. A task that has begun is ended when its future is cancelled."""
        if self._closed:
            raise HostError("the cluster's executor is closed")
        question = Question.of(runtime, task, timeout)
        future: Future[Result] = Future()
        self._waiting.add(future)
        self._loop.call_soon_threadsafe(self._begin, question, future)
        return future

    def prepare(self, runtime: bytes, module: Module, limits: Limits | None) -> str | None:
        """As `Executor.prepare`, on all machines that are there."""
        if not self.machines:
            raise HostError(self.away or "no machine of the cluster is there")
        return self._ask(self._machines.prepare(runtime, module, limits))

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        for future in self._waiting.copy():
            future.cancel()
        # Not before the loop has begun.
        self._loop.call_soon_threadsafe(lambda: self._keeping.cancel())
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # In the loop's thread

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._keeping = self._loop.create_task(self._keep())
        with contextlib.suppress(asyncio.CancelledError):
            self._loop.run_until_complete(self._keeping)
        rest = asyncio.all_tasks(self._loop)
        for one in rest:
            one.cancel()
        self._loop.run_until_complete(asyncio.gather(*rest, return_exceptions=True))
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    async def _keep(self) -> None:
        """Reach the scheduler, and again whenever it is lost."""
        pause = _FIRST_PAUSE
        while True:
            client = self._client()
            try:
                await client
                pause = _FIRST_PAUSE
                await self._with(client)
            except Exception as error:  # of dask, in as many kinds as its networks have
                self._is_away(f"no scheduler answers at {self._scheduler}: {_text(error)}")
            finally:
                self._machines.see(None, {}, self._loop.time())
                self._serving.client = None
                with contextlib.suppress(Exception):
                    await client.close()
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _client(self) -> Any:
        from distributed import Client
        from distributed.versions import VersionMismatchWarning

        # Loaded, it sets its levels; but what it logs is said by this class, in its own words.
        for name in ("distributed", "distributed.client"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        # Machines are asked what they are: that other packages differ there does no harm.
        warnings.filterwarnings("ignore", category=VersionMismatchWarning)
        return Client(
            self._scheduler,
            asynchronous=True,
            timeout=_PATIENCE,
            set_as_default=False,
            name="suanli",
        )

    async def _with(self, client: Any) -> None:
        """As long as it is connected."""
        while client.status == "running":
            try:
                about = await asyncio.wait_for(client.scheduler.identity(), _PATIENCE)
            except Exception as error:
                self._is_away(f"the scheduler at {self._scheduler} is lost: {_text(error)}")
                return
            if self.away:
                self._is_away("")
            self._serving.client = client
            # The folder is one of each process: another may come back by the same address.
            there = {one: str(what["local_directory"]) for one, what in about["workers"].items()}
            self._machines.see(client, there, self._loop.time())
            self._serving.begin_again()
            self._settle()
            await asyncio.sleep(_EVERY)
        self._is_away(f"the scheduler at {self._scheduler} is lost")

    def _is_away(self, why: str) -> None:
        """`why` is empty once it is there."""
        if bool(why) != self._told:
            self._told = bool(why)
            self._outage(why)
        self.away = why

    def _settle(self) -> None:
        if self._machines.settled and self._machines.used:
            self._settled.set()
        elif not self._machines.used:
            self._settled.clear()

    def _changed(self, machines: Sequence[Machine]) -> None:
        if not self._closed:
            self._told_of(machines)

    def _begin(self, question: Question, future: Future[Result]) -> None:
        task = self._loop.create_task(self._serve(question, future))
        future.add_done_callback(lambda done: self._ended(done, task))

    def _ended(self, future: Future[Result], task: asyncio.Task[None]) -> None:
        """In the thread that ended it."""
        self._waiting.discard(future)
        if future.cancelled():
            with contextlib.suppress(RuntimeError):  # the loop may be closed already
                self._loop.call_soon_threadsafe(task.cancel)

    async def _serve(self, question: Question, future: Future[Result]) -> None:
        try:
            result = await self._serving.serve(question)
        except HostError as error:
            if future.set_running_or_notify_cancel():
                future.set_exception(error)
        except Exception as error:  # neither a task nor a bug may leave a caller waiting for ever
            if future.set_running_or_notify_cancel():
                future.set_exception(HostError(f"unexpected: {error!r}"))
        else:
            if future.set_running_or_notify_cancel():
                future.set_result(result)

    async def _machines_now(self) -> Sequence[Machine]:
        return self._machines.used

    async def _compiled_now(self) -> Compilations:
        return self._machines.compilations

    async def _unfit_now(self) -> dict[str, str]:
        return self._machines.unfit

    def _ask(self, question: Coroutine[Any, Any, _T]) -> _T:
        """From another thread."""
        if self._closed:
            question.close()
            raise HostError("the cluster's executor is closed")
        try:
            return asyncio.run_coroutine_threadsafe(question, self._loop).result()
        except CancelledError:
            raise HostError("the cluster's executor was closed meanwhile") from None


class _ByRuntime:
    """A cluster's `Executor` of one runtime."""

    def __init__(self, cluster: Cluster, runtime: bytes) -> None:
        self._cluster, self._runtime = cluster, runtime

    def submit(self, task: Task, *, timeout: float | None = None) -> Future[Result]:
        return self._cluster.submit(self._runtime, task, timeout=timeout)

    def prepare(self, module: Module, limits: Limits | None = None) -> str | None:
        return self._cluster.prepare(self._runtime, module, limits)

    def close(self) -> None:
        """The cluster is closed by whoever made it."""


def _require_dask() -> None:
    """Raises EngineUnavailable."""
    if find_spec("distributed") is None:
        raise EngineUnavailable(
            "a cluster needs dask.distributed: pip install 'suanli[dask]', here and on its machines"
        )


def _text(error: BaseException) -> str:
    """In a line, without what dask says of its connections."""
    line = (str(error).strip().splitlines() or [""])[0].rpartition(">: ")[2]
    return line or type(error).__name__
