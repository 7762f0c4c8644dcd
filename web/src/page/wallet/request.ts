/** A request as the contracts take it: from the relay's answer, or from the transaction that took it. Its id decides. */
import { type Abi, decodeFunctionData, type Hex } from "viem";
import type { Request as Told } from "../api/shapes";
import { t } from "../text";
import { ABIS, read } from "./contracts";
import { Refusal } from "./refusals";
import type { Session } from "./session";

export interface Request {
    requester: `0x${string}`;
    miner: number;
    resource: number;
    runtime: number;
    units: bigint;
    maxPrice: bigint;
    confirmBy: number;
    duration: number;
    tasks: number;
    job: Hex;
    terms: number;
    flags: number;
    epoch: number;
    salt: bigint;
}

/** The request with this id; a relay that says another one, or none, does no harm. */
export async function requestOf(
    now: Session,
    id: Hex,
    told: Told | null,
    taken: Hex | null,
): Promise<Request> {
    const ways = [() => fromTold(told), () => (taken ? fromTransaction(now, taken) : null)];
    for (const way of ways) {
        const candidate = await way();
        if (!candidate) continue;
        const found = await read<Hex>(
            now.reader,
            "market",
            now.contracts.addresses.market,
            "requestId",
            [candidate],
        );
        if (found === id) return candidate;
    }
    throw new Refusal(t("refused.noRequest"));
}

function fromTold(told: Told | null): Request | null {
    if (!told) return null;
    return {
        requester: told.requester,
        miner: told.miner_id,
        resource: told.resource,
        runtime: told.runtime,
        units: told.units,
        maxPrice: told.max_price,
        confirmBy: told.confirm_by,
        duration: told.duration,
        tasks: told.tasks,
        job: told.job,
        terms: told.terms,
        flags: told.flags,
        epoch: told.epoch,
        salt: told.salt,
    };
}

async function fromTransaction(now: Session, hash: Hex): Promise<Request | null> {
    const transaction = await now.reader.getTransaction({ hash }).catch(() => null);
    return transaction && requestIn(transaction.input);
}

/** Looks into calls of calls, too. */
function requestIn(data: Hex, depth = 0): Request | null {
    try {
        const { args = [] } = decodeFunctionData({ abi: ABIS.market as Abi, data });
        const [first] = args;
        if (typeof first === "object" && first !== null && "confirmBy" in first)
            return first as Request;
        if (!Array.isArray(first) || depth > 1) return null;
        for (const inner of first.slice(0, 200)) {
            const found = typeof inner === "string" ? requestIn(inner as Hex, depth + 1) : null;
            if (found) return found;
        }
    } catch {
        // Some other call.
    }
    return null;
}
