"""Run one task: a WebAssembly program, deterministic, metered in fuel, limited, isolated.

`suanli.engine.host.Pool` runs tasks in worker processes; `suanli.engine.cluster.Cluster` on other
machines. Both are an `Executor`.
What a task does, crashes and endless loops included, is a `Result`; what this machine can't
decide is a `HostError`.
"""

from suanli.engine.errors import (
    BeyondEnd,
    CompileFailed,
    EngineError,
    EngineUnavailable,
    HostError,
    InvalidTask,
    TaskTimeout,
    WorkerDied,
)
from suanli.engine.executor import (
    Compilations,
    Executor,
    Executors,
    Tracer,
    Tracers,
    program_id,
)
from suanli.engine.measure import CannotMeasure, units_per_second
from suanli.engine.runtime import (
    Runtime,
    default_runtime,
    named_by,
    runtime_id,
    runtime_ids,
    runtimes_here,
    show_runtime,
)
from suanli.engine.task import (
    LIMIT_NAMES,
    MAX_MODULE_BYTES,
    MAX_PATH_BYTES,
    UNIT,
    Limits,
    Module,
    Outcome,
    Result,
    Task,
    check_guest_path,
)

__all__ = [
    "LIMIT_NAMES",
    "MAX_MODULE_BYTES",
    "MAX_PATH_BYTES",
    "UNIT",
    "BeyondEnd",
    "CannotMeasure",
    "Compilations",
    "CompileFailed",
    "EngineError",
    "EngineUnavailable",
    "Executor",
    "Executors",
    "HostError",
    "InvalidTask",
    "Limits",
    "Module",
    "Outcome",
    "Result",
    "Runtime",
    "Task",
    "TaskTimeout",
    "Tracer",
    "Tracers",
    "WorkerDied",
    "check_guest_path",
    "cluster",
    "default_runtime",
    "host",
    "named_by",
    "program_id",
    "runtime_id",
    "runtime_ids",
    "runtimes_here",
    "show_runtime",
    "units_per_second",
    "wire",
]
