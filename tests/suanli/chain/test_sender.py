"""Each transaction is sent once: through faults, restarts, other senders and reorganizations."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from suanli.base.accounts import Account
from suanli.chain import (
    GWEI,
    BadAnswer,
    Call,
    ChainError,
    Fees,
    FeeTooHigh,
    InsufficientFunds,
    Market,
    Node,
    NonceConflict,
    RpcError,
    Sender,
    Sent,
    Token,
    TransactionError,
    TransactionJournal,
    TransactionReverted,
    TransactionTimeout,
    TransportError,
    contract_errors,
)
from suanli.chain.fees import GasPrice
from suanli.chain.journal import Status
from tests.harness.faults import (
    Clock,
    Faulty,
    answer,
    change,
    drop_answer,
    drop_question,
    refuse,
    twice,
)
from tests.harness.local_chain import ALICE, BOB, CHEAP, Controls

SEND = "eth_sendRawTransaction"


class Bench:
    """Alice's sender on an Anvil whose transport can fail, a clock, and what she holds."""

    def __init__(self, market: Market) -> None:
        self.faulty = Faulty(market.node.transport)
        self.node = Node(self.faulty)
        self.chain = Controls(market.node)
        self.clock = Clock()
        self.journal = TransactionJournal()
        self.token = Token(self.node, market.token())
        self.before = self.token.balance_of(ALICE.address)

    def sender(self, **changes: Any) -> Sender:
        given: dict[str, Any] = {
            "journal": self.journal,
            "fees": CHEAP,
            "clock": self.clock,
            "sleep": self.clock.sleep,
        }
        return Sender(self.node, ALICE, **(given | changes))

    def faucet(self, amount: int = 1) -> Call[None]:
        return self.token.faucet(amount)

    @property
    def gained(self) -> int:
        """Tokens Alice got: how often the faucet ran for her."""
        return self.token.balance_of(ALICE.address) - self.before

    def nonce(self) -> int:
        return self.node.nonce(ALICE.address)


@pytest.fixture
def bench(market: Market) -> Bench:
    """Blocks are made while somebody waits, and by the test."""
    made = Bench(market)
    made.chain.automine(False)  # it makes blocks a moment after a transaction, as it pleases
    made.clock.meanwhile = made.chain.mine
    return made


@pytest.fixture
def manual(bench: Bench) -> Bench:
    """Blocks are made by the test only."""
    bench.clock.meanwhile = lambda: None
    return bench


def test_a_transaction_is_sent_and_confirmed(bench: Bench) -> None:
    sender = bench.sender()
    receipt = sender.execute(bench.faucet(3))
    assert receipt.succeeded
    assert receipt.cost == receipt.gas_used * receipt.gas_price > 0
    assert bench.gained == 3
    assert sender.pending() == []


def test_confirmations_are_waited_for(bench: Bench) -> None:
    sender = bench.sender(confirmations=3)
    sent = sender.send(bench.faucet())
    for _ in range(3):
        assert sender.poll(sent) is None
        bench.chain.mine()
    receipt = sender.poll(sent)
    assert receipt is not None
    assert receipt.transaction == sent.transaction


@pytest.mark.parametrize("fault", [drop_question, drop_answer, twice])
def test_it_is_sent_once_whatever_becomes_of_the_question(bench: Bench, fault: Any) -> None:
    sender = bench.sender()
    bench.faulty.spoil(SEND, fault)
    receipt = sender.execute(bench.faucet())
    assert receipt.succeeded
    assert (bench.gained, bench.faulty.exhausted) == (1, True)


@pytest.mark.parametrize("fault", [drop_question, drop_answer, twice])
def test_the_same_before_a_block_is_made(manual: Bench, fault: Any) -> None:
    sender, nonce = manual.sender(), manual.nonce()
    manual.faulty.spoil(SEND, fault, fault)
    sent = sender.send(manual.faucet())
    manual.clock.meanwhile = manual.chain.mine
    assert sender.wait(sent).succeeded
    assert (manual.gained, manual.nonce()) == (1, nonce + 1)


