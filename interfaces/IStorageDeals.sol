// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {MinerId} from "../contracts/types/Ids.sol";
import {
    LeafProof,
    StorageDeal,
    StorageQuote,
    StorageView
} from "../contracts/types/StorageDeal.sol";
import {IEscrow} from "./IEscrow.sol";

/// @title Storage deals: a miner keeps bytes for days and is paid period by period, the requester being away
/// @notice Opened with a quote that the miner signed once it had verified the bytes; all money is put in at once. When a
/// period is over the miner has the window's time to prove that it still has the bytes: it names the next block, whose
/// hash draws leaves, and shows them. A period that is not proved in time ends the deal and costs what the miner had put
/// behind it: of that the requester gets back what it had paid, and the treasury the rest.
/// @dev All parameters are fixed at deployment. A deal is its opening record, passed with each call; the contract keeps
/// what changes. Quotes are signed under the market's EIP-712 domain. What is proved is that the bytes can be had by
/// the miner within the window, not where they are.
interface IStorageDeals is IEscrow {
    /// @notice The quote is for another contract
    error ForeignStorageQuote(address storageDeals);
    error StorageQuoteExpired(uint40 validUntil);
    /// @notice The requester has opened a deal with this nonce or a greater one
    error StorageNonceTooLow(uint32 nonce, uint32 last);
    error StorageQuoteNotSigned(address miner, bytes32 deal);
    /// @notice A file without bytes needs nobody to keep it
    error EmptyFile();
    error PeriodOutOfBounds(uint256 period, uint256 least, uint256 most);
    error PeriodsOutOfBounds(uint256 periods, uint256 least, uint256 most);
    error SamplesOutOfBounds(uint256 samples, uint256 least, uint256 most);
    /// @notice A missed period costs two periods' pay at least
    error CollateralTooLow(uint256 collateral, uint256 least);
    error NotOwnerOfBytes(address caller, address requester);
    error NotKeeper(address caller, MinerId minerId);
    /// @notice Never opened with this record, or ended
    error UnknownStorageDeal(bytes32 deal);
    error PeriodNotOver(uint256 over);
    /// @notice It was not proved in time: the deal can only be settled
    error PeriodMissed(uint256 until);
    error PeriodNotMissed(uint256 until);
    /// @notice A period's leaves are drawn once
    error NamedAlready(uint64 named);
    error NotNamed();
    error NamedBlockNotThere(uint64 named);
    /// @notice More than 256 blocks have passed: the chain does not tell the hash any more
    error NamedBlockGone(uint64 named);
    error WrongSamples(uint256 given, uint256 expected);
    /// @param place Of the proof in the list
    /// @param leaf That was drawn
    error LeafNotInFile(uint256 place, uint256 leaf);

    event StorageOpened(
        bytes32 indexed deal,
        MinerId indexed minerId,
        address indexed requester,
        StorageDeal record
    );
    /// @param period The first is 0
    /// @param named The block whose hash draws the leaves
    event LeavesNamed(bytes32 indexed deal, MinerId indexed minerId, uint256 period, uint64 named);
    /// @param earned By the miner, the fee taken off, in base units
    event PeriodProved(
        bytes32 indexed deal,
        MinerId indexed minerId,
        uint256 period,
        uint256 earned
    );
    /// @param paid Periods
    /// @param earned By the miner in all, the fees taken off
    /// @param fees In all
    /// @param refunded Of what the requester had put in
    /// @param lost Of the miner's collateral
    /// @param compensation Of it, to the requester: as much as it had paid, at most; the rest is the treasury's
    event StorageEnded(
        bytes32 indexed deal,
        MinerId indexed minerId,
        address indexed requester,
        uint256 paid,
        uint256 earned,
        uint256 fees,
        uint256 refunded,
        uint256 lost,
        uint256 compensation
    );
    event CollateralAdded(MinerId indexed minerId, address indexed giver, uint256 amount);
    event PurseCollected(MinerId indexed minerId, address payout, uint256 amount);

    function market() external view returns (address);

    /// @notice The account here that receives the fees, and lost collateral above what requesters had paid
    function treasury() external view returns (address);

    /// @notice Share of a period's pay that is the fee, in basis points
    function feeBps() external view returns (uint16);

