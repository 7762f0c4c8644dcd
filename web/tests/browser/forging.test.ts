/** Relays and wallets that lie: what is signed means what the page says, or is not signed. */
import type { Browser, Page, Route } from "playwright-core";
import { type Address, type Hex, keccak256, toHex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from "vitest";
import { browse, opened } from "./browser";
import { abiOf, Devnet } from "./chain/devnet";
import { TestWallet } from "./chain/wallet";

const TOKEN = 10n ** 18n;
const [BUYER, SELLER] = ["buyer", "seller"].map((name) => keccak256(toHex(`forging: ${name}`))) as [
    Hex,
    Hex,
];
const account = (of: Hex): Address => privateKeyToAccount(of).address;

let net: Devnet;
let browser: Browser;
let page: Page;
let wrong: string[];
let wallet: TestWallet;

beforeAll(async () => {
    const { rpc, market, page: at } = inject("devnet");
    net = new Devnet(rpc, market, at);
    browser = await browse();
    await net.fund(BUYER, 1_000n * TOKEN);
});
afterAll(() => browser.close());
beforeEach(async () => {
    wallet = new TestWallet(BUYER, net.rpc);
    ({ page, wrong } = await opened(browser, "about:blank"));
});
afterEach(async () => {
    expect(wrong).toEqual([]);
    await page.context().close();
});

/** The relay's answer, changed on its way. */
async function lie(path: string, change: (told: never) => unknown): Promise<void> {
    await page.route(`**/api/v1/${path}`, async (route: Route) => {
        const answer = await route.fetch();
        await route.fulfill({ response: answer, json: change((await answer.json()) as never) });
    });
}

async function connect(path = "/mine", name = "Test wallet"): Promise<void> {
    await wallet.into(page.context(), name);
    await page.goto(net.page + "/mine");
    await page.locator(".wallets button").click();
    await page.locator("header .dot").waitFor();
    if (path !== "/mine") await page.goto(net.page + path);
}

test("decimals and symbol of a lying relay change no amount that is signed", async () => {
    await lie("config", (told: { token: object }) => ({
        ...told,
        token: { ...told.token, decimals: 6, symbol: "USDC" },
    }));
    await connect();
    const form = page.getByRole("form", { name: "Put in" });
    await form.getByLabel("Amount").fill("1.5");
    await form.getByRole("button").click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("Let the market take 1.5 SLT from your wallet").waitFor();
    await dialog.getByRole("button", { name: "Sign in the wallet" }).click();
    await dialog
        .getByText("Put 1.5 SLT from your wallet into your account in the market")
        .waitFor();
    const [, typed] = wallet.asked[0]!.params as [string, string];
    const { domain, message } = JSON.parse(typed) as {
        domain: { verifyingContract: string };
        message: { value: string; spender: string };
    };
    expect(BigInt(message.value)).toBe((TOKEN * 3n) / 2n);
    expect(message.spender.toLowerCase()).toBe(net.market);
    expect(domain.verifyingContract.toLowerCase()).toBe((await net.token()).toLowerCase());
});

test("an address that is no market is not acted on", async () => {
    const token = (await net.token()).toLowerCase();
    for (const market of [token, `0x${"12".repeat(20)}`]) {
        await page.unrouteAll();
        await lie("config", (told: { contracts: object }) => ({
            ...told,
            contracts: { ...told.contracts, market },
        }));
        if (market === token) await connect();
        else await page.reload();
        await page
            .getByRole("alert")
            .filter({ hasText: /is no Suanli market|The contract refuses/ })
            .waitFor();
        expect(await page.getByRole("form").count()).toBe(0);
    }
    expect(wallet.asked).toEqual([]);
});

test("a market other than before is told, until the visitor trusts it", async () => {
    await page.addInitScript(() =>
        localStorage.setItem("suanli.market.31337", `0x${"34".repeat(20)}`),
    );
    await connect();
    const alert = page
        .getByRole("alert")
        .filter({ hasText: "This relay names another market on this chain" });
    await alert.waitFor();
    await alert.getByRole("button", { name: "I know why: go on" }).click();
    await alert.waitFor({ state: "detached" });
});

test("a result is accepted as it stands on the chain, whatever the relay says of it", async () => {
    const { id } = await submittedDeal();
    await lie(`deals/${id}`, (told: { request: object }) => ({
        ...told,
        root: `0x${"99".repeat(32)}`,
        units_used: "1",
        request: { ...told.request, units: "7", job: `0x${"77".repeat(32)}` },
    }));
    await connect(`/deal/${id}`);
    await page.getByRole("form", { name: "Accept the result" }).getByRole("button").click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText(`Accept the result ${keccak256("0x02")} with 90 units used.`).waitFor();
    await dialog.getByText("What is sent, as data").click();
    await dialog.getByText("request.units: 100").waitFor();
});

test("a deal that is not the one named is not acted on", async () => {
    const { id } = await submittedDeal();
    const other = await submittedDeal();
    const ask = async () =>
        (await (await fetch(`${net.page}/api/v1/deals/${other.id}`)).json()) as { state?: string };
    await expect.poll(async () => (await ask()).state, { timeout: 30_000 }).toBe("submitted");
    const told = await ask();
    await lie(`deals/${id}`, () => ({ ...told, id }));
    await connect(`/deal/${id}`);
    await page.getByText(/^The request itself can't be found/).waitFor();
    expect(await page.getByRole("form").count()).toBe(0);
    expect(wallet.asked).toEqual([]);
});

test("a wallet's name is text, cut and in its direction", async () => {
    await connect("/mine", `<img src=x onerror=alert(1)>\u202eevil ${"x".repeat(500)}`);
    const text = await page.getByRole("region", { name: "Wallet" }).first().innerText();
    expect(text).not.toMatch(/\u202e/);
    expect(text.length).toBeLessThan(120);
});

let salts = 0n;
async function submittedDeal(): Promise<{ id: Hex }> {
    if (salts === 0n) await settleIn();
    const request = {
        requester: account(BUYER),
        miner: (await net.inMarket<{ minerId: number }>("minerAccount", account(SELLER))).minerId,
        resource: 1,
        runtime: 0,
        units: 100n,
        maxPrice: TOKEN / 10n,
        confirmBy: (await net.now()) + 600,
        duration: 3_600,
        tasks: 10,
        job: keccak256("0x01"),
        terms: 1,
        flags: 0,
        epoch: await net.inMarket<number>("epochOf", account(BUYER)),
        salt: ++salts,
    };
    const id = await net.inMarket<Hex>("requestId", request);
    await net.sendMarket(BUYER, "postRequest", request);
    await net.sendMarket(SELLER, "confirmRequest", request, "0x");
    await net.sendMarket(SELLER, "submitResult", request, keccak256("0x02"), 90n);
    return { id };
}

/** A miner that sells a little, and money to buy it. */
async function settleIn(): Promise<void> {
    const [token, abi] = [await net.token(), abiOf("LocalToken")];
    await net.fund(SELLER, 2_000n * TOKEN);
    await net.send(BUYER, token, abi, "approve", net.market, 100n * TOKEN);
    await net.sendMarket(BUYER, "deposit", 100n * TOKEN);
    await net.send(SELLER, token, abi, "approve", net.market, 2_000n * TOKEN);
    await net.sendMarket(SELLER, "deposit", 2_000n * TOKEN);
    await net.sendMarket(SELLER, "registerMiner", account(SELLER));
    await net.sendMarket(SELLER, "addStake", account(SELLER), 2_000n * TOKEN);
    await net.sendMarket(SELLER, "registerResource", 1, 1_000n);
    await net.sendMarket(SELLER, "publishOffer", 1, 1_000n, 1n, (await net.now()) + 86_400, false);
}
