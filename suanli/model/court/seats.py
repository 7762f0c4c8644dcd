"""Jurors' seats and a court's own money."""

from collections import defaultdict

from suanli.model.court.state import LOST, CourtRules, Seat
from suanli.model.escrow import Escrow
from suanli.model.market import Market
from suanli.protocol import ZERO_ADDRESS, Address, require, share_down

DEAREST = 16
"""Most that a crowd multiplies the fee of a jury by."""
OWN = 9
"""How many more places those of cases about the same miner count for."""


class Seats(Escrow):
    """Set `time` (seconds since 1970) and `block` as they pass."""

    def __init__(self, market: Market, address: Address, rules: CourtRules) -> None:
        super().__init__(address, market.token, market.scale.decimals, market.time)
        self.market, self.rules = market, rules
        self.wallets = market.wallets
        self.block = 0
        self.seats: dict[int, Seat] = {}
        self.positions = 0
        self.vacant: list[int] = []
        self.staying = 0
        self.occupied = 0
        """Places of seats in cases, taken or kept."""
        self.waiting = 0
        """Places that queued cases wait for."""
        self.by_miner: defaultdict[int, int] = defaultdict(int)
        """Places that cases about a miner take."""

    def join(self, sender: Address) -> int:
        self._require_available(sender, self.rules.seat_stake)
        self._lock(sender, self.rules.seat_stake)
        if self.vacant:
            position = self.vacant.pop()
        else:
            self.positions += 1
            position = self.positions
        self.seats[position] = Seat(sender, self.time + self.rules.join_delay)
        self.staying += 1
        return position

    def leave(self, sender: Address, position: int) -> None:
        seat = self._seat_of(sender, position)
        until = seat.left_at + self.rules.leave_delay
        require(seat.left_at == 0, "LeavingAlready", position, until)
        self._retire(seat)

    def vacate(self, _sender: Address, position: int) -> None:
        seat = self.seats.get(position)
        require(seat is not None, "StillSeated", position, 0, 0)
        assert seat is not None
        until = seat.left_at + self.rules.leave_delay if seat.left_at else 0
        may_go = seat.left_at != 0 and self.time >= until and seat.sitting == 0
        require(may_go, "StillSeated", position, until, seat.sitting)
        stake = self.stake_of(seat)
        self._unlock(seat.juror, stake, stake)
        del self.seats[position]
        self.vacant.append(position)

    def stake_of(self, seat: Seat) -> int:
        """What is left of it."""
        if seat.penalties == LOST:
            return 0
        penalty = share_down(self.rules.seat_stake, self.rules.penalty_bps)
        return max(self.rules.seat_stake - seat.penalties * penalty, 0)

    @property
    def places(self) -> int:
        return self.staying * self.rules.cases_per_seat

    def fee_of(self, jury: int, miner_id: int) -> int:
        """For a jury of a case about this miner, with the crowd that there is now; rounded up."""
        places = self.places
        crowd = self.occupied + self.waiting + OWN * self.by_miner[miner_id]
        free = max(places - crowd, 0)
        plain = jury * self.rules.seat_fee
        if places**2 >= DEAREST * free**2:
            return plain * DEAREST
        return -(-plain * places**2 // free**2)

    def _seat_of(self, sender: Address, position: int) -> Seat:
        seat = self.seats.get(position)
        require(seat is not None and seat.juror == sender, "NotSeatHolder", sender, position)
        assert seat is not None
        return seat

    def _retire(self, seat: Seat) -> None:
        """It is not drawn any more."""
        if seat.left_at == 0:
            seat.left_at = self.time
            self.staying -= 1

    def _penalize(self, seat: Seat) -> int:
        """Base units that went to the sink."""
        before = self.stake_of(seat)
        if seat.penalties != LOST:
            seat.penalties += 1
        self._retire(seat)
        return self._forfeit(seat, before - self.stake_of(seat))

    def _unseat(self, seat: Seat) -> int:
        lost = self.stake_of(seat)
        seat.penalties = LOST
        self._retire(seat)
        return self._forfeit(seat, lost)

    def _forfeit(self, seat: Seat, amount: int, finder: Address = ZERO_ADDRESS) -> int:
        """To the sink, or half of it to who found it."""
        found = amount // 2 if finder != ZERO_ADDRESS else 0
        self._unlock(seat.juror, amount, 0)
        self.accounts[finder].available += found
        self.accounts[self.rules.sink].available += amount - found
        return amount

    def _lock(self, account: Address, amount: int) -> None:
        self._require_available(account, amount)
        self.accounts[account].available -= amount
        self.accounts[account].locked += amount
