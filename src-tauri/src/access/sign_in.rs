use sqlx::PgPool;

use super::{Operator, Role, queries};
use crate::{
    db::{self, Address},
    error::{Error, Result},
};

/// Connects as the operator and finds out who they are and what they may do.
///
/// # Errors
/// `SignIn` with one or two sentences for the form: what is wrong, what to do.
pub async fn sign_in(address: &Address) -> Result<(PgPool, Operator)> {
    let pool = db::connect(address).await?;
    let operator = current(&pool).await.map_err(|error| match error {
        Error::Forbidden(_) => not_an_operator(&address.username),
        other => other,
    })?;
    match operator {
        Some(operator) => Ok((pool, operator)),
        None => Err(not_an_operator(&address.username)),
    }
}

/// The operator behind the connections as the database sees them now; `None` when they may do nothing any more.
pub async fn current(db: &PgPool) -> Result<Option<Operator>> {
    let row = queries::operator(db).await?;
    Ok(row.and_then(|row| {
        Some(Operator {
            user_id: row.user_id,
            username: row.username,
            full_name: row.full_name,
            role: Role::from_rank(row.rank)?,
        })
    }))
}

fn not_an_operator(username: &str) -> Error {
    Error::SignIn(format!(
        "{username} is not an operator: it needs an ACTIVE account of the same name on the platform and one of the \
         console's groups. Ask an administrator."
    ))
}