def test_a_hash_that_is_a_lie_is_not_believed(bench: Bench) -> None:
    sender = bench.sender()
    bench.faulty.spoil(SEND, change(lambda _: "0x" + "00" * 32))
    assert sender.execute(bench.faucet()).succeeded
    assert bench.gained == 1


def test_a_false_success_is_noticed(bench: Bench) -> None:
    """The node says it has the transaction, but has not: it is handed over again."""
    sender = bench.sender()
    bench.faulty.spoil(SEND, answer("0x" + "00" * 32))
    assert sender.execute(bench.faucet()).succeeded
    assert bench.gained == 1


def test_a_false_refusal_is_no_second_payment(bench: Bench) -> None:
    """It took the transaction and says "nonce too low"."""

    def lie(transport: Any, method: str, params: Any) -> Any:
        transport.request(method, params)
        raise RpcError(method, -32003, "nonce too low")

    bench.faulty.spoil(SEND, lie)
    assert bench.sender().execute(bench.faucet()).succeeded
    assert bench.gained == 1


def took_it_but(words: str) -> Any:
    """The node takes the transaction, and answers with an error."""

    def fault(transport: Any, method: str, params: Any) -> Any:
        transport.request(method, params)
        raise RpcError(method, -32603, words)

    return fault


@pytest.mark.parametrize(
    "words",
    [
        "request timed out",
        "internal error",
        "Known transaction",
        "AlreadyKnown",
        "replacement transaction underpriced",
        "insufficient funds for gas * price + value",
    ],
)
def test_no_refusal_of_what_the_node_has_is_a_second_payment(manual: Bench, words: str) -> None:
    """Whoever is refused tries the key again; a gateway's errors are no refusals."""
    sender = manual.sender()
    manual.faulty.spoil(SEND, took_it_but(words))
    sent = sender.send(manual.faucet(), key="gift")
    assert sender.send(manual.faucet(), key="gift") == sent
    manual.clock.meanwhile = manual.chain.mine
    sender.wait(sent)
    manual.chain.mine(2)
    assert (manual.gained, manual.faulty.exhausted) == (1, True)


def test_receipts_that_come_late_are_no_second_payment(manual: Bench) -> None:
    """Behind a balancer one node counts the nonce, another does not know the receipt yet."""
    sender = manual.sender()
    sent = sender.send(manual.faucet(), key="gift")
    manual.chain.mine()
    manual.faulty.spoil("eth_getTransactionReceipt", *[answer(None)] * 4)
    manual.faulty.spoil("eth_getTransactionByHash", *[answer(None)] * 4)
    manual.clock.meanwhile = manual.chain.mine
    sender.wait(sent)
    manual.chain.mine(2)
    assert manual.gained == 1


def test_late_receipts_are_waited_for_where_blocks_come_fast(manual: Bench) -> None:
    """Four a second, as on Arbitrum: three blocks are less than a node may be behind."""
    sender = manual.sender(poll_every=0.25)
    sent = sender.send(manual.faucet(), key="gift")
    manual.chain.mine()
    manual.faulty.spoil("eth_getTransactionReceipt", *[answer(None)] * 20)
    manual.faulty.spoil("eth_getTransactionByHash", *[answer(None)] * 10)
    manual.clock.meanwhile = manual.chain.mine
    sender.wait(sent)
    manual.chain.mine(2)
    assert manual.gained == 1


def test_a_receipt_of_no_block_is_not_believed(bench: Bench) -> None:
    sender = bench.sender()
    sent = sender.send(bench.faucet())
    bench.chain.mine()
    false = change(lambda receipt: receipt | {"blockHash": "0x" + "11" * 32})
    bench.faulty.spoil("eth_getTransactionReceipt", false)
    assert sender.poll(sent) is None
    assert sender.poll(sent) is not None


