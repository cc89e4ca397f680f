//! Operators in the database.

use sqlx::{PgConnection, PgPool, query, query_as, query_scalar};

use crate::{db::UserId, error::Result};

pub(super) struct OperatorRow {
    pub user_id: UserId,
    pub username: String,
    pub full_name: Option<String>,
    pub rank: i32,
}

/// The operator behind the connection, as the database sees them now.
pub(super) async fn operator(db: &PgPool) -> Result<Option<OperatorRow>> {
    Ok(query_as!(
        OperatorRow,
        r#"
        select user_id   as "user_id!: UserId",
               username  as "username!",
               full_name,
               console.operator_rank() as "rank!"
          from console.person
         where user_id = console.operator_id()
        "#
    )
    .fetch_optional(db)
    .await?)
}

/// Whether the platform has an account of this name, and its `account_status` and `role`.
pub(super) async fn account(db: &PgPool, username: &str) -> Result<Option<(String, String)>> {
    let row = query!("select account_status, role from users where username = $1", username).fetch_optional(db).await?;
    Ok(row.map(|row| (row.account_status, row.role)))
}

/// A PostgreSQL login in one of the console's groups.
#[derive(Debug)]
pub struct Login {
    pub username: String,
    pub groups: Vec<String>,
    /// `None` when no account of the platform has this name.
    pub platform_role: Option<String>,
    pub account_status: Option<String>,
}

pub(super) async fn logins(db: &PgPool) -> Result<Vec<Login>> {
    Ok(query_as!(
        Login,
        r#"
        select r.rolname::text as "username!",
               array_agg(g.rolname::text order by g.rolname) as "groups!",
               min(u.role) as platform_role,
               min(u.account_status) as account_status
          from pg_roles r
          join pg_auth_members m on m.member = r.oid
          join pg_roles g on g.oid = m.roleid and g.rolname like 'kaleidoscope\_%'
          left join users u on u.username = r.rolname
         where r.rolcanlogin
         group by r.rolname
         order by r.rolname
        "#
    )
    .fetch_all(db)
    .await?)
}

/// Whether the role of this name is a login that the console made, not the one that made the groups and so administers
/// them; `None` where there is no such role.
pub(super) async fn is_own_login(db: &mut PgConnection, username: &str) -> Result<Option<bool>> {
    Ok(query_scalar!(
        r#"
        select not r.rolsuper
               and r.rolcanlogin
               and exists (
                   select
                     from pg_auth_members m
                     join pg_roles g on g.oid = m.roleid and g.rolname like 'kaleidoscope\_%'
                    where m.member = r.oid
                      and not m.admin_option
               ) as "own!"
          from pg_roles r
         where r.rolname = $1
        "#,
        username
    )
    .fetch_optional(db)
    .await?)
}

/// The statement that makes or renews a login, quoted by PostgreSQL itself: role statements take no parameters.
pub(super) async fn login_statement(
    db: &mut PgConnection,
    exists: bool,
    username: &str,
    password: &str,
) -> Result<String> {
    let verb = if exists { "alter" } else { "create" };
    Ok(query_scalar!(
        r#"select format('%s role %I login password %L', $1::text, $2::text, $3::text) as "statement!""#,
        verb,
        username,
        password
    )
    .fetch_one(db)
    .await?)
}

/// The statements that leave the login in this one of the console's groups.
pub(super) async fn group_statements(db: &mut PgConnection, username: &str, group: &str) -> Result<Vec<String>> {
    Ok(query_scalar!(
        r#"
        select format(
                   case when g.rolname = $2 then 'grant %I to %I' else 'revoke %I from %I' end,
                   g.rolname,
                   $1::text
               ) as "statement!"
          from pg_roles g
         where g.rolname like 'kaleidoscope\_%'
           and (
               g.rolname = $2
               or exists (
                   select
                     from pg_auth_members m
                     join pg_roles r on r.oid = m.member
                    where m.roleid = g.oid
                      and r.rolname = $1
               )
           )
         order by g.rolname = $2 desc
        "#,
        username,
        group
    )
    .fetch_all(db)
    .await?)
}
