"""What a piece of the file adds to each station's sums, exactly: whole numbers of 64 bits."""

import numpy as np


def piece(path: str) -> str:
    """A line for each sum of each station."""
    station, _, warmth, pressure = np.loadtxt(path, np.int64, delimiter=",", unpack=True)
    pressure -= 100_000  # or its squares were large
    sums = {
        "readings": np.ones_like(warmth),
        "warmth": warmth,
        "warmth squared": warmth * warmth,
        "pressure": pressure,
        "pressure squared": pressure * pressure,
        "warmth by pressure": warmth * pressure,
    }
    lines = []
    for number in np.unique(station):
        here = station == number
        lines += [f"{number} {name}\t{values[here].sum()}" for name, values in sums.items()]
    return "\n".join(lines)
