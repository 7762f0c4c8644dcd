/** What can be done in a case now, by what the court itself says: an act that it would refuse is not offered. */
import type { Hex } from "viem";
import { read } from "./contracts";
import type { Session } from "./session";

/** In the order of the contract. */
enum Phase {
    None,
    Queued,
    Answering,
    Drawing,
    Voting,
    Showing,
    Revealing,
    Curing,
    Decided,
    Rejected,
    Upheld,
    Undecided,
    Void,
}
enum Outcome {
    None,
    Stands,
}
const SUBMITTED = 3;
const LAST_ROUND = 2;
/** Gas to begin the next phase, and to draw the largest jury: who acts last does that, too. */
export const GOING_ON = 40_000n;
export const DRAWING = 800_000n;
/** Blocks for which the chain tells a block's hash. */
const HASHES = 256;

/** What is read of a case, of its deal's docket, and of the deal. */
export interface Stand {
    status: {
        phase: Phase;
        deadline: number;
        round: number;
        filerActed: boolean;
        minerActed: boolean;
        outcome: Outcome;
        shown: boolean;
        named: number;
        places: number;
        seed: Hex;
    };
    docket: { filingUntil: number; open: number; frozen: boolean; finished: boolean };
    /** Of the deal, as the market keeps it */
    state: number;
    /** Base units that an appeal locks */
    appeal: bigint;
    /** Base units that the visitor has in the court, free to be locked */
    money: bigint;
    at: { time: number; block: number };
}

export async function standOf(
    now: Session,
    found: { id: Hex; deal: Hex; miner_id: number },
): Promise<Stand> {
    const { reader, contracts } = now;
    const { market, court } = contracts.addresses;
    const ask = <T>(name: string, ...args: unknown[]): Promise<T> =>
        read<T>(reader, "court", court!, name, args);
    const [status, docket, deal, appeal, [money], block] = await Promise.all([
        ask<Stand["status"]>("caseOf", found.id),
        ask<Stand["docket"]>("docketOf", found.deal),
        read<{ state: number }>(reader, "market", market, "dealOf", [found.deal]),
        ask<bigint>("appealDepositOf", found.miner_id),
        ask<readonly [bigint, bigint]>("accountOf", now.account),
        reader.getBlock(),
    ]);
    const at = { time: Number(block.timestamp), block: numberSeen(block) };
    return { status, docket, state: deal.state, appeal, money, at };
}

/** The number that contracts see: on Arbitrum that of the parent chain's block, which stands beside. */
export function numberSeen(block: { number: bigint; l1BlockNumber?: Hex }): number {
    return Number(block.l1BlockNumber ?? block.number);
}

/** What the filer alone can do, and what anybody can. */
export type Plea = "commit" | "reveal" | "show" | "fund" | "appeal" | "collect";
export type Push = "record" | "draw" | "advance" | "finish";

/** What is to be done now, by the filer or by somebody else; null: to wait, or nothing any more. */
export function dueIn(stand: Stand, byFiler: boolean): Plea | Push | null {
    const { status, at } = stand;
    const { phase } = status;
    if (phase === Phase.None) return null;
    if (phase > Phase.Decided) return afterwards(stand, byFiler);
    const isLast = phase === Phase.Decided && status.round === LAST_ROUND;
    if (stand.state !== SUBMITTED || at.time > status.deadline || isLast) return "advance";
    if (phase === Phase.Drawing) return drawing(stand, byFiler);
    if (!byFiler) return null;
    if (phase === Phase.Answering && !status.filerActed) return "commit";
    if (phase === Phase.Showing && !status.shown) return "show";
    const lost = status.outcome === Outcome.None || status.outcome === Outcome.Stands;
    if (phase !== Phase.Decided || !lost) return null;
    return stand.money < stand.appeal ? "fund" : "appeal";
}

/** A block's hash can be told once it has a successor. */
function drawing({ status, at }: Stand, byFiler: boolean): Plea | Push | null {
    if (at.block <= status.named) return null;
    if (BigInt(status.seed) === 0n && at.block > status.named + HASHES) return "record";
    if (!status.filerActed) return byFiler ? "reveal" : null;
    return status.minerActed ? "draw" : null;
}

function afterwards(stand: Stand, byFiler: boolean): "finish" | "collect" | null {
    const { status, docket } = stand;
    if (status.phase === Phase.Void) return null;
    if (docket.finished) return byFiler && status.places ? "collect" : null;
    return waits(stand) && !docket.open && stand.at.time > docket.filingUntil ? "finish" : null;
}

/** The case is decided, its deal is not. */
export function waits({ status, docket, state }: Stand): boolean {
    const decided = status.phase > Phase.Decided && status.phase !== Phase.Void;
    return decided && docket.frozen && !docket.finished && state === SUBMITTED;
}

export function isDecided({ status }: Stand): boolean {
    return status.phase > Phase.Decided;
}
