/** A job made, tried, bought, followed, checked and paid with the browser alone: clicks here, effects on the chain. */
import { readFileSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { type Hex, keccak256, toHex } from "viem";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { barriers, browse, expectFits, NARROW, opened, picture, WIDE } from "./browser";
import { Devnet } from "./chain/devnet";
import { TestWallet } from "./chain/wallet";

const TOKEN = 10n ** 18n;
const BUYER: Hex = keccak256(toHex(`job tests: buyer`));
const EXAMPLES = new URL("../../../examples/", import.meta.url).pathname;
const ACCEPTED = 60_000;

let net: Devnet;
let browser: Browser;
let page: Page;
let wallet: TestWallet;
let wrong: string[];

beforeAll(async () => {
    const { rpc, market, page: at } = inject("devnet");
    net = new Devnet(rpc, market, at);
    browser = await browse();
    await net.fund(BUYER, 100_000n * TOKEN);
    wallet = new TestWallet(BUYER, net.rpc);
    ({ page, wrong } = await opened(browser, "about:blank"));
    page.setDefaultTimeout(20_000);
    await wallet.into(page.context());
    await page.goto(`${net.page}/mine`);
    await page.getByRole("button", { name: "Test wallet" }).click();
    await page.getByRole("region", { name: "Money" }).first().waitFor();
    await page.evaluate(keepWhole, net.market.toLowerCase());
    await page.getByRole("link", { name: "New job" }).click();
    await page.getByRole("heading", { name: "New job" }).waitFor();
});
afterAll(async () => {
    await browser?.close();
});

/** Runs in the browser: keeps a job as the page did before one could be split. */
function keepWhole(market: string): Promise<void> {
    const job = {
        id: `0x${"22".repeat(32)}`,
        market,
        chainId: 31337,
        made: 1,
        name: "kept before",
    };
    const rest = { salt: new Uint8Array(32), manifest: { tasks: [{}] }, signed: {}, lock: 7n };
    return new Promise((resolve) => {
        const asked = indexedDB.open("suanli", 1);
        asked.onupgradeneeded = () =>
            asked.result.createObjectStore("jobs", { keyPath: "id" }).add({ ...job, ...rest });
        asked.onsuccess = () => resolve(asked.result.close());
    });
}

const account = () => net.inMarket<readonly [bigint, bigint]>("accountOf", wallet.address);
const dialog = () => page.locator("dialog[open]");

/** Reads what is asked, and agrees, until nothing more is. */
async function agree(button: string): Promise<void> {
    await dialog().getByRole("button", { name: button }).click();
}

test("what is missing or wrong is said before anybody is asked", async () => {
    const offers = page.getByRole("region", { name: "Who takes it, for how much" });
    await offers.getByRole("button", { name: "Ask for offers" }).click();
    await offers.getByText("Choose a program first").waitFor();
    await page.getByLabel("WebAssembly file").setInputFiles(`${EXAMPLES}wordcount/wordcount.wasm`);
    await page.getByLabel("How many").fill("many");
    await offers.getByRole("button", { name: "Ask for offers" }).click();
    await offers.getByText("must be a whole number from 1").waitFor();
});

test("a program that is none is told by the trial", async () => {
    const junk = { name: "junk.wasm", mimeType: "application/wasm", buffer: Buffer.from("junk") };
    await page.getByLabel("WebAssembly file").setInputFiles(junk);
    await page.getByLabel("How many").fill("1");
    await page.getByRole("button", { name: "Run the first task in this browser" }).click();
    await page.getByText("This browser can't run it; miners may.").waitFor();
});

/** A small job, as a person fills it in. */
async function fill(seal: boolean): Promise<void> {
    await page.getByLabel("WebAssembly file").setInputFiles(`${EXAMPLES}wordcount/wordcount.wasm`);
    await page.getByLabel("One task for").selectOption("files");
    const file = (name: string, text: string) => {
        return { name, mimeType: "text/plain", buffer: Buffer.from(text) };
    };
    const texts = [file("a.txt", "tea for two\n"), file("b.txt", "two and two\n")];
    await page.getByLabel("Files, one for each task").setInputFiles(texts);
    await page
        .getByRole("group", { name: "Result of the job" })
        .getByRole("combobox")
        .selectOption("sum");
    await page.getByLabel("as the file").fill("words.tsv");
    // So many that the miner waits long for an acceptance before it goes to the chain.
    await page.getByLabel("units (a million instructions each)").fill("60000");
    await page.getByLabel("Seal it").setChecked(seal);
}

test("a job is made, tried, bought, checked, accepted and paid", async () => {
    await fill(true);
    await page.getByRole("button", { name: "Run the first task in this browser" }).click();
    await page.getByText("Ended with exit code 0.").waitFor();
    await page.getByText("tea 1").waitFor();

    await page.getByRole("button", { name: "Ask for offers" }).click();
    const buy = page.getByRole("button", { name: "Buy" }).first();
    await buy.waitFor();
    await expectFits(page);
    expect(await barriers(page)).toEqual([]);
    await picture(page, "new-job-wide-light");
    await page.setViewportSize(NARROW);
    await page.emulateMedia({ colorScheme: "dark" });
    await expectFits(page);
    await picture(page, "new-job-narrow-dark");
    await page.emulateMedia({ colorScheme: "light" });
    await page.setViewportSize(WIDE);

    wallet.refuses = true;
    await buy.click();
    await dialog().getByText("Deposit what the job may cost").waitFor();
    await agree("Sign");
    await dialog()
        .getByText(/rejected|refused/i)
        .waitFor();
    await page.keyboard.press("Escape");
    expect(await account()).toEqual([0n, 0n]);

    wallet.refuses = false;
    await buy.click();
    await dialog().getByText("Deposit what the job may cost").waitFor();
    await agree("Sign");
    await agree("Send");
    await dialog().getByText("Order the job").waitFor();
    const [deposited] = await account();
    await picture(page, "job-order");
    await agree("Sign");
    await dialog().getByText("where its sealed data are").waitFor();
    await agree("Sign");
    await page.getByRole("region", { name: "State" }).waitFor();
    const id = page.url().split("/").at(-1) as Hex;

    const take = page.getByRole("button", { name: "Accept and pay" });
    await expect.poll(() => take.isEnabled(), { timeout: ACCEPTED }).toBe(true);
    await page.getByText("are just those of the trial in this browser").waitFor();
    const [saved] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("link", { name: "words.tsv" }).click(),
    ]);
    expect(readFileSync(await saved.path(), "utf8")).toBe("and\t1\nfor\t1\ntea\t1\ntwo\t3\n");
    await page.getByRole("button", { name: "Refuse" }).click();
    await page.getByText("Nothing was signed, so nothing is paid now.").waitFor();
    expect(await barriers(page)).toEqual([]);
    await picture(page, "job-result-wide-light");

    await take.click();
    await agree("Sign");
    await page.keyboard.press("Escape");
    await page
        .getByText("Paid. What it did not use is yours again.")
        .waitFor({ timeout: ACCEPTED });
    const deal = await net.inMarket<{ state: number; price: bigint; unitsUsed: bigint }>(
        "dealOf",
        id,
    );
    expect(deal.state).toBe(4); // settled
    const [available, locked] = await account();
    expect(locked).toBe(0n);
    expect(deposited - available).toBeGreaterThan(0n);
    expect((deposited - available) % deal.price).toBe(0n);
});

