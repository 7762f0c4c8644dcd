"""The same by calls of a function: python calls.py, or with a market: python calls.py BUDGET."""

import sys

import suanli


def within(seed, points):
    import random

    source = random.Random(seed)
    return sum(source.random() ** 2 + source.random() ** 2 < 1 for _ in range(points))


def main(budget=None):
    seeds, points = range(16), 200_000
    market = suanli.connect() if budget else None
    executor = market.executor(budget) if market else suanli.local_executor()
    with executor:
        total = sum(executor.map(within, seeds, [points] * len(seeds)))
    print(4 * total / (points * len(seeds)))


if __name__ == "__main__":
    main(*sys.argv[1:])
