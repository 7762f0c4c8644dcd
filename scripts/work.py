"""The work that market_flow sells: counting primes, task by task.

It runs here in plain Python, so that the flow shows the contracts and nothing else; real jobs run
in the metered sandbox by `suanli job run`.
"""

import hashlib

from suanli.protocol import Leaf, Tree

STEPS_PER_UNIT = 1_000
"""Trial divisions that make a unit."""
DONE = 0


def run(tasks: int, size: int) -> tuple[Tree, int]:
    """Count the primes below tasks x size, each task a range of `size` numbers.

    Returns the result tree, and the number of primes.
    """
    counts = [count_primes(index * size, (index + 1) * size)[0] for index in range(tasks)]
    return Tree([leaf(index, size) for index in range(tasks)]), sum(counts)


def leaf(index: int, size: int) -> Leaf:
    """What the task of this index gives: it commits to the count and to the units used."""
    count, steps = count_primes(index * size, (index + 1) * size)
    digest = hashlib.sha256(str(count).encode()).digest()
    return Leaf(index, DONE, digest, -(-steps // STEPS_PER_UNIT))


def count_primes(start: int, stop: int) -> tuple[int, int]:
    """How many primes there are in [start, stop), and the divisions tried."""
    found = steps = 0
    for number in range(max(start, 2), stop):
        for divisor in range(2, int(number**0.5) + 1):
            steps += 1
            if number % divisor == 0:
                break
        else:
            found += 1
    return found, steps
