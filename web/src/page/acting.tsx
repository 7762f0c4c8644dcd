/** All that takes a wallet's library: loaded once the first view is there, since it is larger than everything else. */
import type { JSX } from "preact";
import type { CaseStory, DealStory, MinerStory, ProposalStory, Request } from "./api/shapes";
import { JobView } from "./job/following";
import { NewJobView } from "./job/view";
import { Pleading } from "./mine/case";
import { Cancelling, Judging } from "./mine/deal";
import { Owning } from "./mine/mining";
import { MineView, WalletButton } from "./mine/view";
import { Ballot } from "./mine/voting";
import { ProposalView as Proposal } from "./views/proposal";
import { ActDialog } from "./wallet/dialog";
import { findWallets } from "./wallet/provider";
import { followWallet, type Session, session } from "./wallet/session";

export { ActDialog, JobView, MineView, NewJobView, WalletButton };

export function start(): void {
    findWallets();
    followWallet();
}

/** What can be done by who is connected, on the views of single things. */
export const acts = {
    deal: (deal: DealStory) => withSession((now) => <Judging of={now} deal={deal} />),
    request: (request: Request) => withSession((now) => <Cancelling of={now} request={request} />),
    case: (found: CaseStory) => withSession((now) => <Pleading of={now} case={found} />),
    proposal: (found: ProposalStory) => withSession((now) => <Ballot of={now} proposal={found} />),
    miner: ({ miner_id }: MinerStory) =>
        withSession((now) => <Owning of={now} number={miner_id} />),
};

/** Its calls are told by the contracts' own interfaces. */
export function ProposalView(props: { id: string }): JSX.Element {
    return <Proposal id={props.id} acts={acts.proposal} />;
}

function withSession(made: (now: Session) => JSX.Element): JSX.Element | null {
    return session.value && made(session.value);
}
