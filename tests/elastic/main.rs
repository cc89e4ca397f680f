//! Against PostgreSQL and a real Elasticsearch node. What needs the platform's data is in modules `platform`.

#![expect(dead_code, unreachable_pub, reason = "support is shared by test binaries that each use a part of it")]

#[path = "../support/database.rs"]
mod database;
#[path = "../support/differences.rs"]
mod differences;
#[path = "../support/loaded.rs"]
mod loaded;
#[path = "../support/node.rs"]
mod node;
mod platform;
#[path = "../support/rows.rs"]
mod rows;
mod search;
mod sync;
