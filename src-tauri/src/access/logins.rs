use sqlx::{AssertSqlSafe, Connection, PgPool};

use super::{
    Role,
    queries::{self, Login},
};
use crate::error::{Error, Result};

/// Makes a PostgreSQL login for an account of the platform, or renews its password and group.
///
/// # Errors
/// `Invalid` where the platform has no such account or its role does not allow the group.
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
    if password.is_empty() {
        return Err(Error::Invalid("The password is empty. Give one.".into()));
    }
    grant(db, username, role.group(), password).await
}

async fn grant(db: &PgPool, username: &str, group: &str, password: &str) -> Result<()> {
    let mut connection = db.acquire().await?;
    let mut tx = connection.begin().await?;
    let exists = queries::login_exists(&mut tx, username).await?;
    let login = queries::login_statement(&mut tx, exists, username, password).await?;
    sqlx::raw_sql(AssertSqlSafe(login)).execute(&mut *tx).await?;
    for statement in queries::group_statements(&mut tx, username, group).await? {
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut *tx).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Every login that is in one of the console's groups.
pub async fn list_logins(db: &PgPool) -> Result<Vec<Login>> {
    queries::logins(db).await
}
