"""What a large market takes: the arithmetic, and that the document shows it."""

from pathlib import Path

from benchmarks import scale
from suanli.miner.ports.relay import HOLDS
from suanli.relay.server.board import Bounds

PAGE = Path(__file__).parents[2] / "docs" / "scale.md"


def test_the_document_shows_what_the_script_prints() -> None:
    text = PAGE.read_text()
    assert scale.held() in text
    assert scale.taken() in text
    assert scale.served() in text


def test_what_is_served_is_what_daemons_and_relays_do() -> None:
    announcements, *_ = scale.SERVED
    assert announcements.daily == scale.MINERS * scale.DAY / (HOLDS / 3)
    assert Bounds().announcements == 10_000
    assert "10,000 announcements" in PAGE.read_text()


def test_bytes_bind_where_a_byte_counts_as_more_gas_than_the_flow_takes() -> None:
    base, arbitrum = scale.ROLLUPS
    flow = scale.Cost(gas=148_000, told=4_000)
    assert (flow.on(base), flow.on(arbitrum)) == (556_000, 148_000)
    assert scale.Cost(gas=148_000, told=1_000).on(base) == 148_000


def test_a_hundred_tasks_a_deal_are_a_million_deals() -> None:
    deals, offers, earnings, cases = scale.loads(100, 30)
    assert deals.daily == 10**6
    assert offers.daily == 2 * 10**6 / 30
    assert earnings.daily == 10**6 / 7
    assert cases.daily == 100
