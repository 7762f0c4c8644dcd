import { ConsoleStdout } from "@bjorn3/browser_wasi_shim";
import { type Bytes, concat } from "../protocol/bytes";

/** A program passed one of its limits. */
export class LimitPassed extends Error {
    override name = "LimitPassed";
}

/** What is written to a stream, up to a limit. */
export class Clipped extends ConsoleStdout {
    private readonly parts: Uint8Array[] = [];
    private size = 0n;

    constructor(name: string, most: bigint) {
        super((data) => {
            this.size += BigInt(data.length);
            if (this.size > most) throw new LimitPassed(`more bytes in ${name} than the limit`);
            this.parts.push(data.slice());
        });
    }

    get content(): Bytes {
        return concat(...this.parts);
    }
}
