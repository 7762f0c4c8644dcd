"""One daemon that sells several classes: judged apart, run by the same workers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from suanli.chain import Contract, Sender, Token
from suanli.engine import runtime_ids
from suanli.miner import core as m
from suanli.miner.checks import examine
from suanli.miner.core import Act, CoreState, MinerDeal, OnChain, Sale, Stage, Work
from suanli.miner.core.judge import Load, load_of, objection
from suanli.miner.opening import prepared
from suanli.miner.setup import unbond
from suanli.miner.staking import Means
from suanli.miner.status import rows_of, status_of
from suanli.protocol import State
from tests.harness.bench import Bench, config_of
from tests.harness.local_chain import ALICE, BOB, CHEAP, DEPLOYER
from tests.harness.simulation import (
    CLASS,
    OFFER,
    PRICE,
    SEEN,
    SETTINGS,
    START,
    id_of,
    request,
    view,
)
from tests.harness.world import TOKEN, World, manifest_of, send, settled
from tests.suanli.miner.test_stages import Way, acts

DEAR = Sale(2, 500, 2 * PRICE)
BOTH = replace(SETTINGS, sales=(*SETTINGS.sales, DEAR))
DEAR_OFFER = replace(OFFER, ask=2 * PRICE, published=500, capacity=500)
SEEN_DEAR = replace(SEEN, offer=DEAR_OFFER, covered=500)
NONE = replace(OFFER, valid_until=0, published=0)


def of_both(**changes: object):
    return view(classes={1: SEEN, 2: replace(SEEN_DEAR, **changes)})


def judged(seen, **changes: object) -> str | None:
    made = request(**changes)
    deal = MinerDeal(id_of(made), made, b"\x01", True, START)
    found = objection(CoreState(BOTH, view=seen), deal, START)
    return found and str(found)


def test_each_request_is_judged_by_its_own_class() -> None:
    assert judged(of_both(), resource=1, max_price=PRICE) is None
    assert judged(of_both(), resource=2, max_price=2 * PRICE) is None
    assert judged(of_both(), resource=2, max_price=PRICE) == (
        "price: asks 2 tokens a unit, the bid is 1"
    )
    assert judged(of_both(), resource=2, max_price=2 * PRICE, units=501) == (
        "capacity: 501 units; this miner sells 500"
    )
    assert judged(of_both(), resource=3) == "class: class 3; this miner sells 1, 2"
    retired = CLASS._replace(retired=True)
    assert judged(of_both(resource=retired), resource=2) == (
        "class: class 2 makes no deals (any more)"
    )
    assert judged(of_both(resource=retired), resource=1) is None


def test_deals_of_one_class_hold_no_capacity_of_another_but_the_workers() -> None:
    state = CoreState(BOTH, view=of_both())
    made = request(resource=2, max_price=2 * PRICE, units=400, tasks=4, duration=1_000)
    first = MinerDeal(id_of(made), made, b"\x01", True, START, Stage.CONFIRMING, work=Work(4, 100))
    state.deals[first.id], state.moves = first, 1
    assert load_of(first, START) == Load(400, 100, START + 1_000)
    other = request(resource=1, units=1_000, tasks=10, duration=10_000)
    whole = MinerDeal(id_of(other), other, b"\x01", True, START, work=Work(10, 100))
    assert objection(state, whole, START) is None  # all of class 1 is free
    # 300 units at 20 a second and the last task at 10, with the margin of 1.2 and 15 s: just 45.
    urgent = request(resource=1, units=400, tasks=4, duration=1_000)
    behind = MinerDeal(id_of(urgent), urgent, b"\x01", True, START, work=Work(4, 100))
    alone = CoreState(BOTH, view=of_both())
    assert objection(alone, replace(behind, request=urgent._replace(duration=45)), START) is None
    late = objection(state, replace(behind, request=urgent._replace(duration=45)), START)
    assert late is not None
    assert late.code == "time"


def test_offers_are_published_and_withdrawn_class_by_class() -> None:
    way = Way(sales=BOTH.sales)
    first = replace(SEEN, offer=NONE)
    second = replace(SEEN_DEAR, offer=replace(NONE, capacity=500))
    asked = way.hear(m.ChainRead(way.now, view(classes={1: first, 2: second}), {}))
    sent = [(i.resource, i.published, i.ask) for i in asked if isinstance(i, m.SendPublish)]
    assert sent == [(1, 1_000, PRICE), (2, 500, 2 * PRICE)]
    way.hear(m.ChainRead(way.now, of_both(), {}))
    gone = way.hear(m.DrainAsked(way.now))
    assert acts(gone) == [Act.WITHDRAW_OFFER, Act.WITHDRAW_OFFER]
    assert [i.resource for i in gone if isinstance(i, m.SendForClass)] == [1, 2]
    one_left = view(classes={1: first, 2: SEEN_DEAR})
    assert m.Leave() not in way.hear(m.ChainRead(way.now, one_left, {}))
    both_gone = view(classes={1: first, 2: second})
    assert m.Leave() in way.hear(m.ChainRead(way.now, both_gone, {}))


def test_one_class_after_the_other_takes_of_the_stake() -> None:
    way = Way(sales=(replace(SETTINGS.sales[0], capacity=2_000), replace(DEAR, capacity=900)))
    more = view(classes={1: replace(SEEN, covered=1_500), 2: replace(SEEN_DEAR, covered=750)})
    asked = way.hear(m.ChainRead(way.now, more, {}))
    sent = [(i.resource, i.capacity) for i in asked if isinstance(i, m.SendStake)]
    assert sent == [(1, 1_500)]
    way.hear(m.ChainRead(way.now + 1, view(classes={1: SEEN, 2: SEEN_DEAR}), {}))
    only = view(classes={1: SEEN, 2: replace(SEEN_DEAR, covered=750)})
    asked = way.hear(m.ChainRead(way.now + 2, only, {}))
    assert [(i.resource, i.capacity) for i in asked if isinstance(i, m.SendStake)] == [(2, 750)]


def test_a_deal_of_a_class_that_is_sold_no_more_is_finished() -> None:
    way = Way()
    made = request(resource=2)
    deal = MinerDeal(id_of(made), made, b"\x01", True, START, Stage.RUNNING, work=Work(1, 10))
    way.core.state.deals[deal.id] = deal
    chain = OnChain(State.CONFIRMED, True, PRICE, START + 100)
    asked = way.hear(m.ChainRead(way.now, view(), {deal.id: chain}))
    assert m.RunTask(deal.id, deal.request.job, 0) in asked


@pytest.fixture
def two(world: World, tmp_path: Path) -> World:
    """Class 2 permits this engine, too, and Bob sells both."""
    contract = Contract(world.market.node, world.market.address, "ComputeMarket")
    for runtime in runtime_ids():
        send(world.market, DEPLOYER, contract.call("permitRuntime", 2, runtime))
    return world


SOLD = (Sale(1, 1_000, TOKEN // 2), Sale(2, 300, 2 * TOKEN))


def test_both_are_sold_and_paid(
    two: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("suanli.daemon.checks.account_of", lambda config, prompt: BOB)
    market = two.market
    config = config_of(
        market, BOB, tmp_path, rpc=two.rpc, max_fee_gwei=1_000, relays=(two.relay_url,), sales=SOLD
    )
    prepared(config, BOB)
    assert [market.offer_of(BOB.address, n).capacity for n in (1, 2)] == [1_000, 300]
    found = {f.text for f in examine(config) if f.name in ("class", "stake")}
    assert "2 permits this engine's fast, portable" in found
    assert "complete, for 300 units of class 2" in found
    client = two.requester.relay
    bench = Bench(market, tmp_path, two.requester.store, client, sales=SOLD)
    bench.restart()
    bench.until(lambda: all(market.offer_of(BOB.address, n).published for n in (1, 2)))
    assert {n.resource for r in (1, 2) for n in client.announcements(r)} == {1, 2}
    manifest = manifest_of(1)
    two.requester.put(manifest)
    for resource, price in ((1, 2 * TOKEN), (2, 4 * TOKEN)):
        made = two.requester.request(manifest, BOB.address, resource=resource, max_price=price)
        id_ = two.requester.lodge(made)
        bench.until(settled(two, made, id_))
    status = status_of(bench.daemon.journal, bench.settings)
    assert [(c["resource"], c["wanted"]) for c in status["classes"]] == [(1, 1_000), (2, 300)]
    offers = [text for name, text in rows_of(status) if name == "offer"]
    assert [text.split(":")[0] for text in offers] == ["class 1", "class 2"]


def test_a_short_stake_goes_to_the_classes_in_the_order_of_the_file(
    two: World,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Class 1 takes 2 tokens a unit, class 2 takes 4."""
    caplog.set_level("INFO")
    market = two.market
    token = Token(market.node, market.token())
    send(market, BOB, token.transfer(ALICE.address, token.balance_of(BOB.address) - 2_400 * TOKEN))
    config = config_of(market, BOB, tmp_path, rpc=two.rpc, max_fee_gwei=1_000, sales=SOLD)
    monkeypatch.setattr("suanli.daemon.checks.account_of", lambda config, prompt: BOB)
    before = [f.text for f in examine(config) if f.name == "stake"]
    assert before[0] == "2,000 SLT to be added, for 1,000 units of class 1"
    assert "cover 100 of 300 units of class 2: to sell all, send it 800 SLT more" in before[1]
    prepared(config, BOB)
    assert [market.offer_of(BOB.address, n).capacity for n in (1, 2)] == [1_000, 100]
    assert "cover 100 of 300 units of class 2: to sell all, send it 800" in caplog.text


