/** A proposal: what it would do, how it stands, who voted. */
import type { ComponentChildren, JSX } from "preact";
import * as shapes from "../api/shapes";
import type { ProposalStory } from "../api/shapes";
import { useAsked } from "../api/use";
import { exactly } from "../format/amount";
import { paragraphs } from "../format/text";
import { at, configuration } from "../market";
import { t } from "../text";
import { Shown } from "../ui/asked";
import { Account, Facts, Heading, Hex, Time } from "../ui/basic";
import { Story } from "../ui/story";
import { ABIS, type Role } from "../wallet/contracts";
import { session } from "../wallet/session";
import { callWords, roleOf } from "../wallet/words";
import { State, votes, titleOf } from "./lists";

const COIN_DECIMALS = 18;

export function ProposalView(props: {
    id: string;
    acts?: (proposal: ProposalStory) => ComponentChildren;
}): JSX.Element {
    const asked = useAsked(at(`/proposals/${encodeURIComponent(props.id)}`), shapes.proposalStory);
    return (
        <>
            <Heading kind={t("proposal.one")}>
                <Hex of={props.id} digits={8} />
            </Heading>
            <Shown of={asked}>
                {(found) => (
                    <>
                        <Standing of={found} />
                        {props.acts?.(found)}
                        <div class="columns">
                            <section class="card">
                                <h2>{t("proposal.calls")}</h2>
                                <p class="faint">{t("proposal.callsNote")}</p>
                                {found.calls_in_all > found.calls.length && (
                                    <p class="notice bad">
                                        {t("proposal.left", {
                                            all: found.calls_in_all,
                                            shown: found.calls.length,
                                        })}
                                    </p>
                                )}
                                <ol class="calls">
                                    {found.calls.map((call, index) => (
                                        <li key={index}>
                                            <Call of={call} />
                                        </li>
                                    ))}
                                </ol>
                            </section>
                            <section class="card">
                                <h2>{t("story.title")}</h2>
                                <Story of={found.history} />
                            </section>
                        </div>
                    </>
                )}
            </Shown>
        </>
    );
}

function Standing(props: { of: ProposalStory }): JSX.Element {
    const found = props.of;
    const all = found.in_favour + found.against + found.abstained;
    const counts: [string, bigint, string][] = [
        [t("vote.for"), found.in_favour, "good"],
        [t("vote.against"), found.against, "bad"],
        [t("vote.abstain"), found.abstained, "quiet"],
    ];
    return (
        <section>
            <div class="bar">
                <h2>
                    <State kind="proposal" of={found.state} />{" "}
                    <bdi>{titleOf(found.description) || t("proposal.untitled")}</bdi>
                </h2>
            </div>
            <Description of={found.description} />
            <Facts
                rows={[
                    [t("proposal.proposer"), <Account of={found.proposer} />],
                    [t("proposal.begins"), <Time at={found.begins} />],
                    [t("proposal.ends"), <Time at={found.ends} />],
                    found.executable_from === null
                        ? null
                        : [t("proposal.executable"), <Time at={found.executable_from} />],
                    [t("proposal.voters"), found.voters],
                    found.quorum === null ? null : [t("proposal.quorum"), votes(found.quorum)],
                ]}
            />
            <ul class="votes">
                {counts.map(([name, count, mood]) => (
                    <li key={name}>
                        <span>{name}</span>
                        <meter
                            class={mood}
                            min={0}
                            max={100}
                            value={all ? Number((count * 100n) / all) : 0}
                            aria-label={name}
                        />
                        <span class="amount">{votes(count)}</span>
                    </li>
                ))}
            </ul>
        </section>
    );
}

/** What its proposer wrote, as text; the first line is the title. */
function Description(props: { of: string }): JSX.Element | null {
    const lines = paragraphs(props.of).filter((line) => !/^#proposer=0x/.test(line));
    if (lines.length < 2) return null;
    return (
        <blockquote class="foreign">
            {lines.slice(1).map((line, index) => (
                <p key={index}>{line}</p>
            ))}
        </blockquote>
    );
}

function Call(props: { of: ProposalStory["calls"][number] }): JSX.Element {
    const { target, value, data, cut } = props.of;
    const role = roleAt(target);
    const words = callWords(data, role ? ABIS[role] : undefined);
    const named = {
        name: words?.name ?? t("proposal.unknownCall"),
        place: role ? t(`role.${role}`) : t("proposal.stranger"),
    };
    return (
        <>
            <p>{t("proposal.call", named)}</p>
            <p class="whole">{target}</p>
            {value !== 0n && (
                <p class="notice bad">
                    {t("proposal.value", { amount: exactly(value, COIN_DECIMALS) })}
                </p>
            )}
            {cut && <p class="notice bad">{t("proposal.cut")}</p>}
            <details class="raw">
                <summary>{t("story.raw")}</summary>
                <pre tabIndex={0}>{[...(words?.lines ?? []), data].join("\n")}</pre>
            </details>
        </>
    );
}

/** Read from the chain if a wallet is connected, else what the relay says. */
function roleAt(target: `0x${string}`): Role | null {
    if (session.value) return roleOf(target, session.value.contracts);
    const known = configuration.value;
    if (!known) return null;
    const { courts, voting_token, ...told } = known.contracts;
    if (courts.includes(target)) return "court";
    const all = { ...told, votes: voting_token, token: known.token.address };
    return ROLES.find((role) => all[role] === target) ?? null;
}
const ROLES = ["market", "channels", "storage", "governor", "timelock", "votes", "token"] as const;
