"""Internal accounts in one settlement token, as `contracts/market/Escrow.sol`."""

from collections import defaultdict

from suanli.model.state import Account
from suanli.protocol import ZERO_ADDRESS, Address, Scale, require

MAX_HELD = 2**112 - 1


class Escrow:
    """`wallets` are the tokens outside the market, `held` the market's own token balance."""

    def __init__(self, address: Address, token: Address, decimals: int, time: int) -> None:
        self.address = address
        self.token = token
        self.scale = Scale(decimals)
        self.time = time
        self.held = 0
        self.wallets: defaultdict[Address, int] = defaultdict(int)
        self.accounts: defaultdict[Address, Account] = defaultdict(Account)

    def deposit(self, sender: Address, amount: int) -> None:
        """The market's allowance is taken for granted."""
        require(amount != 0, "ZeroAmount")
        require(amount <= MAX_HELD - self.held, "AmountTooLarge", amount, MAX_HELD)
        self._pull(sender, amount)
        self.accounts[sender].available += amount

    def deposit_with_permit(self, sender: Address, amount: int, *_permit: object) -> None:
        """A permit only gives the allowance, or does no harm."""
        self.deposit(sender, amount)

    def gift(self, sender: Address, amount: int) -> None:
        """Tokens sent to the market by a plain transfer: nobody's."""
        self._pull(sender, amount)

    def withdraw(self, sender: Address, to: Address, amount: int) -> None:
        require(amount != 0, "ZeroAmount")
        self._require_recipient(to)
        self._require_available(sender, amount)
        self.accounts[sender].available -= amount
        self._push(to, amount)

    def _pull(self, sender: Address, amount: int) -> None:
        require(amount <= self.wallets[sender], "TransferFromFailed")
        self.wallets[sender] -= amount
        self.held += amount

    def _push(self, to: Address, amount: int) -> None:
        self.held -= amount
        self.wallets[to] += amount

    def _require_available(self, account: Address, amount: int) -> None:
        available = self.accounts[account].available
        require(amount <= available, "InsufficientAvailable", account, available, amount)

    def _unlock(self, account: Address, locked: int, returned: int) -> None:
        self.accounts[account].locked -= locked
        self.accounts[account].available += returned

    def _require_recipient(self, to: Address) -> None:
        require(to != ZERO_ADDRESS, "ZeroAddress")
        require(to not in (self.address, self.token), "InvalidRecipient", to)
