"""What becomes of whole cases: who wins, and where each coin goes."""

from tests.harness.courtroom import Phase
from tests.harness.market import State, Trial, World


def test_a_wrong_leaf_is_found(room):
    deal = room.deal(wrong={1})
    case = room.challenge(deal, task=1)
    assert case.phase == Phase.ANSWERING
    case.answer()
    assert case.phase == Phase.DRAWING
    case.draw()
    assert case.phase == Phase.VOTING
    case.vote()
    assert case.phase == Phase.SHOWING
    case.show()
    assert World.deal(room, deal.request).trial == Trial.REVEALED
    case.reveal()
    assert case.phase == Phase.DECIDED
    case.close()
    assert case.phase == Phase.UPHELD
    case.finish()
    assert room.state(deal.request) == State.OVERTURNED
