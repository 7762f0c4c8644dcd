/** What is the visitor's own: the wallet, its money, its miners, its votes, what it bought. */
import type { JSX } from "preact";
import { plain } from "../format/text";
import { t } from "../text";
import { Account, Heading, Hex } from "../ui/basic";
import { Bought } from "../views/account";
import {
    astray,
    connect,
    connection,
    disconnect,
    switchChain,
    type Wallet,
    wallets,
} from "../wallet/provider";
import { sentenceOf } from "../wallet/refusals";
import { lookAgain, session, sessionProblem, trust } from "../wallet/session";
import { configuration } from "../market";
import { useState } from "preact/hooks";
import { Money } from "./money";
import { Mining } from "./mining";
import { Posting } from "./posting";
import { Voting } from "./voting";

export function MineView(): JSX.Element {
    const now = session.value;
    return (
        <>
            <Heading>{t("nav.mine")}</Heading>
            <Wallets />
            {now && (
                <>
                    <Money of={now} key={now.account} />
                    <div class="columns">
                        <Posting of={now} key={`post${now.account}`} />
                        <div>
                            <Mining of={now} key={`mine${now.account}`} />
                            <Voting of={now} key={`vote${now.account}`} />
                        </div>
                    </div>
                    <Bought by={now.account} />
                </>
            )}
        </>
    );
}

function Wallets(): JSX.Element {
    const now = connection.value;
    return (
        <section aria-label={t("wallet.title")}>
            <div class="bar">
                <h2>{t("wallet.title")}</h2>
            </div>
            {now ? <Connected /> : <Choice of={wallets.value} />}
        </section>
    );
}

function Choice(props: { of: Wallet[] }): JSX.Element {
    const [problem, setProblem] = useState("");
    if (!props.of.length) return <p class="nothing">{t("wallet.none")}</p>;
    const choose = (wallet: Wallet): void => {
        setProblem("");
        connect(wallet).catch((error: unknown) => setProblem(sentenceOf(error)));
    };
    return (
        <>
            <p>{t("wallet.choose")}</p>
            <ul class="wallets">
                {props.of.map((wallet) => (
                    <li key={wallet.id}>
                        <button type="button" class="plain" onClick={() => choose(wallet)}>
                            {wallet.icon && <img src={wallet.icon} alt="" width={20} height={20} />}
                            <bdi>{wallet.name || t("wallet.unnamed")}</bdi>
                        </button>
                    </li>
                ))}
            </ul>
            {problem && (
                <p class="notice bad" role="alert">
                    {problem}
                </p>
            )}
        </>
    );
}

function Connected(): JSX.Element {
    const now = connection.value!;
    const [problem, setProblem] = useState("");
    const turn = (): void => {
        setProblem("");
        switchChain().catch((error: unknown) => setProblem(sentenceOf(error)));
    };
    const before = session.value?.contracts.before;
    return (
        <>
            <div class="bar">
                <p>
                    <bdi>{plain(now.wallet.name, 30)}</bdi> <Account of={now.account} />
                </p>
                <button type="button" class="plain" onClick={disconnect}>
                    {t("wallet.leave")}
                </button>
            </div>
            {astray.value && (
                <p class="notice bad" role="alert">
                    {t("wallet.astray", {
                        chain: now.chain,
                        wanted: configuration.value?.chain_id ?? "?",
                    })}{" "}
                    <button type="button" class="plain" onClick={turn}>
                        {t("wallet.switch")}
                    </button>
                </p>
            )}
            {(problem || sessionProblem.value) && (
                <p class="notice bad" role="alert">
                    {problem || sessionProblem.value}{" "}
                    <button type="button" class="plain" onClick={lookAgain}>
                        {t("wallet.again")}
                    </button>
                </p>
            )}
            {before && (
                <p class="notice bad" role="alert">
                    {t("wallet.otherMarket")} <Hex of={before} digits={8} /> →{" "}
                    <Hex of={session.value!.contracts.addresses.market} digits={8} />{" "}
                    <button type="button" class="plain" onClick={trust}>
                        {t("wallet.trust")}
                    </button>
                </p>
            )}
            {!session.value && !sessionProblem.value && !astray.value && (
                <p class="waiting">{t("wait.loading")}</p>
            )}
        </>
    );
}

/** In the head of every view: who is connected. */
export function WalletButton(): JSX.Element {
    const now = connection.value;
    return (
        <a href="/mine" data-view class="button">
            {now ? (
                <>
                    <i class={astray.value ? "dot" : "dot on"} aria-hidden="true" />
                    {now.account.slice(0, 6)}…{now.account.slice(-4)}
                </>
            ) : (
                t("wallet.connect")
            )}
        </a>
    );
}
