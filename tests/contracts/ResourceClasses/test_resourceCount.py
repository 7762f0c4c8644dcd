"""resourceCount: ids run from 1 to this number."""


def test_counts_classes(world):
    assert world.market.resourceCount() == 3
    assert world.add_class() == 4
    assert world.market.resourceCount() == 4
