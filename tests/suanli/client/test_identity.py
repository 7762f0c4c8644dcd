"""Offers for verified requesters, and verified miners: by the verifier of the terms."""

from __future__ import annotations

import json

from suanli.chain import Contract, Sender
from suanli.client import Options
from suanli.protocol import ZERO_ADDRESS
from tests.suanli.client.conftest import ALICE, BOB, CAROL, CHEAP, World
from tests.suanli.client.test_commands import Shell
from tests.suanli.client.test_terms import add_terms


def attest(world: World, method: str, *arguments: object) -> None:
    verifier = world.market.terms_of(1).identity_verifier
    contract = Contract(world.node, verifier, "MockIdentityVerifier")
    sender = Sender(world.node, ALICE, fees=CHEAP, poll_every=0.01)
    sender.execute(contract.call(method, *arguments))


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
    attest(world, "setVerified", ALICE.address, True)
    run = world.client().submit(world.job(2), budget="500")
    assert all(result.ok for result in run)
    assert [deal.miner for deal in run.ledger.deals()] == [BOB.address]
    run.close()


def test_who_is_verified_is_said_by_the_terms_that_are_signed(world: World) -> None:
    world.miner(BOB).join(verified_only=True)
    attest(world, "setVerified", ALICE.address, True)
    bare = add_terms(world, identity_verifier=ZERO_ADDRESS)
    with world.client() as client:
        assert client.quote(world.job(), Options(terms=bare), seconds=0).reasons == [FOR_VERIFIED]
        assert client.quote(world.job(), Options(terms=1), seconds=0).plan.parts


def test_what_is_attested_of_a_miner_ends_with_its_tenure(world: World) -> None:
    world.miner(BOB).join()
    number = world.market.miner_account(BOB.address).miner_id
    tenure = world.market.miner_status(BOB.address).tenure
    options = Options(verified_only=True)
    with world.client() as client:
        attest(world, "setMinerVerified", number, tenure + 1, True)
        assert client.quote(world.job(), options, seconds=0).reasons == [NOT_VERIFIED]
        attest(world, "setMinerVerified", number, tenure, True)
        assert client.quote(world.job(), options, seconds=0).plan.parts


def test_the_list_of_offers_says_for_whom_they_are(world: World) -> None:
    shell = Shell(world)
    world.miner(BOB).join(verified_only=True)
    world.miner(CAROL).join(ask=2 * 10**18)
    told = shell("market", "offers", state=False).stdout.splitlines()
    assert [line.split()[-1] for line in told] == ["for", "verified", "all"]
    number = world.market.miner_account(CAROL.address).miner_id
    attest(world, "setMinerVerified", number, 0, True)
    for found in (
        json.loads(shell("market", "offers", "--json", *more, state=False).stdout)
        for more in ((), ("--relay", ""))
    ):
        assert [(o["verified"], o["verified_only"]) for o in found] == [
            (False, True),
            (True, False),
        ]
