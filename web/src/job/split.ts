import { type Manifest, unitsPerTask } from "../protocol/manifest";
import type { Reference } from "../protocol/forms";
import { type Job, jobOf } from "./build";
import type { Market, ResourceClass } from "./market";
import { estimate, type Estimate, secondsFor } from "./offers";

/** What one miner gets of a job: some of its tasks, as a deal of its own. */
export interface Share {
    /** Numbers of its tasks in the whole job, in order. */
    readonly tasks: readonly number[];
    readonly job: Job;
    readonly estimate: Estimate;
}

/** Objections to a whole job that a part of it may not meet. */
const OF_SIZE = new Set(["too_few_units", "too_long"]);

/** Those that would take a part of a job, cheapest first. */
export function takersOf(estimates: readonly Estimate[], manifest: Manifest): Estimate[] {
    const units = unitsPerTask(manifest);
    return estimates
        .filter(({ objections }) => objections.every(({ code }) => OF_SIZE.has(code)))
        .filter(({ offer }) => offer.free >= units)
        .sort((left, right) => (left.bid < right.bid ? -1 : left.bid > right.bid ? 1 : 0));
}

/**
 * Gives the tasks, one after the other, to the miner that would be done with it first, so that all are done together;
 * each gets what it has room for. Of those that get some: the numbers of their tasks. Shorter together than the job:
 * there is no room for the rest.
 */
export function placed(takers: readonly Estimate[], manifest: Manifest): Map<Estimate, number[]> {
    const units = unitsPerTask(manifest);
    const given = new Map<Estimate, number[]>(takers.map((taker) => [taker, []]));
    for (let task = 0; task < manifest.tasks.length; task++) {
        const fit = takers.filter(
            (taker) => BigInt(given.get(taker)!.length + 1) * units <= taker.offer.free,
        );
        const after = (taker: Estimate): number =>
            secondsFor(taker.offer.announcement, manifest, given.get(taker)!.length + 1);
        const times = fit.map(after);
        const best = fit[times.indexOf(Math.min(...times))];
        if (!best) break;
        given.get(best)!.push(task);
    }
    return new Map([...given].filter(([, tasks]) => tasks.length));
}

/** The job among so many of the cheapest miners at most, with what each costs. Short: there is no room for the rest. */
export async function split(
    market: Market,
    found: ResourceClass,
    estimates: readonly Estimate[],
    job: Job,
    miners: number,
    now: number,
): Promise<Share[]> {
    const takers = takersOf(estimates, job.manifest).slice(0, miners);
    const shares = [...placed(takers, job.manifest)].map(async ([{ offer }, tasks]) => {
        const part = partOf(job, tasks);
        const made = await estimate(market, found, offer, part.manifest, now);
        return { tasks, job: part, estimate: made };
    });
    return Promise.all(shares);
}

/** Some tasks of a job as a job of their own, under the same salt. */
export function partOf(job: Job, tasks: readonly number[]): Job {
    if (tasks.length === job.manifest.tasks.length) return job;
    const manifest = { ...job.manifest, tasks: tasks.map((task) => job.manifest.tasks[task]!) };
    const used = new Set(referencesOf(manifest).map(({ digest }) => digest));
    const plaintexts = new Map([...job.plaintexts].filter(([digest]) => used.has(digest)));
    return jobOf({ ...job, manifest, plaintexts });
}

function referencesOf({ inputs, tasks }: Manifest): Reference[] {
    const own = tasks.flatMap((task) => [
        ...Object.values(task.inputs),
        ...(task.stdin ? [task.stdin] : []),
    ]);
    return [...Object.values(inputs), ...own];
}
