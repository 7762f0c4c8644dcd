/** Calls and messages in words: read from the very bytes that are sent or signed, whoever made them. */
import { type Abi, type AbiFunction, decodeFunctionData, type Hex, toFunctionSelector } from "viem";
import { exactly, PRICE_DECIMALS, units } from "../format/amount";
import { plain } from "../format/text";
import { absolute, duration } from "../format/time";
import { type Key, t } from "../text";
import { en } from "../text/en";
import { ABIS, type Contracts, type Role } from "./contracts";

export interface Told {
    /** What it does, in one or more sentences */
    sentences: string[];
    /** The function or type with its values, as they stand in the data */
    lines: string[];
}

const ORDER: Role[] = [
    "market",
    "court",
    "channels",
    "storage",
    "governor",
    "timelock",
    "votes",
    "token",
];
const ALL = ORDER.flatMap((role) => ABIS[role]).filter((item) => item.type === "function") as Abi;

/** Which of the contracts an address is; null: none of them. */
export function roleOf(address: string, contracts: Contracts): Role | null {
    const found = ORDER.find(
        (role) => contracts.addresses[role]?.toLowerCase() === address.toLowerCase(),
    );
    return found ?? null;
}

/** A call in words. `abi`: that of the contract called, if it is known. */
export function callWords(
    data: Hex,
    abi: Abi = ALL,
): { name: string; lines: string[]; args: readonly unknown[] } | null {
    try {
        const { functionName, args = [] } = decodeFunctionData({ abi, data });
        const item = (abi as AbiFunction[]).find(
            (one) =>
                one.type === "function" &&
                one.name === functionName &&
                toFunctionSelector(one) === data.slice(0, 10),
        );
        const names = item?.inputs.map((input) => input.name ?? "") ?? [];
        const lines = args.flatMap((value, index) => linesOf(names[index] ?? String(index), value));
        return { name: functionName, lines, args };
    } catch {
        return null;
    }
}

/** What a transaction to one of the market's contracts does. */
export function tellCall(to: string, data: Hex, contracts: Contracts): Told {
    const role = roleOf(to, contracts);
    const call = role && callWords(data, ABIS[role]);
    if (!role || !call) return { sentences: [t("say.unknown", { to })], lines: [data] };
    const named = values(call.name, call.args, role, contracts);
    const keys = [`say.${role}.${call.name}`, `say.${call.name}`].filter((key) =>
        Object.hasOwn(en, key),
    );
    const sentence = keys.length
        ? t(keys[0] as Key, named)
        : t("say.other", { name: call.name, place: t(`role.${role}`) });
    return {
        sentences: [sentence, ...more(call.name, call.args)],
        lines: [`${call.name} @ ${to}`, ...call.lines],
    };
}

interface RequestArgument {
    requester: string;
    miner: number;
    resource: number;
    units: bigint;
    maxPrice: bigint;
    confirmBy: number;
    duration: number;
    tasks: number;
    terms: number;
    salt: bigint;
}

function values(
    name: string,
    args: readonly unknown[],
    role: Role,
    contracts: Contracts,
): Record<string, string | number> {
    const [first, second] = args;
    const money = (amount: unknown): string =>
        typeof amount === "bigint"
            ? `${exactly(amount, contracts.decimals)} ${contracts.symbol}`
            : "?";
    const named: Record<string, string | number> = { place: t(`role.${role}`) };
    if (typeof first === "string") named.first = first;
    if (typeof second === "string") named.second = second;
    if (name === "withdraw") Object.assign(named, { to: String(first), amount: money(second) });
    else if (name === "approve")
        Object.assign(named, { spender: String(first), amount: money(second) });
    else if (/^deposit/.test(name)) named.amount = money(first);
    else if (name === "collect" && role === "storage") named.amount = money(second);
    else if (name.startsWith("castVote"))
        Object.assign(named, {
            proposal: `0x${(first as bigint).toString(16).padStart(64, "0")}`,
            vote: t(
                `vote.${(["against", "for", "abstain"] as const)[Number(second)] ?? "abstain"}`,
            ),
        });
    else if (name === "challenge")
        Object.assign(named, { task: Number(args[3]), number: Number(second) });
    const request = requestIn(first);
    if (request) {
        const most = request.units * request.maxPrice;
        Object.assign(named, requestWords(request), {
            most: `${exactly(most, PRICE_DECIMALS)} ${contracts.symbol}`,
            root: String(second),
            used: typeof args[2] === "bigint" ? units(args[2]) : "",
        });
    }
    return named;
}

function more(name: string, args: readonly unknown[]): string[] {
    if (name === "challenge") return [t(args[2] === true ? "say.withheld" : "say.wrongLeaf")];
    return [];
}

function requestIn(value: unknown): RequestArgument | null {
    return typeof value === "object" && value !== null && "maxPrice" in value
        ? (value as RequestArgument)
        : null;
}

export function requestWords(request: RequestArgument): Record<string, string | number> {
    return {
        resource: request.resource,
        units: units(request.units),
        price: exactly(request.maxPrice, PRICE_DECIMALS),
        tasks: request.tasks,
        terms: request.terms,
        miner: request.miner ? t("word.miner", { number: request.miner }) : t("word.any"),
        until: absolute(request.confirmBy),
        time: duration(request.duration),
    };
}

/** A value, a line for each of its parts. */
function linesOf(name: string, value: unknown): string[] {
    if (typeof value === "object" && value !== null && !Array.isArray(value))
        return Object.entries(value).flatMap(([part, inner]) => linesOf(`${name}.${part}`, inner));
    if (Array.isArray(value))
        return value.slice(0, 50).flatMap((inner, index) => linesOf(`${name}[${index}]`, inner));
    return [`${name}: ${plain(String(value), 2_000)}`];
}

export interface Typed {
    domain: { name: string; version: string; chainId: number; verifyingContract: `0x${string}` };
    types: Record<string, { name: string; type: string }[]>;
    primaryType: string;
    message: Record<string, unknown>;
}

/** What a signature of this message says. */
export function tellTyped(typed: Typed, contracts: Contracts): Told {
    const lines = [
        `${typed.primaryType} @ ${typed.domain.name} ${typed.domain.version}, ${typed.domain.chainId}, ${typed.domain.verifyingContract}`,
        ...(typed.types[typed.primaryType] ?? []).map(
            ({ name }) => `${name}: ${plain(String(typed.message[name]), 2_000)}`,
        ),
    ];
    return { sentences: [typedSentence(typed, contracts)], lines };
}

function typedSentence({ primaryType, message }: Typed, contracts: Contracts): string {
    switch (primaryType) {
        case "Permit": {
            const role = roleOf(String(message.spender), contracts);
            return t("say.Permit", {
                spender: role
                    ? t(`role.${role}`)
                    : t("say.stranger", { spender: String(message.spender) }),
                amount: `${exactly(message.value as bigint, contracts.decimals)} ${contracts.symbol}`,
                until: absolute(Number(message.deadline)),
            });
        }
        case "Request": {
            const request = message as unknown as RequestArgument;
            const most = request.units * request.maxPrice;
            return t("say.Request", {
                ...requestWords(request),
                most: `${exactly(most, PRICE_DECIMALS)} ${contracts.symbol}`,
            });
        }
        case "Acceptance":
            return t("say.Acceptance", {
                request: String(message.request),
                root: String(message.root),
                used: units(message.unitsUsed as bigint),
            });
        case "Envelope":
            return t("say.Envelope", { request: String(message.request) });
        case "Release":
            return t("say.Release", { request: String(message.request) });
        default:
            return t("say.otherMessage", { name: plain(primaryType, 40) });
    }
}
