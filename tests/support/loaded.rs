//! The platform's own data and photos: what the console works on, made by somebody else.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{
    database::{Database, required},
    process::Running,
};

/// The 13 tables with `media` media and every hostile row; photos come from `photos_url`.
pub fn load(database: &Database, media: u32, photos_url: &str) {
    load_at(&database.url(), media, photos_url);
}

/// The same in the database at this address.
pub fn load_at(url: &str, media: u32, photos_url: &str) {
    run(&["schema", "--dsn", url]);
    let media = media.to_string();
    run(&["load", "--dsn", url, "--media", &media, "--hostile", "--photos-url", photos_url]);
}

/// The platform's traffic, for longer than any test: it ends when it is dropped, or with its server.
pub fn churn(url: &str, rate: u32) -> Running {
    let mut program = program();
    program.args(["churn", "--dsn", url, "--seconds", "600", "--rate", &rate.to_string()]);
    // What it says of a server that went away is no news.
    Running::start(program.stdout(Stdio::null()).stderr(Stdio::null()))
}

/// The same, and who is who on the photos in a file.
pub fn load_with_truth(database: &Database, media: u32, truth: &Path) {
    run(&["schema", "--dsn", &database.url()]);
    let (media, truth) = (media.to_string(), truth.display().to_string());
    run(&["load", "--dsn", &database.url(), "--media", &media, "--hostile", "--truth", &truth]);
}

fn run(arguments: &[&str]) {
    let status = program().args(arguments).status().expect("the platform's program starts");
    assert!(status.success(), "platform.py {}: {status}", arguments.join(" "));
}

/// `platform.py`, to be given arguments.
pub fn program() -> Command {
    let mut command = Command::new(required("PLATFORM_PYTHON"));
    command.arg(PathBuf::from(required("PLATFORM")).join("platform.py"));
    command
}
