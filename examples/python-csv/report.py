"""What the sums say of each station: python report.py [out/sums.tsv]"""

import math
import sys
from collections import defaultdict
from pathlib import Path

NAMES = ("readings", "warmth", "warmth squared", "pressure", "pressure squared")


def table(sums: str) -> list[str]:
    stations = defaultdict(dict)
    for line in sums.splitlines():
        key, value = line.split("\t")
        station, name = key.split(" ", 1)
        stations[int(station)][name] = int(value)
    rows = ["station  readings  mean °C  deviation  correlation with pressure"]
    for station, found in sorted(stations.items()):
        n, warmth, squares, pressure, pressures = (found[name] for name in NAMES)
        spread = n * squares - warmth**2
        other = n * pressures - pressure**2
        both = n * found["warmth by pressure"] - warmth * pressure
        rows.append(
            f"{station:7}  {n:8}  {warmth / n / 100:7.3f}  {math.sqrt(spread) / n / 100:9.3f}"
            f"  {both / math.sqrt(spread * other):+25.6f}"
        )
    return rows


if __name__ == "__main__":
    file = sys.argv[1] if len(sys.argv) > 1 else "out/sums.tsv"
    print("\n".join(table(Path(file).read_text())))
