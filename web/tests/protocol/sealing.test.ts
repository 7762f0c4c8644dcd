import { expect, test } from "vitest";
import { digits, unhex } from "../../src/protocol/bytes";
import { seal, unseal } from "../../src/protocol/sealing";
import { vectors } from "./vectors";

interface Vector {
    private: string;
    public: string;
    ephemeral: string;
    plaintext: string;
    sealed: string;
}
const VECTORS = vectors<Vector[]>("sealing");

test.each(VECTORS)("to $public", async (vector) => {
    const sealed = await seal(
        unhex(vector.public),
        unhex(vector.plaintext),
        unhex(vector.ephemeral),
    );
    expect(digits(sealed)).toBe(vector.sealed);
    expect(digits(await unseal(unhex(vector.private), sealed))).toBe(vector.plaintext);
});

test("each sealing has a key of its own", async () => {
    const key = unhex(VECTORS[0]!.public);
    expect(await seal(key, unhex("00"))).not.toEqual(await seal(key, unhex("00")));
});

test("what was changed or is another's does not open", async () => {
    const [{ private: key, sealed }, other] = VECTORS as [Vector, Vector];
    await expect(unseal(unhex(other.private), unhex(sealed))).rejects.toThrow("another key");
    for (const at of [0, 2, 40]) {
        const changed = unhex(sealed);
        changed[at]! ^= 1;
        await expect(unseal(unhex(key), changed)).rejects.toThrow(/unknown way|another key|curve/);
    }
    await expect(unseal(unhex(key), unhex(sealed).subarray(0, 49))).rejects.toThrow("too short");
    await expect(seal(unhex("04"), unhex("00"))).rejects.toThrow("compressed public key");
});
