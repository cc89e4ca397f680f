//! What waits, in which order, and who looks at it.

use kaleidoscope_console::{
    access::{Holder, Role},
    db::{MIGRATOR, MediaId},
    error::Error,
    safety::{self, ChapterKind, SafetyOrder, SafetyQuery, SafetyQueue, SafetyWord},
};
use sqlx::{AssertSqlSafe, PgPool, query_scalar};

use super::{BY_AGE, Judge, World};
use crate::rows::{operator, run};

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_ai_s_words_say_in_which_queue_a_medium_waits_oldest_first(db: PgPool) {
    let world = World::new(db).await;
    let mut expected: Vec<(MediaId, String)> = Vec::new();
    for (status, is_safe, queue) in [
        ("UNSAFE", Some(false), Some("flagged")),
        ("COMPLETED", Some(true), None),
        ("UNSAFE", Some(true), Some("disagreement")),
        ("UNSAFE", None, Some("flagged")),
        ("COMPLETED", Some(false), Some("disagreement")),
        ("COMPLETED", None, None),
        ("PROCESSING", None, None),
        ("PROCESSING", Some(false), Some("disagreement")),
        ("FAILED", None, Some("failed")),
        ("FAILED", Some(true), Some("failed")),
        ("FAILED", Some(false), Some("disagreement")),
    ] {
        let media = world.medium(status, is_safe).await;
        expected.extend(queue.map(|queue| (media, queue.to_owned())));
    }
    assert_eq!(world.waiting().await, expected);
    for (queue, word) in [
        (SafetyQueue::Flagged, "flagged"),
        (SafetyQueue::Disagreement, "disagreement"),
        (SafetyQueue::Failed, "failed"),
    ] {
        let there: Vec<MediaId> = expected.iter().filter(|(_, other)| other == word).map(|(media, _)| *media).collect();
        for limit in [1, 2, 5, 100] {
            let pages = world.admin.pages(SafetyQuery { queue, order: SafetyOrder::Age }, limit).await;
            assert_eq!(pages, there, "{word} in windows of {limit}");
        }
    }
    assert_eq!(safety::count(&world.admin.db, &world.admin.by).await.expect("counted"), 8);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_the_ai_says_anew_moves_a_medium_or_takes_it_away(db: PgPool) {
    let world = World::new(db).await;
    let media = world.flagged().await;
    for (status, is_safe, queue) in [
        ("UNSAFE", Some(true), Some("disagreement")),
        ("FAILED", None, Some("failed")),
        ("COMPLETED", Some(true), None),
        ("UNSAFE", Some(false), Some("flagged")),
    ] {
        world.set(media, status, is_safe).await;
        let waits: Vec<(MediaId, String)> = queue.map(|queue| (media, queue.to_owned())).into_iter().collect();
        assert_eq!(world.waiting().await, waits, "{status} {is_safe:?}");
    }
    let since = "select extract(epoch from since)::text from console.safety_item";
    let was: String = query_scalar(since).fetch_one(&world.db).await.expect("a time");
    run(&world.db, "update media_ai_insights set caption = 'x', updated_at = now() where media_id = $1", media.0).await;
    assert_eq!(
        query_scalar::<_, String>(since).fetch_one(&world.db).await.expect("a time"),
        was,
        "it waits since then"
    );
    run(&world.db, "delete from media_ai_insights where media_id = $1", media.0).await;
    assert_eq!(world.waiting().await, []);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_the_ai_flags_again_after_it_was_called_safe_comes_back(db: PgPool) {
    let world = World::new(db).await;
    let media = world.flagged().await;
    world.decide(media, &SafetyWord::safe()).await.expect("safe");
    assert_eq!(world.waiting().await, []);

    world.set(media, "UNSAFE", Some(false)).await;
    assert_eq!(world.admin.queue(SafetyQueue::Flagged).await, [media]);

    world.decide(media, &world.nudity().await).await.expect("unsafe");
    world.set(media, "UNSAFE", None).await;
    assert_eq!(world.waiting().await, [], "a human agreed already");
    world.set(media, "COMPLETED", Some(true)).await;
    assert_eq!(world.admin.queue(SafetyQueue::Disagreement).await, [media], "the AI calls safe what a human did not");

    world.decide(media, &SafetyWord::again()).await.expect("again");
    world.set(media, "COMPLETED", Some(true)).await;
    assert_eq!(world.waiting().await, [], "that was asked for");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_queue_is_ordered_by_age_by_severity_or_by_reach(db: PgPool) {
    let world = World::new(db).await;
    let mut media = Vec::new();
    for (severity, reach) in [(1, 5), (3, 0), (3, 900), (0, 900), (2, 7)] {
        let one = world.flagged().await;
        world
            .run(format!(
                "update console.safety_item set severity = {severity}, reach = {reach} where media_id = {one}"
            ))
            .await;
        media.push(one);
    }
    let by = |places: [usize; 5]| places.map(|place| media[place]).to_vec();
    for (order, expected) in [
        (SafetyOrder::Age, by([0, 1, 2, 3, 4])),
        (SafetyOrder::Severity, by([1, 2, 4, 0, 3])),
        (SafetyOrder::Reach, by([2, 3, 4, 0, 1])),
    ] {
        for limit in [1, 2, 3, 100] {
            let pages = world.admin.pages(SafetyQuery { order, ..BY_AGE }, limit).await;
            assert_eq!(pages, expected, "{order:?} in windows of {limit}");
        }
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_reach_follows_reactions_and_comments(db: PgPool) {
    let world = World::new(db).await;
    let media = world.flagged().await;
    let row = format!(
        "insert into read_model_media_search (media_id, post_id, media_url, uploader_id, uploader_username, created_at,
                                              reaction_count, comment_count)
         values ({media}, 1, '', 1, '', now(), 3, 1)"
    );
    world.run(row).await;
    assert_eq!(world.admin.items(BY_AGE).await[0].reach, 4);
    run(&world.db, "update read_model_media_search set comment_count = 40 where media_id = $1", media.0).await;
    assert_eq!(world.admin.items(BY_AGE).await[0].reach, 43);
    let later = world.clear().await;
    world.run(format!("update read_model_media_search set media_id = {later}")).await;
    world.set(later, "UNSAFE", None).await;
    assert_eq!(world.admin.items(BY_AGE).await[1].reach, 43, "known when it comes");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_waits_longer_than_it_may_is_said_and_counted(db: PgPool) {
    let world = World::new(db).await;
    let (old, new) = (world.flagged().await, world.flagged().await);
    world
        .run(format!("update console.safety_item set since = now() - interval '25 hours' where media_id = {old}"))
        .await;

    let late: Vec<(MediaId, bool)> =
        world.admin.items(BY_AGE).await.iter().map(|item| (item.media_id, item.is_late)).collect();
    assert_eq!(late, [(old, true), (new, false)]);
    let counts = safety::counts(&world.admin.db, &world.admin.by).await.expect("counted");
    let flagged = counts.iter().find(|count| count.queue == SafetyQueue::Flagged).expect("the queue");
    assert_eq!((flagged.waiting, flagged.late, flagged.target_hours), (2, 1, Some(24.0)));
    assert!(flagged.oldest.is_some_and(|oldest| chrono::Utc::now() - oldest > chrono::TimeDelta::hours(24)));

    sqlx::query("update console.safety_target set age = '26 hours' where queue = 'flagged'")
        .execute(&world.admin.db)
        .await
        .expect("admins set the targets");
    let counts = safety::counts(&world.admin.db, &world.admin.by).await.expect("counted");
    assert!(counts.iter().all(|count| count.late == 0));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn any_photo_that_is_seen_can_be_reported_with_a_reason(db: PgPool) {
    let world = World::new(db).await;
    let (photo, unsafe_one) = (world.clear().await, world.flagged().await);
    let (staff, as_staff) = operator(&world.db, "staff", Role::Staff).await;
    let (hate, slur) = (world.policy("hate").await, world.policy("hate_slur").await);

    let report =
        async |media: &[MediaId], policy, reason: &str| safety::report(&as_staff, &staff, media, policy, reason).await;
    assert_eq!(report(&[photo], slur, "an insult").await.expect("reported"), [photo]);
    assert_eq!(report(&[photo], hate, "really").await.expect("known"), [], "once each");
    assert!(matches!(report(&[unsafe_one], hate, "x").await, Err(Error::NotFound(_))), "what staff do not see");
    assert!(matches!(report(&[photo], hate, "  ").await, Err(Error::Invalid(_))));
    let (bo, as_bo) = operator(&world.db, "bo", Role::Moderator).await;
    safety::report(&as_bo, &bo, &[photo], hate, "a symbol").await.expect("reported, too");

    let items = world.admin.items(SafetyQuery { queue: SafetyQueue::Reported, ..BY_AGE }).await;
    let waits: Vec<(MediaId, i16)> = items.iter().map(|item| (item.media_id, item.severity)).collect();
    assert_eq!(waits, [(photo, 3)], "as grave as the gravest report");
    let story = safety::story(&world.admin.db, &world.admin.by, photo).await.expect("a story");
    let told: Vec<(ChapterKind, &str, Option<&str>)> =
        story.iter().map(|chapter| (chapter.kind, chapter.name.as_str(), chapter.words.as_deref())).collect();
    assert_eq!(
        told,
        [
            (ChapterKind::Report, staff.username.as_str(), Some("an insult")),
            (ChapterKind::Report, bo.username.as_str(), Some("a symbol"))
        ]
    );
    assert_eq!(world.actions().await, ["safety.report", "safety.report"]);
    let insight = world.seen(photo).await;
    world.admin.decide(&insight, SafetyQueue::Reported, &SafetyWord::safe()).await.expect("unfounded");
    assert_eq!(world.admin.queue(SafetyQueue::Reported).await, []);
    assert_eq!(report(&[photo], hate, "again").await.expect("after it was decided"), [photo]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn nobody_is_shown_what_somebody_else_looks_at(db: PgPool) {
    let world = World::new(db).await;
    let media = [world.flagged().await, world.flagged().await, world.flagged().await];
    let other = Judge::new(&world.db, "other").await;

    let hers =
        safety::waiting(&world.admin.db, &world.admin.by, &world.admin.holder, BY_AGE, None, 2).await.expect("two");
    assert_eq!(hers.items.len(), 2);
    assert_eq!(other.queue(SafetyQueue::Flagged).await, [media[2]]);

    let company = safety::keep(&other.db, &other.by, &other.holder, &[media[2]], Some(media[2])).await.expect("kept");
    assert_eq!(company, std::slice::from_ref(&world.admin.by.username), "she looks at the same post");
    // What a window does not hold any more is free.
    safety::keep(&world.admin.db, &world.admin.by, &world.admin.holder, &[media[0]], None).await.expect("kept");
    assert_eq!(other.queue(SafetyQueue::Flagged).await, [media[1], media[2]]);
    // So is what a window held that fell silent.
    world.run("update console.safety_lease set until = now() - interval '1 second'").await;
    assert_eq!(other.queue(SafetyQueue::Flagged).await, media);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn windows_that_ask_at_once_get_different_items(db: PgPool) {
    let world = World::new(db).await;
    let mut all = Vec::new();
    for _ in 0..30 {
        all.push(world.flagged().await);
    }
    let judges =
        [Judge::new(&world.db, "one").await, Judge::new(&world.db, "two").await, Judge::new(&world.db, "three").await];
    let window = async |judge: &Judge| {
        safety::waiting(&judge.db, &judge.by, &judge.holder, BY_AGE, None, 10).await.expect("a window").items
    };

    let (first, second, third) = tokio::join!(window(&judges[0]), window(&judges[1]), window(&judges[2]));

    let mut given: Vec<MediaId> = first.iter().chain(&second).chain(&third).map(|item| item.media_id).collect();
    let many = given.len();
    given.sort_unstable();
    given.dedup();
    assert_eq!(given.len(), many, "none twice");
    assert!(many >= 10, "one of them got a window");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_item_is_kept_sent_with_a_note_and_given_back(db: PgPool) {
    let world = World::new(db).await;
    let media = world.flagged().await;
    let other = Judge::new(&world.db, "other").await;
    let (judge, queue) = (&world.admin, SafetyQueue::Flagged);
    let assign = async |by: &Judge, to: Option<&str>, note: Option<&str>| {
        safety::assign(&by.db, &by.by, media, queue, to, note).await
    };

    assign(judge, Some(&judge.by.username), Some("asks the lawyers")).await.expect("kept");
    assert_eq!((judge.queue(queue).await, judge.queue(SafetyQueue::Mine).await), (vec![], vec![media]));
    assert_eq!((other.queue(queue).await, other.queue(SafetyQueue::Mine).await), (vec![], vec![]));
    let taken = assign(&other, Some(&other.by.username), None).await;
    assert!(matches!(taken, Err(Error::NotFound(_))), "{taken:?}");

    assign(judge, Some(&other.by.username), Some("you know the place")).await.expect("sent");
    safety::keep(&judge.db, &judge.by, &judge.holder, &[], None).await.expect("left");
    let sent = other.items(SafetyQuery { queue: SafetyQueue::Mine, ..BY_AGE }).await;
    assert_eq!(
        sent.iter().map(|item| (item.assigned_by.as_deref(), item.note.as_deref(), item.queue)).collect::<Vec<_>>(),
        [(Some(judge.by.username.as_str()), Some("you know the place"), queue)]
    );
    assert_eq!(judge.queue(SafetyQueue::Mine).await, []);

    assign(&other, None, None).await.expect("given back");
    assert_eq!(other.queue(queue).await, [media]);
    assert_eq!(world.actions().await, ["safety.hold", "safety.send", "safety.return"]);

    let (bo, _) = operator(&world.db, "bo", Role::Moderator).await;
    let refused = assign(judge, Some(&bo.username), None).await;
    assert!(matches!(&refused, Err(Error::Invalid(said)) if said.contains("could decide")), "{refused:?}");
    let names: Vec<String> = safety::colleagues(&judge.db, &judge.by)
        .await
        .expect("admins")
        .into_iter()
        .map(|colleague| colleague.username)
        .collect();
    assert_eq!(names, std::slice::from_ref(&other.by.username));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_item_is_read_anew_as_it_waits_now(db: PgPool) {
    let world = World::new(db).await;
    let media = world.flagged().await;
    assert_eq!(world.admin.queue(SafetyQueue::Flagged).await, [media]);
    let item = safety::item(&world.admin.db, &world.admin.by, media, SafetyQueue::Flagged).await.expect("it waits");
    assert_eq!((item.media_id, item.status.as_deref(), item.is_safe), (media, Some("UNSAFE"), Some(false)));
    world.decide(media, &SafetyWord::safe()).await.expect("decided");
    let gone = safety::item(&world.admin.db, &world.admin.by, media, SafetyQueue::Flagged).await;
    assert!(matches!(gone, Err(Error::NotFound(_))), "{gone:?}");
}

/// Of a hundred thousand that wait a page costs what one of a hundred costs, wherever it begins and in each order.
#[sqlx::test(migrator = "MIGRATOR")]
async fn a_page_of_a_hundred_thousand_is_read_from_the_index(db: PgPool) {
    let world = World::new(db).await;
    world
        .run(
            "insert into post_media (post_id, media_type, media_url)
             select post_id, 'IMAGE', '' from posts, generate_series(1, 100000)",
        )
        .await;
    world
        .run(
            "insert into media_ai_insights (media_id, post_id, status, is_safe)
             select media_id, post_id, 'UNSAFE', false from post_media",
        )
        .await;
    world
        .run("update console.safety_item set severity = media_id % 3, reach = media_id % 7, since = now() - media_id * interval '1 second'")
        .await;
    world.run("vacuum analyze console.safety_item").await;
    world.run("analyze media_ai_insights").await;
    let middle: i64 =
        query_scalar("select min(media_id) + 50000 from post_media").fetch_one(&world.db).await.expect("one");

    let mut session = world.admin.db.acquire().await.expect("a session");
    for sort in ["age", "severity", "reach"] {
        let after = format!(
            "select console.safety_key('{sort}', severity, reach), since, media_id from console.safety_item where media_id = {middle}"
        );
        let (key, since, media): (i32, chrono::DateTime<chrono::Utc>, i64) =
            sqlx::query_as(AssertSqlSafe(after)).fetch_one(&world.db).await.expect("a place");
        for place in ["null, null, null".to_owned(), format!("{key}, '{since}', {media}")] {
            let explain = format!(
                "explain (analyze, buffers, format json) select * from console.safety_page('flagged', '{sort}', {place}, 'x', 40)"
            );
            let mut read = Vec::new();
            // A look may read the catalogue, too: the first one does.
            for _ in 0..3 {
                let plan: serde_json::Value =
                    query_scalar(AssertSqlSafe(explain.clone())).fetch_one(&mut *session).await.expect("a plan");
                let blocks = |kind: &str| plan[0]["Plan"][kind].as_i64().expect("blocks");
                read.push(blocks("Shared Hit Blocks") + blocks("Shared Read Blocks"));
            }
            assert!(
                read.iter().min().is_some_and(|least| (1..=800).contains(least)),
                "{sort} after {place} reads {read:?} blocks"
            );
        }
    }
    let counts = safety::counts(&world.admin.db, &world.admin.by).await.expect("counted");
    assert_eq!(counts.iter().map(|count| count.waiting).max(), Some(10_000), "beyond that it is not counted");
    let first =
        safety::waiting(&world.admin.db, &world.admin.by, &Holder::new(), BY_AGE, None, 40).await.expect("a page");
    assert_eq!(first.items.len(), 40);
}
