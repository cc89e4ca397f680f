//! What is about the safety of children is only for those who are named for it.

use std::time::Instant;

use kaleidoscope_console::{
    access::Role,
    db::{MIGRATOR, MediaId},
    error::Error,
    faces, safety,
    safety::{Group, Reveals, SafetyOrder, SafetyQuery, SafetyQueue, SafetyWord},
};
use sqlx::{AssertSqlSafe, PgPool, query_scalar};

use super::{Judge, World};
use crate::rows::{face, operator, work_off};

/// Whether a medium is in any view of a login.
async fn is_in_views(db: &PgPool, media: MediaId) -> bool {
    let mut seen = false;
    for view in ["photo", "face", "insight", "media_search", "face_search", "safety_waiting"] {
        let sql = format!("select exists (select from console.{view} where media_id = {media})");
        seen |= query_scalar::<_, bool>(AssertSqlSafe(sql)).fetch_one(db).await.expect("asked");
    }
    seen
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_is_reported_as_child_safety_is_out_of_the_views_of_others(db: PgPool) {
    let world = World::new(db).await;
    let (named, staff) = (Judge::new(&world.db, "named").await, operator(&world.db, "staff", Role::Staff).await);
    world.name(&named).await;
    let media = world.clear().await;
    face(&world.db, media.0, None).await;
    work_off(&world.db, None).await;
    assert!(is_in_views(&world.admin.db, media).await);

    let policy = world.policy("child_safety_abuse").await;
    safety::report(&staff.1, &staff.0, &[media], policy, "a child").await.expect("reported");

    assert!(!is_in_views(&world.admin.db, media).await);
    let (by, pool) = (&world.admin.by, &world.admin.db);
    let queue = SafetyQuery { queue: SafetyQueue::Reported, order: SafetyOrder::Age };
    assert!(world.admin.items(queue).await.is_empty());
    assert_eq!(safety::count(pool, by).await.expect("counted"), 0);
    assert!(safety::story(pool, by, media).await.expect("asked").is_empty());
    assert!(
        safety::members(pool, by, media, Group::Post).await.expect("asked").members.iter().all(|m| m.media_id != media)
    );
    assert!(matches!(faces::photo(pool, by, media).await, Err(Error::NotFound(_))));
    let revealed = safety::reveal(pool, by, &Reveals::default(), media, None, Instant::now()).await.map(drop);
    assert!(matches!(revealed, Err(Error::NotFound(_))), "{revealed:?}");
    sqlx::query("select console.begin_reveal($1, null)").bind(media).execute(pool).await.expect_err("nor by plain SQL");
    let decided = world.admin.decide(&world.seen(media).await, SafetyQueue::Reported, &SafetyWord::safe()).await;
    assert!(matches!(decided, Err(Error::NotFound(_))), "{decided:?}");
    let entries: i64 =
        query_scalar("select count(*) from console.activity where subject = 'media' and subject_id = $1")
            .bind(media)
            .fetch_one(pool)
            .await
            .expect("the log");
    assert_eq!(entries, 0, "the log tells others nothing of it either");

    assert!(is_in_views(&named.db, media).await);
    assert_eq!(named.queue(SafetyQueue::Reported).await, [media]);
}

/// All ways to a medium's address, words or id, as questions that are true where it is told.
const WAYS: [&str; 10] = [
    "select exists (select from console.photo where media_id = $1)",
    "select exists (select from console.face where media_id = $1)",
    "select exists (select from console.media_search where media_id = $1)",
    "select exists (select from console.face_search where media_id = $1)",
    "select exists (select from console.recommendations_knn where media_id = $1)",
    "select exists (select from console.feed_personalized where media_id = $1)",
    "select exists (select from console.post_search where title = 'open' and $1 > 0)",
    "select exists (select from console.find_media(jsonb_build_object('media', array[$1]), 'newest', null, null, 10))",
    "select console.media_counted(jsonb_build_object('media', array[$1])) = 1",
    "select not $1 = any (console.unsafe_media(1000))",
];

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_is_reported_as_child_safety_is_told_by_no_view_and_no_search(db: PgPool) {
    let world = World::new(db).await;
    let named = Judge::new(&world.db, "named").await;
    world.name(&named).await;
    let (staff, moderator) =
        (operator(&world.db, "staff", Role::Staff).await, operator(&world.db, "mo", Role::Moderator).await);
    let media = world.clear().await;
    let shown = face(&world.db, media.0, Some(world.ada)).await;
    world.run(format!("update media_detected_faces set status = 'CONFIRMED' where id = {shown}")).await;
    work_off(&world.db, None).await;
    world
        .run(format!(
            "insert into read_model_feed_personalized (feed_item_id, target_user_id, media_id, uploader_id, created_at)
             values ('x', {0}, {media}, {0}, now()) on conflict do nothing",
            world.ada
        ))
        .await;
    let told = async |db: &PgPool| {
        let mut told = Vec::new();
        for way in WAYS {
            if query_scalar::<_, bool>(way).bind(media).fetch_one(db).await.expect(way) {
                told.push(way);
            }
        }
        told
    };
    let to_enrol = async |db: &PgPool| -> i64 {
        let asked = query_scalar("select count(*) from console.faces_to_enrol($1, 10)").bind(world.ada);
        asked.fetch_one(db).await.expect("asked")
    };
    let everybody = [&staff.1, &moderator.1, &world.admin.db, &named.db];
    for db in everybody {
        assert_eq!(told(db).await, WAYS);
    }
    for db in &everybody[1..] {
        assert_eq!(to_enrol(db).await, 1);
    }

    let policy = world.policy("child_safety_abuse").await;
    safety::report(&staff.1, &staff.0, &[media], policy, "a child").await.expect("reported");

    for db in &everybody[..3] {
        assert_eq!(told(db).await, [""; 0]);
    }
    for db in &everybody[1..3] {
        assert_eq!(to_enrol(db).await, 0);
    }
    assert_eq!((told(&named.db).await, to_enrol(&named.db).await), (WAYS.to_vec(), 1));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn two_of_those_who_are_named_decide_about_it(db: PgPool) {
    let world = World::new(db).await;
    let (one, two) = (Judge::new(&world.db, "one").await, Judge::new(&world.db, "two").await);
    world.name(&one).await;
    let media = world.flagged().await;
    let decision = one.decide(&world.seen(media).await, SafetyQueue::Flagged, &world.child_safety().await).await;
    assert!(decision.expect("proposed").is_proposed);

    assert_eq!((one.queue(SafetyQueue::Confirm).await, two.queue(SafetyQueue::Confirm).await), (vec![], vec![]));
    let early = two.confirm(world.seen(media).await, true).await;
    assert_eq!(early.done, [], "not named");
    world.name(&two).await;
    assert_eq!(two.queue(SafetyQueue::Confirm).await, [media]);
    assert_eq!(two.confirm(world.seen(media).await, true).await.done.len(), 1);
    assert!(!is_in_views(&world.admin.db, media).await, "decided, and still not for others");

    // To call it safe takes two as well.
    let safe = one.decide(&world.seen(media).await, SafetyQueue::Flagged, &SafetyWord::safe()).await.expect("proposed");
    assert!(safe.is_proposed);
    assert_eq!(world.words(media).await.0, "UNSAFE");
    two.confirm(world.seen(media).await, true).await;
    assert_eq!(world.words(media).await.0, "COMPLETED");
    assert!(is_in_views(&world.admin.db, media).await);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_was_proposed_as_child_safety_and_declined_is_everybody_s_again(db: PgPool) {
    let world = World::new(db).await;
    let (one, two) = (Judge::new(&world.db, "one").await, Judge::new(&world.db, "two").await);
    world.name(&one).await;
    world.name(&two).await;
    let media = world.flagged().await;
    one.decide(&world.seen(media).await, SafetyQueue::Flagged, &world.child_safety().await).await.expect("proposed");
    assert!(!is_in_views(&world.admin.db, media).await);

    two.confirm(world.seen(media).await, false).await;

    assert_eq!(world.admin.queue(SafetyQueue::Flagged).await, [media]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn only_admins_are_named_and_no_operator_names_anybody(db: PgPool) {
    let world = World::new(db).await;
    let (moderator, _) = operator(&world.db, "bo", Role::Moderator).await;

    let refused = safety::name(&world.db, &moderator.username, true).await;
    assert!(matches!(&refused, Err(Error::Invalid(said)) if said.contains("no ACTIVE admin")), "{refused:?}");
    let own = safety::name(&world.admin.db, &world.admin.by.username, true).await;
    assert!(matches!(own, Err(Error::Forbidden(_))), "{own:?}");
    sqlx::query("insert into console.safety_named (username) values ('x')")
        .execute(&world.admin.db)
        .await
        .expect_err("nor by plain SQL");

    let name = &world.admin.by.username;
    assert!(safety::name(&world.db, name, true).await.expect("named"));
    assert!(!safety::name(&world.db, name, true).await.expect("already"));
    assert_eq!(safety::named(&world.db).await.expect("listed"), std::slice::from_ref(name));
    assert!(safety::name(&world.db, name, false).await.expect("no longer"));
    assert_eq!(world.actions().await, ["safety.name", "safety.name"]);
}
