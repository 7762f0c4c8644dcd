// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ICases} from "../../interfaces/ICases.sol";
import {IRequestBook} from "../../interfaces/IRequestBook.sol";
import {Docket} from "../types/Case.sol";
import {Deal, State} from "../types/Deal.sol";
import {Request} from "../types/Request.sol";
import {CourtStorage} from "./CourtStorage.sol";

/// @title What a court keeps of a deal
abstract contract Dockets is CourtStorage {
    /// @dev Freezes a deal that isn't frozen, and checks that challenges can be filed.
    function _openDocket(
        Request calldata request,
        bytes32 requestId,
        Deal memory deal
    ) internal returns (Docket storage docket) {
        docket = _dockets[requestId];
        if (!docket.frozen) {
            // The market is fixed, and calls nobody back.
            // slither-disable-next-line reentrancy-no-eth
            _market.freeze(request);
            uint32 window = _market.termsOf(request.terms).challengeWindow;
            uint40 end = deal.time + window;
            (docket.frozen, docket.filingUntil) = (true, end);
            emit ICases.DealFrozen(
                requestId,
                deal.minerId,
                request,
                deal.root,
                deal.unitsUsed,
                end
            );
            return docket;
        }
        uint40 until = docket.filingUntil;
        require(block.timestamp <= until, ICases.FilingOver(requestId, until));
    }

    /// @dev A leaf is wrong: it counts once.
    /// @param shared Whether others can find it wrong, too
    function _markWrong(
        Docket storage docket,
        bytes32 requestId,
        uint32 task,
        bool shared
    ) internal {
        if (shared) {
            uint256 bit = 1 << (task & 0xff);
            uint256 word = _wrongLeaves[requestId][task >> 8];
            if (word & bit != 0) return;
            _wrongLeaves[requestId][task >> 8] = word | bit;
        }
        ++docket.wrong;
    }

    function _submitted(bytes32 requestId) internal view returns (Deal memory deal) {
        deal = _dealOf(requestId);
        require(deal.state == State.Submitted, IRequestBook.WrongState(requestId, deal.state));
    }
}
