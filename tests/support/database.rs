//! Databases beside those of `#[sqlx::test]`: for programs that connect by themselves.

use kaleidoscope_console::db::Address;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, PgPool, postgres::PgConnectOptions};

/// An empty database of the test server, dropped by nobody: the server goes with the run.
#[derive(Debug, Clone)]
pub struct Database {
    pub name: String,
    server: PgConnectOptions,
}

impl Database {
    /// `name` says what it is for; databases of one name replace each other.
    pub async fn create(name: &str) -> Self {
        Self::made(name, "template1").await
    }

    /// One with the same content; nobody may be connected to this one.
    pub async fn copy(&self, name: &str) -> Self {
        Self::made(name, &self.name).await
    }

    /// One that is there.
    pub fn existing(name: &str) -> Self {
        Self { name: name.to_owned(), server: required("DATABASE_URL").parse().expect("DATABASE_URL is understood") }
    }

    async fn made(name: &str, template: &str) -> Self {
        let server: PgConnectOptions = required("DATABASE_URL").parse().expect("DATABASE_URL is understood");
        let made = Self { name: name.to_owned(), server };
        made.remove().await;
        made.order(format!("create database {name} template {template}")).await;
        made
    }

    pub async fn remove(&self) {
        self.order(format!("drop database if exists {} with (force)", self.name)).await;
    }

    async fn order(&self, statement: String) {
        let mut connection = PgConnection::connect_with(&self.server).await.expect("the test server answers");
        connection.execute(AssertSqlSafe(statement)).await.expect("databases can be made and dropped");
    }

    /// As the superuser.
    pub async fn pool(&self) -> PgPool {
        PgPool::connect_with(self.server.clone().database(&self.name)).await.expect("the database answers")
    }

    /// As the superuser, for programs.
    pub fn url(&self) -> String {
        let server = required("DATABASE_URL");
        let (address, options) = server.split_once('?').unwrap_or((&server, ""));
        let (address, _) = address.rsplit_once('/').expect("DATABASE_URL names a database");
        format!("{address}/{}?{options}", self.name)
    }

    /// Where the server listens on loopback.
    pub fn port(&self) -> u16 {
        self.server.get_port()
    }
}

/// A variable that `scripts/test` sets.
pub fn required(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run scripts/test"))
}

/// Where a login with a password finds the database of a test: over TCP, where the server asks for the password.
pub fn address(db: &PgPool, username: &str, password: &str) -> Address {
    let options = db.connect_options();
    Address {
        host: "127.0.0.1".into(),
        port: options.get_port(),
        database: options.get_database().expect("a database of its own").into(),
        username: username.into(),
        password: password.into(),
        ca: None,
    }
}

/// The same for the superuser, who comes through the Unix socket.
pub fn owner_address(db: &PgPool) -> Address {
    let options = db.connect_options();
    let socket = options.get_socket().expect("DATABASE_URL names the folder of the server's socket");
    Address { host: socket.display().to_string(), ..address(db, options.get_username(), "") }
}
