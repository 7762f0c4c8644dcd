"""A run of a job: observe, decide, perform."""
