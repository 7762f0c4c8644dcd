"""How fast this machine's workers are, by a small program that is mostly waiting for memory."""

from __future__ import annotations

from suanli.engine.errors import HostError
from suanli.engine.executor import Executor
from suanli.engine.task import UNIT, Limits, Module, Task

# (module (memory (export "memory") 256)
#  (func (export "_start") (local $x i32) (local $a i64)
#   (loop $again
#    $x = $x * 1664525 + 1013904223
#    $a = $a * 6364136223846793005 + load64(($x >> 8) & 0xfffff8)
#    store64(($x >> 8) & 0xfffff8, $a)
#    (br $again))))
KERNEL = bytes.fromhex(
    "0061736d0100000001040160000003020100050401008002071302066d656d6f72790200065f7374617274"
    "00000a4d014b02017f017e03402000418dcce5006c41dfe6bbe3036a2100200142adfed5e4d485fda8d800"
    "7e200041087641f8ffff07712903007c2101200041087641f8ffff077120013703000c000b0b"
)
FUEL = 4_000_000_000
"""About a second's on a machine of 2026."""


class CannotMeasure(HostError):
    """The engine did not run the program as it should."""


def units_per_second(executor: Executor, workers: int) -> float:
    """Of one worker while all of them work; the slowest counts."""
    task = Task(Module(KERNEL), limits=Limits(fuel=FUEL, memory=16 << 20))
    executor.prepare(task.module)
    results = [future.result() for future in [executor.submit(task) for _ in range(workers)]]
    slowest = max(result.seconds for result in results)
    if slowest <= 0 or any(result.units != FUEL // UNIT for result in results):
        raise CannotMeasure("the engine did not use up the fuel given: run the tests of the engine")
    return FUEL / UNIT / slowest
