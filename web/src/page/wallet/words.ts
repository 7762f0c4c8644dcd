/** Calls in words: decoded from the very bytes that are sent, whoever made them. */
import { decodeFunctionData, type Abi, type AbiFunction } from "viem";
import { abi as governorAbi } from "../../../../suanli/chain/generated/MarketGovernor.json";
import { abi as marketAbi } from "../../../../suanli/chain/generated/ComputeMarket.json";
import { abi as votesAbi } from "../../../../suanli/chain/generated/MarketToken.json";
import { plain } from "../format/text";
import { t } from "../text";

export interface CallWords {
    title: string;
    /** The function's arguments, one a line */
    lines: string[];
}

const KNOWN: Abi = [...marketAbi, ...governorAbi, ...votesAbi].filter(
    (item) => item.type === "function",
) as Abi;

/** What a call of one of the market's contracts does, by its own data. */
export function callWords(target: string, data: `0x${string}`): CallWords {
    try {
        const { functionName, args } = decodeFunctionData({ abi: KNOWN, data });
        const inputs =
            (KNOWN as AbiFunction[]).find((item) => item.name === functionName)?.inputs ?? [];
        const lines = (args ?? []).map(
            (value, index) => `${inputs[index]?.name ?? index}: ${said(value)}`,
        );
        return { title: functionName, lines };
    } catch {
        return { title: t("proposal.unknownCall"), lines: [target] };
    }
}

function said(value: unknown): string {
    const text = JSON.stringify(value, (_, part: unknown) =>
        typeof part === "bigint" ? String(part) : part,
    );
    return plain(text ?? "", 2_000);
}
