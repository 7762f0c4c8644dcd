"""Write readings.csv, 50 MB, the same everywhere: what 24 stations measured, in whole numbers."""

import random
from pathlib import Path

ROWS = 2_500_000
STATIONS = 24
HERE = Path(__file__).parent


def main(path: Path = HERE / "readings.csv", rows: int = ROWS) -> None:
    """Station, second, temperature in hundredths of a degree, pressure in pascal."""
    draw = random.Random(2026).random
    with path.open("w", newline="") as file:
        for second in range(rows):
            station = int(draw() * STATIONS)
            warmth = (draw() + draw() + draw() - 1.5) * 1_500 + 50 * station
            pressure = 101_325 + (draw() - 0.5) * 4_000 - 0.8 * warmth
            file.write(f"{station},{second},{int(warmth)},{int(pressure)}\n")


if __name__ == "__main__":
    main()
