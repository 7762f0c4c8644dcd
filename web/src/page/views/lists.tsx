/** All deals, miners, cases, channels, storage deals and proposals, the newest first. */
import type { ComponentChildren, JSX } from "preact";
import { useListed } from "../api/pages";
import * as shapes from "../api/shapes";
import type { Case, Channel, Deal, Miner, Proposal, Request, StorageDeal } from "../api/shapes";
import { units } from "../format/amount";
import { plain } from "../format/text";
import { at } from "../market";
import { ask, route } from "../route";
import { t, tOr } from "../text";
import { Shown } from "../ui/asked";
import {
    Account,
    Amount,
    Badge,
    DealId,
    Heading,
    Hex,
    Link,
    Miner as MinerLink,
    Price,
    Time,
    Units,
} from "../ui/basic";
import { type Column, More, Table } from "../ui/table";
import { score } from "./offers";
import { moodOf } from "./states";

type Item<T> = (value: unknown, where: string) => T;

/** A section with one of the relay's lists. */
export function List<T extends object>(props: {
    path: string;
    item: Item<T>;
    label: string;
    none: string;
    columns: Column<T>[];
    keyOf(row: T): string;
    head?: ComponentChildren;
    sorted?: { column: number; down: boolean };
}): JSX.Element {
    const asked = useListed(at(props.path), props.item);
    return (
        <section aria-label={props.label}>
            {props.head}
            <Shown of={asked}>
                {(rows) => (
                    <>
                        <Table {...props} rows={rows} />
                        <More next={asked.next} go={asked.more} />
                    </>
                )}
            </Shown>
        </section>
    );
}

/** One of the lists below: where it comes from, and what stands above it. */
interface Part {
    path: string;
    head?: ComponentChildren;
    label?: string;
}

export function State(props: { kind: string; of: string }): JSX.Element {
    return (
        <Badge mood={moodOf(props.of)}>
            {tOr(`${props.kind}.${props.of}`, plain(props.of, 20))}
        </Badge>
    );
}

const DEAL_STATES = ["confirmed", "submitted", "challenged", "settled", "defaulted", "overturned"];

export function DealsView(): JSX.Element {
    const state = route.value.query.get("state") ?? "";
    const chosen = DEAL_STATES.includes(state) ? `?state=${state}` : "";
    return (
        <>
            <Heading>{t("nav.deals")}</Heading>
            <Deals
                path={`/deals${chosen}`}
                head={
                    <div class="bar">
                        <h2>{t("deals.all")}</h2>
                        <label>
                            {t("offers.state")}
                            <select
                                value={state}
                                onChange={(event) =>
                                    ask("state", event.currentTarget.value || null)
                                }
                            >
                                <option value="">{t("word.all")}</option>
                                {DEAL_STATES.map((name) => (
                                    <option key={name} value={name}>
                                        {tOr(`deal.${name}`, name)}
                                    </option>
                                ))}
                            </select>
                        </label>
                    </div>
                }
            />
            <Requests
                path="/requests?state=posted"
                label={t("requests.open")}
                head={<h2>{t("requests.open")}</h2>}
            />
        </>
    );
}

function dealColumns(): Column<Deal>[] {
    return [
        { name: t("deal.id"), show: (row) => <DealId of={row.id} bare /> },
        { name: t("offers.state"), show: (row) => <State kind="deal" of={row.state} /> },
        { name: t("offers.miner"), show: (row) => <MinerLink number={row.miner_id} /> },
        { name: t("deal.requester"), show: (row) => <Account of={row.requester} bare /> },
        {
            name: t("deal.units"),
            show: (row) => <Units of={row.units} />,
            by: (row) => row.units,
            end: true,
        },
        {
            name: t("market.price"),
            show: (row) => <Price of={row.price} />,
            by: (row) => row.price,
            end: true,
        },
        {
            name: t("deal.value"),
            show: (row) => <Amount of={row.value} />,
            by: (row) => row.value,
            end: true,
        },
        {
            name: t("deal.taken"),
            show: (row) => <Time at={row.confirmed.time} />,
            by: (row) => row.confirmed.time,
        },
    ];
}

export function Deals(props: Part): JSX.Element {
    return (
        <List
            label={t("nav.deals")}
            {...props}
            item={shapes.deal}
            none={t("none.deals")}
            columns={dealColumns()}
            keyOf={(row: Deal) => row.id}
        />
    );
}

