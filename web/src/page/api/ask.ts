/** Asking the relay, within bounds of size and time; what went wrong is a sentence. */
import { plain } from "../format/text";
import { t } from "../text";
import { type Decode, Strange } from "./decode";

const MOST_BYTES = 8 << 20;
const PATIENCE = 15_000;

/** What the relay answers, or why it does not, in the visitor's words. */
export class Failure extends Error {
    constructor(
        readonly kind: "away" | "busy" | "missing" | "said" | "strange",
        readonly detail = "",
    ) {
        super(detail);
    }

    get sentence(): string {
        switch (this.kind) {
            case "said":
                return t("fail.said", { detail: plain(this.detail, 300) });
            case "strange":
                return t("fail.strange", { what: plain(this.detail, 80) });
            default:
                return t(`fail.${this.kind}`);
        }
    }
}

export async function ask<T>(path: string, decode: Decode<T>, init: RequestInit = {}): Promise<T> {
    const answer = await call(path, init);
    const body = await within(answer);
    try {
        return decode(JSON.parse(body), "answer");
    } catch (error) {
        if (error instanceof Strange) throw new Failure("strange", error.where);
        throw new Failure("strange", "JSON");
    }
}

/** A call whose answer is a status alone. */
export async function tell(path: string, message: unknown): Promise<void> {
    const body = JSON.stringify(message);
    await call(path, { method: "POST", body, headers: { "content-type": "application/json" } });
}

async function call(path: string, init: RequestInit): Promise<Response> {
    let answer: Response;
    try {
        answer = await fetch(path, {
            ...init,
            credentials: "omit",
            redirect: "error",
            signal: AbortSignal.timeout(PATIENCE),
        });
    } catch {
        throw new Failure("away");
    }
    if (answer.ok) return answer;
    if (answer.status === 404) throw new Failure("missing");
    if (answer.status === 429) throw new Failure("busy");
    throw new Failure("said", await reason(answer));
}

async function reason(answer: Response): Promise<string> {
    try {
        const told: unknown = JSON.parse(await within(answer));
        const detail = (told as { detail?: unknown } | null)?.detail;
        if (typeof detail === "string") return detail;
    } catch {
        // Its status says enough.
    }
    return `HTTP ${answer.status}`;
}

async function within(answer: Response): Promise<string> {
    const reader = answer.body?.getReader();
    if (!reader) return "";
    const decoder = new TextDecoder();
    let [size, body] = [0, ""];
    try {
        for (;;) {
            const { done, value } = await reader.read();
            if (done) return body + decoder.decode();
            size += value.length;
            if (size > MOST_BYTES) {
                void reader.cancel();
                throw new Failure("strange", `> ${MOST_BYTES} bytes`);
            }
            body += decoder.decode(value, { stream: true });
        }
    } catch (error) {
        throw error instanceof Failure ? error : new Failure("away");
    }
}
