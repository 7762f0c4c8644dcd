"""The market's call for each of the core's sends."""

from __future__ import annotations

from typing import Any

from suanli.chain import Call, Court, Market, PriceController, RewardPool, Token
from suanli.miner.core import (
    Act,
    RewardStep,
    Send,
    SendAccepted,
    SendAnswer,
    SendBond,
    SendConfirm,
    SendForCase,
    SendForClass,
    SendForDeal,
    SendPublish,
    SendResult,
    SendReward,
    SendSecret,
    SendUpdate,
    Settings,
)


def call_of(market: Market, settings: Settings, send: Send) -> Call[Any]:
    match send:
        case SendForCase():
            return _of_case(market, settings, send)
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


def _of_case(market: Market, settings: Settings, send: SendForCase) -> Call[Any]:
    court = Court(market.node, send.court)
    match send:
        case SendAnswer():
            return court.answer(send.request, send.case, send.secret, send.leaf, send.path)
        case SendSecret(act=Act.COMMIT_SECRET):
            return court.commit_secret(send.case, send.secret)
        case SendSecret(act=Act.REVEAL_SECRET):
            return court.reveal_secret(send.case, send.secret)
        case SendSecret():
            return court.appeal(send.case, send.secret)
        case SendBond(act=Act.APPROVE_BOND):
            return Token(market.node, market.token()).approve(court.address, send.amount)
        case SendBond(act=Act.DEPOSIT_BOND):
            return court.deposit(send.amount)
        case SendBond():
            return court.withdraw(settings.miner, send.amount)
        case SendForCase(act=Act.RECORD_HASH):
            return court.record_hash(send.case)
        case SendForCase(act=Act.DRAW):
            return court.draw(send.case)
        case SendForCase(act=Act.FINISH):
            return court.finish(send.request)
    return court.advance(send.request, send.case)


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
