/**
 * Acts of a connected wallet: clicks here, effects read from the chain. Each once, and each refusal once. One story, in
 * order, as a person would go through it.
 */
import type { Browser, Page } from "playwright-core";
import { type Address, encodeFunctionData, type Hex, keccak256, toHex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, beforeEach, expect, inject, test } from "vitest";
import { barriers, browse, expectFits, NARROW, opened, picture, WIDE } from "./browser";
import { abiOf, DEPLOYER, Devnet } from "./chain/devnet";
import { Seller } from "./chain/seller";
import { TestWallet } from "./chain/wallet";

const TOKEN = 10n ** 18n;
const [GOVERNOR, VOTES, COURT, MARKET] = [
    "MarketGovernor",
    "MarketToken",
    "Court",
    "ComputeMarket",
].map(abiOf) as [
    ReturnType<typeof abiOf>,
    ReturnType<typeof abiOf>,
    ReturnType<typeof abiOf>,
    ReturnType<typeof abiOf>,
];
const key = (name: string): Hex => keccak256(toHex(`page tests: ${name}`));
const [BUYER, SELLER, OWNER, HEIR] = [
    key("buyer"),
    key("seller"),
    key("owner"),
    key("heir"),
] as const;
const account = (of: Hex): Address => privateKeyToAccount(of).address;

let net: Devnet;
let browser: Browser;
let page: Page;
let wrong: string[];
let wallet: TestWallet;
let court: Address;
let seller: Seller;

beforeAll(async () => {
    const { rpc, market, page: at } = inject("devnet");
    net = new Devnet(rpc, market, at);
    browser = await browse();
    for (const [who, tokens] of [
        [BUYER, 10_000n],
        [SELLER, 10_000n],
        [OWNER, 0n],
        [HEIR, 0n],
    ] as const)
        await net.fund(who, tokens * TOKEN);
    seller = await Seller.start(net, SELLER, account(OWNER));
    const terms = await net.inMarket<{ court: Address }>("termsOf", 1);
    court = terms.court;
    wallet = new TestWallet(BUYER, net.rpc);
    ({ page, wrong } = await opened(browser, "about:blank"));
    await wallet.into(page.context());
    await page.goto(`${net.page}/mine`);
    await page.getByRole("button", { name: "Test wallet" }).click();
    await page.getByRole("region", { name: "Money" }).first().waitFor();
});
afterAll(async () => {
    await browser?.close();
});
beforeEach(async ({ onTestFailed }) => {
    onTestFailed(() => picture(page, "failed-wide-light"));
    wallet.refuses = false;
    wallet.away = false;
    await page.keyboard.press("Escape");
});

/** Read what is asked, agree, and wait until the chain has done it. */
async function agree(says: RegExp, ends: string | RegExp = /^Done, in block/): Promise<void> {
    const dialog = page.getByRole("dialog");
    await expect.poll(() => dialog.locator(".say").first().textContent()).toMatch(says);
    await dialog.getByRole("button", { name: /by the wallet|in the wallet/ }).click();
    await dialog.getByRole("status").getByText(ends).waitFor();
}

async function closed(): Promise<void> {
    await page.getByRole("dialog").getByRole("button", { name: "Close" }).click();
}

/** The act is refused with this sentence, before anything is signed or after the wallet was asked. */
async function refused(sentence: string | RegExp, asks = false): Promise<void> {
    const dialog = page.getByRole("dialog");
    if (asks) await dialog.getByRole("button", { name: /by the wallet|in the wallet/ }).click();
    await dialog.getByRole("status").getByText(sentence).waitFor();
    await closed();
}

const form = (name: string) => page.getByRole("form", { name, exact: true });
const at = (path: string) => page.goto(net.page + path);
const available = async (of: Address = account(BUYER)): Promise<bigint> =>
    (await net.inMarket<readonly [bigint, bigint]>("accountOf", of))[0];

/** Another account is chosen in the wallet, and the page shows it. */
async function as(who: Hex): Promise<void> {
    await wallet.become(who);
    const shown = account(who).toLowerCase();
    await page
        .locator("header")
        .getByText(`${shown.slice(0, 6)}…${shown.slice(-4)}`)
        .waitFor();
}

async function fill(name: string, values: Record<string, string>): Promise<void> {
    for (const [label, value] of Object.entries(values))
        await form(name).getByRole("textbox", { name: label }).fill(value);
}

test("connecting signs nothing", () => {
    expect(wallet.asked).toEqual([]);
});

