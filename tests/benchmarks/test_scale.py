"""What a large market takes: the arithmetic, and that the document shows it."""

from pathlib import Path

from benchmarks import scale

PAGE = Path(__file__).parents[2] / "docs" / "scale.md"


def test_the_document_shows_what_the_script_prints() -> None:
    text = PAGE.read_text()
    assert scale.held() in text
    assert scale.taken() in text


def test_a_hundred_tasks_a_deal_are_a_million_deals() -> None:
    deals, offers, earnings, cases = scale.loads(100, 30)
    assert deals.daily == 10**6
    assert offers.daily == 2 * 10**6 / 30
    assert earnings.daily == 10**6 / 7
    assert cases.daily == 100
