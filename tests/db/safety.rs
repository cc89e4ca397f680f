//! What may be shown: the queue of unsafe media, reveals, decisions.

use std::time::{Duration, Instant};

use kaleidoscope_console::{
    access::{Operator, Role},
    db::{MIGRATOR, MediaId, RowVersion, Seen},
    error::{Error, Result},
    safety::{self, Decision, Reveals},
};
use sqlx::{AssertSqlSafe, PgPool, query_as, query_scalar};

use crate::rows::{operator, photo, post, run, user};

/// A post, and an admin who judges its media.
struct World {
    db: PgPool,
    post: i64,
    admin: Operator,
    as_admin: PgPool,
}

impl World {
    async fn new(db: PgPool) -> Self {
        let ada = user(&db, "ada").await;
        let post = post(&db, ada, "open").await;
        let (admin, as_admin) = operator(&db, "admin", Role::Admin).await;
        Self { db, post, admin, as_admin }
    }

    /// As the AI writes.
    async fn set(&self, media: MediaId, status: &str, is_safe: Option<bool>) {
        sqlx::query("update media_ai_insights set status = $2, is_safe = $3 where media_id = $1")
            .bind(media)
            .bind(status)
            .bind(is_safe)
            .execute(&self.db)
            .await
            .expect("updated");
    }

    async fn medium(&self, status: &str, is_safe: Option<bool>) -> MediaId {
        let media = MediaId(photo(&self.db, self.post, "", &[]).await);
        self.set(media, status, is_safe).await;
        media
    }

    async fn flagged(&self) -> MediaId {
        self.medium("UNSAFE", Some(false)).await
    }

    async fn seen(&self, media: MediaId) -> Seen<MediaId> {
        let version = query_scalar("select xmin::text from media_ai_insights where media_id = $1").bind(media);
        Seen { id: media, version: RowVersion(version.fetch_one(&self.db).await.expect("an insight")) }
    }

    async fn decide(&self, media: &Seen<MediaId>, safe: bool, reason: Option<&str>) -> Result<Decision> {
        let mut connection = self.as_admin.acquire().await.expect("connected");
        safety::decide(&mut connection, &self.admin, media, safe, reason).await
    }

    /// The AI's two words.
    async fn words(&self, media: MediaId) -> (String, Option<bool>) {
        query_as("select status, is_safe from media_ai_insights where media_id = $1")
            .bind(media)
            .fetch_one(&self.db)
            .await
            .expect("an insight")
    }

