// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ICases} from "./ICases.sol";
import {ICourtViews} from "./ICourtViews.sol";
import {IEscrow} from "./IEscrow.sol";
import {IDelegated} from "./IDelegated.sol";
import {ILeastTimes} from "./ILeastTimes.sol";
import {IMulticall} from "./IMulticall.sol";
import {IResultTree} from "./IResultTree.sol";
import {ISeats} from "./ISeats.sol";
import {IVerdicts} from "./IVerdicts.sol";

/// @title A court: drawn jurors run a challenged task again
/// @notice Whoever challenges a submitted result names one task and commits to the leaf that it holds right. Jurors,
/// drawn by a block's hash and secrets of both parties, run the task, commit to their votes and reveal them. Each case
/// is judged by itself; when the last one of a deal is closed and filing is over, the deal goes on or is overturned.
///
/// A case's id is keccak256(abi.encode(request id, filer, number)). Parties and jurors commit to
///
/// - the leaf held right: keccak256(abi.encode(filer, leaf's hash, salt)); of withheld data the hash is 0
/// - a secret: keccak256(abi.encode(case id, uint8 round, bool by the miner, secret))
/// - a vote: keccak256(abi.encode(case id, uint8 round, bool second, uint256 index, leaf's hash, trace, salt)) with the
///   lowest bit cleared; "the data can't be had" is hash 0 and trace 0
///
/// Hashes of leaves are those of `IResultTree`. The trace is the digest of the task's whole state after n units of
/// fuel: n = fuel - nonceOf(case) mod ((fuel + 1) / 2), of the fuel that the task uses. A function with a `request` needs the deal's
/// own, in any call: what can't be told from the case alone is read from it.
/// @dev `Court` does what `IEscrow`, `ISeats` and `ICases` say; the other functions it hands to its extension.
interface ICourt is
    IEscrow,
    ILeastTimes,
    ISeats,
    ICases,
    IVerdicts,
    ICourtViews,
    IMulticall,
    IDelegated,
    IResultTree
{
    /// @notice Does what the court hands on; fixed at deployment
    function extension() external view returns (address);
}