test("a job is split between two miners: one deposit, a signature for each, one result", async () => {
    await page.getByRole("link", { name: "New job" }).click();
    await fill(false);
    // What was edited while offers were asked for is not what they are for.
    const announcements = "**/v1/announcements*";
    let answer = (): void => {};
    const asking = new Promise<void>((resolve) => (answer = resolve));
    await page.route(announcements, (route) => asking.then(() => route.continue()));
    const ask = page.getByRole("button", { name: "Ask for offers" });
    await ask.click();
    await page.getByLabel("units (a million instructions each)").fill("60001");
    answer();
    await expect.poll(() => ask.isEnabled(), { timeout: ACCEPTED }).toBe(true);
    expect(await page.getByRole("button", { name: "Buy" }).count()).toBe(0);
    await page.unroute(announcements);
    await page.getByLabel("units (a million instructions each)").fill("60000");
    await ask.click();
    const several = page.getByRole("region", { name: "Several miners" }).first();
    await several.getByText(/^All together costs at most [\d,]+/).waitFor();
    const asked = wallet.asked.length;
    await several.getByRole("button", { name: "Buy from these 2" }).click();
    await agree("Sign");
    await agree("Send");
    await dialog().getByText("Order the job").waitFor();
    const [held] = await account();
    await agree("Sign");
    await dialog().getByText("Step 2").waitFor();
    wallet.refuses = true;
    await agree("Sign");
    await dialog()
        .getByText(/refused it in your wallet/)
        .waitFor();
    wallet.refuses = false;
    await page.keyboard.press("Escape");
    await several.getByRole("button", { name: "Buy from these 2" }).click();
    await agree("Sign");
    await dialog().getByText("Step 2").waitFor();
    // The tab is left when all is signed, before the relay was told.
    const requests = "**/v1/requests";
    await page.route(requests, (route) => route.abort());
    await agree("Sign");
    const unposted = page.getByText("It is ordered, but the relay was not told yet.");
    await expect.poll(() => unposted.count(), { timeout: ACCEPTED }).toBe(2);
    expect(wallet.asked.slice(asked).map(({ method }) => method)).toEqual([
        "eth_signTypedData_v4",
        "eth_sendTransaction",
        ...Array(4).fill("eth_signTypedData_v4"),
    ]);
    await page.reload();
    await expect.poll(() => unposted.count(), { timeout: ACCEPTED }).toBe(2);
    await page.unroute(requests);
    await expect.poll(() => unposted.count(), { timeout: ACCEPTED }).toBe(0);
    const parts = page.getByRole("region", { name: /^Miner \d+, tasks: 1$/ });
    await expect.poll(() => parts.count(), { timeout: ACCEPTED }).toBe(2);
    const take = page.getByRole("button", { name: "Accept and pay" });
    for (const left of [2, 1]) {
        await expect.poll(() => take.count(), { timeout: ACCEPTED }).toBe(left);
        await expect.poll(() => take.first().isEnabled(), { timeout: ACCEPTED }).toBe(true);
        if (left === 2) {
            await page.getByText("2 of 2 tasks done").waitFor();
            await page.getByRole("link", { name: "words.tsv" }).waitFor();
            await expectFits(page);
            expect(await barriers(page)).toEqual([]);
            await picture(page, "job-split-wide-light");
        }
        await take.first().click();
        await agree("Sign");
        await page.keyboard.press("Escape");
    }
    const paid = page.getByText("Paid. What it did not use is yours again.");
    await expect.poll(() => paid.count(), { timeout: ACCEPTED }).toBe(2);
    const [after, locked] = await account();
    expect(locked).toBe(0n);
    expect(held - after).toBeGreaterThan(0n);
});

test("a job that was ordered is found again, and by nobody else", async () => {
    await page.getByRole("link", { name: "New job" }).click();
    const placed = page.getByRole("region", { name: "Jobs ordered from this browser" }).first();
    await placed.getByRole("link", { name: "kept before" }).waitFor();
    await placed.getByRole("link", { name: "wordcount" }).last().click();
    await page.getByText("are just those of the trial in this browser").waitFor();
    await page.goto(`${net.page}/job/0x${"11".repeat(32)}`);
    await page.getByText("This job was not ordered from this browser").waitFor();
    expect(wrong).toEqual([]);
});
