"""termsCount: records are numbered from 1 to this."""


def test_counts_records(world):
    assert world.market.termsCount() == 2
    assert world.add_terms() == 3
    assert world.market.termsCount() == 3
