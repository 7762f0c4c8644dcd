/** Cases and deals to their ends, clicked by who began them: what takes jurors, and the time that acts wait for. */
import { readFileSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { type Address, type Hex, keccak256, toHex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildJob, countedTasks, USUAL_LIMITS } from "../../src/job/build";
import { Market } from "../../src/job/market";
import { estimate, offersOf } from "../../src/job/offers";
import { lodge, requestFor } from "../../src/job/request";
import type { Bytes } from "../../src/protocol/bytes";
import { signerOf } from "../../src/protocol/signatures";
import { Relay } from "../../src/relay/relay";
import { barriers, browse, expectFits, opened, picture } from "./browser";
import { abiOf, Devnet } from "./chain/devnet";
import { Seller } from "./chain/seller";
import { TestWallet } from "./chain/wallet";

const TOKEN = 10n ** 18n;
const [COURT, ERC20] = [abiOf("Court"), abiOf("LocalToken")];
const BUYER: Hex = keccak256(toHex("case tests: buyer"));
const SELLER: Hex = keccak256(toHex("case tests: seller"));
const buyer = privateKeyToAccount(BUYER);
const PROGRAM = new URL("../../../examples/wordcount/wordcount.wasm", import.meta.url).pathname;
/** Milliseconds in which miner and jurors do their part */
const THEIRS = 60_000;

let net: Devnet;
let browser: Browser;
let page: Page;
let wrong: string[];
let court: Address;
let seller: Seller;

beforeAll(async () => {
    net = await Devnet.start("--miners", "1", "--jurors", "2");
    browser = await browse();
    for (const key of [BUYER, SELLER]) await net.fund(key, 1_000_000n * TOKEN);
    seller = await Seller.start(net, SELLER, buyer.address);
    court = (await net.inMarket<{ court: Address }>("termsOf", 1)).court;
    for (const place of [net.market, court]) {
        await net.send(BUYER, await net.token(), ERC20, "approve", place, 100_000n * TOKEN);
        await net.send(BUYER, place, abiOf("Court"), "deposit", 100_000n * TOKEN);
    }
    const wallet = new TestWallet(BUYER, net.rpc);
    ({ page, wrong } = await opened(browser, "about:blank"));
    await wallet.into(page.context());
    await page.goto(`${net.page}/mine`);
    await page.getByRole("button", { name: "Test wallet" }).click();
    await page.getByRole("region", { name: "Money" }).first().waitFor();
});
afterAll(async () => {
    await browser?.close();
    await net?.stop();
});

/** A result of the devnet's own miner, which hands it in on the chain since nobody accepts it. */
async function handedIn(): Promise<Hex> {
    const domain = await Relay.info(net.page);
    const market = Market.at(domain, net.rpc);
    const relay = new Relay(net.page, domain, { ask: market.ask });
    const found = await market.resourceClass(1);
    const [offer] = await offersOf(market, relay, 1);
    const job = buildJob({
        runtime: offer!.announcement.runtimes[0]!.slice(2),
        module: readFileSync(PROGRAM) as Bytes,
        inputs: {},
        env: {},
        dirs: [],
        limits: { ...USUAL_LIMITS, memory: 64n << 20n, fuel: 100_000_000n },
        tasks: countedTasks(2, ["{index}"]),
        gather: { kind: "files" },
    });
    const chosen = await estimate(market, found, offer!, job.manifest, await market.now());
    const terms = await market.newestTerms();
    const request = await requestFor(market, job, found, chosen, terms, buyer.address);
    const { id } = await lodge(relay, job, request, signerOf(buyer));
    const state = async () => (await net.inMarket<{ state: number }>("dealOf", id)).state;
    await expect.poll(state, { timeout: 120_000 }).toBe(3);
    return id;
}

const caseOf = (id: Hex) =>
    net.read<{ phase: number; round: number; outcome: number }>(court, COURT, "caseOf", id);
const form = (name: string) => page.getByRole("form", { name, exact: true });

/** The act is offered, told, taken by the chain. */
async function act(button: string, says: RegExp): Promise<void> {
    await form("Your case").getByRole("button", { name: button }).click({ timeout: THEIRS });
    await agree(says);
}

/** What is told is agreed to, and taken by the chain. */
async function agree(says: RegExp): Promise<void> {
    const dialog = page.getByRole("dialog");
    await expect.poll(() => dialog.locator(".say").first().textContent()).toMatch(says);
    await dialog.getByRole("button", { name: "Send by the wallet" }).click();
    await dialog
        .getByRole("status")
        .getByText(/^Done, in block/)
        .waitFor();
    await dialog.getByRole("button", { name: "Close" }).click();
}

test("a right result is challenged, stands before both juries, and what is left is taken out", async () => {
    const deal = await handedIn();
    await page.goto(`${net.page}/deal/${deal}`);
    const challenge = form("Challenge the result");
    await challenge.getByLabel("Why").selectOption("its result is wrong");
    await challenge.getByRole("textbox", { name: "Task, from 0" }).fill("1");
    await challenge.getByRole("textbox", { name: "Hash of the leaf" }).fill(keccak256("0x0bad"));
    await challenge.getByRole("button").click();
    await agree(/^Challenge task 1 of this result/);
    const id = await net.read<Hex>(court, COURT, "caseIdOf", deal, buyer.address, 0);
    await page.goto(`${net.page}/case/${id}`);
    const own = page.getByRole("region", { name: "Your case" }).first();
    await act("Reveal your secret", /^Reveal your secret: the jury is drawn with it\.$/);
    await picture(page, "case-voting-wide-light");
    await act("Show your leaf", /^Show the leaf that you hold right\.$/);
    await form("Your case")
        .getByText(/^The deposit, out of your money in the court: /)
        .waitFor({ timeout: THEIRS });
    expect(await caseOf(id)).toMatchObject({ phase: 8, round: 0, outcome: 1 });
    await expectFits(page);
    expect(await barriers(page)).toEqual([]);
    await picture(page, "case-decided-wide-light");
    await act("Appeal", /^Appeal: a deposit is locked in the court, and a larger jury judges\.$/);
    await act("Reveal your secret", /^Reveal your secret/);
    expect(await caseOf(id)).toMatchObject({ round: 2 });
    await page
        .locator("h2")
        .getByText("rejected")
        .waitFor({ timeout: 3 * THEIRS });
    // Somebody finishes the deal once nobody may challenge it any more.
    await own
        .getByText("It is over. What came back to you is in your account")
        .waitFor({ timeout: 3 * THEIRS });
    await picture(page, "case-over-wide-light");
    expect(await form("Your case").count()).toBe(0);
}, 400_000);

/** Nobody else is at work on this chain now. */
async function pass(seconds: number): Promise<void> {
    await net.ask("evm_increaseTime", [seconds]);
    await net.ask("evm_mine");
}

const inCourt = () => net.read<readonly [bigint, bigint]>(court, COURT, "accountOf", buyer.address);

test("a miner that is silent loses: the case is gone on with, the deal finished, what it returns collected", async () => {
    const before = await inCourt();
    const deal = await seller.handedIn(BUYER);
    await page.goto(`${net.page}/deal/${deal}`);
    await form("Challenge the result").getByRole("button").click();
    await agree(/^Challenge task 0 of this result/);
    const id = await net.read<Hex>(court, COURT, "caseIdOf", deal, buyer.address, 0);
    await page.goto(`${net.page}/case/${id}`);
    const own = page.getByRole("region", { name: "Your case" }).first();
    await own.getByText("There is nothing for you to do in this phase.").waitFor();
    await pass(16);
    await act("Go on with the case", /^Go on with the case 0x/);
    await own.getByText("There is nothing for you to do now.").waitFor();
    await pass(61);
    await act("Finish the deal", /^Finish the deal as its cases were decided\.$/);
    await act("Collect what is yours", /^Collect what the case 0x\S+ returns to its filer\.$/);
    await own.getByText("It is over.").waitFor();
    const [available, locked] = await inCourt();
    expect(locked).toBe(0n);
    expect(available).toBeGreaterThanOrEqual(before[0]);
});

test.each([
    ["a result that nobody challenged is settled", "Settle the deal", /^Settle the deal: /, 4],
    [
        "the default of a late miner is claimed",
        "Claim the default",
        /^End the deal for want of a /,
        8,
    ],
] as const)("%s", async (_, button, says, state) => {
    const isLate = state === 8;
    const deal = isLate ? (await seller.taken(BUYER, 60)).id : await seller.handedIn(BUYER);
    await pass(61);
    await page.goto(`${net.page}/deal/${deal}`);
    await form(button).getByRole("button").click();
    await agree(says);
    expect((await net.inMarket<{ state: number }>("dealOf", deal)).state).toBe(state);
    await expect.poll(() => form(button).count()).toBe(0);
    expect(wrong).toEqual([]);
});
