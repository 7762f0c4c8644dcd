import { type TypedDataToPrimitiveTypes } from "abitype";
import { hashDomain, hashStruct, hashTypedData, parseAbiParameters } from "viem";
import type { Hex } from "./bytes";

/** Fields of what is signed, in the order in which they are hashed. */
export const TYPES = {
    Request: parseAbiParameters(
        "address requester, uint32 miner, uint32 resource, uint16 runtime, uint64 units, uint96 maxPrice, uint40 confirmBy, uint32 duration, uint32 tasks, bytes32 job, uint32 terms, uint16 flags, uint32 epoch, uint64 salt",
    ),
    Acceptance: parseAbiParameters("bytes32 request, bytes32 root, uint64 unitsUsed"),
    Release: parseAbiParameters("bytes32 request"),
    Announcement: parseAbiParameters(
        "address miner, uint40 issued, uint32 resource, bytes32[] runtimes, uint32 unitsPerSecond, uint16 workers, uint16 margin, uint32 reserve, bytes publicKey, uint40 validUntil, string peers, bytes32[] programs, uint32 compileRate",
    ),
    Claim: parseAbiParameters(
        "address miner, uint40 issued, bytes32 request, bytes32 root, uint64 unitsUsed, bytes32 leaves",
    ),
    Rejection: parseAbiParameters(
        "address miner, uint40 issued, bytes32 request, string reason, bool isFinal",
    ),
    Progress: parseAbiParameters(
        "address miner, uint40 issued, bytes32 request, uint32 done, uint32 tasks",
    ),
    Envelope: parseAbiParameters(
        "address sender, uint40 issued, bytes32 request, bytes32 contents",
    ),
    Attestation: parseAbiParameters(
        "address registry, address attestor, uint32 miner, uint32 tenure, address requester, uint8 level, uint40 issued, uint40 validUntil",
    ),
    Quote: parseAbiParameters(
        "address channels, address requester, address signer, uint32 miner, uint32 resource, uint64 units, uint32 duration, uint32 nonce, uint40 validUntil",
    ),
    Voucher: parseAbiParameters("bytes32 channel, uint112 amount"),
    StorageQuote: parseAbiParameters(
        "address storageDeals, address requester, uint32 miner, uint32 resource, uint64 units, bytes32 root, uint64 size, uint32 period, uint32 periods, uint8 samples, uint112 collateral, uint96 maxPrice, uint32 nonce, uint40 validUntil",
    ),
    Hosting: parseAbiParameters(
        "address miner, uint40 issued, uint32 resource, bytes32 certificate, string addresses, uint32 step, string room, uint40 validUntil",
    ),
    SessionProof: parseAbiParameters(
        "address signer, uint32 miner, bytes32 channel, uint40 issued, bytes32 nonce",
    ),
} as const;

export type Kind = keyof typeof TYPES;
/** A message: integers of up to 48 bits are numbers, wider ones bigint; digests and addresses lowercase. */
export type Message<K extends Kind> = TypedDataToPrimitiveTypes<typeof TYPES>[K];
export type Request = Message<"Request">;
export type Acceptance = Message<"Acceptance">;
export type Announcement = Message<"Announcement">;
export type Claim = Message<"Claim">;
export type Rejection = Message<"Rejection">;
export type Progress = Message<"Progress">;

/** The field whose address must sign, of the kinds that name one. */
export const SIGNER: { readonly [K in Kind]?: keyof Message<K> } = {
    Request: "requester",
    Announcement: "miner",
    Claim: "miner",
    Rejection: "miner",
    Progress: "miner",
    Envelope: "sender",
    Attestation: "attestor",
    Hosting: "miner",
    SessionProof: "signer",
};

/** Least and most: a number's value, a string's or bytes' bytes, a list's length; 1 for "not zero". */
export type Bounds = { readonly [field: string]: readonly [least: number, most?: number] };
export const BOUNDS: { readonly [K in Kind]: Bounds } = {
    Request: notZero(
        "requester",
        "resource",
        "units",
        "maxPrice",
        "confirmBy",
        "duration",
        "tasks",
        "job",
        "terms",
    ),
    Acceptance: notZero("request", "root"),
    Release: notZero("request"),
    Announcement: {
        ...notZero("miner", "resource"),
        runtimes: [1, 16],
        workers: [1, 4096],
        margin: [100, 10_000],
        reserve: [0, 86_400],
        publicKey: [33, 33],
        peers: [0, 2000],
        programs: [0, 32],
    },
    Claim: notZero("miner", "request", "root", "leaves"),
    Rejection: { ...notZero("miner", "request"), reason: [1, 1200] },
    Progress: notZero("miner", "request", "tasks"),
    Envelope: notZero("sender", "request", "contents"),
    Attestation: notZero("registry", "attestor", "level"),
    Quote: notZero("channels", "requester", "signer", "miner", "resource", "duration", "nonce"),
    Voucher: notZero("channel", "amount"),
    StorageQuote: {
        ...notZero(
            "storageDeals",
            "requester",
            "miner",
            "resource",
            "units",
            "root",
            "size",
            "period",
            "periods",
            "maxPrice",
            "nonce",
        ),
        samples: [1, 16],
    },
    Hosting: {
        ...notZero("miner", "resource", "certificate"),
        step: [200],
        addresses: [0, 2000],
        room: [0, 8000],
    },
    SessionProof: notZero("signer", "miner"),
};

/** The market that a message is for: no signature holds for another one. */
export interface MarketDomain {
    readonly chainId: number;
    readonly market: Hex;
}

/** What EIP-1193 wallets and viem take to sign a message, and show to the one who signs. */
export function typedData<K extends Kind>(kind: K, domain: MarketDomain, message: Message<K>) {
    const { chainId, market } = domain;
    return {
        domain: { name: "Suanli", version: "1", chainId, verifyingContract: market },
        types: { [kind]: TYPES[kind] } as { [Name in K]: (typeof TYPES)[K] },
        primaryType: kind,
        message,
    };
}

/** The digest that is signed; a request's is its id. */
export function digestOfMessage<K extends Kind>(
    kind: K,
    domain: MarketDomain,
    message: Message<K>,
): Hex {
    return hashTypedData(typedData(kind, domain, message) as unknown as AnyTypedData);
}

export function structHash<K extends Kind>(kind: K, message: Message<K>): Hex {
    const types = { [kind]: TYPES[kind] } as unknown as AnyTypedData["types"];
    return hashStruct({ data: message as Record<string, unknown>, primaryType: kind, types });
}

/** The type as it is hashed, such as `Release(bytes32 request)`. */
export function typeOf(kind: Kind): string {
    return `${kind}(${TYPES[kind].map(({ type, name }) => `${type} ${name}`).join(",")})`;
}

type AnyTypedData = {
    domain: Parameters<typeof hashDomain>[0]["domain"];
    types: Record<string, readonly { name: string; type: string }[]>;
    primaryType: string;
    message: Record<string, unknown>;
};

function notZero(...fields: readonly string[]): Bounds {
    return Object.fromEntries(fields.map((field) => [field, [1] as const]));
}
