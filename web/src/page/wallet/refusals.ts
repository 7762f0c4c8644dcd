/** Why something could not be done, in a plain sentence: by the wallet, by its node, or by a contract. */
import { type Abi, BaseError, decodeErrorResult, type Hex } from "viem";
import { plain } from "../format/text";
import { t, tOr } from "../text";
import { ABIS, NotThisMarket } from "./contracts";

/** Errors of all contracts that may refuse. */
const ERRORS = Object.values(ABIS)
    .flat()
    .filter((item) => item.type === "error") as Abi;

const REJECTED = 4001;
const UNKNOWN_CHAIN = 4902;
const UNAUTHORIZED = 4100;

/** A sentence for whatever was thrown. */
export function sentenceOf(error: unknown): string {
    if (error instanceof Refusal) return error.message;
    if (error instanceof NotThisMarket) return t("refused.noMarket", { market: error.message });
    const data = revertData(error);
    if (data) return contractRefusal(data);
    const code = codeOf(error);
    if (code === REJECTED || /user (rejected|denied)/i.test(messageOf(error)))
        return t("refused.rejected");
    if (code === UNKNOWN_CHAIN) return t("refused.unknownChain");
    if (code === UNAUTHORIZED) return t("refused.unauthorized");
    const message = messageOf(error);
    if (/insufficient funds|exceeds the balance of the account/i.test(message))
        return t("refused.noEther");
    if (/nonce too low|already known|replacement transaction underpriced/i.test(message))
        return t("refused.nonce");
    if (
        /fetch|network|timed? ?out|took too long|disconnected|ECONN|HTTP request failed|away/i.test(
            message,
        )
    )
        return t("refused.node");
    return t("refused.other", { detail: plain(message, 240) || "?" });
}

/** Something this page itself does not do, and why. */
export class Refusal extends Error {}

function contractRefusal(data: Hex): string {
    try {
        const { errorName, args, abiItem } = decodeErrorResult({ abi: ERRORS, data });
        const inputs = "inputs" in abiItem ? abiItem.inputs : [];
        const named = (args ?? []).map(
            (value, index) => `${inputs[index]?.name ?? index} ${String(value)}`,
        );
        const detail = plain(named.length ? `${errorName}: ${named.join(", ")}` : errorName, 300);
        return `${tOr(`revert.${errorName}`, t("refused.contract"))} (${detail})`;
    } catch {
        return data.length > 2
            ? t("refused.unknown", { data: data.slice(0, 74) })
            : t("refused.contract");
    }
}

/** What a contract reverted with, wherever the node and the wallet have put it. */
function revertData(error: unknown): Hex | null {
    for (const part of chainOf(error)) {
        const found = hexIn((part as { data?: unknown }).data);
        if (found) return found;
    }
    return null;
}

function hexIn(data: unknown, depth = 0): Hex | null {
    if (typeof data === "string" && /^0x([0-9a-f]{2}){4,}$/i.test(data)) return data as Hex;
    if (typeof data !== "object" || data === null || depth > 3) return null;
    for (const name of ["data", "originalError", "raw", "error"]) {
        const found = hexIn((data as Record<string, unknown>)[name], depth + 1);
        if (found) return found;
    }
    return null;
}

function codeOf(error: unknown): number | null {
    for (const part of chainOf(error)) {
        const code = (part as { code?: unknown }).code;
        if (typeof code === "number") return code;
    }
    return null;
}

function messageOf(error: unknown): string {
    if (error instanceof BaseError) {
        const last = chainOf(error).at(-1);
        const deepest = last instanceof Error ? last.message : "";
        return `${error.shortMessage} ${error.details ?? ""} ${deepest}`.slice(0, 2_000);
    }
    const message = (error as { message?: unknown } | null)?.message;
    return typeof message === "string" ? message.slice(0, 2_000) : "";
}

function chainOf(error: unknown): object[] {
    const found: object[] = [];
    let part: unknown = error;
    while (typeof part === "object" && part !== null && found.length < 10) {
        found.push(part);
        part = (part as { cause?: unknown }).cause;
    }
    return found;
}
