import type { Trial, TrialTask } from "./trial";

/** Milliseconds after which a trial is given up. */
const WITHIN = 20_000;

/** A trial that took too long: nothing is known of the program but that. */
export class TrialTooLong extends Error {
    override name = "TrialTooLong";
}

/** Tries a task in a worker of its own, which is ended when it takes too long or `signal` is given. */
export function runTrial(
    task: TrialTask,
    options: { readonly within?: number; readonly signal?: AbortSignal } = {},
): Promise<Trial> {
    const { within = WITHIN, signal } = options;
    const worker = new Worker(new URL("./trialWorker.ts", import.meta.url), { type: "module" });
    let timer: ReturnType<typeof setTimeout>;
    const ran = new Promise<Trial>((resolve, reject) => {
        const late = new TrialTooLong(`it was not done in ${within / 1000} seconds`);
        timer = setTimeout(() => reject(late), within);
        signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
        worker.onmessage = ({ data }: MessageEvent<Trial>) => resolve(data);
        worker.onerror = (event) => reject(new Error(event.message || "the trial's worker failed"));
        worker.postMessage(task);
    });
    return ran.finally(() => {
        clearTimeout(timer);
        worker.terminate();
    });
}