test("put in: a permission is signed, then the deposit is sent", async () => {
    await fill("Put in", { Amount: "2500.5" });
    await form("Put in").getByRole("button").click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("Let the market take 2,500.5").waitFor();
    expect(await barriers(page)).toEqual([]);
    await picture(page, "permit-wide-light");
    await dialog.getByRole("button", { name: "Sign in the wallet" }).click();
    await agree(/Put 2,500\.5 .* into your account in the market, by the permission just signed/);
    expect(await available()).toBe(25_005n * (TOKEN / 10n));
    const [signed] = wallet.asked;
    expect(signed?.method).toBe("eth_signTypedData_v4");
    await closed();
    await page.locator('[data-escrow="market"]').getByText("2,500.5").waitFor();
});

test("take out", async () => {
    await fill("Take out", { Amount: "500.5" });
    await form("Take out").getByRole("button").click();
    await agree(/^Take 500\.5 .* out of your account in the market and send it to 0x/);
    expect(await available()).toBe(2_000n * TOKEN);
    await closed();
});

test("too much is refused by the contract, before the wallet is asked", async () => {
    const before = wallet.asked.length;
    await fill("Take out", { Amount: "999999" });
    await form("Take out").getByRole("button").click();
    await refused(
        /^There is too little money available in that account\. \(InsufficientAvailable: account 0x/,
    );
    expect(wallet.asked.length).toBe(before);
});

test("too many tokens, and what is no amount", async () => {
    await fill("Put in", { Amount: "123456789" });
    await form("Put in").getByRole("button").click();
    await refused(/^There are fewer \S+ in your wallet than that\.$/);
    await fill("Put in", { Amount: "1e9" });
    await form("Put in").getByRole("button").click();
    await form("Put in").getByText("An amount is a number above zero").waitFor();
});

test("a signature that is rejected in the wallet", async () => {
    wallet.refuses = true;
    await fill("Take out", { Amount: "1" });
    await form("Take out").getByRole("button").click();
    await refused("You refused it in your wallet: nothing was sent.", true);
    expect(await available()).toBe(2_000n * TOKEN);
});

test("a node that is away, and comes back", async () => {
    wallet.away = true;
    await fill("Take out", { Amount: "1" });
    await form("Take out").getByRole("button").click();
    await refused(/^The node behind your wallet does not answer\./);
    wallet.away = false;
    await form("Take out").getByRole("button").click();
    await agree(/^Take 1 /);
    expect(await available()).toBe(1_999n * TOKEN);
    await closed();
});

test("the wrong chain: nothing can be done until the wallet is switched", async () => {
    await wallet.onChain(1);
    await page.getByText("Your wallet is on chain 1, this market is on chain 31337.").waitFor();
    expect(await form("Take out").count()).toBe(0);
    await page.getByRole("button", { name: "Switch the wallet" }).click();
    await form("Take out").waitFor();
    // Switched behind the page's back, after the words were read.
    await fill("Take out", { Amount: "1" });
    await form("Take out").getByRole("button").click();
    await page.getByRole("dialog").getByRole("button", { name: "Send by the wallet" }).waitFor();
    wallet.chain = 1;
    await refused(
        "Your wallet is on another chain than this market: switch it, then try again.",
        true,
    );
    await wallet.onChain(31337);
    await form("Take out").waitFor();
});

test.each([
    ["cancelled", {}, "You cancelled the transaction in your wallet: nothing has changed.", 0n],
    [
        "replaced",
        { data: "0x" },
        "Another transaction of yours took its place: this was not done.",
        1n,
    ],
] as const)("a transaction that is %s in the wallet", async (_, other, sentence, value) => {
    const before = await available();
    await net.ask("evm_setIntervalMining", [0]);
    const data = value
        ? encodeFunctionData({ abi: MARKET, functionName: "advanceEpoch" })
        : undefined;
    wallet.instead = {
        to: value ? net.market : wallet.address,
        ...(data && "data" in other ? { data } : {}),
    };
    await fill("Take out", { Amount: "2" });
    await form("Take out").getByRole("button").click();
    await page.getByRole("dialog").getByRole("button", { name: "Send by the wallet" }).click();
    await page.getByRole("status").getByText("Sent. Waiting for a block…").waitFor();
    await expect.poll(() => wallet.instead).toBe(null);
    await page.waitForTimeout(2_500); // the second one is under way
    await net.ask("evm_setIntervalMining", [1]);
    await page.getByRole("status").getByText(sentence).waitFor();
    await closed();
    expect(await available()).toBe(before);
});

test("a request is posted, found among one's own, and taken back", async () => {
    const before = await available();
    await fill("Post a request", {
        Units: "1000",
        "bid,": "0.25",
        "Job's digest": keccak256("0x03"),
    });
    await form("Post a request").getByRole("button").click();
    await agree(/^Ask for 1,000 units of class 1 in 10 tasks, at 0\.25 a unit at most.*Up to 250 /);
    expect(before - (await available())).toBe(250n * TOKEN);
    await closed();
    await page.getByRole("region", { name: "Posted requests" }).getByRole("link").first().click();
    await form("Take the request back").getByRole("button").click();
    await agree(/^Take back your request for 1,000 units of class 1\.$/);
    expect(await available()).toBe(before);
    await form("Take the request back").waitFor({ state: "detached" });
});

test("a result is accepted by its requester, and by nobody else", async () => {
    const id = await seller.handedIn(BUYER);
    await at(`/deal/${id}`);
    await as(HEIR);
    await form("Challenge the result").waitFor();
    await expect.poll(() => form("Accept the result").count()).toBe(0);
    await as(BUYER);
    await form("Accept the result").getByRole("button").click();
    await agree(
        /^Accept the result 0x[0-9a-f]{64} with 900 units used\. The miner is paid at once\.$/,
    );
    const deal = await net.inMarket<{ state: number }>("dealOf", id);
    expect(deal.state).toBe(4);
    await closed();
    await page.locator("h2").getByText("Done and paid.").waitFor();
});

test("a result is challenged with a deposit in the court", async () => {
    const id = await seller.handedIn(BUYER);
    await at(`/deal/${id}`);
    await form("Challenge the result").getByRole("button").click();
    await refused(/^There is too little money available in that account\./);
    await at("/mine");
    await fill("Put in", { Amount: "1000" });
    await form("Put in").getByLabel("into").selectOption("court");
    await form("Put in").getByRole("button").click();
    await page.getByRole("dialog").getByRole("button", { name: "Sign in the wallet" }).click();
    await agree(/into your account in the court/);
    await closed();
    await at(`/deal/${id}`);
    await fill("Challenge the result", { "Task, from 0": "3" });
    await form("Challenge the result").getByRole("button").click();
    await agree(/^Challenge task 3 of this result/);
    const caseId = await net.read<Hex>(court, COURT, "caseIdOf", id, account(BUYER), 0);
    const found = await net.read<{ filer: Address; withheld: boolean }>(
        court,
        COURT,
        "caseOf",
        caseId,
    );
    expect([found.filer, found.withheld]).toEqual([account(BUYER), true]);
    await closed();
    await at(`/case/${caseId}`);
    const own = page.getByRole("region", { name: "Your case" });
    await own.getByText("There is nothing for you to do in this phase.").waitFor();
    await as(HEIR);
    await expect.poll(() => own.count()).toBe(0);
    await as(BUYER);
});

test("earnings go to the payout; a payout names another one, and a successor that takes the miner's place", async () => {
    await at("/mine");
    await as(OWNER);
    const mine = page.getByRole("region", { name: "Your miners" });
    const token = await net.token();
    await mine.getByRole("button", { name: "Collect earnings" }).click();
    await agree(/^Send all that the miner 0x\S+ has earned in the market to its payout\.$/);
    expect(
        await net.read<bigint>(token, abiOf("LocalToken"), "balanceOf", account(OWNER)),
    ).toBeGreaterThan(0n);
    await closed();
    const collecting = mine.getByRole("button", { name: /^Collect / });
    await expect
        .poll(async () =>
            Promise.all((await collecting.all()).map((button) => button.isDisabled())),
        )
        .toEqual([true, true, true]);

    await at(`/miner/${seller.number}`);
    await fill("Name a successor", { "Successor named": account(HEIR) });
    await form("Name a successor").getByRole("button").click();
    await agree(/^Let 0x\S+ take the place of the miner's account 0x/);
    await closed();
    await as(BUYER);
    await form(`Take the place of miner ${seller.number}`).getByRole("button").click();
    await refused(/^Only the successor that the payout named may do this\./);
    await as(HEIR);
    const story = `**/api/v1/miners/${seller.number}`;
    const before = await (await fetch(`${net.page}/api/v1/miners/${seller.number}`)).json();
    await page.route(story, (route) => route.fulfill({ json: before })); // an index that is behind
    await form(`Take the place of miner ${seller.number}`).getByRole("button").click();
    await agree(/^Take the place of the miner's account 0x/);
    expect(await net.inMarket<Address>("minerOf", seller.number)).toBe(account(HEIR));
    await closed();

    await fill("Change the payout", { "Paid to": account(BUYER) });
    await form("Change the payout").getByRole("button").click();
    await refused(/^Only the account that the miner is paid to may do this\./);
    await page.unroute(story);
    await as(OWNER);
    await form("Change the payout").getByRole("button").click();
    await agree(/From now on the miner 0x\S+ and its stake belong to 0x/);
    const { payout } = await net.inMarket<{ payout: Address }>("minerAccount", account(HEIR));
    expect(payout).toBe(account(BUYER));
    await closed();
});

test("votes are delegated, and one is cast", async () => {
    const owner = await net.inMarket<Address>("owner");
    const governor = await net.read<Address>(owner, abiOf("MarketTimelock"), "governor");
    const votes = await net.read<Address>(governor, GOVERNOR, "token");
    await net.send(DEPLOYER, votes, VOTES, "transfer", account(BUYER), 6_000_000n * TOKEN);
    await at("/mine");
    await as(BUYER);
    await form("Delegate").getByRole("button").click();
    await agree(/^Let 0x\S+ vote with all your voting tokens\./);
    expect(await net.read<bigint>(votes, VOTES, "getVotes", account(BUYER))).toBe(
        6_000_000n * TOKEN,
    );
    await closed();

    // Votes count from the second after.
    await net.ask("evm_increaseTime", [2]);
    await net.ask("evm_mine");
    const call = encodeFunctionData({ abi: MARKET, functionName: "retireTerms", args: [1] });
    const text = "Retire the first terms\nThey were for trying out.";
    await net.send(BUYER, governor, GOVERNOR, "propose", [net.market], [0n], [call], text);
    const id = await net.read<bigint>(
        governor,
        GOVERNOR,
        "getProposalId",
        [net.market],
        [0n],
        [call],
        keccak256(toHex(text)),
    );
    await at(`/proposal/${toHex(id, { size: 32 })}`);
    await form("Vote").getByRole("radio", { name: "For" }).check();
    await form("Vote").getByRole("button").click();
    await refused(/^The proposal is not being voted on now\./);
    await net.ask("evm_increaseTime", [15]);
    await net.ask("evm_mine");
    await fill("Vote", { Reason: "It is time" });
    await form("Vote").getByRole("button").click();
    await agree(/^Vote For on the proposal 0x/);
    const [, inFavour] = await net.read<readonly [bigint, bigint, bigint]>(
        governor,
        GOVERNOR,
        "proposalVotes",
        id,
    );
    expect(inFavour).toBe(6_000_000n * TOKEN);
    await closed();
    await form("Vote").getByRole("button").click();
    await refused(/^You have voted on this proposal already\./);
});

test.each([
    ["wide-dark", WIDE, "dark"],
    ["narrow-light", NARROW, "light"],
    ["narrow-dark", NARROW, "dark"],
] as const)(
    "what is one's own, in %s, fits and has no barriers",
    async (look, viewport, colorScheme) => {
        await at("/mine");
        await page.setViewportSize(viewport);
        await page.emulateMedia({ colorScheme });
        await page.getByRole("region", { name: "Money" }).first().waitFor();
        await expect.poll(() => page.locator(".waiting").count()).toBe(0);
        await expectFits(page);
        expect(await barriers(page)).toEqual([]);
        await picture(page, `mine-${look}`);
        await form("Take out").getByRole("textbox", { name: "Amount" }).fill("1");
        await form("Take out").getByRole("button").click();
        await page
            .getByRole("dialog")
            .getByRole("button", { name: "Send by the wallet" })
            .waitFor();
        await expectFits(page);
        expect(await barriers(page)).toEqual([]);
        await picture(page, `act-${look}`);
        await page.keyboard.press("Escape");
    },
);

test("a wallet that announces nothing, as in the browser within a wallet's app", async () => {
    const within = await opened(browser, "about:blank");
    const context = within.page.context();
    const old = new TestWallet(BUYER, net.rpc);
    await old.into(context, null);
    await within.page.goto(`${net.page}/mine`);
    await within.page.getByRole("button", { name: "window.ethereum" }).click();
    await within.page.getByRole("region", { name: "Money" }).first().waitFor();
    const put = within.page.getByRole("form", { name: "Put in", exact: true });
    await put.getByRole("textbox", { name: "Amount" }).fill("1");
    await put.getByRole("button").click();
    await within.page.getByRole("button", { name: "Sign in the wallet" }).click();
    await within.page.getByRole("button", { name: "Send by the wallet" }).waitFor();
    expect(old.asked.map(({ method }) => method)).toEqual(["eth_signTypedData_v4"]);
    expect(within.wrong).toEqual([]);
    await context.close();
});

test("nothing went wrong in the page meanwhile", () => {
    expect(wrong).toEqual([]);
});
