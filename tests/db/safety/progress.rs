//! Figures of the work, and the week as a file.

use std::time::Instant;

use chrono::{TimeDelta, Utc};
use kaleidoscope_console::{
    db::{MIGRATOR, MediaId, RulingId},
    error::Error,
    safety::{self, Reveals, SafetyQueue, SafetyWord},
};
use sqlx::{PgPool, query_scalar};

use super::{Judge, World};

#[sqlx::test(migrator = "MIGRATOR")]
async fn figures_say_what_was_decided_how_long_it_had_waited_and_what_did_not_hold(db: PgPool) {
    let world = World::new(db).await;
    let other = Judge::new(&world.db, "other").await;
    let mut decided = Vec::new();
    for (hours, said) in [(1, SafetyWord::safe()), (3, world.nudity().await), (30, world.nudity().await)] {
        let media = world.flagged().await;
        world
            .run(format!(
                "update console.safety_item set since = now() - interval '{hours} hours' where media_id = {media}"
            ))
            .await;
        world.decide(media, &said).await.expect("decided");
        decided.push(media);
    }
    safety::appeal(&other.db, &other.by, decided[1], "no").await.expect("filed");
    other.decide(&world.seen(decided[1]).await, SafetyQueue::Appeal, &SafetyWord::safe()).await.expect("overturned");
    let last: RulingId = query_scalar("select max(id) from console.safety_decision where media_id = $1")
        .bind(decided[2])
        .fetch_one(&world.db)
        .await
        .expect("a decision");
    let mut connection = other.db.acquire().await.expect("connected");
    safety::revert(&mut connection, &other.by, &[last], "wrong").await.expect("taken back");

    let now = Utc::now();
    let days = [now - TimeDelta::days(2), now - TimeDelta::days(1), now + TimeDelta::hours(1)];
    let progress = safety::progress(&other.db, &other.by, &days, now).await.expect("figures");

    let today = &progress.today;
    assert_eq!((today.decided, today.safe, today.r#unsafe, today.again), (4, 2, 2, 0));
    assert_eq!((today.reverted, today.overturned, today.late), (1, 1, 1));
    let median = today.median_seconds.expect("known");
    assert!((3600.0..7300.0).contains(&median), "between one hour and three, and the appeal at once: {median}");
    assert_eq!((progress.days.len(), progress.days[0].decided), (2, 0));
    assert_eq!(progress.hours.iter().map(|hour| hour.decided).sum::<i64>(), 4);
    for wrong in [vec![now], vec![now, now], vec![now; 40]] {
        let refused = safety::progress(&other.db, &other.by, &wrong, now).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_was_seen_in_clear_is_told_for_each_decision(db: PgPool) {
    let world = World::new(db).await;
    let other = Judge::new(&world.db, "other").await;
    let looks = async |judge: &Judge, media: MediaId, seconds: i64| {
        let (reveals, now) = (Reveals::default(), Instant::now());
        safety::reveal(&judge.db, &judge.by, &reveals, media, None, now).await.expect("revealed");
        world.run("alter table console.reveal disable trigger ends_once").await;
        world
            .run(format!(
                "update console.reveal
                    set began_at = began_at - interval '60 s', ends_by = began_at - interval '60 s' + interval '{seconds} s',
                        ended_at = null
                  where id = (select max(id) from console.reveal)"
            ))
            .await;
    };
    let (nudity, safe) = (world.flagged().await, world.flagged().await);
    looks(&world.admin, nudity, 5).await;
    looks(&other, nudity, 10).await;
    world.decide(nudity, &world.nudity().await).await.expect("decided");
    other.decide(&world.seen(safe).await, SafetyQueue::Flagged, &SafetyWord::safe()).await.expect("decided");

    let now = Utc::now();
    let days = [now - TimeDelta::days(1), now + TimeDelta::hours(1)];
    let progress = safety::progress(&world.admin.db, &world.admin.by, &days, now).await.expect("figures");

    let today = &progress.today;
    assert_eq!((today.decided, today.looks, today.own_decided, today.own_looks), (2, 2, 1, 1));
    let near = |seconds: f64, expected: f64| assert!((seconds - expected).abs() < 0.01, "{seconds} s, not {expected}");
    near(today.look_seconds, 15.0);
    near(today.own_look_seconds, 5.0);
    let by_policy: Vec<_> = progress
        .exposure
        .iter()
        .map(|one| (one.name.as_deref(), one.decided, one.looks, one.own_decided, one.own_looks))
        .collect();
    assert_eq!(by_policy, [(Some("Nudity and sexual content"), 1, 2, 1, 1), (None, 1, 0, 0, 0)]);
    near(progress.exposure[0].look_seconds, 15.0);

    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("week.csv");
    safety::save_week(&other.db, &other.by, now - TimeDelta::days(1), &path).await.expect("written");
    let text = std::fs::read_to_string(&path).expect("a file");
    for (line, end) in text.lines().zip([",reveals,revealedSeconds", ",2,15.0", ",0,0.0"]) {
        assert!(line.ends_with(end), "{text}");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_week_is_a_file_with_a_line_for_each_decision(db: PgPool) {
    let world = World::new(db).await;
    let media = world.flagged().await;
    world.decide(media, &world.nudity().await.because("=HYPERLINK(\"x\")")).await.expect("decided");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("week.csv");
    let (by, pool) = (&world.admin.by, &world.admin.db);

    let count = safety::save_week(pool, by, Utc::now() - TimeDelta::days(1), &path).await.expect("written");

    let text = std::fs::read_to_string(&path).expect("a file");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!((count, lines.len()), (1, 2));
    assert!(lines[0].starts_with("decision,decidedAt,mediaId,queue,ruling,policy"), "{text}");
    assert!(lines[1].contains(&format!(",{media},flagged,unsafe,nudity,1,2,{},", by.username)), "{text}");
    assert!(lines[1].contains("'=HYPERLINK"), "no formula: {text}");
    let earlier = safety::save_week(pool, by, Utc::now() - TimeDelta::days(30), &path).await.expect("written");
    assert_eq!(earlier, 0);
    let nowhere = safety::save_week(pool, by, Utc::now(), &folder.path().join("no/such/place.csv")).await;
    assert!(matches!(nowhere, Err(Error::Invalid(_))), "{nowhere:?}");
}
