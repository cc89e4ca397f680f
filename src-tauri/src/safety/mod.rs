//! What may be shown: the queue of unsafe media, reveals, decisions.
