//! What was done: the append-only, hash-chained log of what operators changed.
