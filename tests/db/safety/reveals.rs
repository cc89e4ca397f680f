//! Seeing unsafe media in clear.

use std::time::{Duration, Instant};

use kaleidoscope_console::{
    access::{Operator, Role},
    db::{MIGRATOR, MediaId},
    error::Error,
    media::Region,
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

    let reveal = safety::reveal(pool, admin, &reveals, media, None, now).await.expect("revealed");

    assert_eq!(world.log().await, [("safety.reveal".into(), admin.username.clone(), "media".into(), media.0, None)]);
    assert_eq!(reveals.shown(&reveal.token, now), Some((media, None)));
    let over = now + Duration::from_millis(reveal.expires_in_ms.into());
    assert_eq!(reveals.shown(&reveal.token, over), None);
    assert_eq!(world.admin.queue(SafetyQueue::Flagged).await, [media], "looking decides nothing");

    let gone = safety::reveal(pool, admin, &reveals, MediaId(987_654), None, now).await;
    assert!(matches!(gone, Err(Error::NotFound(_))), "{gone:?}");
    // Who was demoted sees nothing more, whatever the window believes.
    run(&world.db, "update users set role = 'MODERATOR' where user_id = $1", admin.user_id.0).await;
    safety::reveal(pool, admin, &reveals, media, None, now).await.expect_err("no admin any more");
    assert_eq!(world.log().await.len(), 1);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_spotlight_shows_and_logs_its_region_and_counts_like_any_look(db: PgPool) {
    let world = World::new(db).await;
    let media = world.flagged().await;
    let (reveals, now) = (Reveals::default(), Instant::now());
    let (pool, admin) = (&world.admin.db, &world.admin.by);
    let half_outside = Region { left: 0.75, top: -0.5, width: 0.5, height: 1.0 };
    let on_the_photo = Region { left: 0.75, top: 0.0, width: 0.25, height: 0.5 };
    let before = safety::reveals_left(pool, admin).await.expect("budgets").items;

    let reveal = safety::reveal(pool, admin, &reveals, media, Some(half_outside), now).await.expect("revealed");

    assert_eq!(reveals.shown(&reveal.token, now), Some((media, Some(on_the_photo))));
    let region: serde_json::Value =
        sqlx::query_scalar("select after -> 'region' from console.audit_entry where action = 'safety.reveal'")
            .fetch_one(&world.db)
            .await
            .expect("an entry");
    assert_eq!(region, serde_json::json!([0.75, 0, 0.25, 0.5]));
    assert_eq!(safety::reveals_left(pool, admin).await.expect("budgets").items, before - 1);
    for (left, width) in [(1.0, 0.5), (-0.5, 0.5), (0.5, 0.0), (0.5, -0.2), (f64::NAN, 0.5), (0.0, f64::NAN)] {
        let region = Region { left, width, ..on_the_photo };
        let refused = safety::reveal(pool, admin, &reveals, media, Some(region), now).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{region:?}: {refused:?}");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_is_revealed_at_sign_out_counts_no_longer_than_it_was_shown(db: PgPool) {
    let world = World::new(db).await;
    let media = world.flagged().await;
    let (pool, admin) = (&world.admin.db, &world.admin.by);
    let reveals = Reveals::default();
    safety::reveal(pool, admin, &reveals, media, None, Instant::now()).await.expect("revealed");
    assert!(reveals.close_all(), "one was open");
    assert!(!reveals.close_all());
    safety::conceal_all(pool, admin).await.expect("concealed");
    assert_eq!(world.count("select count(*) from console.reveal where ended_at < ends_by").await, 1);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn only_admins_reveal(db: PgPool) {
    let world = World::new(db).await;
    let media = world.flagged().await;
    for role in [Role::Staff, Role::Moderator] {
        let (by, pool) = operator(&world.db, "other", role).await;
        for by in [by.clone(), Operator { role: Role::Admin, ..by }] {
            let revealed = safety::reveal(&pool, &by, &Reveals::default(), media, None, Instant::now()).await.map(drop);
            assert!(matches!(revealed, Err(Error::Forbidden(_) | Error::NotFound(_))), "{revealed:?}");
        }
        let sql = "select console.begin_reveal(1, null)";
        let refused = sqlx::query(AssertSqlSafe(sql)).execute(&pool).await.map_err(Error::from);
        assert!(matches!(refused, Err(Error::Forbidden(_))), "{refused:?}");
    }
    assert!(world.log().await.is_empty());
}
