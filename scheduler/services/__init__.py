"""Use cases: one function is one thing that somebody does, in one transaction."""