    /// @notice Seconds after a period in which it is proved
    function window() external view returns (uint32);

    /// @notice That of the last deal that a requester opened; 0: none
    function nonceOf(address requester) external view returns (uint32);

    /// @notice The digest that the miner signs, which is the deal's id
    function dealId(StorageQuote calldata quote) external view returns (bytes32);

    /// @notice Where a deal stands; all zero if there is none with this record
    function standingOf(StorageDeal calldata deal) external view returns (StorageView memory);

    /// @notice The leaves to be shown, in order; some may be the same
    /// @dev Reverts: UnknownStorageDeal, NotNamed, NamedBlockNotThere, NamedBlockGone.
    function leavesOf(StorageDeal calldata deal) external view returns (uint256[] memory);

    /// @notice What a miner has here, in base units: free to be collected or put behind deals, and behind deals
    function purseOf(MinerId minerId) external view returns (uint256 available, uint256 locked);

    /// @notice Give of the caller's available money to a miner's purse, for collateral; by anyone
    /// @dev It leaves to the miner's payout. Reverts: NotRegistered, ZeroAmount, InsufficientAvailable. Emits
    /// CollateralAdded.
    function addCollateral(address miner, uint112 amount) external;

    /// @notice Send what is free of a miner's purse to its payout; by the miner or its payout
    /// @dev Reverts: NotRegistered, NotMinerOrPayout, ZeroAmount, InsufficientAvailable, ZeroAddress, InvalidRecipient.
    /// Emits PurseCollected.
    function collect(address miner, uint112 amount) external;

    /// @notice Open a deal with the caller's available money for all periods, and collateral of the miner's purse; by the
    /// quote's requester
    /// @dev The units are taken as a lot of the quote's class until the last period is over. All lower nonces of the
    /// requester are void. Reverts: ForeignStorageQuote, NotOwnerOfBytes, StorageQuoteExpired, EmptyFile,
    /// PeriodOutOfBounds, PeriodsOutOfBounds, SamplesOutOfBounds, StorageNonceTooLow, StorageQuoteNotSigned, what `takeLot` does,
    /// ZeroAmount, CollateralTooLow, InsufficientAvailable. Emits LotTaken in the market, StorageOpened.
    /// @param signature Of the account that acts for the miner
    /// @return id The deal's
    /// @return pay For each period, in base units: price × units × period / the class's `unitSeconds`, rounded up
    function open(
        StorageQuote calldata quote,
        bytes calldata signature
    ) external returns (bytes32 id, uint112 pay);

    /// @notice Name the next block, whose hash draws the leaves of the period that is over; by the miner, once a period
    /// @dev By nobody else: the hash is gone 256 blocks later, and there is no second one. Reverts:
    /// UnknownStorageDeal, NotKeeper, PeriodNotOver, PeriodMissed, NamedAlready. Emits LeavesNamed.
    function nameBlock(StorageDeal calldata deal) external;

    /// @notice Show the leaves drawn, by which the period is paid, and after the last one the deal ends; by anyone
    /// @dev Reverts: UnknownStorageDeal, PeriodMissed, NotNamed, NamedBlockNotThere, NamedBlockGone, WrongSamples,
    /// LeafNotInFile. Emits PeriodProved; with the last one StorageEnded, and LotFreed in the market.
    function prove(StorageDeal calldata deal, LeafProof[] calldata proofs) external;

    /// @notice End a deal of which a period was not proved in time; by anyone
    /// @dev Reverts: UnknownStorageDeal, PeriodNotMissed. Emits StorageEnded, and LotFreed in the market.
    function settle(StorageDeal calldata deal) external;

    /// @notice Give the deal up, as if the next period were missed; by the miner
    /// @dev Reverts: UnknownStorageDeal, NotKeeper. Emits StorageEnded, and LotFreed in the market.
    function closeByMiner(StorageDeal calldata deal) external;

    /// @notice Drop the bytes; by the requester. All periods that have begun are paid, proved or not.
    /// @dev Reverts: UnknownStorageDeal, NotOwnerOfBytes, PeriodMissed. Emits StorageEnded, and LotFreed in the
    /// market.
    function closeByRequester(StorageDeal calldata deal) external;
}