function requestColumns(): Column<Request>[] {
    return [
        { name: t("deal.id"), show: (row) => <DealId of={row.id} bare /> },
        { name: t("offers.state"), show: (row) => <State kind="deal" of={row.state} /> },
        { name: t("deal.requester"), show: (row) => <Account of={row.requester} bare /> },
        {
            name: t("offers.miner"),
            show: (row) => (row.miner_id ? <MinerLink number={row.miner_id} /> : t("word.any")),
        },
        { name: t("deal.units"), show: (row) => <Units of={row.units} />, end: true },
        { name: t("deal.bid"), show: (row) => <Price of={row.max_price} />, end: true },
        { name: t("deal.confirmBy"), show: (row) => <Time at={row.confirm_by} /> },
    ];
}

export function Requests(props: Part): JSX.Element {
    return (
        <List
            label={t("requests.posted")}
            {...props}
            item={shapes.request}
            none={t("requests.none")}
            columns={requestColumns()}
            keyOf={(row: Request) => row.id}
        />
    );
}

export function MinersView(): JSX.Element {
    const columns: Column<Miner>[] = [
        {
            name: t("offers.miner"),
            show: (row) => <MinerLink number={row.miner_id} />,
            by: (row) => row.miner_id,
        },
        { name: t("miner.account"), show: (row) => <Account of={row.miner} bare /> },
        {
            name: t("offers.score"),
            show: (row) => score(row.score),
            by: (row) => row.score ?? -1,
            end: true,
        },
        { name: t("miner.live"), show: (row) => row.live, by: (row) => row.live, end: true },
        {
            name: t("miner.completed"),
            show: (row) => units(BigInt(row.completed)),
            by: (row) => row.completed,
            end: true,
        },
        {
            name: t("miner.failed"),
            show: (row) => row.defaulted + row.overturned + row.released,
            by: (row) => row.defaulted + row.overturned + row.released,
            end: true,
        },
        {
            name: t("miner.stake"),
            show: (row) => <Amount of={row.stake} />,
            by: (row) => row.stake,
            end: true,
        },
        {
            name: t("miner.earned"),
            show: (row) => <Amount of={earnings(row)} />,
            by: earnings,
            end: true,
        },
        {
            name: t("miner.lastPaid"),
            show: (row) => <Time at={row.last_payment_time} />,
            by: (row) => row.last_payment_time,
        },
    ];
    return (
        <>
            <Heading>{t("nav.miners")}</Heading>
            <List
                path="/miners?limit=200"
                item={shapes.miner}
                label={t("nav.miners")}
                none={t("none.miners")}
                columns={columns}
                keyOf={(row: Miner) => String(row.miner_id)}
            />
        </>
    );
}

export function earnings(row: Miner): bigint {
    return row.earned + row.earned_by_channels + row.earned_by_storage;
}

function caseColumns(): Column<Case>[] {
    return [
        { name: t("case.id"), show: (row) => <Hex of={row.id} to={`/case/${row.id}`} bare /> },
        { name: t("case.phase"), show: (row) => <State kind="phase" of={row.phase} /> },
        { name: t("case.deal"), show: (row) => <DealId of={row.deal} bare /> },
        { name: t("case.filer"), show: (row) => <Account of={row.filer} bare /> },
        { name: t("offers.miner"), show: (row) => <MinerLink number={row.miner_id} /> },
        {
            name: t("case.about"),
            show: (row) => t(row.withheld ? "case.withheld" : "case.wrong", { task: row.task }),
        },
        {
            name: t("case.deposit"),
            show: (row) => <Amount of={row.deposit} />,
            by: (row) => row.deposit,
            end: true,
        },
        {
            name: t("case.filed"),
            show: (row) => <Time at={row.filed.time} />,
            by: (row) => row.filed.time,
        },
    ];
}

export function CasesView(): JSX.Element {
    return (
        <>
            <Heading>{t("nav.cases")}</Heading>
            <List
                path="/cases"
                item={shapes.case_}
                label={t("nav.cases")}
                none={t("none.cases")}
                columns={caseColumns()}
                keyOf={(row: Case) => row.id}
            />
        </>
    );
}