@pytest.mark.parametrize(
    ("taken", "left"), [(0, (10, 5, 20)), (12, (0, 3, 20)), (16, (0, 0, 19)), (99, (0, 0, 0))]
)
def test_what_other_classes_take_first(taken: int, left: tuple[int, int, int]) -> None:
    means = Means(free=10, available=5, wallet=20, registered=3, price=1, decimals=18)
    found = means.without(taken)
    assert (found.free, found.available, found.wallet, found.registered) == (*left, 3)


def test_more_that_is_unbonding_than_free_stays_so() -> None:
    means = Means(free=-4, available=5, wallet=20, registered=3, price=1, decimals=18)
    assert means.without(0) == means
    assert means.without(6) == replace(means, available=0, wallet=19)


def test_tokens_that_come_while_another_class_is_sold_are_not_staked(
    two: World, tmp_path: Path
) -> None:
    """They may be the miner's earnings."""
    market, token = two.market, Token(two.market.node, two.market.token())
    send(market, BOB, token.transfer(ALICE.address, token.balance_of(BOB.address) - 2_000 * TOKEN))
    prepared(config_of(market, BOB, tmp_path, rpc=two.rpc, max_fee_gwei=1_000, sales=SOLD), BOB)
    bench = Bench(market, tmp_path, two.requester.store, two.requester.relay, sales=SOLD)
    bench.restart()
    send(market, ALICE, token.transfer(BOB.address, 800 * TOKEN))
    bench.until(lambda: market.offer_of(BOB.address, 1).published == 1_000)
    for _ in range(30):
        bench.round()
    assert market.offer_of(BOB.address, 2).capacity == 0
    assert token.balance_of(BOB.address) == 800 * TOKEN
    send(market, ALICE, token.approve(market.address, 800 * TOKEN), market.deposit(800 * TOKEN))
    send(market, ALICE, market.add_stake(BOB.address, 800 * TOKEN))
    bench.until(lambda: market.offer_of(BOB.address, 2).capacity == 200, 90)


