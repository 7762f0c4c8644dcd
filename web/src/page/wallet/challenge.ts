/** A challenge and what its filer has to do later: the secrets stay in this browser until the court asks for them. */
import {
    type Address,
    encodeAbiParameters,
    type Hex,
    keccak256,
    parseAbiParameters,
    toHex,
    zeroHash,
} from "viem";
import { askToLast, remember, remembered } from "../remember";
import { t } from "../text";
import { type Sending } from "./act";
import { send } from "./acts";
import { read } from "./contracts";
import { Refusal } from "./refusals";
import type { Request } from "./request";
import type { Session } from "./session";

/** What was committed to in a case, by its filer. */
export interface Secrets {
    request: { [Name in keyof Request]: string | number };
    /** Each that was to be filed with: one is on the chain, and only its commitment tells which */
    leaves: Hex[];
    salt: Hex;
    /** One for each round that this browser committed to */
    rounds: Hex[];
}

const MOST_CHALLENGES = 16;
const NOTHING = 0;

export function secretsOf(caseId: string): Secrets | null {
    try {
        return JSON.parse(remembered(`case.${caseId}`) ?? "null") as Secrets | null;
    } catch {
        return null;
    }
}

/** Before anything is signed: a filer without its secrets loses the deposit. */
export function keepSecrets(caseId: string, secrets: Secrets): void {
    askToLast();
    if (!remember(`case.${caseId}`, JSON.stringify(secrets)))
        throw new Refusal(t("refused.noStorage"));
}

export function kept(request: Request): Secrets["request"] {
    return {
        ...request,
        units: String(request.units),
        maxPrice: String(request.maxPrice),
        salt: String(request.salt),
    };
}

/** `leaf` null: the task's data is withheld. */
export async function challenging(
    now: Session,
    deal: Hex,
    request: Request,
    task: number,
    leaf: Hex | null,
): Promise<Sending> {
    const court = courtOf(now);
    const { number, caseId } = await firstFree(now, court, deal);
    // An earlier one for this case may be under way: what it committed to stays, too.
    const before = secretsOf(caseId);
    const { salt, rounds } = before ?? { salt: random(), rounds: [random()] };
    const secret = rounds[0]!;
    const held = (leaf?.toLowerCase() as Hex | undefined) ?? zeroHash;
    const leaves = [...new Set([...(before?.leaves ?? []), held])];
    keepSecrets(caseId, { request: kept(request), leaves, salt, rounds });
    const commitments = [
        leafCommitment(now.account, held, salt),
        secretCommitment(caseId, 0, secret),
    ];
    return send("court", "challenge", request, number, leaf === null, task, ...commitments);
}

/** Shows the leaf that the case was filed with. */
export async function showing(now: Session, caseId: Hex, secrets: Secrets): Promise<Sending> {
    const { leaves, salt, request } = secrets;
    const { leaf: committed } = await read<{ leaf: Hex }>(
        now.reader,
        "court",
        courtOf(now),
        "caseOf",
        [caseId],
    );
    const leaf = leaves.find((one) => leafCommitment(now.account, one, salt) === committed);
    if (!leaf) throw new Refusal(t("plead.noSecrets"));
    return send("court", "showLeaf", request, caseId, leaf, salt);
}

function courtOf(now: Session): Address {
    const court = now.contracts.addresses.court;
    if (!court) throw new Refusal(t("refused.noContract", { place: t("role.court") }));
    return court;
}

async function firstFree(
    now: Session,
    court: Address,
    deal: Hex,
): Promise<{ number: number; caseId: Hex }> {
    const ask = <T>(name: string, ...args: unknown[]): Promise<T> =>
        read<T>(now.reader, "court", court, name, args);
    for (let number = 0; number < MOST_CHALLENGES; number++) {
        const caseId = await ask<Hex>("caseIdOf", deal, now.account, number);
        const { phase } = await ask<{ phase: number }>("caseOf", caseId);
        if (phase === NOTHING) return { number, caseId };
    }
    throw new Refusal(t("refused.tooMany"));
}

export function leafCommitment(filer: Hex, leaf: Hex, salt: Hex): Hex {
    return keccak256(
        encodeAbiParameters(parseAbiParameters("address, bytes32, bytes32"), [filer, leaf, salt]),
    );
}

export function secretCommitment(caseId: Hex, round: number, secret: Hex): Hex {
    const types = parseAbiParameters("bytes32, uint8, bool, bytes32");
    return keccak256(encodeAbiParameters(types, [caseId, round, false, secret]));
}

export function random(): Hex {
    return toHex(crypto.getRandomValues(new Uint8Array(32)));
}
