"""`concurrent.futures.Executor` whose calls run in the sandbox, wherever that is."""

from __future__ import annotations

import atexit
import concurrent.futures
import logging
import queue
import sys
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any, ParamSpec, Protocol, TypeVar

from suanli.engine import Outcome, Result
from suanli.python.batching import Backlog, Batch, FunctionCall
from suanli.python.calls import Answer, answers, encoded, stopped
from suanli.python.progress import CallLine
from suanli.python.source import Travelling, travelling

log = logging.getLogger("suanli.python")
P = ParamSpec("P")
R = TypeVar("R")
Done = Callable[[Result | BaseException], None]


class Runner(Protocol):
    """Where tasks run. `places`: how many side by side, at best; `target`: seconds that a task
    shall take; `linger`: seconds to wait for more calls before tasks begin; `full`: whether each
    task has the fuel that a call may use, whatever is known of its calls."""

    places: int
    target: float
    linger: float
    full: bool
    looked: Callable[[], None]
    """To be called when what `status` says changes."""

    def room(self, running: int) -> int:
        """How many tasks may begin now, beside those that are at work."""
        ...

    def learn(self, waiting: Backlog) -> None:
        """Find out what the oldest call takes, if tasks must not begin without knowing."""
        ...

    def start(self, batches: list[tuple[Batch, Done]]) -> None:
        """Begin tasks; each is told what became of it, from any thread, and what is right instead,
        if that was wrong. Raises nothing."""
        ...

    def close(self) -> None: ...

    def status(self) -> str:
        """What is so now besides calls done, in words; may be empty."""
        ...

    def summary(self) -> str:
        """What all calls took."""
        ...


@dataclass(frozen=True)
class Correction:
    """A `future` gave what was found to be wrong later; `right` has what it should have given."""

    future: Future[Any]
    right: Future[Any]


class FunctionExecutor(concurrent.futures.Executor):
    """Calls of functions that travel as source. Between `submit` and the result a call can be
    cancelled until its task begins. What functions print is handed to `printed`.

    Exceptions of futures: what the function raised, if its class is Python's own, else
    `GuestError`, with the guest's traceback as its cause; `GuestStopped` for a call that spent its
    fuel or left the interpreter.
    """

    def __init__(
        self,
        runner: Runner,
        printed: Callable[[str], None] | None = None,
        progress: bool | None = None,
    ) -> None:
        """`progress`: whether to show a line on stderr, by default on terminals and in
        notebooks."""
        self._line = CallLine(runner.status, runner.summary, progress)
        runner.looked = self._line.look
        self._events: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._closed = False
        self._lock = threading.Lock()
        self._count = 0
        self._known: dict[int, tuple[object, Travelling]] = {}
        self._corrections: list[Correction] = []
        loop = _Loop(runner, self._events, printed or _print, self._corrections.append)
        self._thread = threading.Thread(target=loop.run, daemon=True, name="suanli-python")
        self._thread.start()
        _open.add(self)
        weakref.finalize(self, self._events.put, _Close(False))

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Raises CannotTravel at once for what can't be sent; RuntimeError after `shutdown`."""
        future: Future[R] = _LineFuture(self._line.one_done)
        function = self._travelling(fn)
        data = encoded(function, args, kwargs)
        with self._lock:
            if self._closed:
                raise RuntimeError("cannot schedule new futures after shutdown")
            self._count += 1
            self._line.one_more()
            self._events.put(FunctionCall(self._count, function, data, future))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """As of any executor: what was submitted is still done, unless it is cancelled."""
        with self._lock:
            self._closed = True
            self._events.put(_Close(cancel_futures))
        if wait:
            self._thread.join()
            self._line.end()

    @property
    def corrections(self) -> tuple[Correction, ...]:
        """Futures that gave wrong results, which nothing can take back: where two strangers ran
        the same, and the wrong one was first and not looked at."""
        return tuple(self._corrections)

    def _travelling(self, fn: Any) -> Travelling:
        """As it was at its first call: constants that change later do not."""
        known = self._known.get(id(fn))
        if known is None:
            known = self._known[id(fn)] = (fn, travelling(fn))
        return known[1]


class _LineFuture(Future[R]):
    """A future that says before anybody else knows that it is done: the line is gone when whoever
    waits goes on to write."""

    def __init__(self, ends: Callable[[], None]) -> None:
        super().__init__()
        self._ends = ends
        self.add_done_callback(lambda done: ends() if done.cancelled() else None)

    def set_result(self, result: R) -> None:
        self._ends()
        super().set_result(result)

    def set_exception(self, exception: BaseException | None) -> None:
        self._ends()
        super().set_exception(exception)


_open: weakref.WeakSet[FunctionExecutor] = weakref.WeakSet()


@atexit.register
def _finish() -> None:
    """A program that ends without shutting executors down still has its calls done."""
    for executor in list(_open):
        executor.shutdown()


class _Close:
    def __init__(self, cancel: bool) -> None:
        self.cancel = cancel


