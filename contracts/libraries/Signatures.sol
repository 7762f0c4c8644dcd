// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ECDSA} from "solady/src/utils/ECDSA.sol";
import {SignatureCheckerLib} from "solady/src/utils/SignatureCheckerLib.sol";

/// @title Signatures of accounts with a key (ECDSA) and of contracts (ERC-1271)
library Signatures {
    /// @dev ECDSA first: it is the common case, and an account with code may still have a key.
    function isValid(
        address signer,
        bytes32 digest,
        bytes calldata signature
    ) internal view returns (bool) {
        if (ECDSA.tryRecoverCalldata(digest, signature) == signer && signer != address(0))
            return true;
        return SignatureCheckerLib.isValidERC1271SignatureNowCalldata(signer, digest, signature);
    }
}
