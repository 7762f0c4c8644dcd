"""The market's bindings in use, on Anvil and on Ganache."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest

from suanli.base.accounts import Account
from suanli.chain import (
    Call,
    Contract,
    Event,
    Market,
    NoContract,
    NoPermit,
    Receipt,
    Sender,
    Token,
    TransactionReverted,
    connect,
    contract_errors,
    decode_logs,
    events,
)
from suanli.protocol import Acceptance, Kind, Release, Request, Scale, State, Trial, payment, sign
from suanli.protocol.views import Balance, Deal, Supply
from tests.harness.local_chain import ALICE, BOB, CHEAP, OTHERS, Controls, deploy, ganache

TOKEN = 10**18
ROOT = b"\x05" * 32
SCALE = Scale(18)
FAR = 1 << 31
salts = itertools.count(1)
Send = Callable[[Account, Call], tuple[Event, ...]]


@pytest.fixture(scope="session")
def on_ganache() -> Iterator[Market]:
    with ganache() as url:
        yield deploy(connect(url))


@pytest.fixture(params=["anvil", "ganache"])
def anywhere(request: pytest.FixtureRequest) -> Market:
    name = {"anvil": "market", "ganache": "on_ganache"}[request.param]
    return request.getfixturevalue(name)


def sender(market: Market, account: Account) -> Sender:
    return Sender(market.node, account, fees=CHEAP, poll_every=0.01)


def send(market: Market, account: Account, call: Call) -> tuple[Event, ...]:
    """The market's events of the transaction."""
    return decode_logs(execute(market, account, call).logs, market.address)


def execute(market: Market, account: Account, call: Call) -> Receipt:
    return sender(market, account).execute(call)


def only(events_: tuple[Event, ...], kind: type[Event]) -> Event:
    (found,) = (event for event in events_ if isinstance(event, kind))
    return found


def request_of(market: Market, **changes: object) -> Request:
    request = Request(
        requester=ALICE.address,
        miner=getattr(market.miner_account(BOB.address), "miner_id", 0),
        resource=1,
        runtime=0,
        units=10,
        max_price=2 * TOKEN,
        confirm_by=market.node.head().time + 3_600,
        duration=600,
        tasks=2,
        job=b"\x07" * 32,
        terms=1,
        epoch=market.epoch_of(ALICE.address),
        salt=next(salts),
    )
    return request._replace(**changes)  # type: ignore[arg-type]


def fund(market: Market, account: Account, amount: int) -> None:
    token = Token(market.node, market.token())
    execute(market, account, token.faucet(amount))
    execute(market, account, token.approve(market.address, amount))
    send(market, account, market.deposit(amount))


