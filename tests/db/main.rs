//! Against PostgreSQL: a database of its own for each test. What needs the platform's data is in modules `platform`.

mod embedded;
mod read_models;
#[path = "../support/rows.rs"]
mod rows;
mod sync;
