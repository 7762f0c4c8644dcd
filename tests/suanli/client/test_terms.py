"""The owner may add terms at any time: only those that a requester accepts are signed."""

from __future__ import annotations

import json

import pytest

from suanli.chain import Sender
from suanli.chain.contract import Contract
from suanli.client import Options, TermsChosen, UnsuitableJob
from suanli.client.errors import ClientError
from suanli.client.terms import choose, objections
from suanli.engine import runtime_id
from suanli.protocol import ZERO_ADDRESS, Terms
from tests.harness.local_chain import CHEAP, DEPLOYER
from tests.suanli.client.conftest import BOB, World, finish
from tests.suanli.client.test_commands import Shell

ACCOUNT, OTHER, COURT = ("0x" + digit * 40 for digit in "def")
HOUR, DAY = 3_600, 86_400
TERMS = Terms(OTHER, 100, DAY, False, COURT, 7 * DAY, 500, 3_000, 10_000, OTHER, 1, 0)
NO_COURT = TERMS._replace(court=ZERO_ADDRESS)


def code(account: str) -> bytes:
    return {COURT: b"\x60", OTHER: bytes.fromhex("ef0100") + b"\x11" * 20}.get(account, b"")


@pytest.mark.parametrize(
    ("terms", "options", "why"),
    [
        (TERMS, {}, []),
        (TERMS, {"court": COURT}, []),
        (NO_COURT, {"no_court": True}, []),
        (TERMS, {"no_court": True}, []),
        (TERMS._replace(retired=True), {}, ["retired"]),
        (TERMS._replace(fee_bps=1_000), {}, ["the fee is 10 %, 2 are accepted (--max-fee)"]),
        (TERMS._replace(fee_bps=1_000), {"max_fee_bps": 1_000}, []),
        (
            TERMS._replace(challenge_window=60),
            {},
            ["1 minute to challenge a result, 1 hour are the least (--min-window)"],
        ),
        (TERMS._replace(challenge_window=60), {"min_window": 60}, []),
        (NO_COURT._replace(challenge_window=60), {"no_court": True}, []),
        (
            TERMS._replace(verdict_by=90 * DAY),
            {},
            ["money may be held for 91 days, 30 days are accepted (--max-hold)"],
        ),
        (TERMS._replace(verdict_by=90 * DAY), {"max_hold": 91 * DAY}, []),
        (
            NO_COURT,
            {},
            ["no court: a wrong result is refused, not slashed (--no-court accepts that)"],
        ),
        (
            TERMS._replace(court=ACCOUNT),
            {},
            [f"the court {ACCOUNT} is an ordinary account, no contract"],
        ),
        (
            TERMS._replace(court=OTHER),
            {"court": COURT},
            [
                f"the court is {OTHER}, not {COURT} (--court)",
                f"the court {OTHER} is an ordinary account, no contract",
            ],
        ),
    ],
)
def test_what_speaks_against_terms(terms: Terms, options: dict, why: list[str]) -> None:  # type: ignore[type-arg]
    assert list(objections(terms, Options(**options), code)) == why


@pytest.mark.parametrize(
    "wrong",
    [
        {"terms": 0},
        {"max_fee_bps": -1},
        {"max_fee_bps": 10_001},
        {"min_window": -1},
        {"max_hold": -1},
        {"court": "nonsense"},
        {"court": COURT, "no_court": True},
    ],
)
def test_bounds_without_meaning(wrong: dict) -> None:  # type: ignore[type-arg]
    with pytest.raises(ClientError):
        Options(**wrong)


def add_terms(world: World, **changes: object) -> int:
    """The owner adds the terms of the deployment with changes; returns their number."""
    market = Contract(world.node, world.market.address, "ComputeMarket")
    record = tuple(world.market.terms_of(1)._replace(**changes))
    sender = Sender(world.node, DEPLOYER, fees=CHEAP, poll_every=0.01)
    sender.execute(market.call("addTerms", record))
    return world.market.terms_count()


def retire_terms(world: World, number: int) -> None:
    market = Contract(world.node, world.market.address, "ComputeMarket")
    sender = Sender(world.node, DEPLOYER, fees=CHEAP, poll_every=0.01)
    sender.execute(market.call("retireTerms", number))


def test_the_newest_that_is_accepted_is_signed(world: World) -> None:
    better = add_terms(world, fee_bps=50)
    add_terms(world, court=ACCOUNT, fee_bps=1_000, challenge_window=60)
    assert choose(world.market, Options()).number == better
    assert choose(world.market, Options(terms=1)).number == 1
    with pytest.raises(UnsuitableJob, match="terms 3: the fee is 10 %, 2 are accepted"):
        choose(world.market, Options(terms=3))
    with pytest.raises(UnsuitableJob, match="there are no terms 4, the newest are 3"):
        choose(world.market, Options(terms=4))


