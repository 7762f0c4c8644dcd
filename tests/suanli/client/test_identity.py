"""Offers for verified requesters, and verified miners: by the verifier of the terms."""

from __future__ import annotations

import json

from suanli.client import Options
from suanli.protocol import ZERO_ADDRESS
from tests.harness.identity import attest
from tests.suanli.client.conftest import ALICE, BOB, CAROL, World
from tests.suanli.client.test_commands import Shell
from tests.suanli.client.test_terms import add_terms

FOR_VERIFIED = (
    f"{BOB.address}: for verified requesters: the verifier of the terms does not call this account"
    " verified"
)
NOT_VERIFIED = f"{BOB.address}: not verified: the job asks for miners with a verified identity"


def test_an_offer_for_verified_requesters_is_told_and_passed_over(world: World) -> None:
    world.miner(BOB).join(verified_only=True)
    with world.client() as client:
        assert client.quote(world.job(), seconds=0).reasons == [FOR_VERIFIED]
        world.miner(CAROL).join()
        parts = client.quote(world.job(), seconds=0).plan.parts
        assert [part.miner for part in parts] == [CAROL.address]


def test_a_verified_requester_buys_from_an_offer_for_such(world: World) -> None:
    world.miner(BOB).join(verified_only=True)
    attest(world.market, requester=ALICE.address)
    run = world.client().submit(world.job(2), budget="500")
    assert all(result.ok for result in run)
    assert [deal.miner for deal in run.ledger.deals()] == [BOB.address]
    run.close()


def test_who_is_verified_is_said_by_the_terms_that_are_signed(world: World) -> None:
    world.miner(BOB).join(verified_only=True)
    attest(world.market, requester=ALICE.address)
    bare = add_terms(world, identity_verifier=ZERO_ADDRESS)
    with world.client() as client:
        assert client.quote(world.job(), Options(terms=bare), seconds=0).reasons == [FOR_VERIFIED]
        assert client.quote(world.job(), Options(terms=1), seconds=0).plan.parts


def test_what_is_attested_of_a_miner_ends_with_its_tenure(world: World) -> None:
    world.miner(BOB).join()
    tenure = world.market.miner_status(BOB.address).tenure
    options = Options(verified_only=True)
    with world.client() as client:
        attest(world.market, miner=BOB.address, tenure=tenure + 1)
        assert client.quote(world.job(), options, seconds=0).reasons == [NOT_VERIFIED]
        attest(world.market, miner=BOB.address)
        assert client.quote(world.job(), options, seconds=0).plan.parts


def test_the_list_of_offers_says_for_whom_they_are(world: World) -> None:
    shell = Shell(world)
    world.miner(BOB).join(verified_only=True)
    world.miner(CAROL).join(ask=2 * 10**18)
    told = shell("market", "offers", state=False).stdout.splitlines()
    assert [line.split()[-1] for line in told] == ["for", "verified", "all"]
    attest(world.market, miner=CAROL.address)
    for found in (
        json.loads(shell("market", "offers", "--json", *more, state=False).stdout)
        for more in ((), ("--relay", ""))
    ):
        assert [(o["verified"], o["verified_only"]) for o in found] == [
            (False, True),
            (True, False),
        ]
