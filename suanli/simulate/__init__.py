"""A market of thousands, simulated: the shadow market (`suanli.model`) with people who act in it.

    outcome = simulate(load("daily"), PriceChoice("adaptive"), seed=1)
    print(outcome.figures.unmet)

What happens follows from the scenario and the seed alone. `MarketWorld` is the market and its
clock, `Population` is who acts in it, `Record` what is seen of it; a world knows of neither. Its
court is simulated in `suanli.simulate.court`.
"""

from suanli.simulate.picture import picture
from suanli.simulate.pricing import PRICES, PriceChoice, UnknownPrice
from suanli.simulate.record import Figures, Record, Sample
from suanli.simulate.run import Simulated, build, simulate
from suanli.simulate.scenario import (
    Adaptive,
    DemandSide,
    Fake,
    Linear,
    Scenario,
    Shock,
    SupplySide,
)
from suanli.simulate.scenario_file import ScenarioError, built_in, load
from suanli.simulate.world import MarketWorld, Population

__all__ = [
    "PRICES",
    "Adaptive",
    "DemandSide",
    "Fake",
    "Figures",
    "Linear",
    "MarketWorld",
    "Population",
    "PriceChoice",
    "Record",
    "Sample",
    "Scenario",
    "ScenarioError",
    "Shock",
    "Simulated",
    "SupplySide",
    "UnknownPrice",
    "build",
    "built_in",
    "court",
    "load",
    "picture",
    "simulate",
]
