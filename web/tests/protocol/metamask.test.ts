/** Every kind of message as a page sends it to a wallet, signed by MetaMask's own library. */
import { signTypedData, SignTypedDataVersion } from "@metamask/eth-sig-util";
import { createWalletClient, custom, type Hex, keccak256, stringToBytes } from "viem";
import { expect, test } from "vitest";
import { type Kind, typedData } from "../../src/protocol/messages";
import { readSigned } from "../../src/protocol/signed";
import { vectors } from "./vectors";

interface Vector {
    type: string;
    chainId: number;
    market: Hex;
    signed: { signer: Hex; signature: Hex };
}

/** Of each kind and market the vectors are numbered, and signed by the hash of kind and number. */
function keyed() {
    const numbers = new Map<string, number>();
    return vectors<Vector[]>("messages").map((vector) => {
        const kind = vector.type.split("(")[0] as Kind;
        const series = `${kind} ${vector.market}`;
        const number = numbers.get(series) ?? 0;
        numbers.set(series, number + 1);
        const privateKey = keccak256(stringToBytes(`${kind} ${number}`), "bytes");
        return { name: `${series} ${number}`, kind, vector, privateKey };
    });
}

test.each(keyed())("$name: the vector's signature", async ({ kind, vector, privateKey }) => {
    const { chainId, market, signed } = vector;
    const wallet = custom({
        async request({ method, params: [signer, text] }: { method: string; params: string[] }) {
            expect([method, signer]).toEqual(["eth_signTypedData_v4", signed.signer]);
            const data = JSON.parse(text!);
            const key = Buffer.from(privateKey);
            return signTypedData({ privateKey: key, data, version: SignTypedDataVersion.V4 });
        },
    });
    const { message } = readSigned(kind, JSON.stringify(signed));
    const data = typedData(kind, { chainId, market }, message) as never;
    const page = createWalletClient({ account: signed.signer, transport: wallet });
    expect(await page.signTypedData(data)).toBe(signed.signature);
});
