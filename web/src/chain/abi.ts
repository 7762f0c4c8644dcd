import { parseAbi } from "viem";

/** What a requester reads and does at the market. Compared with the shipped contracts by a test. */
export const MARKET = parseAbi([
    "struct Request { address requester; uint32 miner; uint32 resource; uint16 runtime; uint64 units; uint96 maxPrice; uint40 confirmBy; uint32 duration; uint32 tasks; bytes32 job; uint32 terms; uint16 flags; uint32 epoch; uint64 salt; }",
    "struct Deal { uint8 state; uint32 minerId; uint96 price; uint40 time; uint64 unitsUsed; uint8 trial; bool dueSet; bytes32 root; uint64 unitsDue; }",
    "struct Offer { uint64 published; uint64 reserved; uint88 ask; bool verifiedOnly; uint32 validUntil; uint64 capacity; }",
    "struct MinerAccount { uint32 minerId; address payout; uint256 earnings; uint256 unbonding; uint256 unbondingEnds; }",
    "struct ResourceClass { address priceModel; uint8 kind; bool retired; uint80 floor; uint96 stakePerUnit; uint64 maxTaskUnits; uint64 maxTaskMemory; uint16 runtimes; uint64 maxTaskBytes; uint32 unitSeconds; }",
    "struct Terms { address treasury; uint16 feeBps; uint32 challengeWindow; bool retired; address court; uint32 verdictBy; uint16 releaseBps; uint16 defaultBps; uint16 overturnBps; address rewardPool; uint80 compensationCap; uint16 courtBps; address identityVerifier; }",
    "function token() view returns (address)",
    "function accountOf(address account) view returns (uint256 available, uint256 locked)",
    "function deposit(uint256 amount)",
    "function epochOf(address requester) view returns (uint32)",
    "function requestId(Request request) view returns (bytes32)",
    "function dealOf(bytes32 id) view returns (Deal)",
    "function stateOf(Request request) view returns (uint8)",
    "function cancelRequest(Request request)",
    "function acceptResult(Request request, bytes32 root, uint64 unitsUsed)",
    "function claimDefault(Request request)",
    "function minerAccount(address miner) view returns (MinerAccount)",
    "function minerOf(uint32 minerId) view returns (address)",
    "function offerOf(address miner, uint32 resource) view returns (Offer)",
    "function resourceCount() view returns (uint32)",
    "function resourceClass(uint32 resource) view returns (ResourceClass)",
    "function runtimesOf(uint32 resource) view returns (bytes32[])",
    "function isRuntimeSuspended(uint32 resource, uint16 runtime) view returns (bool)",
    "function priceOf(uint32 resource) view returns (uint96)",
    "function termsCount() view returns (uint32)",
    "function termsOf(uint32 terms) view returns (Terms)",
]);

export const TOKEN = parseAbi([
    "function decimals() view returns (uint8)",
    "function symbol() view returns (string)",
    "function balanceOf(address account) view returns (uint256)",
    "function allowance(address owner, address spender) view returns (uint256)",
    "function approve(address spender, uint256 amount) returns (bool)",
]);

/** Names of a deal's states, by their numbers on the chain. */
export const STATES = [
    "none",
    "posted",
    "confirmed",
    "submitted",
    "settled",
    "cancelled",
    "released",
    "annulled",
    "defaulted",
    "overturned",
    "expired",
    "overdue",
    "challenged",
    "settleable",
] as const;
export type DealState = (typeof STATES)[number];
