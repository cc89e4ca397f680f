//! In the real window. What needs the platform's data is in modules `platform`.

#![expect(dead_code, unreachable_pub, reason = "support is shared by test binaries that each use a part of it")]

mod boxes;
#[path = "../support/database.rs"]
mod database;
mod demo;
#[path = "../support/deployment.rs"]
mod deployment;
mod exposure;
#[path = "../support/loaded.rs"]
mod loaded;
mod page;
#[path = "../support/photos.rs"]
mod photos;
mod platform;
#[path = "../support/process.rs"]
mod process;
mod video;
#[path = "../support/window.rs"]
mod window;
