//! An operator for a measurement.

use kaleidoscope_console::{
    access::{Operator, Role},
    db::UserId,
};
use sqlx::{AssertSqlSafe, PgPool, postgres::PgConnectOptions};

/// Sees everything, so that no rule narrows what is compared.
pub(crate) async fn admin(owner: &PgPool) -> (Operator, PgPool) {
    let username = format!("bench_{:016x}", rand::random::<u64>());
    let made = "insert into users (username, email, password, full_name, role, account_status)
                values ($1, $1 || '@example.org', '', $1, 'ADMIN', 'ACTIVE') returning user_id";
    let id: i64 = sqlx::query_scalar(made).bind(&username).fetch_one(owner).await.expect("an account");
    let login = format!("create role {username} login password 'bench' in role {}", Role::Admin.group());
    sqlx::query(AssertSqlSafe(login)).execute(owner).await.expect("a login");
    let options: PgConnectOptions = (*owner.connect_options()).clone();
    let db = PgPool::connect_lazy_with(options.username(&username).password("bench"));
    (Operator { user_id: UserId(id), username, full_name: None, role: Role::Admin }, db)
}