def test_faults_while_waiting_pass(bench: Bench) -> None:
    sender = bench.sender()
    sent = sender.send(bench.faucet())
    bench.chain.mine()
    bench.faulty.spoil(
        "eth_getTransactionReceipt",
        drop_answer,
        answer(7),
        refuse(RpcError("eth_getTransactionReceipt", -32000, "header not found")),
    )
    assert sender.wait(sent).succeeded
    assert bench.faulty.exhausted
    assert len(bench.clock.slept) == 3


def test_waiting_ends(manual: Bench) -> None:
    sender = manual.sender()
    sent = sender.send(manual.faucet())
    with pytest.raises(TransactionTimeout, match="not confirmed within 5 seconds"):
        sender.wait(sent, timeout=5)
    assert sender.pending() == [sent]
    manual.chain.mine()
    assert sender.wait(sent).succeeded


def test_a_dead_node_is_named_as_the_cause(manual: Bench) -> None:
    sender = manual.sender()
    sent = sender.send(manual.faucet())
    manual.faulty.always["eth_getTransactionReceipt"] = drop_question
    with pytest.raises(TransactionTimeout) as caught:
        sender.wait(sent, timeout=5)
    assert isinstance(caught.value.__cause__, TransportError)


def test_a_time_out_says_what_the_node_answered(manual: Bench) -> None:
    sender = manual.sender()
    manual.faulty.spoil(SEND, drop_question)
    sent = sender.send(manual.faucet())
    manual.faulty.always[SEND] = refuse(RpcError(SEND, -32000, "insufficient funds for gas"))
    with pytest.raises(TransactionTimeout) as caught:
        sender.wait(sent, timeout=60)
    assert "insufficient funds" in str(caught.value.__cause__)


@pytest.mark.parametrize(
    "method",
    [
        "eth_call",
        "eth_estimateGas",
        "eth_getBlockByNumber",
        "eth_getBalance",
        "eth_getTransactionCount",
    ],
)
def test_a_fault_before_it_is_sent_sends_nothing(bench: Bench, method: str) -> None:
    sender = bench.sender()
    bench.faulty.spoil(method, drop_question)
    with pytest.raises(TransportError):
        sender.send(bench.faucet(), key="once")
    assert (sender.pending(), sender.find("once"), SEND in bench.faulty.asked) == ([], None, False)


# Keys and restarts


def test_a_key_is_used_once(bench: Bench) -> None:
    sender = bench.sender()
    first = sender.send(bench.faucet(), key="gift")
    assert sender.send(bench.faucet(), key="gift") == first == sender.find("gift")
    sender.wait(first)
    assert sender.send(bench.faucet(), key="gift") == first
    assert bench.gained == 1
    sender.execute(bench.faucet(), key="another")
    assert bench.gained == 2


def test_keys_belong_to_one_account(bench: Bench) -> None:
    bench.sender().execute(bench.faucet(), key="gift")
    assert Sender(bench.node, BOB, bench.journal).find("gift") is None


def test_a_refused_key_can_be_used_again(bench: Bench) -> None:
    sender = bench.sender()
    with pytest.raises(contract_errors.ERC20InsufficientBalance):
        sender.send(bench.token.transfer(BOB.address, 1 << 200), key="pay")
    bench.faulty.spoil(SEND, refuse(RpcError(SEND, -32000, "exceeds block gas limit")))
    with pytest.raises(RpcError, match="exceeds block gas limit"):
        sender.send(bench.faucet(), key="pay")
    assert sender.pending() == []
    assert sender.execute(bench.faucet(), key="pay").succeeded


@pytest.mark.parametrize("fault", [drop_question, drop_answer])
def test_a_killed_program_goes_on(manual: Bench, tmp_path: Path, fault: Any) -> None:
    """Killed right after it wrote down what to send, or after it sent it."""
    journal = TransactionJournal(tmp_path / "journal.sqlite")
    manual.faulty.spoil(SEND, fault)
    sent = manual.sender(journal=journal).send(manual.faucet(), key="gift")
    journal.close()

    again = manual.sender(journal=TransactionJournal(tmp_path / "journal.sqlite"))
    assert again.pending() == [sent]
    assert again.send(manual.faucet(), key="gift") == sent
    manual.clock.meanwhile = manual.chain.mine
    assert again.wait(sent).succeeded
    assert (manual.gained, again.pending()) == (1, [])


