"""The deals of tests/contracts/Settlement."""

from tests.contracts.Settlement.conftest import challenged, deal, submitted, world

__all__ = ["challenged", "deal", "submitted", "world"]
