"""What each kernel is: a C program, its arguments and its input.

Those in `examples/` are there because somebody might run them; the others are in
`benchmarks/kernels/`, where all their modules are, built with -O2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).parent / "kernels"
EXAMPLES = Path(__file__).parents[1] / "examples"


@dataclass(frozen=True)
class Kernel:
    name: str
    source: Path
    args: tuple[str, ...]
    inputs: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    @property
    def module(self) -> Path:
        return FOLDER / f"{self.source.stem}.wasm"


def _own(name: str, size: int) -> Kernel:
    return Kernel(name, FOLDER / f"{name}.c", (str(size),))


def _points() -> bytes:
    """1,600,000 lines of four numbers, 38 MB."""
    state, lines = 1, []
    for _ in range(20_000):
        numbers = []
        for _ in range(4):
            state = (state * 1664525 + 1013904223) % 2**32
            numbers.append(f"{state / 2**32 * 8:.3f}")
        lines.append(",".join(numbers))
    return ("\n".join(lines) + "\n").encode() * 80


def kernels() -> list[Kernel]:
    text = {
        "centroids.csv": (EXAMPLES / "kmeans/start.csv").read_bytes(),
        "points.csv": _points(),
    }
    return [
        _own("mandelbrot", 1700),
        _own("sort", 800_000),
        _own("sha256", 600_000),
        Kernel("queens", EXAMPLES / "queens/queens.c", ("16", "0")),
        Kernel("raytrace", EXAMPLES / "raytrace/render.c", ("640", "360", "200", "80", "0")),
        _own("kmeans-memory", 200_000),
        _own("matmul", 900),
        _own("matmul-f32", 1000),
        _own("dot", 700),
        _own("spectral", 2400),
        _own("nbody", 6_000_000),
        _own("stencil-f32", 1200),
        Kernel("kmeans", EXAMPLES / "kmeans/kmeans.c", ("assign", "points.csv"), text),
    ]
