/** A challenge and what its filer has to do later: the secrets stay in this browser until the court asks for them. */
import {
    encodeAbiParameters,
    type Hex,
    keccak256,
    parseAbiParameters,
    toHex,
    zeroHash,
} from "viem";
import { remember, remembered } from "../remember";
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
    leaf: Hex;
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

export function keepSecrets(caseId: string, secrets: Secrets): void {
    remember(`case.${caseId}`, JSON.stringify(secrets));
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
    const court = now.contracts.addresses.court;
    if (!court) throw new Refusal(t("refused.noContract", { place: t("role.court") }));
    const ask = <T>(name: string, ...args: unknown[]): Promise<T> =>
        read<T>(now.reader, "court", court, name, args);
    const { number, caseId } = await firstFree(now, deal, ask);
    const [salt, secret] = [random(), random()];
    const held = leaf ?? zeroHash;
    keepSecrets(caseId, { request: kept(request), leaf: held, salt, rounds: [secret] });
    const commitments = [
        leafCommitment(now.account, held, salt),
        secretCommitment(caseId, 0, secret),
    ];
    return send("court", "challenge", request, number, leaf === null, task, ...commitments);
}

async function firstFree(
    now: Session,
    deal: Hex,
    ask: <T>(name: string, ...args: unknown[]) => Promise<T>,
): Promise<{ number: number; caseId: Hex }> {
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