def test_worse_terms_added_while_a_job_runs_are_never_signed(world: World) -> None:
    world.miner(BOB).join(capacity=30)  # two deals, one after the other
    run = world.client().submit(world.job(6), budget="500")
    happened = []
    for event in run.events():
        happened.append(event)
        if world.market.terms_count() == 1:
            add_terms(world, court=ACCOUNT, fee_bps=1_000, challenge_window=60)
    assert [p.request.terms for p in run.ledger.deals()] == [1, 1]
    (chosen,) = [e for e in happened if isinstance(e, TermsChosen)]
    assert chosen.number == 1
    assert chosen.terms.startswith(
        "terms 1: fee 1 %, challenge window 1 day, verdict within 14 days more, court 0x"
    )
    run.close()


def test_a_job_whose_terms_are_retired_stops_and_says_what_there_is(world: World) -> None:
    miner = world.miner(BOB).join(capacity=30)
    run = world.client().submit(world.job(6), budget="500")

    def change() -> None:
        if miner.done and world.market.terms_count() == 1:
            add_terms(world, court=ZERO_ADDRESS)
            retire_terms(world, 1)

    world.on_wait = change
    with pytest.raises(UnsuitableJob) as refused:
        list(run.events())
    assert str(refused.value) == (
        "the market has no open terms that you accept:\n"
        "  terms 2: no court: a wrong result is refused, not slashed (--no-court accepts that)"
    )
    assert [p.request.terms for p in run.ledger.deals()] == [1]
    assert [p.end for p in run.ledger.deals()] == ["settled"], "what was under way is finished"
    run.choose(no_court=True)
    assert {e.number for e in run.events() if isinstance(e, TermsChosen)} == {2}
    assert run.done
    run.close()
    assert world.client().run(run.id).options.no_court, "it is kept"


def test_resume_takes_other_choices(world: World) -> None:
    run = world.client().submit(world.job(2), budget="5", court=world.market.terms_of(1).court)
    run.close()
    shell = Shell(world)
    told = shell("job", "resume", run.id, "--resource", 2)
    assert (told.exit_code, "is in class 1" in told.stderr) == (1, True), told.output
    told = shell("job", "resume", run.id, "--terms", 0)
    assert (told.exit_code, "numbered from 1" in told.stderr) == (1, True), told.output
    shell("job", "resume", run.id, "--no-court", "--max-fee", "3", "--slippage", "7")
    options = world.client().run(run.id).options
    assert (options.no_court, options.court, options.max_fee_bps) == (True, None, 300)
    assert options.slippage_bps == 700
    shell("job", "resume", run.id, "--court", ACCOUNT, SUANLI_TERMS="9")
    options = world.client().run(run.id).options
    assert (options.no_court, options.court, options.terms) == (False, ACCOUNT, None)
    assert options.max_fee_bps == 300, "settings are for new jobs"


def test_a_job_is_not_begun_under_terms_that_are_refused(world: World) -> None:
    world.miner(BOB).join()
    add_terms(world, court=ZERO_ADDRESS)
    retire_terms(world, 1)
    client = world.client()
    for refused in (
        lambda: client.submit(world.job(1), budget="500"),
        lambda: client.quote(world.job(1)),
    ):
        with pytest.raises(UnsuitableJob, match="--no-court"):
            refused()
    assert client.jobs() == []
    finish(client.submit(world.job(1), budget="500", no_court=True))
    assert world.spent() > 0


def test_a_dry_run_shows_the_terms(world: World) -> None:
    world.miner(BOB).join(runtimes=(runtime_id(),))
    shell = Shell(world)
    told = shell("job", "run", world.job(1), "--dry-run").output
    assert "terms       1: fee 1 %, challenge window 1 day, verdict within 14 days more" in told
    add_terms(world, court=ZERO_ADDRESS)
    told = shell("job", "run", world.job(1), "--dry-run", SUANLI_COURT="none").output
    assert "terms       2: fee 1 %" in told
    assert "no court: a wrong result is refused, not slashed, and paid after" in told
    about = json.loads(
        shell("job", "run", world.job(1), "--dry-run", "--json", "--no-court", "--terms", 2).stdout
    )
    assert about["terms"] == {
        "number": 2,
        "fee_bps": 100,
        "challenge_window": DAY,
        "verdict_by": 14 * DAY,
        "court": ZERO_ADDRESS,
    }


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"SUANLI_TERMS": "one"}, "terms are named by their number, not 'one'"),
        ({"SUANLI_MAX_FEE": "much"}, "max_fee must be a number, not 'much'"),
        ({"SUANLI_MAX_FEE": "0.5"}, "terms 1: the fee is 1 %, 0.5 are accepted (--max-fee)"),
        ({"SUANLI_COURT": "0x12"}, "'0x12' is no address of a court"),
        ({"SUANLI_COURT": ACCOUNT}, f"not {ACCOUNT} (--court)"),
        ({"SUANLI_TERMS": "9"}, "there are no terms 9, the newest are 1"),
    ],
)
def test_terms_by_settings(world: World, settings: dict[str, str], why: str) -> None:
    told = Shell(world)("job", "run", world.job(1), "--dry-run", **settings)
    assert (told.exit_code, why in told.stderr) == (1, True), told.output
