"""The market's call for each of the core's sends."""

from __future__ import annotations

from typing import Any

from suanli.chain import Call, Market, PriceController, RewardPool
from suanli.miner.core import (
    Act,
    RewardStep,
    Send,
    SendAccepted,
    SendConfirm,
    SendForClass,
    SendForDeal,
    SendPublish,
    SendResult,
    SendReward,
    SendUpdate,
    Settings,
)


def call_of(market: Market, settings: Settings, send: Send) -> Call[Any]:
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
        case SendReward():
            return _of_pool(RewardPool(market.node, send.pool), settings.miner_id, send)
    return market.collect_earnings(settings.miner)


def _of_pool(pool: RewardPool, miner_id: int, send: SendReward) -> Call[Any]:
    match send.step:
        case RewardStep.READ:
            return pool.read([miner_id])
        case RewardStep.COLLECT:
            return pool.collect()
        case RewardStep.PREPARE:
            return pool.prepare_draw(send.epoch)
        case RewardStep.DRAW:
            return pool.draw(send.epoch)
    return pool.claim(send.epoch, miner_id)
