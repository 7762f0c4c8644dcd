"""Gas a task beside other markets: the figures, and that document and picture show them."""

from pathlib import Path

import pytest

from benchmarks import peers

DOCS = Path(__file__).parents[2] / "docs"


def test_a_deal_of_many_tasks_shares_what_is_paid_once() -> None:
    flow = peers.Flow("a market", "a flow", 1_000, 100)
    assert [flow.each(tasks) for tasks in (1, 10)] == [1_000, 190]


def test_where_a_deal_is_one_task_none_is_shared() -> None:
    assert peers.Flow("a market", "a flow", 1_000, None).each(10_000) == 1_000


@pytest.mark.parametrize(
    ("gas", "told"),
    [(276_154, "276,000"), (9_274_930, "9,270,000"), (168.4, "168"), (16.76, "16.8")],
)
def test_three_digits_count(gas: float, told: str) -> None:
    assert peers.short(gas) == told


def test_the_document_shows_the_figures() -> None:
    text = (DOCS / "gas.md").read_text()
    assert peers.table(peers.flows()) in text
    assert peers.provenance() in text


def test_every_market_measured_has_a_line_and_says_where_its_figures_come_from() -> None:
    markets = {flow.market for flow in peers.flows()}
    assert markets == {"Suanli", "iExec", "Boundless", "Lilypad", "Golem"}
    rows = peers.provenance().splitlines()[4:]
    assert [row.split(" | ")[0] for row in rows] == [
        *("| iExec PoCo", "| Boundless", "| Lilypad", "| Golem", "| Livepeer")
    ]
    assert all("measured" in row or "solc" in row for row in rows)


def test_the_picture_shows_the_figures(tmp_path: Path) -> None:
    peers.draw(peers.flows(), tmp_path / "peers.svg")
    assert (tmp_path / "peers.svg").read_text() == peers.PICTURE.read_text()
