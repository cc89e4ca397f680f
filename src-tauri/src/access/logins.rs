use sqlx::{AssertSqlSafe, PgConnection, PgPool};

use super::{
    Role,
    queries::{self, Login},
};
use crate::{
    db::transaction,
    error::{Error, Result},
};

/// PostgreSQL cuts longer names off, and the login would be another account's.
const LONGEST_NAME: usize = 63;

/// Makes a PostgreSQL login for an account of the platform, or renews its password and group.
///
/// # Errors
/// `Invalid` where the platform has no such account, its role does not allow the group, or the name belongs to a role
/// that is none of the console's logins.
pub async fn add_login(db: &PgPool, username: &str, role: Role, password: &str) -> Result<()> {
    let Some((account_status, platform_role)) = queries::account(db, username).await? else {
        return Err(Error::Invalid(format!(
            "The platform has no account {username}. An operator's login has the name of their account."
        )));
    };
    if account_status != "ACTIVE" {
        return Err(Error::Invalid(format!("The account {username} is {account_status}; only ACTIVE ones may act.")));
    }
    let needed: &[&str] = match role {
        Role::Staff => &[],
        Role::Moderator => &["ADMIN", "MODERATOR"],
        Role::Admin => &["ADMIN"],
    };
    if !needed.is_empty() && !needed.contains(&platform_role.as_str()) {
        return Err(Error::Invalid(format!(
            "{username} is {platform_role} on the platform; as {role} they would need to be {}.",
            needed.join(" or ")
        )));
    }
    if username.len() > LONGEST_NAME {
        return Err(Error::Invalid(format!(
            "The name {username} is longer than the {LONGEST_NAME} bytes that a PostgreSQL login can have."
        )));
    }
    if password.is_empty() {
        return Err(Error::Invalid("The password is empty. Give one.".into()));
    }
    if stringprep::saslprep(password).is_err() {
        return Err(Error::Invalid(
            "The password has characters that can't be used to sign in, such as emoji. Give another.".into(),
        ));
    }
    grant(db, username, role.group(), password).await
}

async fn grant(db: &PgPool, username: &str, group: &str, password: &str) -> Result<()> {
    transaction(&mut *db.acquire().await?, async |tx| grant_within(tx, username, group, password).await).await
}

async fn grant_within(tx: &mut PgConnection, username: &str, group: &str, password: &str) -> Result<()> {
    let own = queries::is_own_login(tx, username).await?;
    if own == Some(false) {
        return Err(Error::Invalid(format!(
            "PostgreSQL has a role {username} that is none of the console's logins. It was left as it is."
        )));
    }
    let login = queries::login_statement(tx, own.is_some(), username, password).await?;
    sqlx::raw_sql(AssertSqlSafe(login)).execute(&mut *tx).await?;
    for statement in queries::group_statements(tx, username, group).await? {
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut *tx).await?;
    }
    Ok(())
}

/// Every login that is in one of the console's groups.
pub async fn list_logins(db: &PgPool) -> Result<Vec<Login>> {
    queries::logins(db).await
}
