//! In the real window. What needs the platform's data is in modules `platform`.

#![expect(unreachable_pub, reason = "nobody reaches into a test")]

#[path = "../support/database.rs"]
mod database;
mod demo;
#[path = "../support/loaded.rs"]
mod loaded;
#[path = "../support/photos.rs"]
mod photos;
mod platform;
#[path = "../support/process.rs"]
mod process;
#[path = "../support/window.rs"]
mod window;
