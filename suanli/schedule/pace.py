"""How much work fits into a time: pure functions.

Costs are in any unit that is proportional to work (fuel, bytes, units); speeds in that unit per
second; times in seconds on one clock.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Pace:
    """By what a miner promises times: `speed` of one of its `workers`; it wants `margin` percent of
    what work can take, and `reserve` seconds."""

    workers: int
    speed: float
    margin: int = 150
    reserve: int = 15

    def seconds(self, total: float, longest: float) -> float:
        """Until work of `total` cost is done at the latest, no task of it costing more than
        `longest`, whichever idle worker takes whichever task next.

        Graham's bound for list scheduling: until the last task begins all workers are busy with
        the rest.
        """
        return ((total - longest) / self.workers + longest) / self.speed

    def allowed(self, seconds: float) -> float:
        """What must be allowed for work that can take `seconds`."""
        return seconds * self.margin / 100 + self.reserve

    def most(self, allowed: float, longest: float, before: float = 0.0) -> int:
        """How many tasks of `longest` cost each fit into what is allowed, after `before` seconds
        of other work."""
        spread = (allowed - self.reserve) * 100 / self.margin - before - longest / self.speed
        return 0 if spread < 0 else 1 + int(spread * self.speed * self.workers / longest)
