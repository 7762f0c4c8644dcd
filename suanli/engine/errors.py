"""The engine's one tree of errors. What a task does wrong is a `Result`, never one of these."""

from suanli.base.errors import SuanliError


class EngineError(SuanliError):
    """Root of all errors raised by `suanli.engine`."""


class InvalidTask(EngineError, ValueError):
    """The task's own description is wrong: arguments, environment, input paths or limits."""


class BeyondEnd(EngineError, ValueError):
    """A trace was asked for after more fuel than the task uses."""


class HostError(EngineError):
    """This machine could not decide what the task's outcome is. Never a result; may be retried."""


class EngineUnavailable(HostError):
    """The engine can't run on this machine at all: missing wasmtime, CPU too old, no sandbox."""


class WorkerDied(HostError):
    """Worker processes ended while they held the task, as often as the pool retries."""


class TaskTimeout(HostError):
    """The wall-clock backstop passed. Slow machines get here, so it decides nothing."""


class CompileFailed(HostError):
    """A valid module did not compile within this host's limits of processor time and memory."""