def test_tokens_that_can_t_be_earnings_are_staked_for_a_class_that_is_not_sold(
    two: World, tmp_path: Path
) -> None:
    """Without another start."""
    market, token = two.market, Token(two.market.node, two.market.token())
    send(market, BOB, token.transfer(ALICE.address, token.balance_of(BOB.address) - 2_000 * TOKEN))
    config = config_of(market, BOB, tmp_path, rpc=two.rpc, max_fee_gwei=1_000, sales=SOLD)
    prepared(replace(config, payout=ALICE.address), BOB)
    bench = Bench(market, tmp_path, two.requester.store, two.requester.relay, sales=SOLD)
    bench.restart()
    bench.until(lambda: market.offer_of(BOB.address, 1).published == 1_000)
    send(market, ALICE, token.transfer(BOB.address, 800 * TOKEN))
    bench.until(lambda: market.offer_of(BOB.address, 2).published == 200, 90)
    assert token.balance_of(BOB.address) == 0


def test_unbonding_gives_back_classes_that_the_file_names_no_more(
    two: World, tmp_path: Path
) -> None:
    market = two.market
    prepared(config_of(market, BOB, tmp_path, rpc=two.rpc, max_fee_gwei=1_000, sales=SOLD), BOB)
    day = market.node.head().time + 86_400
    send(market, BOB, market.publish_offer(2, 300, 2 * TOKEN, day, False))
    sender = Sender(market.node, BOB, fees=CHEAP, poll_every=0.05)
    said = list(unbond(market, sender))
    assert said[:2] == [
        "the capacity of class 1 is no longer registered",
        "the capacity of class 2 is no longer registered",
    ]
    assert market.miner_status(BOB.address).pledged == 0
    assert market.miner_account(BOB.address).unbonding == 3_200 * TOKEN


def test_what_is_refused_of_one_class_is_told_until_that_one_succeeds(
    two: World, tmp_path: Path
) -> None:
    market = two.market
    prepared(config_of(market, BOB, tmp_path, rpc=two.rpc, max_fee_gwei=1_000, sales=SOLD), BOB)
    bench = Bench(market, tmp_path, two.requester.store, two.requester.relay, sales=SOLD)
    bench.restart()
    bench.until(lambda: all(market.offer_of(BOB.address, n).published for n in (1, 2)))
    bench.until(lambda: not bench.daemon._chain._outbox.waiting)
    chain, day = bench.daemon._chain, market.node.head().time + 86_400

    def publish(resource: int, units: int) -> None:
        """Without the core: with an old view of the chain it publishes anew what the file says,
        and after 10 s it does not wait for the effect any more."""
        send_ = m.SendPublish(Act.PUBLISH, f"p:{resource}:{units}", resource, units, TOKEN, day)
        chain.want(send_)
        while chain._outbox.waiting:
            chain.poll()

    publish(2, 301)  # one more than are registered
    publish(1, 1_000)
    assert set(bench.daemon.troubles) == {"publish (class 2)"}
    publish(2, 300)
    assert bench.daemon.troubles == {}
