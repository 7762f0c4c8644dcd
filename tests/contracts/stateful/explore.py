"""The state machine with random seeds, for as many steps as asked: `make explore STEPS=1000000`.

A seed that fails is written into failing-seeds.txt, beside this file, and shown with the shrunk
calls; the quick tests run those seeds again until they pass for good and are taken out.
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import time
import traceback
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.contracts.stateful.machine import MarketMachine
from tests.contracts.stateful.twin import Twin

SEEDS = Path(__file__).with_name("failing-seeds.txt")
EXAMPLES, STEPS = 20, 150
SHOWN = 10_000
"""Characters of a failure."""


def run_seed(number: int) -> Counter[str]:
    """Calls made and compared, by function or by error; raises what fails, shrunk."""
    machine = seed(number)(type(f"Machine{number}", (MarketMachine,), {}))
    Twin.outcomes.clear()
    chosen = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        derandomize=False,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=[HealthCheck.too_slow],
    )
    run_state_machine_as_test(machine, settings=chosen)
    return Counter(Twin.outcomes)


def failing_seeds() -> list[int]:
    lines = SEEDS.read_text().splitlines()
    return [int(line.split("#")[0]) for line in lines if line.split("#")[0].strip()]


def _try(number: int) -> tuple[Counter[str], str]:
    try:
        return run_seed(number), ""
    except Exception as error:
        return Counter(Twin.outcomes), "".join(traceback.format_exception(error))[-SHOWN:]


def explore(steps: int, workers: int) -> int:
    """How many seeds failed."""
    outcomes, failures, seeds, start = Counter[str](), 0, 0, time.monotonic()
    with ProcessPoolExecutor(workers) as pool:
        running = {pool.submit(_try, number): number for number in _new_seeds(2 * workers)}
        while running:
            done = next(as_completed(running))
            number = running.pop(done)
            found, failure = done.result()
            outcomes, seeds = outcomes + found, seeds + 1
            if failure:
                failures += 1
                with SEEDS.open("a") as file:
                    file.write(f"{number}\n")
                print(f"seed {number} fails:\n{failure}", flush=True)
            elif seeds % 50 == 0:
                print(f"{outcomes.total():,} steps, {failures} failures", flush=True)
            if outcomes.total() < steps:
                (new,) = _new_seeds(1)
                running[pool.submit(_try, new)] = new
    refused = sum(count for name, count in outcomes.items() if name[0].isupper())
    minutes = (time.monotonic() - start) / 60
    print(
        f"{outcomes.total():,} steps beside the model from {seeds} seeds in {minutes:.1f} minutes,"
    )
    print(f"{refused:,} of them refused; {failures} seeds failed")
    for name, count in outcomes.most_common():
        print(f"{count:>9,} {name}")
    return failures


def _new_seeds(count: int) -> list[int]:
    return [secrets.randbits(48) for _ in range(count)]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    sys.exit(explore(options.steps, options.workers) > 0)
