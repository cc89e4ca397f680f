//! What is decided together.

use kaleidoscope_console::{
    access::Role,
    config,
    db::{MIGRATOR, MediaId},
    error::Error,
    media::Pictures,
    safety::{self, Comparison, Group, SafetyQueue, SafetyWord},
};
use sqlx::PgPool;

use super::World;
use crate::rows::{operator, photo, post, work_off};

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_looks_almost_the_same_is_shown_nearest_first_and_decided_in_one_action(db: PgPool) {
    let world = World::new(db).await;
    let (asked, near, nearer, far) =
        (world.flagged().await, world.flagged().await, world.flagged().await, world.flagged().await);
    // Other posts, so that only the index knows them.
    for (media, turned) in [(asked, 0.0), (near, 0.3), (nearer, 0.1), (far, 3.0)] {
        let own = post(&world.db, world.ada, "another").await;
        world
            .run(format!(
                "update post_media set post_id = {own} where media_id = {media};
                 update media_ai_insights
                    set post_id = {own},
                        image_embedding = (array[1, {turned}]::real[] || array_fill(0::real, array[510]))::vector
                  where media_id = {media}"
            ))
            .await;
    }
    work_off(&world.db, None).await;
    let (by, pool) = (&world.admin.by, &world.admin.db);

    let members = safety::members(pool, by, asked, Group::Alike).await.expect("a group").members;
    let ids: Vec<MediaId> = members.iter().map(|member| member.media_id).collect();
    assert_eq!(ids, [asked, nearer, near]);
    assert!(members[0].similarity.is_none() && members[1].similarity.is_some_and(|near| near > 0.99), "{members:?}");
    assert!(members.iter().all(|member| member.is_unsafe));

    let seen: Vec<_> =
        members.iter().map(|m| kaleidoscope_console::db::Seen { id: m.media_id, version: m.version.clone() }).collect();
    world.set(near, "UNSAFE", None).await;
    let mut connection = pool.acquire().await.expect("connected");
    let said = world.nudity().await;
    let done =
        safety::decide_many(&mut connection, by, &seen, Some(SafetyQueue::Flagged), &said).await.expect("decided");

    assert_eq!(done.done.iter().map(|d| d.media_id).collect::<Vec<_>>(), [asked, nearer], "those that can be");
    assert_eq!(done.skipped.iter().map(|s| s.media_id).collect::<Vec<_>>(), [near]);
    assert_eq!(world.log().await.len(), 2, "one entry an item");
    assert_eq!(world.count("select count(distinct act_id) from console.safety_decision").await, 1, "one act");
    assert_eq!(world.count("select count(*) from console.safety_item").await, 2);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_whole_post_is_decided_in_one_action(db: PgPool) {
    let world = World::new(db).await;
    let (first, second, safe) = (world.flagged().await, world.flagged().await, world.clear().await);
    let elsewhere = photo(&world.db, post(&world.db, world.ada, "another").await, "", &[]).await;
    let (by, pool) = (&world.admin.by, &world.admin.db);

    let members = safety::members(pool, by, second, Group::Post).await.expect("a group").members;
    assert_eq!(members.iter().map(|m| m.media_id).collect::<Vec<_>>(), [second, first, safe]);
    assert!(members.iter().all(|member| member.media_id.0 != elsewhere));
    let seen: Vec<_> =
        members.iter().map(|m| kaleidoscope_console::db::Seen { id: m.media_id, version: m.version.clone() }).collect();
    let mut connection = pool.acquire().await.expect("connected");
    let said = SafetyWord { archive: true, ..world.nudity().await };
    let done =
        safety::decide_many(&mut connection, by, &seen, Some(SafetyQueue::Flagged), &said).await.expect("decided");

    assert_eq!((done.done.len(), world.post_status().await.as_str()), (3, "ARCHIVED"));
    for media in [first, second, safe] {
        assert_eq!(world.words(media).await, ("UNSAFE".into(), Some(false)));
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn of_a_large_post_as_many_are_shown_as_one_decision_takes_and_it_is_said_that_there_are_more(db: PgPool) {
    let world = World::new(db).await;
    let media = world.flagged().await;
    let more = |count: i64| {
        format!(
            "insert into post_media (post_id, media_type, media_url)
             select {}, 'IMAGE', 'https://example.org/' || n from generate_series(1, {count}) as n",
            world.post
        )
    };
    let (by, pool) = (&world.admin.by, &world.admin.db);
    for (added, expected) in [(499, (500, false)), (1, (500, true))] {
        world.run(more(added)).await;
        let group = safety::members(pool, by, media, Group::Post).await.expect("a group");
        assert_eq!((group.members.len(), group.has_more), expected);
        assert_eq!(group.members[0].media_id, media);
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_has_no_direction_is_like_nothing(db: PgPool) {
    let world = World::new(db).await;
    let media = world.flagged().await;
    world.run("update media_ai_insights set image_embedding = array_fill(0, array[512])::vector").await;
    let members = safety::members(&world.admin.db, &world.admin.by, media, Group::Alike).await.expect("asked").members;
    assert_eq!(members.iter().map(|member| member.media_id).collect::<Vec<_>>(), [media]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn pictures_are_compared_for_who_may_judge_and_those_that_cannot_be_fetched_are_named(db: PgPool) {
    let world = World::new(db).await;
    let (one, other) = (world.flagged().await, world.flagged().await);
    let folder = tempfile::tempdir().expect("a folder");
    let pictures = Pictures::new(&config::Media::default(), folder.path()).expect("set up");
    let compared = safety::compare(&world.admin.db, &world.admin.by, &pictures, one, &[other]).await.expect("compared");
    assert_eq!(compared, [Comparison { media_id: other, is_same: None, distance: None }]);

    let (by, pool) = operator(&world.db, "mo", Role::Moderator).await;
    let refused = safety::compare(&pool, &by, &pictures, one, &[other]).await;
    assert!(matches!(refused, Err(Error::Forbidden(_))), "{refused:?}");
}
