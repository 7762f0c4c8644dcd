import { expect, test } from "vitest";
import { type KeptWhole, renewed } from "../../src/job/shelf";

test("a job that was kept before jobs could be split is one part, with all that it had", () => {
    const common = {
        id: "0x01",
        market: "0x02",
        chainId: 1,
        made: 5,
        name: "wordcount",
        salt: Uint8Array.of(7),
        manifest: { tasks: [{}, {}, {}] },
        gatherer: Uint8Array.of(8),
        trial: { code: 0 },
    };
    const own = {
        signed: { message: { units: 3n }, signer: "0x04", signature: "0x05" },
        lock: 9n,
        key: Uint8Array.of(6),
        acceptance: { message: {}, signer: "0x04", signature: "0x06" },
    };
    const { id, manifest } = common;
    expect(renewed({ ...common, ...own } as unknown as KeptWhole)).toEqual({
        ...common,
        parts: [{ ...own, id, manifest, tasks: [0, 1, 2] }],
    });
    const { key: _, acceptance: __, ...open } = own;
    expect(renewed({ ...common, ...open } as unknown as KeptWhole).parts).toEqual([
        { ...open, id, manifest, tasks: [0, 1, 2] },
    ]);
});
