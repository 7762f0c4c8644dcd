/** Which view stands at which address. */
import type { JSX } from "preact";
import { ActDialog } from "./wallet/dialog";
import { type Session, session } from "./wallet/session";
import { route } from "./route";
import { t } from "./text";
import { Heading, Link } from "./ui/basic";
import { Shell } from "./ui/shell";
import { JobView } from "./job/following";
import { NewJobView } from "./job/view";
import { Pleading } from "./mine/case";
import { Cancelling, Judging } from "./mine/deal";
import { Owning } from "./mine/mining";
import { MineView, WalletButton } from "./mine/view";
import { Ballot } from "./mine/voting";
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
    deal: ([id]) =>
        one(id, (id) => (
            <DealView
                key={id}
                id={id}
                acts={{
                    deal: (deal) => withSession((now) => <Judging of={now} deal={deal} />),
                    request: (request) =>
                        withSession((now) => <Cancelling of={now} request={request} />),
                }}
            />
        )),
    miners: () => <MinersView />,
    miner: ([number]) =>
        one(number, (number) => (
            <MinerView
                key={number}
                number={number}
                acts={(miner) =>
                    withSession((now) => (
                        <Owning of={now} miner={miner.miner} number={miner.miner_id} />
                    ))
                }
            />
        )),
    cases: () => <CasesView />,
    case: ([id]) =>
        one(id, (id) => (
            <CaseView
                key={id}
                id={id}
                acts={(found) => withSession((now) => <Pleading of={now} case={found} />)}
            />
        )),
    channels: () => <ChannelsView />,
    channel: ([id]) => one(id, (id) => <ChannelView key={id} id={id} />),
    storage: ([id]) => one(id, (id) => <StorageView key={id} id={id} />),
    proposals: () => <ProposalsView />,
    proposal: ([id]) =>
        one(id, (id) => (
            <ProposalView
                key={id}
                id={id}
                acts={(found) => withSession((now) => <Ballot of={now} proposal={found} />)}
            />
        )),
    job: ([id]) => (id === undefined ? <NewJobView /> : <JobView key={id} id={id} />),
    mine: () => <MineView />,
    account: ([address]) =>
        one(address, (address) => <AccountView key={address} address={address} />),
};

/** What can be done by who is connected. */
function withSession(acts: (now: Session) => JSX.Element): JSX.Element | null {
    return session.value && acts(session.value);
}

function one(name: string | undefined, view: (name: string) => JSX.Element): JSX.Element | null {
    return name === undefined ? null : view(name);
}

export function App(): JSX.Element {
    const { view, rest } = route.value;
    const shown = Object.hasOwn(VIEWS, view) ? VIEWS[view] : undefined;
    return (
        <>
            <Shell wallet={<WalletButton />}>{shown?.(rest) ?? <Lost />}</Shell>
            <ActDialog />
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
