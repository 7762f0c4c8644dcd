"""Whether a result is right: leaves, outputs, audits, evidence."""
