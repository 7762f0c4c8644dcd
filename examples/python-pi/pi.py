"""Estimate pi: of random points in a square, so many are within the circle."""

import random


def count(seed: str, points: str) -> str:
    """A line for the sum of all tasks. Arguments of a job file are text."""
    source, within = random.Random(int(seed)), 0
    for _ in range(int(points)):
        within += source.random() ** 2 + source.random() ** 2 < 1
    return f"within\t{within}\npoints\t{points}"
