import type { Bytes, Hex } from "../protocol/bytes";
import type { Manifest } from "../protocol/manifest";
import type { Signed } from "../protocol/signed";
import type { Lodged } from "./request";
import type { Trial } from "./trial";

const NAME = "suanli";
const JOBS = "jobs";
/** Of what is kept. In form 1 a job was of one miner: such ones are found in browsers still. */
const FORM = 2;

/** What one miner has of a job: a deal of its own. */
export interface KeptPart extends Lodged {
    /** Numbers of its tasks in the whole job. */
    readonly tasks: readonly number[];
    readonly manifest: Manifest;
    /** Of a sealed job: what its result is sealed to. */
    readonly key?: Bytes;
    /** Of a sealed job: what tells its miner where its data are. */
    readonly envelope?: Signed<"Envelope">;
    /** Base units. */
    readonly lock: bigint;
    readonly acceptance?: Signed<"Acceptance">;
}

/** A job that was placed from this browser: its salt, without which nobody reads its outputs, is nowhere else. */
export interface Kept {
    /** Of its first request. */
    readonly id: Hex;
    readonly market: Hex;
    readonly chainId: number;
    /** Seconds since 1970. */
    readonly made: number;
    readonly name: string;
    readonly salt: Bytes;
    readonly manifest: Manifest;
    readonly gatherer?: Bytes;
    /** What task 0 left in this browser, if it was tried. */
    readonly trial?: Trial;
    readonly parts: readonly KeptPart[];
}

/** As a job was kept in form 1. */
export type KeptWhole = Omit<Kept, "parts"> & Omit<KeptPart, "tasks">;

/** Keeps a job, or its newer state. */
export async function keep(job: Kept): Promise<void> {
    await act("readwrite", (jobs) => jobs.put(job));
}

export async function kept(id: Hex): Promise<Kept | undefined> {
    return (await act("readonly", (jobs) => jobs.get(id))) as Kept | undefined;
}

/** The jobs of one market, made last first. */
export async function keptOf(chainId: number, market: Hex): Promise<Kept[]> {
    const all = (await act("readonly", (jobs) => jobs.getAll())) as Kept[];
    const own = all.filter((job) => job.chainId === chainId && job.market === market);
    return own.sort((left, right) => right.made - left.made);
}

export async function forget(id: Hex): Promise<void> {
    await act("readwrite", (jobs) => jobs.delete(id));
}

async function act<T>(
    mode: IDBTransactionMode,
    what: (jobs: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
    const database = await opened();
    try {
        const transaction = database.transaction(JOBS, mode);
        const asked = what(transaction.objectStore(JOBS));
        await new Promise<void>((resolve, reject) => {
            transaction.oncomplete = () => resolve();
            transaction.onabort = transaction.onerror = () => reject(transaction.error);
        });
        return asked.result;
    } finally {
        database.close();
    }
}

function opened(): Promise<IDBDatabase> {
    return new Promise((resolve, reject) => {
        const asked = indexedDB.open(NAME, FORM);
        asked.onupgradeneeded = ({ oldVersion }) => {
            if (!oldVersion) asked.result.createObjectStore(JOBS, { keyPath: "id" });
            else renew(asked.transaction!.objectStore(JOBS));
        };
        asked.onsuccess = () => resolve(asked.result);
        asked.onerror = () => reject(asked.error);
    });
}

/** Whatever fails here ends the change of form: then all is as it was. */
function renew(jobs: IDBObjectStore): void {
    const asked = jobs.openCursor();
    asked.onsuccess = () => {
        const found = asked.result;
        if (!found) return;
        found.update(renewed(found.value as KeptWhole));
        found.continue();
    };
}

export function renewed({ signed, lock, key, acceptance, ...job }: KeptWhole): Kept {
    const { id, manifest } = job;
    const tasks = manifest.tasks.map((_, index) => index);
    const part = { id, signed, tasks, manifest, lock };
    return { ...job, parts: [{ ...part, ...(key && { key }), ...(acceptance && { acceptance }) }] };
}
