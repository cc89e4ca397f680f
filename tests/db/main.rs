//! Against PostgreSQL: a database of its own for each test. What needs the platform's data is in modules `platform`.

#![expect(dead_code, unreachable_pub, reason = "support is shared by test binaries that each use a part of it")]

#[path = "../support/database.rs"]
mod database;
mod embedded;
#[path = "../support/loaded.rs"]
mod loaded;
mod media;
#[path = "../support/photos.rs"]
mod photos;
mod platform;
#[path = "../support/process.rs"]
mod process;
mod read_models;
#[path = "../support/rows.rs"]
mod rows;
mod search;
mod sync;
