"""Events are read in order, once each, through restarts, reorganizations and refusals."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suanli.base.accounts import Account
from suanli.chain import (
    AnswerTooLarge,
    BadAnswer,
    CursorState,
    Event,
    EventBatch,
    EventCursor,
    Market,
    Node,
    RateLimited,
    RpcError,
    Sender,
    Token,
    TransportError,
    events,
)
from suanli.chain.cursor import REMEMBERED, caught_up
from suanli.chain.logs import topics_of
from suanli.protocol import InvalidMessage
from tests.harness.faults import Fault, Faulty, answer, change, drop_answer, refuse
from tests.harness.local_chain import ALICE, BOB, CHEAP, Controls

TOO_MANY = RpcError("eth_getLogs", -32005, "query returned more than 10000 results")


class Reader:
    """A consumer that keeps what it read, as a program with a database would."""

    def __init__(self, market: Market, **options: Any) -> None:
        self.faulty = Faulty(market.node.transport)
        self.market = market
        self.chain = Controls(market.node)
        self.start = market.node.head().number + 1
        self.options = options
        self.cursor = EventCursor(Node(self.faulty), market.address, **options)
        self.saved = json.dumps(CursorState.from_block(self.start).to_json())
        self.kept: list[Event] = []

    def read(self) -> EventBatch:
        """One batch, as after a restart: only what was saved is known."""
        batch = self.cursor.read(CursorState.from_json(json.loads(self.saved)))
        if batch.rolled_back_to is not None:
            self.kept = [event for event in self.kept if event.at.block <= batch.rolled_back_to]
        self.kept += batch.events
        self.saved = json.dumps(batch.state.to_json())
        return batch

    def catch_up(self) -> int:
        """Read until there is no more; how many batches that took."""
        for count in range(1, 200):
            if self.read().caught_up:
                return count
        raise AssertionError("never caught up")

    def truth(self) -> list[Event]:
        """All events there are now, read at once."""
        whole = EventCursor(self.market.node, self.market.address, self.options.get("only", ()))
        batch = whole.read(CursorState.from_block(self.start))
        assert batch.caught_up
        return list(batch.events)

    def deposit(self, amount: int, account: Account = ALICE) -> None:
        """One event, in a block of its own."""
        self.sender(account).execute(self.market.deposit(amount))

    def sender(self, account: Account = ALICE) -> Sender:
        return Sender(self.market.node, account, fees=CHEAP, poll_every=0.01)

    @property
    def amounts(self) -> list[int]:
        return [event.amount for event in self.kept if isinstance(event, events.Deposited)]


@pytest.fixture
def reader(market: Market) -> Reader:
    return reader_of(market)


def reader_of(market: Market, **options: Any) -> Reader:
    token = Token(market.node, market.token())
    for account in (ALICE, BOB):
        sender = Sender(market.node, account, fees=CHEAP, poll_every=0.01)
        sender.execute(token.approve(market.address, 1 << 100))
    return Reader(market, **options)


def test_each_event_is_read_once(reader: Reader) -> None:
    assert reader.catch_up() == 1
    for amount in (1, 2):
        reader.deposit(amount)
    reader.catch_up()
    reader.deposit(3, BOB)
    reader.catch_up()
    reader.catch_up()
    assert reader.amounts == [1, 2, 3]
    assert reader.kept == reader.truth()
    last = reader.kept[-1]
    assert isinstance(last, events.Deposited)
    block = reader.market.node.block(last.at.block)
    assert block is not None
    assert (last.account, last.at.block_hash) == (BOB.address, block.hash)


def test_reading_changes_nothing_until_the_state_is_kept(reader: Reader) -> None:
    reader.deposit(1)
    state = CursorState.from_block(reader.start)
    assert reader.cursor.read(state) == reader.cursor.read(state)


def test_only_what_is_wanted(market: Market) -> None:
    reader = reader_of(market, only=(events.Withdrawn,))
    reader.deposit(5)
    reader.sender().execute(market.withdraw(ALICE.address, 2))
    reader.catch_up()
    assert [type(event) for event in reader.kept] == [events.Withdrawn]


def test_the_newest_blocks_are_left_out(market: Market) -> None:
    reader = reader_of(market, confirmations=2)
    reader.deposit(1)
    reader.chain.mine()
    assert reader.read().caught_up
    assert reader.amounts == []
    reader.chain.mine()
    reader.read()
    assert reader.amounts == [1]


def test_long_ranges_are_read_in_parts(market: Market) -> None:
    reader = reader_of(market, span=3)
    for amount in range(1, 8):
        reader.deposit(amount)
    assert reader.catch_up() == 3
    assert reader.amounts == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize("refusal", [TOO_MANY, AnswerTooLarge("too large")])
def test_a_range_that_is_refused_is_split(reader: Reader, refusal: Exception) -> None:
    for amount in range(1, 9):
        reader.deposit(amount)

    def at_most_two(transport: Any, method: str, params: Any) -> Any:
        (question,) = params
        if int(question["toBlock"], 16) - int(question["fromBlock"], 16) >= 2:
            raise refusal
        return transport.request(method, params)

    reader.faulty.always["eth_getLogs"] = at_most_two
    assert reader.catch_up() > 4
    assert reader.amounts == [1, 2, 3, 4, 5, 6, 7, 8]


def test_a_single_block_that_is_refused_is_an_error(reader: Reader) -> None:
    reader.deposit(1)
    reader.faulty.always["eth_getLogs"] = refuse(TOO_MANY)
    with pytest.raises(RpcError, match="more than 10000"):
        reader.catch_up()


# Reorganizations


def test_what_a_reorganization_removed_is_given_back(reader: Reader) -> None:
    for amount in (1, 2, 3):
        reader.deposit(amount)
        reader.catch_up()
    reader.chain.anvil_reorg(2, [])
    batch = reader.read()
    assert batch.rolled_back_to == reader.kept[0].at.block
    assert reader.amounts == [1]
    reader.deposit(4)
    reader.catch_up()
    assert reader.kept == reader.truth()
    assert reader.amounts == [1, 4]


def test_what_moved_to_another_block_is_read_again(reader: Reader) -> None:
    """A reorganization that puts the same transaction into a later block."""
    reader.deposit(1)
    receipt = reader.sender().execute(reader.market.deposit(2))
    reader.catch_up()
    raw = reader.market.node.request("eth_getRawTransactionByHash", receipt.transaction)
    reader.chain.anvil_reorg(1, [[raw, 0]])
    reader.catch_up()
    assert reader.amounts == [1, 2]
    assert reader.kept == reader.truth()


def test_a_chain_that_got_shorter(reader: Reader) -> None:
    for amount in (1, 2, 3):
        reader.deposit(amount)
        reader.catch_up()
    reader.chain.anvil_rollback(2)
    assert reader.read().rolled_back_to == reader.start
    assert reader.amounts == [1]


def test_a_reorganization_deeper_than_what_is_remembered_begins_anew(reader: Reader) -> None:
    reader.deposit(1)
    reader.catch_up()
    reader.deposit(2)
    reader.catch_up()
    reader.chain.anvil_reorg(3, [])
    batch = reader.read()
    assert batch.rolled_back_to == reader.start - 1
    assert (reader.amounts, reader.truth()) == ([], [])


def test_a_state_stays_small(reader: Reader) -> None:
    for _ in range(REMEMBERED + 5):
        reader.chain.mine()
        reader.read()
    state = CursorState.from_json(json.loads(reader.saved))
    assert len(state.seen) == REMEMBERED
    assert len(reader.saved) < 100 * REMEMBERED


@pytest.mark.parametrize("asked_first", ["eth_getLogs", "eth_getBlockByNumber"])
@pytest.mark.parametrize("question", [0, 1, 2, 3])
def test_a_reorganization_in_the_middle_of_reading(
    reader: Reader, asked_first: str, question: int
) -> None:
    """Whichever question it comes before, the next readings set it right."""
    for amount in (1, 2):
        reader.deposit(amount)
        reader.catch_up()
    reader.deposit(3)

    def reorganize(transport: Any, method: str, params: Any) -> Any:
        reader.chain.anvil_reorg(2, [])
        reader.deposit(4)
        return transport.request(method, params)

    through: Fault = lambda transport, method, params: transport.request(method, params)  # noqa: E731
    reader.faulty.spoil(asked_first, *[through] * question, reorganize)
    for _ in range(4):
        reader.read()
    assert reader.catch_up() == 1
    assert reader.kept == reader.truth()


@settings(max_examples=15)
@given(st.data())
def test_whatever_happens_the_truth_is_read(deployed: Market, data: st.DataObject) -> None:
    """Blocks, deposits, reorganizations and partial readings in any order."""
    with Controls(deployed.node).rollback():
        reader = reader_of(deployed, span=data.draw(st.integers(1, 4)))
        acts = st.sampled_from(["mine", "deposit", "reorganize", "read"])
        for act in data.draw(st.lists(acts, max_size=12)):
            if act == "mine":
                reader.chain.mine()
            elif act == "deposit":
                reader.deposit(1)
            elif act == "reorganize":
                depth = deployed.node.head().number - reader.start + 1
                if depth > 0:
                    reader.chain.anvil_reorg(data.draw(st.integers(1, depth)), [])
            else:
                reader.read()
        reader.catch_up()
        assert reader.kept == reader.truth()


# Faults and lies


@pytest.mark.parametrize(
    ("method", "fault", "error"),
    [
        ("eth_getLogs", drop_answer, TransportError),
        ("eth_getBlockByNumber", drop_answer, TransportError),
        ("eth_getLogs", answer(None), BadAnswer),
        ("eth_getLogs", change(lambda logs: logs + logs), BadAnswer),
        ("eth_getLogs", change(lambda logs: [log | {"data": "0x"} for log in logs]), BadAnswer),
        ("eth_getLogs", change(lambda logs: [log | {"removed": True} for log in logs]), BadAnswer),
        (
            "eth_getLogs",
            change(lambda logs: [log | {"topics": log["topics"][:1]} for log in logs]),
            BadAnswer,
        ),
    ],
)
def test_after_a_fault_nothing_is_lost(
    reader: Reader, method: str, fault: Fault, error: type[Exception]
) -> None:
    reader.deposit(1)
    reader.faulty.spoil(method, fault)
    with pytest.raises(error):
        reader.read()
    reader.catch_up()
    assert reader.amounts == [1]


def test_logs_of_another_chain_are_not_taken(reader: Reader) -> None:
    reader.deposit(1)
    false = change(lambda logs: [log | {"blockHash": "0x" + "11" * 32} for log in logs])
    reader.faulty.spoil("eth_getLogs", false)
    assert not reader.read().caught_up
    assert reader.amounts == []
    reader.catch_up()
    assert reader.amounts == [1]


def test_unknown_events_are_passed_over(reader: Reader) -> None:
    reader.deposit(1)
    unknown = change(lambda logs: [log | {"topics": ["0x" + "11" * 32]} for log in logs])
    reader.faulty.spoil("eth_getLogs", unknown)
    assert reader.read().caught_up
    assert reader.kept == []


@pytest.mark.parametrize(
    "value", [None, {}, {"start": 1}, {"start": 1, "following": 1, "seen": [[1]]}, [1, 2]]
)
def test_a_damaged_state_is_named(value: Any) -> None:
    with pytest.raises(InvalidMessage, match="begin anew"):
        CursorState.from_json(value)


def test_logs_of_an_abandoned_chain_are_not_kept(market: Market) -> None:
    """A node that still follows it answers once; the block that the range ends with has none."""
    reader = reader_of(market)
    reader.deposit(1)
    reader.chain.mine(3)
    head = market.node.head().number
    question = {
        "address": market.address,
        "fromBlock": hex(reader.start),
        "toBlock": hex(head),
    }
    stale = market.node.request("eth_getLogs", question)
    reader.chain.anvil_reorg(4, [])
    reader.faulty.spoil("eth_getLogs", answer(stale))
    reader.catch_up()
    assert reader.kept == reader.truth() == []


def test_a_range_that_takes_the_node_too_long_is_split(market: Market) -> None:
    reader = reader_of(market)
    for amount in range(1, 5):
        reader.deposit(amount)

    def slow(transport: Any, method: str, params: Any) -> Any:
        (question,) = params
        if int(question["toBlock"], 16) - int(question["fromBlock"], 16) >= 2:
            raise TransportError("took longer than 10 s to answer")
        return transport.request(method, params)

    reader.faulty.always["eth_getLogs"] = slow
    for _ in range(10):
        with suppress(TransportError):
            reader.read()
    assert reader.amounts == [1, 2, 3, 4]


# What nodes take at once


def counting_blocks(most: int, says: str = "") -> tuple[Fault, list[int]]:
    """A node that takes `most` blocks at once; how many it was asked for."""
    asked: list[int] = []

    def fault(transport: Any, method: str, params: Any) -> Any:
        (question,) = params
        asked.append(int(question["toBlock"], 16) - int(question["fromBlock"], 16) + 1)
        if asked[-1] > most:
            raise RpcError(method, -32005, says or "too many")
        return transport.request(method, params)

    return fault, asked


@pytest.mark.parametrize(
    ("says", "first"),
    [
        ("please limit the query to at most 3 blocks", 3),
        ("eth_getLogs is limited to a 3 block range", 3),
        ("exceed maximum block range: 3", 3),
        ("Log response size exceeded: you can make requests with up to a 2K block range", 50),
        ("query returned more than 10 results", 50),
        ("", 50),
    ],
)
def test_a_limit_that_is_named_is_heeded(reader: Reader, says: str, first: int) -> None:
    reader.chain.mine(100)
    reader.faulty.always["eth_getLogs"], asked = counting_blocks(3, says)
    while len(asked) < 2:
        reader.read()
    assert asked == [100, first]


def test_what_a_node_takes_is_seldom_passed(reader: Reader) -> None:
    """A limit of 3 blocks costs a few questions in hundreds, not every other one."""
    reader.deposit(1)
    reader.chain.mine(200)
    reader.deposit(2)
    reader.faulty.always["eth_getLogs"], asked = counting_blocks(3)
    while not reader.read().caught_up:
        pass
    assert reader.amounts == [1, 2]
    refused = sum(blocks > 3 for blocks in asked)
    assert (refused, len(asked)) == (10, 78)


def test_after_a_crowded_place_more_is_asked_for_again(reader: Reader) -> None:
    reader.faulty.always["eth_getLogs"], _ = counting_blocks(2)
    reader.chain.mine(50)
    while reader.cursor.span > 2:
        reader.read()
    reader.faulty.always["eth_getLogs"], asked = counting_blocks(1_000)
    reader.chain.mine(400)
    while not reader.read().caught_up:
        pass
    assert max(asked) >= 64


def test_a_rate_limit_narrows_nothing(reader: Reader) -> None:
    reader.chain.mine(10)
    reader.faulty.spoil("eth_getLogs", refuse(RateLimited("a node", "HTTP 429")))
    with pytest.raises(RateLimited):
        reader.read()
    assert reader.cursor.span == 2_000


def test_catching_up_takes_two_questions_a_range(market: Market) -> None:
    """Deep below the newest block: the logs, and the block that the range ends with."""
    reader = reader_of(market, span=10)
    reader.chain.mine(200)
    reader.read()
    head = market.node.head()
    before = len(reader.faulty.asked)
    state = CursorState.from_json(json.loads(reader.saved))
    for _ in range(5):
        state = reader.cursor.read(state, head).state
    asked = reader.faulty.asked[before:]
    assert asked == ["eth_getBlockByNumber", "eth_getLogs"] * 5


def test_nothing_new_takes_no_question(reader: Reader) -> None:
    reader.catch_up()
    head = reader.market.node.head()
    before = len(reader.faulty.asked)
    batch = reader.cursor.read(CursorState.from_json(json.loads(reader.saved)), head)
    assert (batch.caught_up, batch.events) == (True, ())
    reader.chain.mine()
    reader.cursor.read(batch.state, reader.market.node.head())
    assert reader.faulty.asked[before:] == ["eth_getLogs"]


def test_long_readings_are_told_of(reader: Reader, caplog: pytest.LogCaptureFixture) -> None:
    reader.chain.mine(30)
    cursor = EventCursor(reader.cursor._node, reader.market.address, span=5)
    seconds = iter([0.0, 4.0, 6.0, 15.0, 16.0, 17.0])
    list(caught_up(cursor, CursorState.from_block(reader.start), lambda: next(seconds)))
    newest = reader.market.node.head().number
    total = newest - reader.start + 1
    assert caplog.messages == [
        f"reading the market's events: 10 of {total} blocks, 5 at a time",
        f"reading the market's events: 20 of {total} blocks, 5 at a time",
    ]


def test_events_of_some_requests_only(reader: Reader) -> None:
    """The node sorts them out."""
    reader.deposit(1)
    cursor = EventCursor(
        reader.cursor._node, reader.market.address, (events.RequestPosted,), ids=[b"\x07" * 32]
    )
    asked: list[Any] = []

    def remember(transport: Any, method: str, params: Any) -> Any:
        asked.append(params[0]["topics"])
        return transport.request(method, params)

    reader.faulty.always["eth_getLogs"] = remember
    assert cursor.read(CursorState.from_block(reader.start)).events == ()
    (topic,) = topics_of([events.RequestPosted])
    assert asked == [[["0x" + topic.hex()], ["0x" + "07" * 32]]]
