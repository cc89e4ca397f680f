//! Against PostgreSQL: a database of its own for each test. What needs the platform's data is in modules `platform`.

#![expect(dead_code, unreachable_pub, reason = "support is shared by test binaries that each use a part of it")]

mod access;
mod audit;
#[path = "../support/database.rs"]
mod database;
#[path = "../support/differences.rs"]
mod differences;
mod embedded;
mod event_rules;
mod faces;
mod feed;
mod lanes;
#[path = "../support/loaded.rs"]
mod loaded;
mod matching;
mod media;
mod migrations;
#[path = "../support/photos.rs"]
mod photos;
mod platform;
#[path = "../support/process.rs"]
mod process;
mod read_models;
mod read_models_people;
mod read_models_posts;
mod read_models_recommendations;
#[path = "../support/rows.rs"]
mod rows;
mod safety;
mod search;
mod search_correct;
mod search_export;
mod search_faults;
mod search_people;
mod search_post;
mod search_saved;
mod sync;
mod system;
