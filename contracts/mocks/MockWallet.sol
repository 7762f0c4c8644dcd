// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {ECDSA} from "solady/src/utils/ECDSA.sol";

/// @title A wallet that is a contract: its owner's signature is its own (ERC-1271)
contract MockWallet is IERC1271 {
    address private immutable _owner;

    constructor(address owner) {
        _owner = owner;
    }

    /// @notice Call `target` in the wallet's name; by anyone
    function execute(address target, bytes calldata data) external returns (bytes memory) {
        return Address.functionCall(target, data);
    }

    /// @inheritdoc IERC1271
    function isValidSignature(
        bytes32 digest,
        bytes calldata signature
    ) external view returns (bytes4) {
        bool valid = ECDSA.tryRecoverCalldata(digest, signature) == _owner;
        return valid ? IERC1271.isValidSignature.selector : bytes4(0);
    }
}
