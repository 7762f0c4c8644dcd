"""Python functions on other machines: source and plain data in, plain data out.

docs/python.md says what travels. `local_executor` runs calls in the sandbox of this machine; that
of a market is `suanli.client.Client.executor`. Both are a `FunctionExecutor`, which is used as any
of `concurrent.futures`; `function` marks what imports packages. The rest is what executors are made
of.
"""

from suanli.python.batching import Backlog, Batch, FunctionCall
from suanli.python.calls import answers, task_of
from suanli.python.errors import (
    CannotTravel,
    GuestError,
    GuestStopped,
    GuestTraceback,
    NoInterpreter,
    PythonError,
)
from suanli.python.executor import Correction, Done, FunctionExecutor, Runner
from suanli.python.function import Marked, function
from suanli.python.interpreter import INTERPRETERS, Interpreter, interpreter_for
from suanli.python.local import LocalRunner, limits_of, local_executor
from suanli.python.naming import NamedFunction, named_function
from suanli.python.source import Travelling, travelling

__all__ = [
    "INTERPRETERS",
    "Backlog",
    "Batch",
    "CannotTravel",
    "Correction",
    "Done",
    "FunctionCall",
    "FunctionExecutor",
    "GuestError",
    "GuestStopped",
    "GuestTraceback",
    "Interpreter",
    "LocalRunner",
    "Marked",
    "NamedFunction",
    "NoInterpreter",
    "PythonError",
    "Runner",
    "Travelling",
    "answers",
    "function",
    "interpreter_for",
    "limits_of",
    "local_executor",
    "making",
    "named_function",
    "program",
    "task_of",
    "travelling",
]
