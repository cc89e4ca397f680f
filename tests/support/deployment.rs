//! A database made ready for the console, with settings and logins, as an administrator does it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use sqlx::PgPool;

use crate::{database::Database, window::Window};

const PASSWORD: &str = "a password with \"quotes\" and ünïcode";

/// Migrated, with a settings file and a home for windows.
#[derive(Debug)]
pub struct Deployment {
    /// As the superuser.
    pub db: PgPool,
    url: String,
    home: PathBuf,
    _folder: tempfile::TempDir,
}

impl Deployment {
    /// `more`: further settings.
    pub async fn prepare(database: &Database, photo_port: u16, more: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let home = folder.path().to_owned();
        fs::write(home.join("password"), PASSWORD).expect("a file can be written");
        let settings = format!(
            "[database]\nhost = '127.0.0.1'\nport = {}\ndatabase = '{}'\n\
             [media]\nloopback_ports = [{photo_port}]\ncache_dir = '{}'\n{more}",
            database.port(),
            database.name,
            home.join("pictures").display(),
        );
        fs::write(home.join("config.toml"), settings).expect("a file can be written");
        let deployment = Self { db: database.pool().await, url: database.url(), home, _folder: folder };
        deployment.run(&["migrate"]);
        deployment
    }

    pub async fn add_operator(&self, user: i64, role: &str) {
        let password = self.home.join("password").display().to_string();
        self.run(&["operator", "add", &self.username(user).await, "--role", role, "--password-file", &password]);
    }

    /// The window, with this user signed in through the form.
    pub async fn signed_in(&self, user: i64) -> Window {
        self.signed_in_at(user, 1).await
    }

    /// The same on a screen of this many pixels for each of the page.
    pub async fn signed_in_at(&self, user: i64, scale: u32) -> Window {
        let settings = self.home.join("config.toml").display().to_string();
        let window = Window::open_scaled(&self.home, &["--config", &settings], scale).await;
        window.fill("User", &self.username(user).await).await;
        window.fill("Password", PASSWORD).await;
        window.click("button", "Sign in").await;
        window
    }

    pub async fn username(&self, user: i64) -> String {
        sqlx::query_scalar("select username from users where user_id = $1")
            .bind(user)
            .fetch_one(&self.db)
            .await
            .expect("the user is there")
    }

    /// Where windows keep what they keep.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// Runs a subcommand to its end.
    pub fn run(&self, arguments: &[&str]) {
        let status = self.console().args(arguments).status().expect("the console starts");
        assert!(status.success(), "kaleidoscope-console {}: {status}", arguments.join(" "));
    }

    /// The console without a window, as the owner of the database.
    pub fn console(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kaleidoscope-console"));
        command.env("KALEIDOSCOPE_DATABASE_URL", &self.url).arg("--config").arg(self.home.join("config.toml"));
        command
    }
}
