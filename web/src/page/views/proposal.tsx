/** A proposal: what it would do, how it stands, who voted. */
import type { ComponentChildren, JSX } from "preact";
import * as shapes from "../api/shapes";
import type { ProposalStory } from "../api/shapes";
import { useAsked } from "../api/use";
import { paragraphs } from "../format/text";
import { at } from "../market";
import { t } from "../text";
import { Shown } from "../ui/asked";
import { Account, Facts, Heading, Hex, Time } from "../ui/basic";
import { Story } from "../ui/story";
import { callWords } from "../wallet/words";
import { State, votes, titleOf } from "./lists";

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

function Call(props: { of: { target: string; value: bigint; data: `0x${string}` } }): JSX.Element {
    const { target, data } = props.of;
    const words = callWords(data);
    return (
        <>
            <p>
                {words?.name ?? t("proposal.unknownCall")} <Hex of={target} />
            </p>
            <details class="raw">
                <summary>{t("story.raw")}</summary>
                <pre tabIndex={0}>{[...(words?.lines ?? []), data].join("\n")}</pre>
            </details>
        </>
    );
}
