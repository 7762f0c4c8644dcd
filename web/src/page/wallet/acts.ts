/** The acts themselves: what each asks of the chain first, and which steps it takes. */
import { hexToNumber, type Hex, slice } from "viem";
import { t } from "../text";
import { type Escrow, read } from "./contracts";
import { Refusal } from "./refusals";
import type { Sending, Step } from "./act";
import type { Session } from "./session";

/** Seconds for which a permission to take tokens holds. */
const PERMIT_HOLDS = 1_800;

export function send(role: Sending["role"], name: string, ...args: unknown[]): Sending {
    return { kind: "send", role, name, args };
}

/** Put money in: with a signed permission (ERC-2612) where the token takes it, else with an allowance before. */
export async function depositing(now: Session, escrow: Escrow, amount: bigint): Promise<Step> {
    const { addresses } = now.contracts;
    const spender = addresses[escrow];
    if (!spender) throw new Refusal(t("refused.noContract", { place: t(`role.${escrow}`) }));
    const balance = await read<bigint>(now.reader, "token", addresses.token, "balanceOf", [
        now.account,
    ]);
    if (balance < amount)
        throw new Refusal(t("refused.noTokens", { symbol: now.contracts.symbol }));
    const allowed = await read<bigint>(now.reader, "token", addresses.token, "allowance", [
        now.account,
        spender,
    ]);
    if (allowed >= amount) return send(escrow, "deposit", amount);
    const permit = await permitOf(now);
    if (!permit)
        return {
            ...send("token", "approve", spender, amount),
            next: () => send(escrow, "deposit", amount),
        };
    const { domain, nonce } = permit;
    const block = await now.reader.getBlock();
    const deadline = block.timestamp + BigInt(PERMIT_HOLDS);
    return {
        kind: "sign",
        typed: {
            domain,
            types: { Permit: PERMIT },
            primaryType: "Permit",
            message: { owner: now.account, spender, value: amount, nonce, deadline },
        },
        next: (signature) => {
            const [r, s, v] = [
                slice(signature, 0, 32),
                slice(signature, 32, 64),
                slice(signature, 64, 65),
            ];
            return send(escrow, "depositWithPermit", amount, deadline, recovery(v), r, s);
        },
    };
}

const PERMIT = [
    { name: "owner", type: "address" },
    { name: "spender", type: "address" },
    { name: "value", type: "uint256" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint256" },
];

function recovery(v: Hex): number {
    const number = hexToNumber(v);
    return number < 27 ? number + 27 : number;
}

/** The token's domain, by ERC-5267, and the account's next number; null: no permission can be signed for it. */
async function permitOf(now: Session) {
    const { token } = now.contracts.addresses;
    try {
        const [, name, version, chainId, verifyingContract] = await read<
            [Hex, string, string, bigint, `0x${string}`, Hex, bigint[]]
        >(now.reader, "token", token, "eip712Domain");
        if (
            Number(chainId) !== now.contracts.chain ||
            verifyingContract.toLowerCase() !== token.toLowerCase()
        )
            return null;
        const nonce = await read<bigint>(now.reader, "token", token, "nonces", [now.account]);
        return { domain: { name, version, chainId: Number(chainId), verifyingContract }, nonce };
    } catch {
        return null;
    }
}
