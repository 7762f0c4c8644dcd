import { type Bytes, concat, fromUtf8 } from "../protocol/bytes";
import { readJson } from "../protocol/json";
import { RelayAway, RelayRefused } from "./errors";

export type Fetch = typeof fetch;

export interface Call {
    readonly method?: "GET" | "PUT" | "POST" | "HEAD";
    readonly body?: Bytes | string;
    /** Most bytes that an answer may have. */
    readonly most: number;
    /** Milliseconds until the whole answer must be there. */
    readonly within?: number;
}

const WITHIN = 30_000;

/** Asks and reads a bounded answer. Anything but 2xx is an error; redirects are not followed. */
export async function ask(fetcher: Fetch, url: string, call: Call): Promise<Bytes> {
    const { method = "GET", body, most, within = WITHIN } = call;
    const headers = typeof body === "string" ? { "content-type": "application/json" } : {};
    let answer: Response;
    let content: Bytes;
    try {
        answer = await fetcher(url, {
            method,
            headers,
            redirect: "error",
            credentials: "omit",
            signal: AbortSignal.timeout(Math.ceil(within)),
            ...(body !== undefined && { body }),
        });
        content = await readBody(answer, answer.ok ? most : 64 * 1024);
    } catch (error) {
        if (error instanceof RelayAway) throw error;
        throw new RelayAway(`the relay can't be reached: ${(error as Error).message}`);
    }
    if (answer.ok) return content;
    const after = Number(answer.headers.get("retry-after"));
    throw new RelayRefused(answer.status, detailOf(content), after > 0 ? after : undefined);
}

async function readBody(answer: Response, most: number): Promise<Bytes> {
    const reader = answer.body?.getReader();
    const parts: Uint8Array[] = [];
    for (let size = 0; reader;) {
        const { done, value } = await reader.read();
        if (done) break;
        size += value.length;
        if (size > most) {
            await reader.cancel();
            throw new RelayAway(`the relay's answer has more than ${most} bytes`);
        }
        parts.push(value);
    }
    return concat(...parts);
}

/** What the relay says, without what could break a page: control and bidirectional characters. */
function detailOf(content: Bytes): string {
    try {
        const form = readJson(fromUtf8(content));
        if (form && typeof form === "object" && "detail" in form)
            return plain(JSON.stringify(form["detail"]).replace(/^"|"$/g, ""));
    } catch {
        // It says nothing that could be read.
    }
    return "no reason";
}

/** A stranger's words on one line: at most 1,200 characters, none that move or hide others. */
export function plain(text: string): string {
    return text
        .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}]+/gu, " ")
        .trim()
        .slice(0, 1200);
}
