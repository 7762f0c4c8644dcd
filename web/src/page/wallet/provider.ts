/** Wallets of the browser: found by EIP-6963, spoken to by EIP-1193. */
import { computed, signal } from "@preact/signals";
import { getAddress } from "viem";
import { plain } from "../format/text";
import { configuration } from "../market";
import { remember, remembered } from "../remember";

export interface Provider {
    request(asked: { method: string; params?: unknown }): Promise<unknown>;
    on?(event: string, hear: (told: never) => void): void;
    removeListener?(event: string, hear: (told: never) => void): void;
}

export interface Wallet {
    id: string;
    name: string;
    /** A picture as `data:`, or none */
    icon: string | null;
    provider: Provider;
}

export interface Connection {
    wallet: Wallet;
    account: `0x${string}`;
    chain: number;
}

export const wallets = signal<Wallet[]>([]);
export const connection = signal<Connection | null>(null);
/** Whether the wallet is on another chain than the market. */
export const astray = computed(
    () =>
        connection.value !== null &&
        configuration.value !== null &&
        connection.value.chain !== configuration.value.chain_id,
);

const LAST = "wallet";
const MOST_ICON = 200_000;

interface Announced {
    detail?: {
        info?: { uuid?: unknown; name?: unknown; icon?: unknown; rdns?: unknown };
        provider?: Provider;
    };
}

/** Ask who is there; one that was connected before is connected again without a question. */
export function findWallets(): void {
    addEventListener("eip6963:announceProvider", (event) => {
        const { info, provider } = (event as Event & Announced).detail ?? {};
        if (typeof provider?.request !== "function" || typeof info?.uuid !== "string") return;
        if (wallets.value.length >= 20 || wallets.value.some((known) => known.id === info.uuid))
            return;
        add(
            { id: info.uuid, name: plain(info.name, 30), icon: iconOf(info.icon), provider },
            info.rdns,
        );
    });
    dispatchEvent(new Event("eip6963:requestProvider"));
    // Wallets older than the standard.
    setTimeout(() => {
        const old = (window as { ethereum?: Provider }).ethereum;
        if (!wallets.value.length && typeof old?.request === "function")
            add({ id: "window", name: "window.ethereum", icon: null, provider: old }, "window");
    }, 500);
}

function add(wallet: Wallet, rdns: unknown): void {
    wallets.value = [...wallets.value, wallet];
    if (typeof rdns === "string" && remembered(LAST) === rdns)
        void connect(wallet, rdns, true).catch(() => {});
    if (typeof rdns === "string") names.set(wallet.id, rdns);
}

const names = new Map<string, string>();

function iconOf(icon: unknown): string | null {
    return typeof icon === "string" && icon.length < MOST_ICON && /^data:image\//.test(icon)
        ? icon
        : null;
}

/** `silent`: only if the wallet needs not ask. Throws what the wallet throws. */
export async function connect(
    wallet: Wallet,
    rdns = names.get(wallet.id),
    silent = false,
): Promise<void> {
    const { provider } = wallet;
    leave();
    // Listened to first: what changes while it is asked must not be missed.
    changed = false;
    provider.on?.("accountsChanged", onAccounts as (told: never) => void);
    provider.on?.("chainChanged", onChain as (told: never) => void);
    provider.on?.("disconnect", leave as (told: never) => void);
    const found = await asked(provider, silent ? "eth_accounts" : "eth_requestAccounts");
    const last = changed ? await asked(provider, "eth_accounts") : found;
    if (!last) return;
    connection.value = { wallet, ...last };
    if (rdns) remember(LAST, rdns);
}

let changed = false;

async function asked(provider: Provider, method: string) {
    const account = firstOf(await provider.request({ method }));
    return (
        account && { account, chain: chainOf(await provider.request({ method: "eth_chainId" })) }
    );
}

/** By the visitor's will: it is not connected again by itself. */
export function disconnect(): void {
    leave();
    remember(LAST, null);
}

export async function switchChain(): Promise<void> {
    const chain = configuration.value?.chain_id;
    if (chain === undefined || !connection.value) return;
    const chainId = `0x${chain.toString(16)}`;
    const { provider } = connection.value.wallet;
    await provider.request({ method: "wallet_switchEthereumChain", params: [{ chainId }] });
    onChain(await provider.request({ method: "eth_chainId" }));
}

function leave(): void {
    const provider = connection.value?.wallet.provider;
    provider?.removeListener?.("accountsChanged", onAccounts as (told: never) => void);
    provider?.removeListener?.("chainChanged", onChain as (told: never) => void);
    provider?.removeListener?.("disconnect", leave as (told: never) => void);
    connection.value = null;
}

function onAccounts(accounts: unknown): void {
    changed = true;
    const account = firstOf(accounts);
    if (!connection.value) return;
    if (account) connection.value = { ...connection.value, account };
    else leave();
}

function onChain(told: unknown): void {
    changed = true;
    if (connection.value) connection.value = { ...connection.value, chain: chainOf(told) };
}

function firstOf(accounts: unknown): `0x${string}` | null {
    const first: unknown = Array.isArray(accounts) ? accounts[0] : null;
    if (typeof first !== "string" || !/^0x[0-9a-fA-F]{40}$/.test(first)) return null;
    return getAddress(first).toLowerCase() as `0x${string}`;
}

function chainOf(told: unknown): number {
    const chain = Number(told);
    return Number.isSafeInteger(chain) ? chain : -1;
}
