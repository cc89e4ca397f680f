//! Databases beside those of `#[sqlx::test]`: for programs that connect by themselves.

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
        let server: PgConnectOptions = required("DATABASE_URL").parse().expect("DATABASE_URL is understood");
        let mut connection = PgConnection::connect_with(&server).await.expect("the test server answers");
        for statement in [format!("drop database if exists {name} with (force)"), format!("create database {name}")] {
            connection.execute(AssertSqlSafe(statement)).await.expect("a database can be made");
        }
        Self { name: name.to_owned(), server }
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
