"""Seeds beyond those of the tests, on all processors: `python -m tests.harness.both 1000 [first]`.

Says how many jobs there were, how often something was killed, and each seed that failed.
"""

from __future__ import annotations

import os
import random
import sys
import time
import traceback
from multiprocessing import Pool

from tests.harness.both.plans import drawn
from tests.harness.both.town import Town


def lived(seed: int) -> tuple[int, int, str]:
    """Jobs of a seed's world, kills, and what failed."""
    town, why = Town(drawn(seed)), ""
    try:
        town.run()
    except Exception as error:  # any: it is told with its seed
        at = traceback.extract_tb(error.__traceback__)[-1]
        why = f"seed {seed}: {error!r} at {at.name}:{at.lineno}"
    return len(town.jobs), sum(one.killed for one in (*town.jobs, *town.miners)), why


def main(count: int, first: int) -> int:
    begun, jobs, kills, failed = time.monotonic(), 0, 0, 0
    with Pool(os.cpu_count()) as pool:
        for had, killed, why in pool.imap(lived, range(first, first + count), chunksize=8):
            jobs, kills, failed = jobs + had, kills + killed, failed + bool(why)
            if why:
                print(why, flush=True)
    took = time.monotonic() - begun
    print(
        f"{count} worlds from {first}: {jobs} jobs, {kills} kills, {took:.0f} s"
        f" ({jobs / took:.0f} jobs a second), {failed} failed"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    given = [int(text) for text in sys.argv[1:]]
    start = given[1] if len(given) > 1 else random.getrandbits(32)
    raise SystemExit(main(given[0] if given else 1_000, start))