    /// The queue in windows of `limit`.
    async fn queue(&self, limit: i64) -> Vec<MediaId> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let window = safety::waiting(&self.as_admin, &self.admin, after, limit).await.expect("a window");
            all.extend(window.items.iter().map(|item| item.media_id));
            after = window.next;
            if after.is_none() {
                assert_eq!(i64::try_from(all.len()), Ok(window.total));
                return all;
            }
        }
    }

    /// Action, operator, subject and reason.
    async fn log(&self) -> Vec<(String, String, i64, Option<String>)> {
        query_as("select action, operator, subject_id, reason from console.audit_entry order by id")
            .fetch_all(&self.db)
            .await
            .expect("the log")
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_queue_has_what_either_of_the_ai_s_words_calls_unsafe_oldest_first(db: PgPool) {
    let world = World::new(db).await;
    let mut expected = Vec::new();
    for (status, is_safe, waits) in [
        ("UNSAFE", Some(false), true),
        ("COMPLETED", Some(true), false),
        ("UNSAFE", Some(true), true),
        ("UNSAFE", None, true),
        ("COMPLETED", Some(false), true),
        ("COMPLETED", None, false),
        ("PROCESSING", None, false),
        ("FAILED", Some(false), true),
    ] {
        let media = world.medium(status, is_safe).await;
        expected.extend(waits.then_some(media));
    }
    for limit in [1, 2, 5, 100] {
        assert_eq!(world.queue(limit).await, expected, "windows of {limit}");
    }
    assert_eq!(safety::count(&world.as_admin, &world.admin).await.expect("counted"), 5);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_decision_makes_the_two_words_agree_and_is_in_the_log_with_its_reason(db: PgPool) {
    let world = World::new(db).await;
    for (status, is_safe) in [("UNSAFE", Some(false)), ("UNSAFE", Some(true)), ("COMPLETED", Some(false))] {
        for (safe, words) in [(true, ("COMPLETED", Some(true))), (false, ("UNSAFE", Some(false)))] {
            let media = world.medium(status, is_safe).await;
            let seen = world.seen(media).await;

            let decision = world.decide(&seen, safe, Some("  a painting  ")).await.expect("decided");

            assert_eq!((decision.media_id, decision.safe), (media, safe));
            let (status, is_safe) = world.words(media).await;
            assert_eq!((status.as_str(), is_safe), words);
            let log = world.log().await;
            assert_eq!(i64::try_from(log.len()), Ok(decision.audit_id.0), "one entry each");
            assert_eq!(
                log.last(),
                Some(&("safety.decide".into(), world.admin.username.clone(), media.0, Some("a painting".to_owned())))
            );
            assert!(world.queue(10).await.is_empty(), "decided as safe: {safe}");
        }
    }
    let kept: Vec<(bool, Option<String>)> = query_as("select safe, reason from console.safety_decision order by id")
        .fetch_all(&world.db)
        .await
        .expect("kept");
    let safe: Vec<bool> = kept.iter().map(|(safe, _)| *safe).collect();
    assert_eq!(safe, [true, false, true, false, true, false]);
    assert!(kept.iter().all(|(_, reason)| reason.as_deref() == Some("a painting")));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_the_ai_flags_again_after_it_was_called_safe_comes_back(db: PgPool) {
    let world = World::new(db).await;
    let media = world.flagged().await;
    world.decide(&world.seen(media).await, true, None).await.expect("safe");
    assert!(world.queue(10).await.is_empty());

    world.set(media, "UNSAFE", Some(false)).await;
    assert_eq!(world.queue(10).await, [media]);

    world.decide(&world.seen(media).await, false, None).await.expect("unsafe");
    world.set(media, "UNSAFE", Some(false)).await;
    assert!(world.queue(10).await.is_empty(), "a human agreed already");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_reason_of_one_decision_is_not_that_of_the_next(db: PgPool) {
    let world = World::new(db).await;
    let (first, second) = (world.flagged().await, world.flagged().await);
    let (seen_first, seen_second) = (world.seen(first).await, world.seen(second).await);
    let mut connection = world.as_admin.acquire().await.expect("one connection for both");

    safety::decide(&mut connection, &world.admin, &seen_first, true, Some("a statue")).await.expect("decided");
    safety::decide(&mut connection, &world.admin, &seen_second, true, Some("   ")).await.expect("decided");

    let reasons: Vec<Option<String>> = world.log().await.into_iter().map(|(_, _, _, reason)| reason).collect();
    assert_eq!(reasons, [Some("a statue".into()), None]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_decision_on_what_changed_is_refused_and_says_who_decided(db: PgPool) {
    let world = World::new(db).await;
    let media = world.flagged().await;
    let seen_by_both = world.seen(media).await;
    let (other, as_other) = operator(&world.db, "other", Role::Admin).await;
    world.decide(&seen_by_both, false, None).await.expect("the first holds");

    let mut connection = as_other.acquire().await.expect("connected");
    let late = safety::decide(&mut connection, &other, &seen_by_both, true, None).await;

    let said = format!("{} has decided meanwhile: it is unsafe.", world.admin.username);
    assert!(matches!(&late, Err(Error::Conflict(sentence)) if *sentence == said), "{late:?}");
    assert_eq!(world.words(media).await, ("UNSAFE".into(), Some(false)));
    assert_eq!(world.log().await.len(), 1);

    let by_the_ai = world.flagged().await;
    let seen = world.seen(by_the_ai).await;
    world.set(by_the_ai, "UNSAFE", None).await;
    let late = world.decide(&seen, true, None).await;
    assert!(matches!(&late, Err(Error::Conflict(sentence)) if sentence.starts_with("The AI changed")), "{late:?}");
    run(&world.db, "delete from post_media where media_id = $1", by_the_ai.0).await;
    let gone = world.decide(&seen, true, None).await;
    assert!(matches!(gone, Err(Error::NotFound(_))), "{gone:?}");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn too_long_a_reason_is_to_be_shortened(db: PgPool) {
    let world = World::new(db).await;
    let media = world.flagged().await;
    let seen = world.seen(media).await;

    let refused = world.decide(&seen, true, Some(&"ü".repeat(2001))).await;

    assert!(matches!(&refused, Err(Error::Invalid(said)) if said.contains("longer than 2000")), "{refused:?}");
    assert_eq!(world.words(media).await.0, "UNSAFE");
    world.decide(&seen, true, Some(&"ü".repeat(2000))).await.expect("just short enough");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn only_admins_see_the_queue_reveal_and_decide(db: PgPool) {
    let world = World::new(db).await;
    let media = world.flagged().await;
    let seen = world.seen(media).await;
    for role in [Role::Staff, Role::Moderator] {
        let (by, pool) = operator(&world.db, "other", role).await;
        // As they are, and where the window was made to believe that they are admins.
        for by in [by.clone(), Operator { role: Role::Admin, ..by }] {
            let mut connection = pool.acquire().await.expect("connected");
            let reveals = Reveals::default();
            let decided = safety::decide(&mut connection, &by, &seen, true, None).await.map(drop);
            assert!(matches!(decided, Err(Error::Forbidden(_))), "{decided:?}");
            let queue = safety::waiting(&pool, &by, None, 10).await.map(drop);
            assert!(matches!(queue, Err(Error::Forbidden(_))), "{queue:?}");
            let revealed = safety::reveal(&pool, &by, &reveals, media, Instant::now()).await.map(drop);
            assert!(matches!(revealed, Err(Error::Forbidden(_) | Error::NotFound(_))), "{revealed:?}");
        }
        for sql in ["select console.record_reveal(1)", "select * from console.last_decision(1)"] {
            let refused = sqlx::query(AssertSqlSafe(sql)).execute(&pool).await.map_err(Error::from);
            assert!(matches!(refused, Err(Error::Forbidden(_))), "{sql}: {refused:?}");
        }
    }
    assert!(world.log().await.is_empty());
    assert_eq!(world.words(media).await.0, "UNSAFE");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_reveal_is_in_the_log_and_lasts_a_while(db: PgPool) {
    let world = World::new(db).await;
    let media = world.flagged().await;
    let (reveals, now) = (Reveals::default(), Instant::now());

    let reveal = safety::reveal(&world.as_admin, &world.admin, &reveals, media, now).await.expect("revealed");

    assert_eq!(world.log().await, [("safety.reveal".into(), world.admin.username.clone(), media.0, None)]);
    assert_eq!(reveals.media(&reveal.token, now), Some(media));
    let over = now + Duration::from_millis(reveal.expires_in_ms.into());
    assert_eq!(reveals.media(&reveal.token, over), None);
    assert_eq!(world.queue(10).await, [media], "looking decides nothing");

    let gone = safety::reveal(&world.as_admin, &world.admin, &reveals, MediaId(987_654), now).await;
    assert!(matches!(gone, Err(Error::NotFound(_))), "{gone:?}");
    // Who was demoted sees nothing more, whatever the window believes.
    run(&world.db, "update users set role = 'MODERATOR' where user_id = $1", world.admin.user_id.0).await;
    safety::reveal(&world.as_admin, &world.admin, &reveals, media, now).await.expect_err("no admin any more");
    assert_eq!(world.log().await.len(), 1);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_decision_through_plain_sql_is_kept_and_the_ai_s_own_changes_are_not(db: PgPool) {
    let world = World::new(db).await;
    let media = world.medium("UNSAFE", None).await;
    assert!(world.log().await.is_empty());

    // Only one of the two words: what it means is taken from it.
    sqlx::query("update console.insight set status = 'COMPLETED' where media_id = $1")
        .bind(media)
        .execute(&world.as_admin)
        .await
        .expect("an admin may");

    assert_eq!(world.log().await, [("safety.decide".into(), world.admin.username.clone(), media.0, None)]);
    let kept: Vec<bool> =
        query_scalar("select safe from console.safety_decision").fetch_all(&world.db).await.expect("decisions");
    assert_eq!(kept, [true]);
}
