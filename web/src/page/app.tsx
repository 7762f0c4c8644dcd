/** Which view stands at which address. */
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
import { ProposalView } from "./views/proposal";

const VIEWS: Record<string, (rest: string[]) => JSX.Element | null> = {
    "": () => <MarketView />,
    deals: () => <DealsView />,
    deal: ([id]) => one(id, (id) => <DealView key={id} id={id} />),
    miners: () => <MinersView />,
    miner: ([number]) => one(number, (number) => <MinerView key={number} number={number} />),
    cases: () => <CasesView />,
    case: ([id]) => one(id, (id) => <CaseView key={id} id={id} />),
    channels: () => <ChannelsView />,
    channel: ([id]) => one(id, (id) => <ChannelView key={id} id={id} />),
    storage: ([id]) => one(id, (id) => <StorageView key={id} id={id} />),
    proposals: () => <ProposalsView />,
    proposal: ([id]) => one(id, (id) => <ProposalView key={id} id={id} />),
    account: ([address]) =>
        one(address, (address) => <AccountView key={address} address={address} />),
};

function one(name: string | undefined, view: (name: string) => JSX.Element): JSX.Element | null {
    return name === undefined ? null : view(name);
}

export function App(): JSX.Element {
    const { view, rest } = route.value;
    const shown = Object.hasOwn(VIEWS, view) ? VIEWS[view] : undefined;
    return <Shell wallet={null}>{shown?.(rest) ?? <Lost />}</Shell>;
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
