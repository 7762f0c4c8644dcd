/** A relay that says whatever a test wants: the built page, with the headers of the real one, and answers from a table. */
import { readFileSync, existsSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import { extname, join } from "node:path";

const ROOT = new URL("../../../../", import.meta.url).pathname;
const BUILT = join(ROOT, "suanli/relay/server/built_page");
const TYPES: Record<string, string> = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
};

export type Answer = unknown | ((url: URL) => unknown);
/** Answered as it stands, with this status. */
export class Raw {
    constructor(
        readonly body: string,
        readonly status = 200,
    ) {}
}

export class FakeRelay {
    answers: Record<string, Answer> = {};
    readonly asked: string[] = [];
    private streams: ServerResponse[] = [];
    private constructor(
        private readonly server: Server,
        readonly url: string,
    ) {}

    static async start(answers: Record<string, Answer>): Promise<FakeRelay> {
        const policy = headersOfTheRelay();
        const server = createServer((request, response) =>
            relay.serve(request.url ?? "/", response, policy),
        );
        await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
        const address = server.address() as { port: number };
        const relay = new FakeRelay(server, `http://127.0.0.1:${address.port}`);
        relay.answers = answers;
        return relay;
    }

    /** Tell all who listen. */
    send(event: string, data: unknown): void {
        for (const stream of this.streams)
            stream.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    }

    async stop(): Promise<void> {
        for (const stream of this.streams) stream.end();
        this.server.closeAllConnections();
        await new Promise((done) => this.server.close(done));
    }

    private serve(path: string, response: ServerResponse, policy: Record<string, string>): void {
        const url = new URL(path, this.url);
        this.asked.push(path);
        if (url.pathname === "/api/v1/events") {
            response.writeHead(200, { "content-type": "text/event-stream" });
            response.write(": here\n\n");
            this.streams.push(response);
            return;
        }
        if (url.pathname.startsWith("/api/") || url.pathname.startsWith("/v1/")) {
            const found = this.answers[url.pathname];
            const answer =
                typeof found === "function" ? (found as (url: URL) => unknown)(url) : found;
            const raw =
                answer instanceof Raw
                    ? answer
                    : answer === undefined
                      ? new Raw('{"detail":"no such thing"}', 404)
                      : new Raw(JSON.stringify(answer));
            response.writeHead(raw.status, { "content-type": "application/json" }).end(raw.body);
            return;
        }
        const file = join(BUILT, url.pathname.includes("..") ? "/" : url.pathname);
        const shown =
            url.pathname !== "/" && existsSync(file) && extname(file)
                ? file
                : join(BUILT, "index.html");
        response.writeHead(200, {
            ...policy,
            "content-type": TYPES[extname(shown)] ?? "application/octet-stream",
        });
        response.end(readFileSync(shown));
    }
}

/** The policy that the relay itself sends: read from its source, so that the tests can't have a laxer one. */
function headersOfTheRelay(): Record<string, string> {
    const source = readFileSync(join(ROOT, "suanli/relay/server/page.py"), "utf8");
    const policy = /POLICY = "; "\.join\(\s*\[([^\]]*)\]/.exec(source)?.[1];
    if (!policy) throw new Error("no policy in suanli/relay/server/page.py");
    const parts = [...policy.matchAll(/"([^"]*)"/g)].map((found) => found[1]);
    return { "content-security-policy": parts.join("; "), "x-content-type-options": "nosniff" };
}
