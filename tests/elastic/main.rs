//! Against PostgreSQL and a real Elasticsearch node. What needs the platform's data is in modules `platform`.

#![expect(dead_code, unreachable_pub, reason = "support is shared by test binaries that each use a part of it")]

#[path = "../support/agreement.rs"]
mod agreement;
mod check;
mod clock;
#[path = "../support/database.rs"]
mod database;
#[path = "../support/differences.rs"]
mod differences;
mod face_consequences;
mod faults;
mod history;
#[path = "../support/loaded.rs"]
mod loaded;
#[path = "../support/node.rs"]
mod node;
mod platform;
#[path = "../support/process.rs"]
mod process;
#[path = "../support/proxy.rs"]
mod proxy;
mod rebuild;
mod recall;
#[path = "../support/rows.rs"]
mod rows;
mod safety_consequences;
#[path = "../support/scan.rs"]
mod scan;
mod search;
mod search_others;
mod search_ranking;
#[path = "../support/server.rs"]
mod server;
mod servers;
mod sync;
mod worker;
