import { cidOf, digestOf } from "../../src/protocol/blobs";
import { bigEndian, type Bytes, concat, digits } from "../../src/protocol/bytes";
import type { Fetch } from "../../src/relay/http";

export interface Asked {
    readonly method: string;
    readonly path: string;
    readonly body: Uint8Array;
}

/** A relay in memory: keeps blobs, and answers what it is told to. */
export class FakeRelay {
    readonly asked: Asked[] = [];
    readonly kept = new Map<string, Bytes>();
    readonly answers = new Map<string, () => Response>();

    readonly fetch: Fetch = async (input, init) => {
        const url = new URL(String(input));
        const body = new Uint8Array(await new Response(init?.body ?? null).arrayBuffer());
        const { method = "GET" } = init ?? {};
        const path = url.pathname + url.search;
        this.asked.push({ method, path, body });
        return (this.answers.get(path) ?? (() => this.answer(method, path, body)))();
    };

    keep(blob: Bytes): Uint8Array {
        this.kept.set(digits(digestOf(blob)), blob);
        return digestOf(blob);
    }

    private answer(method: string, path: string, body: Bytes): Response {
        if (method === "POST" && path === "/v1/blobs/fetch")
            return new Response(this.fetched(body));
        if (method === "POST" && path === "/v1/blobs/missing")
            return new Response(
                concat(...split(body).filter((digest) => !this.kept.has(digits(digest)))),
            );
        if (method === "PUT") return new Response(null, { status: 204 });
        const blob = [...this.kept.values()].find((kept) => path.endsWith(cidOf(digestOf(kept))));
        if (blob) return new Response(blob);
        return Response.json({ detail: "no such thing" }, { status: 404 });
    }

    private fetched(body: Bytes): Bytes {
        const blobs = split(body).map((digest) => this.kept.get(digits(digest)));
        return concat(
            ...blobs.flatMap((blob) =>
                blob ? [bigEndian(blob.length, 4), blob] : [bigEndian(0xffffffff, 4)],
            ),
        );
    }
}

function split(digests: Bytes): Bytes[] {
    return Array.from({ length: digests.length / 32 }, (_, at) =>
        digests.subarray(32 * at, 32 * at + 32),
    );
}
