//! Keeps read models and indices true to the core tables: queues, bulk, index generations.
