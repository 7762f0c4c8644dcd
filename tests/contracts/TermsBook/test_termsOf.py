"""termsOf: a record as it was added."""

import pytest

from tests.harness.evm import reverts
from tests.harness.market import TERMS, terms_record


def test_shows_all_fields(world):
    record = terms_record(court=world.court.address, identityVerifier=world.verifier.address)
    assert world.market.termsOf(TERMS)._asdict() == record


@pytest.mark.parametrize("terms", [0, 3, 2**32 - 1])
def test_refuses_unknown_terms(world, terms):
    with reverts("UnknownTerms", terms):
        world.market.termsOf(terms)