class _Loop:
    """The thread of an executor. All its state is its own; others send it events."""

    def __init__(
        self,
        runner: Runner,
        events: queue.SimpleQueue[Any],
        printed: Callable[[str], None],
        correct: Callable[[Correction], None],
    ) -> None:
        self._runner, self._events, self._printed = runner, events, printed
        self._correct = correct
        self._waiting = Backlog(runner.target)
        self._running = 0
        self._closing = False

    def run(self) -> None:
        while not (self._closing and not self._running and not len(self._waiting)):
            self._hear(self._events.get())
            while self._hears_more():
                pass
            self._begin()
        self._runner.close()
        while self._hears_more():  # of what was paid last, too
            pass

    def _hears_more(self) -> bool:
        """Whether another event came, or comes while it pays to wait for calls."""
        lingers = self._runner.linger if len(self._waiting) and not self._closing else 0
        try:
            event = self._events.get(timeout=lingers) if lingers else self._events.get_nowait()
        except queue.Empty:
            return False
        self._hear(event)
        return True

    def _hear(self, event: Any) -> None:
        match event:
            case FunctionCall():
                self._waiting.add([event])
            case _Close(cancel=cancel):
                self._closing = True
                if cancel:
                    self._waiting.add([c for c in self._waiting.drain() if not _cancelled(c)])
            case (batch, outcome) if batch.ended:
                self._corrected(batch, outcome)
            case (batch, outcome):
                batch.ended = True
                self._running -= 1
                self._ended(batch, outcome)

    def _begin(self) -> None:
        """Give out tasks as far as there is room."""
        try:
            room = self._runner.room(self._running)
            if room and len(self._waiting):
                self._runner.learn(self._waiting)
            started: list[tuple[Batch, Done]] = []
            places = self._runner.places
            while len(started) < room:
                # What the places that are left would get, if all got the same.
                batch = self._waiting.take(max(1, places - len(started)))
                if batch is None:
                    break
                if batch := _uncancelled(batch):
                    started.append((batch, self._done(batch)))
        except Exception as error:
            for call in self._waiting.drain():
                if call.future.running() or call.future.set_running_or_notify_cancel():
                    call.future.set_exception(error)
            return
        self._running += len(started)
        if started:
            self._runner.start(started)

    def _done(self, batch: Batch) -> Done:
        return lambda outcome: self._events.put((batch, outcome))

    def _ended(self, batch: Batch, outcome: Result | BaseException) -> None:
        if isinstance(outcome, BaseException):
            for call in batch.calls:
                call.future.set_exception(outcome)
            return
        found = {answer.number: answer for answer in answers(outcome.stdout)}
        if outcome.ok:
            self._waiting.learn(batch.function, [*found.values()], outcome.fuel, outcome.seconds)
        elif outcome.outcome is Outcome.OUT_OF_FUEL and batch.fuel and not self._runner.full:
            self._waiting.overran(batch.function, len(found) + 1, outcome.fuel)
        left = [call for call in batch.calls if call.number not in found]
        for call in batch.calls:
            if call.number in found:
                self._answer(call, found[call.number])
        if left:
            self._put_back(left, batch, outcome)

    def _answer(self, call: FunctionCall, answer: Answer) -> None:
        if answer.printed:
            self._printed(_shown(answer.printed))
        call.answer = answer
        answer.settle(call.future)

    def _corrected(self, batch: Batch, right: Result) -> None:
        found = {answer.number: answer for answer in answers(right.stdout)}
        for call in batch.calls:
            answer, given = found.get(call.number), call.answer
            if answer is None or given is None or answer.says(given):
                continue
            call.answer, correct = answer, Future[Any]()
            answer.settle(correct)
            self._correct(Correction(call.future, correct))
            log.warning(
                "a result of %s that was given before is wrong: executor.corrections has the right"
                " one",
                batch.function.name,
            )

    def _put_back(self, left: list[FunctionCall], batch: Batch, outcome: Result) -> None:
        """The first of those that are left ended the task; was it alone, it is its own fault."""
        first = left[0]
        had_all = self._runner.full or batch.fuel is None
        if first.alone or (first is batch.calls[0] and had_all):
            first.future.set_exception(stopped(outcome))
            left = left[1:]
        else:
            first.alone = True
        # They are at work for whoever asks, and can't be cancelled any more.
        self._waiting.put_back(left)


def _uncancelled(batch: Batch) -> Batch | None:
    calls = [
        c for c in batch.calls if c.future.running() or c.future.set_running_or_notify_cancel()
    ]
    return replace(batch, calls=calls) if calls else None


def _cancelled(call: FunctionCall) -> bool:
    if not call.future.cancel():
        return False
    call.future.set_running_or_notify_cancel()  # whoever waits hears of it
    return True


def _shown(text: str) -> str:
    """Without what would command a terminal."""
    return "".join(c if c.isprintable() or c in "\n\t" else f"\\x{ord(c):02x}" for c in text)


def _print(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
