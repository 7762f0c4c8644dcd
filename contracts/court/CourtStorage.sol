// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";

import {IComputeMarket} from "../../interfaces/IComputeMarket.sol";
import {ICases} from "../../interfaces/ICases.sol";
import {Balances} from "../market/Balances.sol";
import {Case, Docket, Phase, Round} from "../types/Case.sol";
import {CourtRules} from "../types/CourtRules.sol";
import {Deal} from "../types/Deal.sol";
import {MinerId} from "../types/Ids.sol";
import {Request} from "../types/Request.sol";
import {MinerDocket, Seat, SeatTotals} from "../types/Seat.sol";

/// @title What a court stores, and its parameters
abstract contract CourtStorage is Balances {
    uint256 internal constant BPS = 10_000;

    bytes32 private constant DOMAIN_TYPEHASH = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );

    IComputeMarket internal immutable _market;
    /// @dev Of the market's domain, on this chain
    bytes32 private immutable _separator;
    uint256 private immutable _chainId;
    uint32 internal immutable _inclusion;
    uint32 internal immutable _step;
    uint32 internal immutable _vote;
    uint32 internal immutable _cure;
    uint32 internal immutable _queue;
    uint32 internal immutable _filing;
    uint32 internal immutable _joinDelay;
    uint32 internal immutable _leaveDelay;
    uint8 internal immutable _jury;
    uint8 internal immutable _largeJury;
    uint8 internal immutable _appealJury;
    uint8 internal immutable _casesPerSeat;
    uint32 internal immutable _coverBps;
    uint16 internal immutable _penaltyBps;
    uint16 internal immutable _leastSlashBps;
    uint16 internal immutable _cureSlashBps;
    uint16 internal immutable _slashFactor;
    uint64 internal immutable _delayRate;
    uint112 internal immutable _seatStake;
    uint112 internal immutable _seatFee;
    uint112 internal immutable _bond;
    uint112 internal immutable _rewardCap;
    address internal immutable _sink;

    /// @dev Places and Seats
    SeatTotals internal _totals;
    mapping(uint32 position => Seat) internal _seats;
    mapping(MinerId => MinerDocket) internal _minerDockets;
    /// @dev All parts, by the struct's library
    mapping(bytes32 caseId => Case) internal _cases;
    mapping(bytes32 caseId => mapping(uint256 round => Round)) internal _rounds;
    /// @dev Filing and Finishing
    mapping(bytes32 requestId => Docket) internal _dockets;
    /// @dev Leaves found wrong, by task, where several cases could find the same one
    mapping(bytes32 requestId => mapping(uint256 word => uint256)) internal _wrongLeaves;

    constructor(
        IComputeMarket market_,
        CourtRules memory r
    ) Balances(IERC20Metadata(market_.token())) {
        _market = market_;
        (_separator, _chainId) = (_separatorOf(market_), block.chainid);
        (_inclusion, _step, _vote, _cure) = (r.inclusion, r.step, r.vote, r.cure);
        (_queue, _filing, _joinDelay, _leaveDelay) = (r.queue, r.filing, r.joinDelay, r.leaveDelay);
        (_jury, _largeJury, _appealJury) = (r.jury, r.largeJury, r.appealJury);
        (_casesPerSeat, _coverBps, _penaltyBps) = (r.casesPerSeat, r.coverBps, r.penaltyBps);
        (_leastSlashBps, _cureSlashBps) = (r.leastSlashBps, r.cureSlashBps);
        (_slashFactor, _delayRate) = (r.slashFactor, r.delayRate);
        (_seatStake, _seatFee, _bond, _rewardCap) = (r.seatStake, r.seatFee, r.bond, r.rewardCap);
        _sink = r.sink;
    }

    /// @dev The case with this id, which is of this request
    function _caseIn(
        Request calldata request,
        bytes32 caseId
    ) internal view returns (bytes32 requestId, Case storage self) {
        self = _cases[caseId];
        requestId = _idOf(request);
        require(
            _caseId(requestId, self.filer, self.number) == caseId,
            ICases.ForeignRequest(caseId, requestId)
        );
    }

    /// @dev The case is in this phase, and in time
    function _caseDuring(bytes32 caseId, Phase expected) internal view returns (Case storage self) {
        self = _cases[caseId];
        self.requireDuring(caseId, expected);
    }

    function _minerAccount(MinerId minerId) internal view returns (address) {
        return _market.minerOf(minerId);
    }

    function _round(bytes32 caseId, Case storage self) internal view returns (Round storage) {
        return _rounds[caseId][self.round()];
    }

    function _dealOf(bytes32 requestId) internal view returns (Deal memory) {
        return _market.dealOf(requestId);
    }

    /// @dev As the market makes it: asked here, it would cost as much as a slot each time
    function _idOf(Request calldata request) internal view returns (bytes32) {
        if (block.chainid != _chainId) return _market.requestId(request);
        return keccak256(abi.encodePacked(hex"1901", _separator, request.structHash()));
    }

    function _separatorOf(IComputeMarket market_) private view returns (bytes32) {
        // The rest is as it must be
        // slither-disable-next-line unused-return
        (, string memory name, string memory version, , , , ) = market_.eip712Domain();
        bytes32 hashed = keccak256(bytes(name));
        return
            keccak256(
                abi.encode(
                    DOMAIN_TYPEHASH,
                    hashed,
                    keccak256(bytes(version)),
                    block.chainid,
                    address(market_)
                )
            );
    }

    function _caseId(
        bytes32 requestId,
        address filer,
        uint8 number
    ) internal pure returns (bytes32) {
        return keccak256(abi.encode(requestId, filer, number));
    }
}
