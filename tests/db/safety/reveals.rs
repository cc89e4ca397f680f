//! Seeing unsafe media in clear.

use std::time::{Duration, Instant};

use kaleidoscope_console::{
    access::{Operator, Role},
    db::{MIGRATOR, MediaId},
    error::Error,
    safety::{self, Reveals, SafetyQueue},
};
use sqlx::{AssertSqlSafe, PgPool};

use super::World;
use crate::rows::{operator, run};

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_reveal_is_in_the_log_and_lasts_a_while(db: PgPool) {
    let world = World::new(db).await;
    let media = world.flagged().await;
    let (reveals, now) = (Reveals::default(), Instant::now());
    let (pool, admin) = (&world.admin.db, &world.admin.by);

    let reveal = safety::reveal(pool, admin, &reveals, media, now).await.expect("revealed");

    assert_eq!(world.log().await, [("safety.reveal".into(), admin.username.clone(), "media".into(), media.0, None)]);
    assert_eq!(reveals.media(&reveal.token, now), Some(media));
    let over = now + Duration::from_millis(reveal.expires_in_ms.into());
    assert_eq!(reveals.media(&reveal.token, over), None);
    assert_eq!(world.admin.queue(SafetyQueue::Flagged).await, [media], "looking decides nothing");

    let gone = safety::reveal(pool, admin, &reveals, MediaId(987_654), now).await;
    assert!(matches!(gone, Err(Error::NotFound(_))), "{gone:?}");
    // Who was demoted sees nothing more, whatever the window believes.
    run(&world.db, "update users set role = 'MODERATOR' where user_id = $1", admin.user_id.0).await;
    safety::reveal(pool, admin, &reveals, media, now).await.expect_err("no admin any more");
    assert_eq!(world.log().await.len(), 1);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn only_admins_reveal(db: PgPool) {
    let world = World::new(db).await;
    let media = world.flagged().await;
    for role in [Role::Staff, Role::Moderator] {
        let (by, pool) = operator(&world.db, "other", role).await;
        for by in [by.clone(), Operator { role: Role::Admin, ..by }] {
            let revealed = safety::reveal(&pool, &by, &Reveals::default(), media, Instant::now()).await.map(drop);
            assert!(matches!(revealed, Err(Error::Forbidden(_) | Error::NotFound(_))), "{revealed:?}");
        }
        let sql = "select console.begin_reveal(1)";
        let refused = sqlx::query(AssertSqlSafe(sql)).execute(&pool).await.map_err(Error::from);
        assert!(matches!(refused, Err(Error::Forbidden(_))), "{refused:?}");
    }
    assert!(world.log().await.is_empty());
}