def settled(market: Market) -> None:
    """Bob is a miner with an offer, Alice has a balance; both may be so already."""
    fund(market, ALICE, 100 * TOKEN)
    if market.miner_account(BOB.address) is None:
        fund(market, BOB, 400 * TOKEN)
        send(market, BOB, market.register_miner(OTHERS[0]))
        send(market, BOB, market.add_stake(BOB.address, 300 * TOKEN))
        send(market, BOB, market.register_resource(1, 100))
        send(market, BOB, market.publish_offer(1, 100, TOKEN // 2, FAR, False))


def test_a_fresh_market(market: Market) -> None:
    assert market.resource_count() == 5
    assert (market.resource_class(1).kind, market.resource_class(3).kind) == (
        Kind.JUDGED,
        Kind.LEASED,
    )
    assert market.resource_class(1).stake_per_unit == 2 * TOKEN
    assert market.terms_count() == 1
    assert market.terms_of(1).fee_bps == 100
    assert market.supply_of(1) == Supply(0, 0, 0, 0)
    assert market.price_of(1) == TOKEN
    assert market.unbonding_delay() == 7 * 86_400
    assert market.guardian() == OTHERS[0]
    assert len(market.terms_of(1).identity_verifier) == len(market.owner()) == 42
    assert market.paused() is False
    assert market.runtimes_of(1) == (b"\x01" * 32,)
    assert market.account_of(ALICE.address) == Balance(0, 0)
    assert market.miner_account(ALICE.address) is None
    with pytest.raises(contract_errors.NotRegistered):
        market.offer_of(ALICE.address, 1)
    assert market.deal_of(bytes(32)) == Deal(
        State.NONE, 0, 0, 0, 0, Trial.NONE, False, bytes(32), 0
    )
    token = Token(market.node, market.token())
    assert (token.decimals(), token.symbol()) == (18, "SLT")


def test_a_signed_deal(anywhere: Market) -> None:
    market = anywhere
    settled(market)
    before = market.account_of(ALICE.address)
    earned = market.miner_account(BOB.address)
    request = request_of(market)
    id_ = market.domain.request_id(request)
    confirm = market.confirm_request(request, sign(market.domain, request, ALICE).signature)
    price = confirm.simulate(BOB.address)
    confirmed = only(send(market, BOB, confirm), events.RequestConfirmed)
    assert (confirmed.id, confirmed.price, confirmed.requester) == (id_, price, ALICE.address)
    deal = market.deal_of(id_)
    assert (deal.state, deal.price, deal.time) == (State.CONFIRMED, price, confirmed.deadline)
    assert market.state_of(request) is State.CONFIRMED
    assert market.offer_of(BOB.address, 1).free == 90

    signature = sign(market.domain, Acceptance(id_, ROOT, 9), ALICE).signature
    found = send(market, BOB, market.submit_accepted(request, ROOT, 9, signature))
    split = payment(SCALE, units=10, bid=2 * TOKEN, price=price, units_used=9, fee_bps=100)
    end = only(found, events.RequestSettled)
    assert (end.id, end.paid, end.fee, end.refunded) == (
        id_,
        split.paid,
        split.fee,
        split.refunded,
    )
    assert market.state_of(request) is State.SETTLED
    after = market.account_of(ALICE.address)
    assert (before.available - after.available, after.locked) == (split.paid + split.fee, 0)
    miner = market.miner_account(BOB.address)
    assert earned is not None
    assert miner is not None
    assert miner.earnings - earned.earnings == split.paid


def test_a_posted_deal(anywhere: Market) -> None:
    market = anywhere
    settled(market)
    request = request_of(market)
    post = market.post_request(request)
    id_ = post.simulate(ALICE.address)
    posted = only(send(market, ALICE, post), events.RequestPosted)
    assert (posted.id, posted.request) == (id_, request)
    assert market.state_of(request) is State.POSTED
    send(market, BOB, market.confirm_request(request))
    result = only(send(market, BOB, market.submit_result(request, ROOT, 4)), events.ResultSubmitted)
    assert (result.root, result.units_used) == (ROOT, 4)
    only(send(market, ALICE, market.accept_result(request, ROOT, 4)), events.RequestSettled)
    collected = only(
        send(market, BOB, market.collect_earnings(BOB.address)), events.EarningsCollected
    )
    assert collected.payout == OTHERS[0]
    assert market.miner_status(BOB.address).completed >= 1


def test_many_are_settled_at_once_and_the_rest_skipped(anywhere: Market) -> None:
    market = anywhere
    settled(market)
    done, running = request_of(market), request_of(market, duration=30 * 86_400)
    for request in (done, running):
        signature = sign(market.domain, request, ALICE).signature
        send(market, BOB, market.confirm_request(request, signature))
    send(market, BOB, market.submit_result(done, ROOT, 10))
    market.node.request("evm_increaseTime", 2 * 86_400)
    market.node.request("evm_mine")
    assert market.state_of(done) is State.SETTLEABLE
    found = send(market, ALICE, market.settle_many([done, running]))
    assert only(found, events.RequestSettled).id == market.domain.request_id(done)
    assert only(found, events.SettlementSkipped).state is State.CONFIRMED
    release = Release(market.domain.request_id(running))
    agreement = sign(market.domain, release, BOB).signature
    send(market, ALICE, market.release_by_agreement(running, agreement))
    assert market.state_of(running) is State.ANNULLED


def test_a_permit_saves_the_approval(anywhere: Market) -> None:
    market = anywhere
    token = Token(market.node, market.token())
    execute(market, ALICE, token.faucet(7))
    before = market.account_of(ALICE.address).available
    permit = token.sign_permit(ALICE, market.address, 7, FAR)
    send(market, ALICE, market.deposit_with_permit(*permit))
    assert market.account_of(ALICE.address).available == before + 7
    assert token.allowance(ALICE.address, market.address) == 0


def test_a_token_without_permits(market: Market) -> None:
    not_a_token = Token(market.node, market.terms_of(1).court)
    with pytest.raises(NoPermit, match="approve instead"):
        not_a_token.sign_permit(ALICE, market.address, 7, FAR)


def test_other_ways_out(market: Market) -> None:
    settled(market)
    posted, late, given_back = (request_of(market, duration=60) for _ in range(3))
    send(market, ALICE, market.post_request(posted))
    only(send(market, ALICE, market.cancel_request(posted)), events.RequestCancelled)
    for request in (late, given_back):
        signature = sign(market.domain, request, ALICE).signature
        send(market, BOB, market.confirm_request(request, signature))
    only(send(market, BOB, market.release(given_back)), events.RequestReleased)
    market.node.request("evm_increaseTime", 61)
    market.node.request("evm_mine")
    assert market.state_of(late) is State.OVERDUE
    found = send(market, ALICE, market.claim_default(late))
    only(found, events.RequestDefaulted)
    only(found, events.StakeSlashed)
    assert only(send(market, ALICE, market.advance_epoch()), events.EpochAdvanced).epoch == 1
    only(send(market, BOB, market.withdraw_offer(1)), events.OfferWithdrawn)
    send(market, BOB, market.register_resource(1, 0))
    free = market.miner_status(BOB.address).free_stake
    only(send(market, BOB, market.start_unbonding(BOB.address, free)), events.UnbondingStarted)
    balance = market.account_of(ALICE.address)
    assert balance.locked == 0
    left = only(
        send(market, ALICE, market.withdraw(ALICE.address, balance.available)), events.Withdrawn
    )
    assert left.amount == balance.available


def test_views_of_the_past(market: Market) -> None:
    then = market.node.head().number
    fund(market, ALICE, 5)
    assert market.account_of(ALICE.address).available == 5
    assert market.at(then).account_of(ALICE.address).available == 0


def test_refusals_come_before_gas_is_spent(anywhere: Market) -> None:
    market = anywhere
    before = market.node.nonce(ALICE.address)
    available = market.account_of(ALICE.address).available
    call = market.withdraw(ALICE.address, available + 1)
    for act in (
        lambda: call.simulate(ALICE.address),
        lambda: sender(market, ALICE).send(call),
    ):
        with pytest.raises(contract_errors.InsufficientAvailable) as caught:
            act()
        assert caught.value.values == {
            "account": ALICE.address,
            "available": available,
            "needed": available + 1,
        }
        assert "deposit more, or ask for less [InsufficientAvailable(account=0x" in str(
            caught.value
        )
    assert market.node.nonce(ALICE.address) == before


def test_states_are_named_in_refusals(anywhere: Market) -> None:
    market = anywhere
    request = request_of(market)
    with pytest.raises(contract_errors.WrongState) as caught:
        market.settle(request).simulate(ALICE.address)
    assert caught.value.values["state"] is State.NONE


def test_a_mined_failure_says_why(market: Market) -> None:
    """Two posts of all there is: simulated before either is mined, both would succeed."""
    fund(market, ALICE, 20 * TOKEN)
    chain = Controls(market.node)
    first, second = Sender(market.node, ALICE, fees=CHEAP), Sender(market.node, ALICE, fees=CHEAP)
    chain.automine(False)
    calls = [market.withdraw(ALICE.address, 20 * TOKEN), market.post_request(request_of(market))]
    first.send(calls[0])
    sent = second.send(calls[1])  # its own journal knows of nothing pending
    chain.mine()
    with pytest.raises(TransactionReverted) as caught:
        second.poll(sent)
    assert isinstance(caught.value.reason, contract_errors.InsufficientAvailable)
    assert not caught.value.receipt.succeeded
    assert "withdraw" not in str(caught.value)


def test_other_refusals_are_read(market: Market) -> None:
    token = Token(market.node, market.token())
    broke = Account.create().address
    with pytest.raises(contract_errors.ERC20InsufficientBalance):
        token.transfer(ALICE.address, 1).simulate(broke)
    with pytest.raises(contract_errors.TransferFromFailed):
        market.deposit(1).simulate(broke)
    with pytest.raises(contract_errors.OwnableUnauthorizedAccount):
        Contract(market.node, market.address, "ComputeMarket").call("unpause").simulate(broke)


def test_no_contract_there(market: Market) -> None:
    nowhere = Market(market.node, "0x" + "99" * 20)
    with pytest.raises(NoContract, match="right chain and address"):
        nowhere.token()
