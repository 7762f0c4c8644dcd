// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ISuccession} from "../../interfaces/ISuccession.sol";
import {MinerId} from "../types/Ids.sol";
import {Miner} from "../types/Miner.sol";
import {Delegated} from "./Delegated.sol";
import {MarketStorage} from "./MarketStorage.sol";

/// @title Who receives a miner's money, and who acts for it
abstract contract Succession is MarketStorage, Delegated, ISuccession {
    /// @inheritdoc ISuccession
    function setPayout(address miner, address payout) external throughMarket {
        (MinerId minerId, Miner storage stored) = _minerForPayout(miner);
        _requireRecipient(payout);
        stored.namePayout(payout);
        emit PayoutChanged(minerId, payout);
    }

    /// @inheritdoc ISuccession
    function nameSuccessor(address miner, address successor) external throughMarket {
        (MinerId minerId, Miner storage stored) = _minerForPayout(miner);
        stored.nameSuccessor(successor);
        emit SuccessorNamed(minerId, successor);
    }

    /// @inheritdoc ISuccession
    function succeed(address miner) external throughMarket {
        (MinerId minerId, Miner storage stored) = _miners.find(miner);
        address successor = stored.successor;
        require(msg.sender == successor, NotSuccessor(msg.sender, successor));
        _miners.requireUnregistered(msg.sender);
        _miners.succeed(minerId, miner, msg.sender);
        emit MinerSucceeded(minerId, msg.sender);
    }

    function _minerForPayout(
        address account
    ) private view returns (MinerId minerId, Miner storage stored) {
        (minerId, stored) = _miners.find(account);
        address payout = stored.payout;
        require(msg.sender == payout, NotPayout(msg.sender, payout));
    }
}
