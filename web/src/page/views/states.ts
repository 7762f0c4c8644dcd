/** How a state looks: done well, still going on, gone wrong, or over. */
import type { Mood } from "../ui/basic";

const MOODS: Record<Mood, string> = {
    good: "settled open executed upheld kept succeeded stands",
    busy:
        "posted confirmed submitted pending active queued answering drawing voting showing revealing curing" +
        " ending closable decided challenged overdue settleable",
    bad: "defaulted overturned defeated wrong unavailable",
    quiet: "expired cancelled canceled released annulled closed ended rejected undecided void none",
};
const BY_STATE = new Map(
    Object.entries(MOODS).flatMap(([mood, states]) =>
        states.split(" ").map((state) => [state, mood as Mood] as const),
    ),
);

export function moodOf(state: string): Mood {
    return BY_STATE.get(state) ?? "quiet";
}
