/** What was read is not in its form, or does not fit together; the message says what is wrong. */
export class Malformed extends Error {
    override name = "Malformed";
}
