"""The small court's stage on the contracts, beside the model: a walk's steps are made on both."""

from __future__ import annotations

from dataclasses import replace

from suanli.protocol import Request as ModelRequest
from tests.contracts.Court import plays, small
from tests.contracts.Court.small import FIRST, JURORS, MINER, REQUESTER, SECOND, Town
from tests.contracts.Court.walk import Play, Step, steps
from tests.harness.court_world import CourtWorld
from tests.harness.market import Request

MARKET_CALLS = ("settle", "accept_result")


def staged(wrong: tuple[int, ...], cases_per_seat: int, **terms: int) -> tuple[CourtWorld, Town]:
    """The small court's stage, both sides; the town is the model's side."""
    rules = replace(
        small.RULES,
        jury=3,
        large_jury=3,
        appeal_jury=3,
        cases_per_seat=cases_per_seat,
        delay_rate=10**12,
    )
    world = CourtWorld(decimals=6, rules=rules, **terms)
    for person in (MINER, FIRST, SECOND, *JURORS):
        world.provide(person, 1_000 * small.UNIT)
    for juror in JURORS:
        world.court_call("join", juror)
    world.advance(rules.join_delay)
    number = world.miner(MINER, 100, ask=1)
    request = world.request(
        requester=REQUESTER,
        miner=number,
        units=small.TASKS * plays.UNITS,
        tasks=small.TASKS,
        terms=world.court_terms,
        maxPrice=small.PRICE,
    )
    world.give(REQUESTER, world.lock_of(request))
    world.market_call("deposit", REQUESTER, world.lock_of(request))
    world.market_call("post_request", REQUESTER, request)
    world.confirm_posted(MINER, request)
    tree = plays.tree(small.TASKS, wrong)
    world.market_call("submit_result", MINER, request, tree.root, tree.total)
    town = Town(world.shadow, world.model_court, ModelRequest(*request), wrong)
    return world, town


def again(world: CourtWorld, town: Town, play: Play, step: Step) -> None:
    """The same step, with the seats as the contract's hashes drew them."""
    world.advance(0, 2)
    if step.name == "wait":
        world.advance(step.args[0] - world.evm.time)
        return
    case = next((arg for arg in step.args if arg in town.court.cases), None)
    same = next(
        one
        for one in steps(town, play)
        if one._replace(args=(), draws=0) == step._replace(args=(), draws=0)
        and (case is None or case in one.args)
    )
    call = world.market_call if step.name in MARKET_CALLS else world.court_call
    request = Request(*town.request)
    receipt = call(step.name, step.who, *(request if a == town.request else a for a in same.args))
    if step.name == "challenge":
        town.cases.append(bytes(receipt.value))
