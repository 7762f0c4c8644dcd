"""Seeds beyond those of the tests: `python -m tests.harness.both 1000 [first]`."""

from __future__ import annotations

import random
import sys
import time
import traceback

from tests.harness.both.plans import drawn
from tests.harness.both.town import Town


def main(count: int, first: int) -> int:
    begun, jobs, failed = time.monotonic(), 0, 0
    for seed in range(first, first + count):
        town = Town(drawn(seed))
        jobs += len(town.jobs)
        try:
            town.run()
        except Exception as error:  # any: it is told with its seed
            failed += 1
            at = traceback.extract_tb(error.__traceback__)[-1]
            print(f"seed {seed}: {error!r} at {at.name}:{at.lineno}")
    took = time.monotonic() - begun
    print(f"{count} worlds from {first}, {jobs} jobs, {took:.0f} s: {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    given = [int(text) for text in sys.argv[1:]]
    start = given[1] if len(given) > 1 else random.getrandbits(32)
    raise SystemExit(main(given[0] if given else 1_000, start))