function channelColumns(): Column<Channel>[] {
    return [
        {
            name: t("channel.id"),
            show: (row) => <Hex of={row.id} to={`/channel/${row.id}`} bare />,
        },
        { name: t("offers.state"), show: (row) => <State kind="channel" of={row.state} /> },
        { name: t("deal.requester"), show: (row) => <Account of={row.requester} bare /> },
        { name: t("offers.miner"), show: (row) => <MinerLink number={row.miner_id} /> },
        { name: t("channel.class"), show: (row) => row.resource, end: true },
        {
            name: t("channel.deposit"),
            show: (row) => <Amount of={row.deposit} />,
            by: (row) => row.deposit,
            end: true,
        },
        {
            name: t("channel.paid"),
            show: (row) => <Amount of={row.paid} />,
            by: (row) => row.paid,
            end: true,
        },
        { name: t("channel.ends"), show: (row) => <Time at={row.ends} />, by: (row) => row.ends },
    ];
}

export function Channels(props: Part): JSX.Element {
    return (
        <List
            label={t("nav.channels")}
            {...props}
            item={shapes.channel}
            none={t("none.channels")}
            columns={channelColumns()}
            keyOf={(row: Channel) => row.id}
        />
    );
}

function storageColumns(): Column<StorageDeal>[] {
    return [
        {
            name: t("storage.id"),
            show: (row) => <Hex of={row.id} to={`/storage/${row.id}`} bare />,
        },
        { name: t("offers.state"), show: (row) => <State kind="storage" of={row.state} /> },
        { name: t("deal.requester"), show: (row) => <Account of={row.requester} bare /> },
        { name: t("offers.miner"), show: (row) => <MinerLink number={row.miner_id} /> },
        {
            name: t("storage.size"),
            show: (row) => units(row.size),
            by: (row) => row.size,
            end: true,
        },
        {
            name: t("storage.proved"),
            show: (row) => `${row.proved} / ${row.periods}`,
            by: (row) => row.proved,
            end: true,
        },
        {
            name: t("miner.earned"),
            show: (row) => <Amount of={row.earned} />,
            by: (row) => row.earned,
            end: true,
        },
    ];
}

export function StorageDeals(props: Part): JSX.Element {
    return (
        <List
            label={t("storage.title")}
            {...props}
            item={shapes.storageDeal}
            none={t("storage.none")}
            columns={storageColumns()}
            keyOf={(row: StorageDeal) => row.id}
        />
    );
}

export function ChannelsView(): JSX.Element {
    return (
        <>
            <Heading>{t("nav.channels")}</Heading>
            <Channels path="/channels" />
            <StorageDeals path="/storage-deals" head={<h2>{t("storage.title")}</h2>} />
        </>
    );
}

export function ProposalsView(): JSX.Element {
    const columns: Column<Proposal>[] = [
        {
            name: t("proposal.id"),
            show: (row) => <Hex of={row.id} to={`/proposal/${row.id}`} bare />,
        },
        { name: t("offers.state"), show: (row) => <State kind="proposal" of={row.state} /> },
        {
            name: t("proposal.what"),
            show: (row) => (
                <Link to={`/proposal/${row.id}`}>
                    <bdi>{titleOf(row.description) || t("proposal.untitled")}</bdi>
                </Link>
            ),
        },
        {
            name: t("vote.for"),
            show: (row) => votes(row.in_favour),
            by: (row) => row.in_favour,
            end: true,
        },
        {
            name: t("vote.against"),
            show: (row) => votes(row.against),
            by: (row) => row.against,
            end: true,
        },
        { name: t("proposal.ends"), show: (row) => <Time at={row.ends} />, by: (row) => row.ends },
    ];
    return (
        <>
            <Heading>{t("nav.proposals")}</Heading>
            <List
                path="/proposals"
                item={shapes.proposal}
                label={t("nav.proposals")}
                none={t("none.proposals")}
                columns={columns}
                keyOf={(row: Proposal) => row.id}
            />
        </>
    );
}

/** A description's first line, without the mark that binds it to its proposer. */
export function titleOf(text: string): string {
    const whole = text.slice(0, 4_000).replace(/\n?#proposer=0x[0-9a-fA-F]{40}\s*$/, "");
    return plain(whole.trim().split("\n")[0], 120);
}

/** Voting tokens have 18 decimals. */
export function votes(amount: bigint): string {
    return units(amount / 10n ** 18n);
}
