import type { Trial, TrialTask } from "./trial";
import workerUrl from "./trialWorker?worker&url";

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
    const worker = new Worker(trusted(workerUrl) as string, { type: "module" });
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

/** Where a page takes nothing else for a script's address (Trusted Types), our own file is one. */
function trusted(url: string): unknown {
    const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
    const name = "suanli-trial";
    return trustedTypes
        ? trustedTypes.createPolicy(name, { createScriptURL: (own) => own }).createScriptURL(url)
        : url;
}

interface TrustedTypes {
    createPolicy(
        name: string,
        rules: { createScriptURL(url: string): string },
    ): { createScriptURL(url: string): unknown };
}
