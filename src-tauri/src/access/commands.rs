//! Doors to signing in and out.

use serde::{Deserialize, Serialize};
use specta::Type;
use tauri::State;

use super::{Operator, Role, passwords, sign_in as enter};
use crate::{
    app::Console,
    db::Address,
    error::{Error, Result},
};

/// What the window shows first.
#[derive(Debug, Clone, PartialEq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SessionState {
    pub operator: Option<Operator>,
    /// Whom the demo can be tried as; empty outside it.
    pub sample_operators: Vec<Role>,
    pub connection: Connection,
    /// Why nobody can sign in yet.
    pub problem: Option<String>,
}

/// Where the sign-in form starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Connection {
    pub host: String,
    pub port: u16,
    pub database: String,
    pub username: String,
    /// The keyring has the password.
    pub remembered: bool,
}

#[derive(Clone, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SignInRequest {
    pub host: String,
    pub port: u16,
    pub database: String,
    pub username: String,
    /// `None`: the one that the keyring has.
    pub password: Option<String>,
    /// Keep the password in the keyring.
    pub remember: bool,
}

// Without the password.
impl std::fmt::Debug for SignInRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SignInRequest({}@{}:{}/{})", self.username, self.host, self.port, self.database)
    }
}

/// Who is signed in, and who could be.
#[tauri::command]
#[specta::specta]
pub async fn session(console: State<'_, Console>) -> Result<SessionState> {
    let settings = &console.config.database;
    let username = settings.username.clone().unwrap_or_default();
    let place = passwords::place(&settings.host, settings.port, &settings.database);
    let remembered = !username.is_empty() && passwords::has(place, username.clone()).await;
    Ok(SessionState {
        operator: console.session().await.ok().map(|session| session.operator),
        sample_operators: console.samples.iter().map(|sample| sample.role).collect(),
        connection: Connection {
            host: settings.host.clone(),
            port: settings.port,
            database: settings.database.clone(),
            username,
            remembered,
        },
        problem: console.problem.clone(),
    })
}

/// Signs in with a PostgreSQL login.
#[tauri::command]
#[specta::specta]
pub async fn sign_in(console: State<'_, Console>, request: SignInRequest) -> Result<Operator> {
    let SignInRequest { host, port, database, username, password, remember } = request;
    let (host, username) = (host.trim().to_owned(), username.trim().to_owned());
    for (field, name) in [(&host, "host"), (&database, "database"), (&username, "user name")] {
        if field.is_empty() {
            return Err(Error::SignIn(format!("The {name} is empty. Fill it in.")));
        }
    }
    let place = passwords::place(&host, port, &database);
    let password = match password {
        Some(password) => password,
        None => passwords::recall(place.clone(), username.clone()).await?,
    };
    let address = Address { host, port, database, username, password, ca: console.config.database.ca.clone() };
    let (db, operator) = enter(&address).await?;
    if remember {
        passwords::keep(place, address.username, address.password).await?;
    } else {
        passwords::forget(place, address.username).await;
    }
    console.enter(db, operator.clone()).await;
    Ok(operator)
}

/// Signs in as one of the demo's people.
#[tauri::command]
#[specta::specta]
pub async fn sign_in_as_sample(console: State<'_, Console>, role: Role) -> Result<Operator> {
    let sample =
        console.samples.iter().find(|sample| sample.role == role).ok_or_else(|| {
            Error::SignIn("Sample operators are there in the demo only. Sign in with your login.".into())
        })?;
    let (db, operator) = enter(&sample.address).await?;
    console.enter(db, operator.clone()).await;
    Ok(operator)
}

/// Closes the operator's connections and open reveals.
#[tauri::command]
#[specta::specta]
pub async fn sign_out(console: State<'_, Console>) -> Result<()> {
    console.leave().await;
    Ok(())
}
