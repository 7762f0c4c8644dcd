"""The in-process EVM as the chain that a plan is executed on."""

from typing import Any

from suanli.deployment import Created
from tests.harness.evm import Evm, Reverted, account

DEPLOYER = account("deployer")


class Died(Exception):
    """The process that deploys was killed."""


class EvmChain:
    """Counts transactions; with `lives` = n the process dies right after its n-th is mined."""

    def __init__(self, evm: Evm, lives: int | None = None) -> None:
        self.evm, self.lives = evm, lives
        self.transactions = 0

    def next_address(self) -> str:
        with self.evm.rollback():
            return self.evm.deploy("MockIdentityVerifier", sender=DEPLOYER).address

    def created(self, address: str) -> Created | None:
        return Created(address, self.evm.number, "") if self.evm._evm.get_code(address) else None

    def deploy(self, contract: str, arguments: tuple[Any, ...]) -> Created:
        deployed = self.evm.deploy(contract, *arguments, sender=DEPLOYER)
        self._count()
        return Created(deployed.address, self.evm.number, "0x")

    def send(self, contract: str, address: str, method: str, arguments: tuple[Any, ...]) -> None:
        getattr(self.evm.at(address, contract), method)(*arguments, sender=DEPLOYER)
        self._count()

    def call(self, contract: str, address: str, method: str, arguments: tuple[Any, ...]) -> Any:
        found = self.evm.at(address, contract)
        function = found[method] if "(" in method else getattr(found, method)
        return function(*arguments)

    def refusal(self, address: str, data: bytes, sender: str) -> str | None:
        try:
            with self.evm.rollback():
                self.evm.message(sender, address, data)
        except Reverted as error:
            return error.name
        return None

    def _count(self) -> None:
        self.transactions += 1
        if self.transactions == self.lives:
            raise Died
