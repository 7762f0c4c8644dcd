"""A court simulated: people of all kinds before jurors of all kinds, and what each gains by it.

    played = play_court(load_court("court"), seed=1)
    print(played.figures["miner", "cheating"].profit)

`chances` has the exact odds of what is left to chance, `rules` what a case costs whom, `attacks`
both for each attack that there is an answer to. docs/verification.md prints them.
"""

from suanli.simulate.court import attacks, chances
from suanli.simulate.court.books import Books, Who
from suanli.simulate.court.picture import court_picture
from suanli.simulate.court.rules import DealFacts, RulesInTokens
from suanli.simulate.court.run import Played, StrategyFigures, play_court, set_up
from suanli.simulate.court.scenario import (
    CourtScenario,
    JurorCounts,
    MinerCounts,
    RequesterCounts,
)
from suanli.simulate.court.scenario_file import court_scenarios, is_of_court, load_court

__all__ = [
    "Books",
    "CourtScenario",
    "DealFacts",
    "JurorCounts",
    "MinerCounts",
    "Played",
    "RequesterCounts",
    "RulesInTokens",
    "StrategyFigures",
    "Who",
    "attacks",
    "chances",
    "court_picture",
    "court_scenarios",
    "is_of_court",
    "load_court",
    "play_court",
    "set_up",
]