def test_a_journal_does_not_mix_chains(bench: Bench) -> None:
    bench.sender().execute(bench.faucet(), key="gift")
    other = Faulty(bench.faulty)
    other.always["eth_chainId"] = answer("0x1")
    assert Sender(Node(other), ALICE, bench.journal).find("gift") is None


# Nonces


def test_many_at_once_take_one_nonce_each(manual: Bench) -> None:
    sender, nonce = manual.sender(), manual.nonce()
    sent = [sender.send(manual.faucet(1 << i)) for i in range(5)]
    manual.chain.mine()
    assert [sender.wait(one).succeeded for one in sent] == [True] * 5
    assert (manual.gained, manual.nonce()) == (31, nonce + 5)


def test_what_depends_on_what_is_pending_can_be_sent(manual: Bench, market: Market) -> None:
    sender = manual.sender()
    sender.send(manual.faucet(7))
    sender.send(manual.token.approve(market.address, 7))
    last = sender.send(Market(manual.node, market.address).deposit(7))
    manual.chain.mine()
    assert sender.wait(last).succeeded
    assert market.account_of(ALICE.address).available == 7


def test_threads_share_a_sender(bench: Bench) -> None:
    sender = bench.sender()
    threads = [threading.Thread(target=lambda: sender.execute(bench.faucet())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert bench.gained == 8


def test_a_nonce_used_elsewhere_is_renewed(manual: Bench) -> None:
    """Another program's transaction takes the nonce that ours was signed with."""
    ours, theirs = manual.sender(), manual.sender(journal=TransactionJournal())
    manual.faulty.spoil(SEND, drop_question)
    sent = ours.send(manual.faucet(1))
    theirs.send(manual.faucet(10))
    manual.clock.meanwhile = manual.chain.mine
    receipt = ours.wait(sent)
    assert receipt.transaction != sent.transaction
    assert manual.gained == 11


def test_a_nonce_waiting_elsewhere_is_left_alone(manual: Bench) -> None:
    """The pool has another program's transaction, which the node does not count as pending."""
    theirs = manual.sender(journal=TransactionJournal())
    waiting = theirs.send(manual.faucet(10))
    blind = change(lambda count: hex(int(count, 16) - 1))
    manual.faulty.spoil("eth_getTransactionCount", blind)
    ours = manual.sender()
    sent = ours.send(manual.faucet(1))
    manual.clock.meanwhile = manual.chain.mine
    assert ours.wait(sent).succeeded
    assert theirs.wait(waiting).succeeded
    assert manual.gained == 11


def test_a_rival_is_final_after_its_confirmations_only(manual: Bench) -> None:
    """One undone block could bring ours back; signed anew it would be mined twice."""
    ours, theirs = manual.sender(confirmations=10), manual.sender(journal=TransactionJournal())
    manual.faulty.spoil(SEND, drop_question)
    sent = ours.send(manual.faucet(1))
    theirs.send(manual.faucet(1000))
    for _ in range(9):
        manual.chain.mine()
        assert ours.poll(sent) is None
    (entry,) = manual.journal.open(31337, ALICE.address)
    assert len(entry.attempts) == 1
    manual.clock.meanwhile = manual.chain.mine
    assert ours.wait(sent).succeeded
    assert manual.gained == 1001


def test_what_is_signed_anew_has_gas_enough(manual: Bench) -> None:
    """Since the rival's transaction ours costs more: its account is empty now."""
    ours, theirs = manual.sender(), manual.sender(journal=TransactionJournal())
    manual.faulty.spoil(SEND, drop_question)
    sent = ours.send(manual.faucet(1))
    theirs.send(manual.token.transfer(BOB.address, manual.token.balance_of(ALICE.address)))
    manual.clock.meanwhile = manual.chain.mine
    assert ours.wait(sent).succeeded


def test_what_ran_out_of_gas_says_so(manual: Bench) -> None:
    sender = manual.sender()
    manual.faulty.spoil("eth_estimateGas", answer(hex(20_000)))
    sent = sender.send(manual.faucet())
    manual.chain.mine()
    with pytest.raises(TransactionReverted, match="ran out of its 25000 gas"):
        sender.poll(sent)


def test_a_renewed_call_that_is_refused_by_now_is_not_sent(manual: Bench) -> None:
    ours, theirs = manual.sender(), manual.sender(journal=TransactionJournal())
    whole = manual.token.balance_of(ALICE.address)
    manual.faulty.spoil(SEND, drop_question)
    sent = ours.send(manual.token.transfer(BOB.address, whole), key="pay")
    theirs.send(manual.token.transfer(BOB.address, 1))
    manual.clock.meanwhile = manual.chain.mine
    with pytest.raises(contract_errors.ERC20InsufficientBalance):
        ours.wait(sent)
    assert (ours.pending(), ours.find("pay")) == ([], None)
    with pytest.raises(TransactionError, match="send it anew"):
        ours.poll(sent)


def test_a_busy_rival_is_reported(manual: Bench) -> None:
    """Whatever nonce is ours, another program's transaction has it first."""
    node = Node(manual.faulty.transport)
    theirs = Sender(node, ALICE, fees=CHEAP, clock=manual.clock, sleep=manual.clock.sleep)

    def outrun(transport: Any, method: str, params: Any) -> Any:
        theirs.send(manual.faucet(100))
        raise RpcError(method, -32000, "replacement transaction underpriced")

    manual.faulty.always[SEND] = outrun
    manual.clock.meanwhile = manual.chain.mine
    ours = manual.sender()
    sent = ours.send(manual.faucet(), key="gift")
    with pytest.raises(NonceConflict, match="stop the other program"):
        ours.wait(sent)
    assert ours.find("gift") is None


def test_a_count_that_can_t_be_right_sends_nothing(bench: Bench) -> None:
    """With a nonce so high the account would be blocked for ever."""
    sender = bench.sender()
    bench.faulty.spoil("eth_getTransactionCount", change(lambda n: hex(int(n, 16) + 50)))
    with pytest.raises(BadAnswer, match="it counts 50 transactions"):
        sender.send(bench.faucet())
    assert sender.pending() == []
    assert sender.execute(bench.faucet()).succeeded


def test_nonces_that_a_pool_lost_are_filled(manual: Bench) -> None:
    """What another program sent with earlier nonces is gone, so ours could never be mined."""
    ours, theirs = manual.sender(stuck_after=30), manual.sender(journal=TransactionJournal())
    lost = [theirs.send(manual.faucet(1000)) for _ in range(3)]
    sent = ours.send(manual.faucet(1))
    for one in lost:
        manual.chain.anvil_dropTransaction(one.transaction)
    manual.clock.meanwhile = manual.chain.mine
    assert ours.wait(sent).succeeded
    assert manual.gained == 1


def test_another_chains_journal_is_recognized(manual: Bench) -> None:
    """The chain was begun anew, the journal was not."""
    sender = manual.sender(stuck_after=30)
    higher = change(lambda count: hex(int(count, 16) + 50))
    manual.faulty.spoil("eth_getTransactionCount", higher, higher)
    sent = sender.send(manual.faucet())
    manual.clock.now += 31
    with pytest.raises(TransactionError, match="is the journal another chain's"):
        sender.wait(sent)


def test_our_own_lost_transactions_come_first(manual: Bench) -> None:
    """Nobody waits for the first any more, the second is stuck behind it."""
    sender = manual.sender(stuck_after=30)
    first, second = sender.send(manual.faucet(1)), sender.send(manual.faucet(2))
    for one in (first, second):
        manual.chain.anvil_dropTransaction(one.transaction)
    manual.clock.meanwhile = manual.chain.mine
    assert sender.wait(second).succeeded
    assert manual.gained == 3


def test_a_lost_nonce_that_was_used_after_all_is_not_filled_anew(manual: Bench) -> None:
    ours, theirs = manual.sender(stuck_after=30), manual.sender(journal=TransactionJournal())
    lost = theirs.send(manual.faucet(1000))
    sent = ours.send(manual.faucet(1))
    raw = theirs._journal.get(lost.id).last.raw
    manual.chain.anvil_dropTransaction(lost.transaction)
    manual.clock.now += 31
    manual.faulty.spoil(SEND, drop_question, drop_question)
    ours.poll(sent)  # fills the gap; the node does not hear it
    manual.faulty.faults.clear()
    manual.node.send_raw(raw)
    manual.clock.meanwhile = manual.chain.mine
    ours.wait(sent)
    nonce = manual.nonce()
    for _ in range(10):
        for one in ours.pending():
            ours.poll(one)
        manual.chain.mine()
        manual.clock.now += 1
    assert (manual.nonce(), ours.pending()) == (nonce, [])


def test_helping_what_was_sent_earlier_costs_a_few_questions_each(manual: Bench) -> None:
    """It doubled with each that waited: twenty would have stopped a daemon for ever."""
    sender = manual.sender(stuck_after=30)
    sent = [sender.send(manual.faucet()) for _ in range(12)]
    manual.clock.now += 31
    manual.faulty.asked.clear()
    sender.poll(sent[-1])
    assert len(manual.faulty.asked) < 10 * len(sent)


# Fees


def test_a_stuck_transaction_is_replaced_by_a_dearer_one(manual: Bench) -> None:
    sender = manual.sender(stuck_after=30)
    sent = sender.send(manual.faucet())
    assert sender.poll(sent) is None
    manual.clock.now += 31
    assert sender.poll(sent) is None
    manual.clock.meanwhile = manual.chain.mine
    receipt = sender.wait(sent)
    assert receipt.transaction != sent.transaction
    assert manual.gained == 1


def test_the_bound_on_fees_holds(manual: Bench) -> None:
    bound = manual.node.head().base_fee * 2 + GWEI
    sender = manual.sender(stuck_after=30, fees=Fees(max_fee=bound, tip=GWEI))
    sent = sender.send(manual.faucet())
    for _ in range(20):
        manual.clock.now += 31
        assert sender.poll(sent) is None
    (entry,) = manual.journal.open(31337, ALICE.address)
    assert all(attempt.price.max_fee <= bound for attempt in entry.attempts)
    manual.chain.mine()
    receipt = sender.poll(sent)
    assert receipt is not None
    assert receipt.gas_price <= bound


def test_what_must_be_signed_anew_waits_for_lower_fees(manual: Bench) -> None:
    ours = manual.sender(fees=Fees(max_fee=20 * GWEI, tip=GWEI))
    theirs = manual.sender(journal=TransactionJournal())
    manual.faulty.spoil(SEND, drop_question)
    sent = ours.send(manual.faucet(1))
    theirs.send(manual.faucet(10))
    dear = change(lambda block: block | {"baseFeePerGas": hex(1_000 * GWEI)})
    manual.faulty.always["eth_getBlockByNumber"] = dear

    def grow_cheaper() -> None:
        manual.chain.mine()
        if len(manual.clock.slept) > 10:
            manual.faulty.always.clear()

    manual.clock.meanwhile = grow_cheaper
    assert ours.wait(sent).succeeded


def test_fees_above_the_bound_are_not_paid(bench: Bench) -> None:
    says = r"above the bound of 1e-09 gwei: wait .* \(max_fee of its Fees\)"
    with pytest.raises(FeeTooHigh, match=says) as caught:
        bench.sender(fees=Fees(max_fee=1)).send(bench.faucet())
    assert caught.value.bound == 1
    assert SEND not in bench.faulty.asked


TWO_BOUNDS = Fees(max_fee=20 * GWEI, tip=GWEI, urgent=200 * GWEI, how="a", how_urgent="b")


def make_dear(bench: Bench, gwei: int) -> None:
    dear = change(lambda block: block | {"baseFeePerGas": hex(gwei * GWEI)})
    bench.faulty.always["eth_getBlockByNumber"] = dear


@pytest.mark.parametrize(
    "name", ["submitResult", "submitAccepted", "release", "nameBlock", "prove", "closeByMiner"]
)
def test_what_must_be_done_in_time_may_cost_more(bench: Bench, name: str) -> None:
    make_dear(bench, 100)
    sender = bench.sender(fees=TWO_BOUNDS)
    with pytest.raises(FeeTooHigh, match=r"gas costs 101 gwei now, .* of 20 gwei: .* \(a\)"):
        sender.send(bench.faucet())
    sender.execute(replace(bench.faucet(), name=name))
    assert bench.gained == 1
    make_dear(bench, 300)
    with pytest.raises(FeeTooHigh, match=r"of 200 gwei: .* \(b\)"):
        sender.send(replace(bench.faucet(), name=name))


def test_what_must_be_done_in_time_waits_behind_nothing_cheap(manual: Bench) -> None:
    """An earlier nonce of a call that may wait is paid for as dearly as what stands behind it."""
    sender = manual.sender(fees=TWO_BOUNDS, stuck_after=30)
    cheap = sender.send(manual.faucet(1))
    urgent = sender.send(replace(manual.faucet(10), name="submitResult"))
    make_dear(manual, 100)
    manual.clock.now += 31
    sender.poll(cheap)
    assert highest(manual, cheap) <= 20 * GWEI, "alone it waits"
    manual.clock.now += 31
    sender.poll(urgent)
    assert highest(manual, cheap) > 100 * GWEI
    manual.faulty.always.clear()
    manual.clock.meanwhile = manual.chain.mine
    assert sender.wait(urgent).succeeded
    assert manual.gained == 11


def highest(bench: Bench, sent: Sent) -> int:
    """Wei per gas that has been bid for it."""
    return max(attempt.price.max_fee for attempt in bench.journal.get(sent.id).attempts)


@pytest.mark.parametrize(
    ("old", "now", "bound", "expected"),
    [
        (GasPrice(800, 80), GasPrice(100, 10), 10_000, GasPrice(901, 91)),
        (GasPrice(800, 80), GasPrice(5_000, 500), 10_000, GasPrice(5_000, 500)),
        (GasPrice(800, 80), GasPrice(100, 10), 901, GasPrice(901, 91)),
        (GasPrice(800, 80), GasPrice(100, 10), 900, None),
    ],
)
def test_replacements_bid_an_eighth_more(
    old: GasPrice, now: GasPrice, bound: int, expected: GasPrice | None
) -> None:
    assert Fees(max_fee=bound).raised(old, now) == expected


def test_a_chain_without_base_fee_is_refused(bench: Bench) -> None:
    bench.faulty.always["eth_getBlockByNumber"] = change(lambda b: b | {"baseFeePerGas": None})
    with pytest.raises(ChainError, match="EIP-1559"):
        bench.sender().send(bench.faucet())


def test_an_empty_wallet_is_told_what_it_lacks(bench: Bench) -> None:
    poor = Account.create()
    with pytest.raises(InsufficientFunds, match=f"{poor.address} has 0 wei") as caught:
        Sender(bench.node, poor, fees=CHEAP).send(bench.faucet())
    assert caught.value.needed > 0


# Reorganizations


def test_a_reorganized_transaction_is_sent_again(bench: Bench) -> None:
    sender = bench.sender(confirmations=3)
    sent = sender.send(bench.faucet())
    bench.chain.mine(2)
    assert bench.gained == 1
    bench.chain.anvil_reorg(2, [])
    assert bench.gained == 0
    assert sender.wait(sent).succeeded
    assert bench.gained == 1


def test_even_what_was_final_is_sent_again(bench: Bench) -> None:
    sender = bench.sender(confirmations=1)
    sent = sender.send(bench.faucet(), key="gift")
    bench.chain.mine()
    assert sender.poll(sent) is not None
    bench.chain.anvil_reorg(1, [])
    assert sender.poll(sent) is None
    assert sender.pending() == [sent]
    assert sender.wait(sent).succeeded
    assert bench.gained == 1


# The journal


def test_finished_entries_are_forgotten_in_time(
    monkeypatch: pytest.MonkeyPatch, bench: Bench
) -> None:
    monkeypatch.setattr("suanli.chain.journal.KEPT", 2)
    sender = bench.sender()
    for number in range(4):
        sender.execute(bench.faucet(), key=str(number))
    assert [bool(sender.find(str(number))) for number in range(4)] == [False, False, True, True]


def test_keys_are_kept_for_each_account(monkeypatch: pytest.MonkeyPatch, bench: Bench) -> None:
    monkeypatch.setattr("suanli.chain.journal.KEPT", 3)
    alice = bench.sender()
    bob = Sender(bench.node, BOB, bench.journal, CHEAP, clock=bench.clock, sleep=bench.clock.sleep)
    alice.execute(bench.faucet(), key="once")
    for _ in range(3):
        bob.execute(bench.faucet())
    alice.execute(bench.faucet(), key="another")
    assert alice.find("once") is not None


def test_it_signs_for_the_chain_that_was_required(bench: Bench) -> None:
    """Whatever the node says of itself later."""
    bench.node.require_chain(31337)
    bench.faulty.always["eth_chainId"] = answer("0x1")
    bench.sender().execute(bench.faucet())
    assert bench.gained == 1


def test_a_failed_entry_that_succeeds_after_all_keeps_off_its_keys_new_owner(bench: Bench) -> None:
    sender = bench.sender()
    first = sender.send(bench.faucet(), key="gift")
    bench.journal.mark(first.id, Status.FAILED)
    second = sender.send(bench.faucet(), key="gift")
    bench.chain.mine()
    assert sender.poll(first) is not None
    assert sender.find("gift") == second


def test_nothing_shows_the_key(bench: Bench) -> None:
    sender = bench.sender()
    sender.execute(bench.faucet())
    shown = f"{sender!r} {ALICE!r} {bench.journal.get(1)!r}"
    assert "59c6995e" not in shown


def test_what_is_made_of_several_is_found_by_each_until_it_has_failed(bench: Bench) -> None:
    sender, limit = bench.sender(), bench.sender().estimate(bench.faucet())
    sent = sender.send_parts(bench.faucet(2), ["settle:1", "settle:12"], limit)
    assert sent == sender.send_parts(bench.faucet(2), ["settle:1", "settle:12"], limit)
    sender.wait(sent)
    assert bench.token.balance_of(ALICE.address) == bench.before + 2
    assert bench.sender().find_part("settle:1") == (sent, 0)
    assert bench.sender().find_part("settle:12") == (sent, 1)
    assert sender.find_part("settle:") is None
    assert sender.find("settle:1") is None
    bench.journal.mark(sent.id, Status.FAILED)
    assert sender.find_part("settle:12") is None


def test_a_call_gets_what_its_estimate_lacks(bench: Bench) -> None:
    sender, call = bench.sender(), bench.faucet()
    plain = sender.estimate(call)
    assert sender.estimate(replace(call, more_gas=7_000)) == plain + 7_000
    sender.execute(replace(call, more_gas=7_000))
    assert bench.journal.get(1).gas == plain + 7_000


def test_parts_get_the_gas_that_is_named_for_them(bench: Bench) -> None:
    sender = bench.sender()
    with pytest.raises(TransactionReverted):
        sender.wait(sender.send_parts(bench.faucet(), ["a", "b"], 22_000))
    receipt = sender.wait(sender.send_parts(bench.faucet(), ["a", "b"], 123_456))
    assert receipt.succeeded
    assert bench.journal.get(2).gas == 123_456
