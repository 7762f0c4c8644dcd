// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title Many views in one question
/// @notice Never deployed: who asks sends the creation code in a call without a target, and gets the
/// answers, `abi.encode(Answer[])`, in the place of a contract's code
contract BatchRead {
    /// @dev Without `data` the target's balance is asked for
    struct View {
        address target;
        bytes data;
    }

    struct Answer {
        bool success;
        bytes data;
    }

    constructor(View[] memory views) {
        Answer[] memory answers = new Answer[](views.length);
        for (uint256 i = 0; i < views.length; ++i) {
            answers[i] = _ask(views[i]);
        }
        bytes memory encoded = abi.encode(answers);
        assembly ("memory-safe") {
            return(add(encoded, 32), mload(encoded))
        }
    }

    function _ask(View memory question) private view returns (Answer memory) {
        if (question.data.length == 0) return Answer(true, abi.encode(question.target.balance));
        (bool success, bytes memory data) = question.target.staticcall(question.data);
        return Answer(success, data);
    }
}
