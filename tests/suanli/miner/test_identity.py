"""Verified miners, and offers for verified requesters: by the verifier of the request's terms."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from suanli.chain import contract_errors
from suanli.miner import core as m
from suanli.miner.core import Act, CoreState, MinerDeal
from suanli.miner.core.judge import objection
from suanli.miner.ports.looking import REFRESH
from suanli.miner.ports.refusals import reason_of
from tests.harness.bench import Bench
from tests.harness.identity import attest
from tests.harness.local_chain import BOB, Controls
from tests.harness.simulation import OFFER, REQUESTER, SETTINGS, START, TERMS, changed, id_of, view
from tests.harness.simulation import request as made
from tests.harness.world import World, lodged, reasons
from tests.suanli.miner.test_stages import Way, acts

VERIFIER, OTHER = "0x" + "1d" * 20, "0x" + "2d" * 20
NAMED = {1: TERMS._replace(identity_verifier=VERIFIER)}
MINERS = "verified: for miners with an attested identity only"
REQUESTERS = (
    "verified: sells to requesters with an attested identity only,"
    f" {REQUESTER} has none for these terms"
)
PICKY = replace(OFFER, verified_only=True)


@pytest.mark.parametrize(
    ("wants", "flags", "seen", "why"),
    [
        (False, 0, {}, None),
        (False, 1, {}, MINERS),
        (False, 1, {"verifiers": {OTHER}}, MINERS),
        (False, 1, {"verifiers": {VERIFIER}}, None),
        (False, 1, {"verifiers": {VERIFIER}, "terms": {1: TERMS}}, MINERS),
        (True, 0, {}, REQUESTERS),
        (True, 0, {"known_by": {REQUESTER: {OTHER}}}, REQUESTERS),
        (True, 0, {"known_by": {OTHER: {VERIFIER}}}, REQUESTERS),
        (True, 0, {"known_by": {REQUESTER: {VERIFIER}}}, None),
        (False, 0, {"offer": PICKY}, REQUESTERS),
    ],
)
def test_who_must_be_verified(
    wants: bool, flags: int, seen: dict[str, Any], why: str | None
) -> None:
    settings = changed(SETTINGS, verified_only=wants)
    state = CoreState(settings, view=view(**({"terms": NAMED} | seen)))
    asked = made(flags=flags)
    found = objection(state, MinerDeal(id_of(asked), asked, b"\x01", True, START), START)
    assert (None if found is None else str(found)) == why
    assert found is None or not found.final


def test_an_offer_is_published_anew_when_the_setting_changes() -> None:
    way = Way(verified_only=True)
    (publish,) = [i for i in way.at(START + 31) if isinstance(i, m.SendPublish)]
    assert publish.verified_only is True
    seen = view(offer=PICKY)
    assert acts(way.hear(m.ChainRead(START + 100, seen, {}))) == []
    open_to_all = Way()
    assert acts(open_to_all.hear(m.ChainRead(START + 100, seen, {}))) == [Act.PUBLISH]


@pytest.mark.parametrize(
    "error",
    [
        contract_errors.MinerNotVerified("MinerNotVerified", {"minerId": 1, "tenure": 0}),
        contract_errors.RequesterNotVerified("RequesterNotVerified", {"requester": REQUESTER}),
    ],
)
def test_the_market_s_refusal_may_pass(error: contract_errors.ContractError) -> None:
    reason = reason_of(error)
    assert (reason.code, reason.final) == ("verified", False)


def test_a_request_for_verified_miners_waits_until_this_one_is(
    registered: World, bench: Bench
) -> None:
    number = registered.market.miner_account(BOB.address).miner_id
    tenure = registered.market.miner_status(BOB.address).tenure
    _, id_ = lodged(registered, flags=1)
    attest(registered.market, miner=BOB.address, tenure=tenure + 1)
    bench.until(lambda: reasons(registered, id_))
    assert reasons(registered, id_) == [MINERS]
    attest(registered.market, miner=str(number))
    for _ in range(int(REFRESH)):
        bench.round()
    Controls(registered.market.node).mine()
    bench.until(lambda: registered.market.deal_of(id_).miner_id == number)


def test_an_offer_for_verified_requesters_is_theirs_alone(registered: World, bench: Bench) -> None:
    (sale,) = bench.settings.sales
    bench.settings = replace(bench.settings, sales=(replace(sale, verified_only=True),))
    bench.restart()
    market, number = registered.market, registered.market.miner_account(BOB.address).miner_id
    bench.until(lambda: market.offer_of(BOB.address, 1).verified_only)
    asked, id_ = lodged(registered)
    bench.until(lambda: reasons(registered, id_))
    assert reasons(registered, id_) == [REQUESTERS.replace(REQUESTER, asked.requester)]
    attest(market, requester=asked.requester)
    bench.until(lambda: market.deal_of(id_).miner_id == number)
