import { tryTask, type TrialTask } from "./trial";

// A worker: it is given one task, answers what that did, and is ended by whoever made it.
const scope = self as unknown as {
    onmessage: (event: MessageEvent<TrialTask>) => void;
    postMessage(message: unknown): void;
};
scope.onmessage = async ({ data }) => scope.postMessage(await tryTask(data));
