/** Votes: to whom they are delegated, and how they are cast. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { isAddress, isAddressEqual, zeroAddress } from "viem";
import type { ProposalStory } from "../api/shapes";
import { t } from "../text";
import { Account, Facts } from "../ui/basic";
import { Field, Form, useField } from "../ui/form";
import { votes } from "../views/lists";
import { send } from "../wallet/acts";
import { begin } from "../wallet/act";
import { read } from "../wallet/contracts";
import type { Session } from "../wallet/session";
import { useChain } from "./read";

interface Weight {
    tokens: bigint;
    votes: bigint;
    delegate: `0x${string}`;
}

async function weightOf(now: Session): Promise<Weight | null> {
    const token = now.contracts.addresses.votes;
    if (!token) return null;
    const ask = <T,>(name: string): Promise<T> =>
        read<T>(now.reader, "votes", token, name, [now.account]);
    const [tokens, weight, delegate] = await Promise.all([
        ask<bigint>("balanceOf"),
        ask<bigint>("getVotes"),
        ask<`0x${string}`>("delegates"),
    ]);
    return { tokens, votes: weight, delegate };
}

export function Voting(props: { of: Session }): JSX.Element | null {
    const { of: now } = props;
    const found = useChain(() => weightOf(now), [now]);
    const to = useField(now.account);
    if (!now.contracts.addresses.votes) return null;
    const weight = found.value;
    return (
        <section class="card" aria-label={t("voting.title")}>
            <h2>{t("voting.title")}</h2>
            {found.problem && <p class="notice bad">{found.problem}</p>}
            {weight && (
                <Facts
                    rows={[
                        [t("voting.tokens"), votes(weight.tokens)],
                        [t("voting.votes"), votes(weight.votes)],
                        [
                            t("voting.delegate"),
                            isAddressEqual(weight.delegate, zeroAddress) ? (
                                t("voting.nobody")
                            ) : (
                                <Account of={weight.delegate.toLowerCase()} />
                            ),
                        ],
                    ]}
                />
            )}
            <Form
                button={t("voting.button")}
                label={t("voting.button")}
                go={() => {
                    if (!isAddress(to.value, { strict: false })) return t("form.address");
                    begin(t("voting.button"), send("votes", "delegate", to.value));
                    return;
                }}
            >
                <Field name={t("voting.delegate")} mode="text" size={24} {...to} />
            </Form>
        </section>
    );
}

const CHOICES = ["against", "for", "abstain"] as const;

/** On a proposal's own view. */
export function Ballot(props: { of: Session; proposal: ProposalStory }): JSX.Element | null {
    const { of: now, proposal } = props;
    const [choice, setChoice] = useState<number | null>(null);
    const reason = useField();
    if (!now.contracts.addresses.governor) return null;
    const vote = (): string | void => {
        if (choice === null) return t("ballot.choose");
        const id = BigInt(proposal.id);
        const step = reason.value
            ? send("governor", "castVoteWithReason", id, choice, reason.value)
            : send("governor", "castVote", id, choice);
        begin(t("ballot.title"), step);
    };
    return (
        <section aria-label={t("ballot.title")}>
            <h2>{t("ballot.title")}</h2>
            <Form button={t("ballot.button")} go={vote} label={t("ballot.title")}>
                <fieldset>
                    <legend class="faint">{t("ballot.legend")}</legend>
                    {([1, 0, 2] as const).map((number) => (
                        <label key={number} class="check">
                            <input
                                type="radio"
                                name="vote"
                                checked={choice === number}
                                onChange={() => setChoice(number)}
                            />
                            {t(`vote.${CHOICES[number]}`)}
                        </label>
                    ))}
                </fieldset>
                <Field name={t("ballot.reason")} mode="text" size={30} {...reason} />
            </Form>
        </section>
    );
}
