"""Our bounded transport as a provider for web3.py: `Web3(suanli.chain.Provider("https://…"))`."""

from __future__ import annotations

import json
from typing import Any, cast

from web3.exceptions import ProviderConnectionError
from web3.providers.base import JSONBaseProvider
from web3.types import RPCEndpoint, RPCResponse

from suanli.chain.errors import ChainError, RpcError
from suanli.chain.node import connect
from suanli.chain.transport import Transport


class Provider(JSONBaseProvider):
    """A node, or several with commas between, or any transport: with bounds on time and size, and
    asked again only where that can't do something twice.

    What a node answers is passed on, its errors too; that no answer came, or none that is one, is
    a TransportError or BadAnswer of ours.
    """

    def __init__(
        self,
        where: str | Transport,
        chain_id: int | None = None,
        timeout: float = 10.0,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        at = connect(where, chain_id, timeout).transport if isinstance(where, str) else where
        self.transport = at

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        question = json.loads(self.encode_rpc_request(method, params))
        answer = {"jsonrpc": "2.0", "id": question["id"]}
        try:
            answer["result"] = self.transport.request(method, question["params"])
        except RpcError as error:
            answer["error"] = {"code": error.code, "message": error.reason}
            if error.data is not None:
                answer["error"]["data"] = error.data
        return cast(RPCResponse, answer)

    def make_batch_request(self, requests: list[tuple[RPCEndpoint, Any]]) -> list[RPCResponse]:
        """One after the other: each with its own bounds."""
        return [self.make_request(method, params) for method, params in requests]

    def is_connected(self, show_traceback: bool = False) -> bool:
        try:
            self.transport.request("eth_chainId", [])
        except ChainError as error:
            if show_traceback:
                raise ProviderConnectionError(str(error)) from error
            return False
        return True
