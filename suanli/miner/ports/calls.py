"""The market's call for each of the core's sends."""

from __future__ import annotations

from typing import Any

from suanli.chain import Call, Market, PriceController
from suanli.miner.core import (
    Act,
    Send,
    SendAccepted,
    SendConfirm,
    SendForClass,
    SendForDeal,
    SendPublish,
    SendResult,
    SendUpdate,
)


def call_of(market: Market, miner: str, send: Send) -> Call[Any]:
    match send:
        case SendConfirm():
            return market.confirm_request(send.request, send.signature)
        case SendAccepted(request=request, result=result):
            return market.submit_accepted(request, result.root, result.units_used, send.signature)
        case SendResult(request=request, result=result):
            return market.submit_result(request, result.root, result.units_used)
        case SendForDeal(act=Act.SETTLE):
            return market.settle(send.request)
        case SendForDeal():
            return market.release(send.request)
        case SendPublish():
            return market.publish_offer(
                send.resource, send.published, send.ask, send.valid_until, send.verified_only
            )
        case SendUpdate():
            return PriceController(market.node, send.model).update()
        case SendForClass():
            return market.withdraw_offer(send.resource)
    return market.collect_earnings(miner)
