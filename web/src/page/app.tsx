/** Which view stands at which address. */
import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { route } from "./route";
import { t } from "./text";
import { Heading, Link } from "./ui/basic";
import { Shell } from "./ui/shell";
import { AccountView } from "./views/account";
import { CaseView } from "./views/case";
import { DealView } from "./views/deal";
import { ChannelView, StorageView } from "./views/lease";
import { CasesView, ChannelsView, DealsView, MinersView, ProposalsView } from "./views/lists";
import { MarketView } from "./views/market";
import { MinerView } from "./views/miner";

type Acting = typeof import("./acting");
const acting = signal<Acting | null>(null);
const missing = signal(false);

/** What takes a wallet comes after what can be read. */
export function loadActing(): void {
    import("./acting").then(
        (found) => {
            found.start();
            acting.value = found;
        },
        () => (missing.value = true),
    );
}

const VIEWS: Record<string, (rest: string[]) => JSX.Element | null> = {
    "": () => <MarketView />,
    deals: () => <DealsView />,
    deal: ([id]) => one(id, (id) => <DealView key={id} id={id} acts={acting.value?.acts ?? {}} />),
    miners: () => <MinersView />,
    miner: ([number]) =>
        one(number, (number) => (
            <MinerView key={number} number={number} acts={acting.value?.acts.miner} />
        )),
    cases: () => <CasesView />,
    case: ([id]) => one(id, (id) => <CaseView key={id} id={id} acts={acting.value?.acts.case} />),
    channels: () => <ChannelsView />,
    channel: ([id]) => one(id, (id) => <ChannelView key={id} id={id} />),
    storage: ([id]) => one(id, (id) => <StorageView key={id} id={id} />),
    proposals: () => <ProposalsView />,
    proposal: ([id]) =>
        one(id, (id) => later(({ ProposalView }) => <ProposalView key={id} id={id} />)),
    job: ([id]) =>
        later(({ JobView, NewJobView }) =>
            id === undefined ? <NewJobView /> : <JobView key={id} id={id} />,
        ),
    mine: () => later(({ MineView }) => <MineView />),
    account: ([address]) =>
        one(address, (address) => <AccountView key={address} address={address} />),
};

function one(name: string | undefined, view: (name: string) => JSX.Element): JSX.Element | null {
    return name === undefined ? null : view(name);
}

function later(view: (found: Acting) => JSX.Element): JSX.Element {
    if (acting.value) return view(acting.value);
    if (missing.value) return <p class="notice bad">{t("fail.older")}</p>;
    return <p class="waiting">{t("wait.loading")}</p>;
}

export function App(): JSX.Element {
    const { view, rest } = route.value;
    const shown = Object.hasOwn(VIEWS, view) ? VIEWS[view] : undefined;
    const found = acting.value;
    return (
        <>
            <Shell wallet={found && <found.WalletButton />}>{shown?.(rest) ?? <Lost />}</Shell>
            {found && <found.ActDialog />}
        </>
    );
}

function Lost(): JSX.Element {
    return (
        <>
            <Heading>404</Heading>
            <p>{t("fail.page")}</p>
            <p>
                <Link to="/">{t("fail.home")}</Link>
            </p>
        </>
    );
}
