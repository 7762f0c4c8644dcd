// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ICases} from "../../interfaces/ICases.sol";
import {IResultTree} from "../../interfaces/IResultTree.sol";
import {ResultTree} from "../libraries/ResultTree.sol";
import {Case, CaseLibrary, Docket, Phase, Round, RoundLibrary} from "../types/Case.sol";
import {Deal} from "../types/Deal.sol";
import {Request} from "../types/Request.sol";
import {Exceptions} from "./Exceptions.sol";

/// @title Challenges, from filing to the jury's votes
abstract contract Cases is Exceptions {
    uint8 private constant MOST_NUMBER = 15;

    /// @inheritdoc ICases
    function challenge(
        Request calldata request,
        uint8 number,
        bool withheld,
        uint32 task,
        bytes32 leaf,
        bytes32 secret
    ) external returns (bytes32 caseId) {
        require(number <= MOST_NUMBER, NumberTooHigh(number, MOST_NUMBER));
        require(leaf != 0 && secret != 0, NothingCommitted());
        bytes32 requestId = _idOf(request);
        caseId = _caseId(requestId, msg.sender, number);
        Case storage self = _cases[caseId];
        require(self.phase == Phase.None, CaseExists(caseId));
        Deal memory deal = _submitted(requestId);
        require(task < request.tasks, IResultTree.TaskOutOfRange(task, request.tasks));
        // The market is fixed, and calls nobody back.
        // slither-disable-next-line reentrancy-no-eth
        ++_openDocket(request, requestId, deal).open;
        ++_minerDockets[deal.minerId].filed;
        uint8 jury = _juryOf(_atStake(request, deal));
        uint256 deposit = _depositOf(number, jury, deal.minerId);
        _accounts[msg.sender].lock(msg.sender, deposit);
        self.filer = msg.sender;
        self.leaf = leaf;
        // A bond of 96 bits times 2^15, and a fee of 96 bits times 31 x 16
        (self.deposit, self.task, self.number) = (uint112(deposit), task, number);
        (self.filedAt, self.minerId) = (uint32(block.timestamp), deal.minerId);
        self.beginRound(0, jury, CaseLibrary.FILER);
        if (withheld) self.set(CaseLibrary.WITHHELD);
        _rounds[caseId][0].filerSecret = secret;
        emit ChallengeFiled(
            caseId,
            requestId,
            msg.sender,
            deal.minerId,
            number,
            withheld,
            task,
            jury,
            deposit
        );
        _seatJury(caseId, self);
    }

    /// @inheritdoc ICases
    function answer(
        Request calldata request,
        bytes32 caseId,
        bytes32 secret,
        IResultTree.Leaf calldata leaf,
        IResultTree.Sibling[] calldata path
    ) external {
        (bytes32 requestId, Case storage self) = _caseIn(request, caseId);
        self.requireDuring(caseId, Phase.Answering);
        // Later, the leaf is open
        require(self.minerLeaf == 0, AlreadyDone(caseId, msg.sender));
        address miner = _minerAccount(self.minerId);
        require(msg.sender == miner, NotMiner(msg.sender, miner));
        Deal memory deal = _dealOf(requestId);
        require(
            leaf.index == self.task &&
                ResultTree.verify(deal.root, deal.unitsUsed, request.tasks, leaf, path),
            LeafNotInResult(requestId, leaf.index)
        );
        self.minerLeaf = bytes16(ResultTree.leafHash(leaf));
        emit LeafOpened(caseId, leaf);
        _takeCommitment(caseId, self, true, secret);
    }

    /// @inheritdoc ICases
    function commitSecret(bytes32 caseId, bytes32 secret) external {
        Case storage self = _caseDuring(caseId, Phase.Answering);
        // In the first round the miner answers.
        require(self.minerLeaf != 0, WrongPhase(caseId, Phase.Answering));
        bool byMiner = _isMinersTurn(caseId, self);
        emit SecretCommitted(caseId, self.round(), byMiner, secret);
        _takeCommitment(caseId, self, byMiner, secret);
    }

    /// @inheritdoc ICases
    function revealSecret(bytes32 caseId, bytes32 secret) external {
        Case storage self = _caseDuring(caseId, Phase.Drawing);
        Round storage current = _round(caseId, self);
        bool byMiner = _isMinersTurn(caseId, self);
        bytes32 expected = byMiner ? current.minerSecret : current.filerSecret;
        bytes32 given = keccak256(abi.encode(caseId, self.round(), byMiner, secret));
        require(given == expected, NotCommitted(expected));
        uint8 acted = self.committed;
        bytes32 seed = current.seed(acted);
        if (seed == 0) {
            uint32 named = self.named;
            require(block.number <= named + HASHES, HashMissed(named));
            seed = _readHash(caseId, named);
        }
        current.mix(seed ^ keccak256(abi.encode(secret, byMiner)), byMiner, acted != 0);
        emit SecretRevealed(caseId, byMiner, secret);
        self.committed = acted | (byMiner ? CaseLibrary.MINER : CaseLibrary.FILER);
        if (acted != 0) _draw(caseId, self, current);
    }

    /// @inheritdoc ICases
    function commitVote(bytes32 caseId, uint256 index, bytes32 commitment) external {
        Case storage self = _caseDuring(caseId, Phase.Voting);
        Round storage current = _round(caseId, self);
        require(index < self.seats, NoSuchSeat(caseId, index));
        address juror = _seats[current.seats[index]].juror;
        require(msg.sender == juror, NotJuror(msg.sender, juror));
        commitment = _even(commitment);
        require(commitment != 0, NothingCommitted());
        bool second = self.votesAgain(self.round());
        require(current.votes[second][index] == 0, VotedAlready(caseId, index));
        current.votes[second][index] = commitment;
        uint8 committed = ++self.committed;
        emit VoteCommitted(caseId, index, commitment);
        if (committed == self.seats) _endVoting(caseId, self);
    }

    /// @inheritdoc ICases
    function showLeaf(
        Request calldata request,
        bytes32 caseId,
        bytes32 leaf,
        bytes32 salt
    ) external {
        (bytes32 requestId, Case storage self) = _caseIn(request, caseId);
        self.requireDuring(caseId, Phase.Showing);
        address filer = self.filer;
        require(msg.sender == filer, NotFiler(msg.sender, filer));
        bytes32 expected = self.leaf;
        require(keccak256(abi.encode(filer, leaf, salt)) == expected, NotCommitted(expected));
        self.leaf = leaf;
        self.set(CaseLibrary.SHOWN);
        emit LeafShown(caseId, leaf);
        self.enter(caseId, Phase.Revealing, _step);
        Docket storage docket = _dockets[requestId];
        if (!docket.noted) {
            docket.noted = true;
            _market.noteReveal(request);
        }
    }

    /// @inheritdoc ICases
    function revealVote(
        bytes32 caseId,
        uint256 index,
        bytes32 leaf,
        bytes32 trace,
        bytes32 salt
    ) external {
        Case storage self = _caseDuring(caseId, Phase.Revealing);
        Round storage current = _round(caseId, self);
        bool second = _requireVote(caseId, self, current, index, leaf, trace, salt);
        current.votes[second][index] = bytes32(RoundLibrary.voteFrom(leaf, trace));
        uint8 revealed = ++self.revealed;
        emit VoteRevealed(caseId, index, leaf, trace);
        if (revealed == self.committed) _count(caseId, self);
    }

    /// @dev The payment for the units claimed, and the deal's collateral
    function _atStake(Request calldata request, Deal memory deal) private view returns (uint256) {
        uint96 stakePerUnit = _market.resourceClass(request.resource).stakePerUnit;
        return
            _scale.valueDown(deal.unitsUsed, deal.price) +
            _scale.valueDown(request.units, stakePerUnit);
    }
}
