//! The queues: their orders and limits, what is in them, that nobody gets what another is looking at, and by which indexes they
//! are read.

use std::collections::BTreeSet;

use kaleidoscope_console::{
    access::{Operator, Role},
    db::{FaceId, MIGRATOR, MediaId, Seen, UserId},
    faces::{self, FaceQuery, Holder, Order, Queue, Said, WaitingFace, Wall, Within},
};
use sqlx::{AssertSqlSafe, PgPool, query, query_as, query_scalar};

use super::{World, scans};
use crate::rows::{operator, photo, post, run, user, work_off};

impl World {
    /// All of a queue, in windows of three.
    async fn all(&self, asked: &FaceQuery) -> Vec<FaceId> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let window = self.window(asked, after, 3).await;
            all.extend(window.faces.iter().map(|waiting| waiting.face.id));
            assert!(all.len() < 1_000, "the queue has no end");
            after = window.next;
            if after.is_none() {
                return all;
            }
        }
    }

    async fn near(&self, media: i64, person: i64, similarity: f64) -> FaceId {
        let id: i64 = query_scalar(
            "with face as (
                 insert into media_detected_faces (media_id, bbox, embedding)
                 values ($1, '{10,20,30,40}', array_fill(0.03, array[1024])::vector) returning id, media_id
             ),
             near as (
                 insert into console.face_near (face_id, media_id, person_id, similarity) select id, media_id, $2, $3 from face
             )
             select id from face",
        )
        .bind(media)
        .bind(person)
        .bind(similarity)
        .fetch_one(&self.db)
        .await
        .expect("a face");
        FaceId(id)
    }
}

/// A face, its similarity, and whose it may be.
type Waiting = (FaceId, f64, i64);

fn asked(queue: Queue, order: Order) -> FaceQuery {
    FaceQuery { queue, order, ..FaceQuery::default() }
}

fn within(queue: Queue, within: Within) -> FaceQuery {
    FaceQuery { queue, within, ..FaceQuery::default() }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn both_queues_come_in_each_order_without_gaps_or_doubles(db: PgPool) {
    let world = World::new(db).await;
    // Of Amara four wait, of Dana three; in the order of their ids.
    let scores = [0.80, 0.72, 0.80, 0.84, 0.71, 0.80, 0.75];
    for queue in [Queue::Suggested, Queue::Near] {
        let mut faces = Vec::new();
        for (number, score) in scores.into_iter().enumerate() {
            let person = if number % 2 == 0 { world.amara } else { world.dana };
            let photo = world.another_photo().await;
            faces.push((
                match queue {
                    Queue::Near => world.near(photo, person, score).await,
                    _ => world.suggested_on(photo, Some(person), Some(score)).await,
                },
                score,
                person,
            ));
        }
        let sorted = |by: fn(&Waiting, &Waiting) -> std::cmp::Ordering| {
            let mut sorted = faces.clone();
            sorted.sort_by(by);
            sorted.into_iter().map(|(face, ..)| face).collect::<Vec<_>>()
        };
        let certain = sorted(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let uncertain = sorted(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
        let newest = sorted(|a, b| b.0.cmp(&a.0));
        let impact = sorted(|a, b| a.2.cmp(&b.2).then(b.1.total_cmp(&a.1)).then(a.0.cmp(&b.0)));
        for (order, expected) in
            [(Order::Certain, certain), (Order::Uncertain, uncertain), (Order::Newest, newest), (Order::Impact, impact)]
        {
            query("update console.person_waiting_age set counted_at = '-infinity'")
                .execute(&world.db)
                .await
                .expect("old");
            assert_eq!(world.all(&asked(queue, order)).await, expected, "{queue:?} {order:?}");
        }
        let counts = faces::counts(&world.as_bo, &world.bo, &Within::All).await.expect("counted");
        let waiting = if queue == Queue::Near { counts.near } else { counts.suggested };
        assert_eq!(waiting, 7);
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_queue_is_limited_to_a_person_an_uploader_or_photos(db: PgPool) {
    let world = World::new(db).await;
    let by_dana = photo(&world.db, post(&world.db, world.dana, "hers").await, "", &[]).await;
    for queue in [Queue::Suggested, Queue::Near] {
        let mut faces = Vec::new();
        for (media, person) in [(world.photo, world.amara), (by_dana, world.amara), (world.photo, world.dana)] {
            faces.push(match queue {
                Queue::Near => world.near(media, person, 0.6).await,
                _ => world.suggested_on(media, Some(person), Some(0.8)).await,
            });
        }
        for (limit, expected) in [
            (Within::Person(UserId(world.amara)), vec![faces[0], faces[1]]),
            (Within::Uploader(UserId(world.dana)), vec![faces[1]]),
            (Within::Media(vec![MediaId(world.photo)]), vec![faces[0], faces[2]]),
            (Within::Media(vec![]), vec![]),
        ] {
            assert_eq!(world.all(&within(queue, limit.clone())).await, expected, "{queue:?} {limit:?}");
            let counts = faces::counts(&world.as_bo, &world.bo, &limit).await.expect("counted");
            let count = if queue == Queue::Near { counts.near } else { counts.suggested };
            assert_eq!(usize::try_from(count).expect("not negative"), expected.len(), "{queue:?} {limit:?}");
        }
    }
    let many = faces::counts(&world.as_bo, &world.bo, &Within::Media(vec![MediaId(1); 10_001])).await;
    assert!(many.expect_err("too many").to_string().contains("at most 10000 photos"));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn faces_of_unsafe_media_are_neither_shown_nor_counted_for_moderators(db: PgPool) {
    let world = World::new(db).await;
    let (admin, as_admin) = operator(&world.db, "admin", Role::Admin).await;
    world.amara_suggested().await;
    world.near(world.photo, world.dana, 0.6).await;
    let photo = world.photo;
    for (unsafe_by, sql) in [
        ("status", format!("update media_ai_insights set status = 'UNSAFE' where media_id = {photo}")),
        (
            "word",
            format!("update media_ai_insights set status = 'COMPLETED', is_safe = false where media_id = {photo}"),
        ),
        (
            "waiting again",
            format!("update media_ai_insights set status = 'PROCESSING', is_safe = null where media_id = {photo}"),
        ),
    ] {
        sqlx::query(AssertSqlSafe(sql)).execute(&world.db).await.expect("updated");
        if unsafe_by == "waiting again" {
            let awaited: bool = query_scalar("select exists (select from console.safety_awaited where media_id = $1)")
                .bind(photo)
                .fetch_one(&world.db)
                .await
                .expect("asked");
            assert!(awaited, "what was unsafe stays so until the AI has spoken");
        }
        for queue in [Queue::Suggested, Queue::Near] {
            assert!(world.all(&asked(queue, Order::Certain)).await.is_empty(), "{unsafe_by} {queue:?}");
        }
        let hers = faces::counts(&world.as_bo, &world.bo, &Within::All).await.expect("counted");
        assert_eq!((hers.suggested, hers.near), (0, 0));
        let all = faces::counts(&as_admin, &admin, &Within::All).await.expect("counted");
        assert_eq!((all.suggested, all.near), (1, 1));
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn each_face_says_whom_to_say_yes_or_no_to(db: PgPool) {
    let world = World::new(db).await;
    let suggested = world.amara_suggested().await;
    let near = world.near(world.another_photo().await, world.dana, 0.61).await;
    let proposed = |waiting: &WaitingFace| {
        waiting.proposed.as_ref().map(|proposed| (proposed.person.username.clone(), proposed.similarity))
    };

    let window = world.window(&asked(Queue::Suggested, Order::Certain), None, 9).await;
    assert_eq!(window.faces[0].face.id, suggested);
    assert_eq!(proposed(&window.faces[0]), Some(("amara".into(), Some(0.8))));
    let window = world.window(&asked(Queue::Near, Order::Certain), None, 9).await;
    assert_eq!(window.faces[0].face.id, near);
    assert_eq!(proposed(&window.faces[0]), Some(("dana".into(), Some(0.61))));

    // Whatever is said of a face, it waits no longer.
    world.decide(&world.seen(near).await, Said::IsNot(Some(UserId(world.dana)))).await.expect("turned down");
    assert!(world.all(&asked(Queue::Near, Order::Certain)).await.is_empty());
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_was_answered_is_not_asked_again_while_matching_is_behind(db: PgPool) {
    let world = World::new(db).await;
    let amara = Said::Is(UserId(world.amara));
    let (suggested, wall) =
        (asked(Queue::Suggested, Order::Certain), Wall { person: UserId(world.amara), queue: Queue::Suggested });
    let mut faces = Vec::new();
    for said in [Said::IsNot(None), amara, Said::Nobody, Said::NoFace] {
        let face = world.suggested_on(world.another_photo().await, Some(world.amara), Some(0.8)).await;
        world.decide(&world.seen(face).await, said).await.expect("decided");
        faces.push(face);
    }
    let says_again = async |person: i64| {
        for face in &faces {
            let again = format!("status = 'SUGGESTED', identified_user_id = null, suggested_user_id = {person}");
            world.set(*face, &again).await;
        }
    };
    says_again(world.amara).await;
    for order in [Order::Certain, Order::Uncertain, Order::Newest, Order::Impact] {
        query("update console.person_waiting_age set counted_at = '-infinity'").execute(&world.db).await.expect("old");
        assert!(world.all(&asked(Queue::Suggested, order)).await.is_empty(), "{order:?}");
    }
    assert!(world.all(&within(Queue::Suggested, Within::Person(UserId(world.amara)))).await.is_empty());
    let sample = faces::line_sample(&world.as_bo, &world.bo, &world.holder, wall, 0.5).await.expect("a sample");
    assert!(sample.is_empty(), "nor is it confirmed with the rest");

    // Of somebody else only the face that was turned down is open.
    says_again(world.dana).await;
    assert_eq!(world.all(&suggested).await, faces[..1]);
    says_again(world.amara).await;
    for _ in 0..4 {
        world.undo_last().await;
    }
    assert_eq!(world.all(&suggested).await, faces, "what was taken back is open");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn who_can_t_be_named_waits_for_the_account_and_not_for_a_moderator(db: PgPool) {
    let world = World::new(db).await;
    let (admin, as_admin) = operator(&world.db, "admin", Role::Admin).await;
    let suggested = world.suggested_on(world.another_photo().await, Some(world.dana), Some(0.8)).await;
    let other = world.suggested_on(world.another_photo().await, Some(world.amara), Some(0.75)).await;
    let near = world.near(world.another_photo().await, world.dana, 0.61).await;
    let account = async |status: &str| {
        query("update users set account_status = $2 where user_id = $1")
            .bind(world.dana)
            .bind(status)
            .execute(&world.db)
            .await
            .expect("changed");
    };
    let numbers = async || {
        let hers = faces::counts(&world.as_bo, &world.bo, &Within::All).await.expect("counted");
        let all = faces::counts(&as_admin, &admin, &Within::All).await.expect("counted");
        [(hers.suggested, hers.near), (all.suggested, all.near)]
    };
    let people = async || -> Vec<String> {
        let page = faces::people_waiting(&world.as_bo, &world.bo, Queue::Suggested, None, 9).await.expect("a page");
        page.people.into_iter().map(|waiting| waiting.person.username).collect()
    };
    assert_eq!(people().await, ["amara", "dana"]);
    account("SUSPENDED").await;
    for order in [Order::Certain, Order::Newest, Order::Impact] {
        assert_eq!(world.all(&asked(Queue::Suggested, order)).await, [other], "{order:?}");
        assert!(world.all(&asked(Queue::Near, order)).await.is_empty(), "{order:?}");
    }
    assert_eq!(numbers().await, [(1, 0); 2]);
    assert_eq!(people().await, ["amara"]);
    let looked_at = faces::waiting_face(&world.as_bo, &world.bo, suggested).await.expect("it is still there");
    assert_eq!(looked_at.proposed.expect("somebody").person.username, "dana");

    account("ACTIVE").await;
    assert_eq!(world.all(&asked(Queue::Suggested, Order::Certain)).await, [suggested, other]);
    assert_eq!(world.all(&asked(Queue::Near, Order::Certain)).await, [near]);
    assert_eq!(numbers().await, [(2, 1); 2]);
    assert_eq!(people().await, ["amara", "dana"]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn of_more_faces_than_are_counted_at_once_the_same_number_waits(db: PgPool) {
    let world = World::new(db).await;
    let (admin, as_admin) = operator(&world.db, "admin", Role::Admin).await;
    let hidden = world.another_photo().await;
    run(&world.db, "update media_ai_insights set status = 'UNSAFE' where media_id = $1", hidden).await;
    for (photo, person, faces) in [
        (world.photo, world.amara, 20_000),
        (world.photo, world.dana, 30),
        (hidden, world.amara, 7),
        (hidden, world.dana, 5),
    ] {
        query(
            "insert into media_detected_faces (media_id, bbox, embedding, suggested_user_id, confidence_score, status)
             select $1, '{10,20,30,40}', array_fill(0.03, array[1024])::vector, $2, 0.8, 'SUGGESTED' from generate_series(1, $3)",
        )
        .bind(photo)
        .bind(person)
        .bind(faces)
        .execute(&world.db)
        .await
        .expect("faces");
    }
    run(&world.db, "update users set account_status = 'SUSPENDED' where user_id = $1", world.dana).await;
    let hers = faces::counts(&world.as_bo, &world.bo, &Within::All).await.expect("counted");
    let all = faces::counts(&as_admin, &admin, &Within::All).await.expect("counted");
    assert_eq!((hers.suggested, all.suggested), (20_000, 20_007));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_face_whose_score_is_no_similarity_can_be_confirmed_and_turned_down(db: PgPool) {
    let world = World::new(db).await;
    for status in ["SUGGESTED", "CONFIRMED"] {
        for score in ["null", "'NaN'", "1.7"] {
            for said in [Said::Is(UserId(world.amara)), Said::IsNot(Some(UserId(world.amara)))] {
                let face = world.suggested_on(world.another_photo().await, Some(world.amara), None).await;
                world.set(face, &format!("confidence_score = {score}, status = '{status}'")).await;
                if status == "CONFIRMED" {
                    world.set(face, "identified_user_id = suggested_user_id, suggested_user_id = null").await;
                }
                let waiting = faces::waiting_face(&world.as_bo, &world.bo, face).await.expect("it waits");
                let proposed = waiting.proposed.unwrap_or_else(|| panic!("nobody for {status} {score}"));
                assert_eq!((proposed.person.username.as_str(), proposed.similarity), ("amara", None));
                let seen = Seen { id: face, version: waiting.face.version };
                world.decide(&seen, said).await.expect("decided");
            }
        }
    }
    assert!(world.all(&asked(Queue::Suggested, Order::Certain)).await.is_empty());
}

/// A unit vector that is similar to person `axis` by so much.
fn near_to(axis: usize, similarity: f64, noise: usize) -> String {
    let mut vector = vec![0.0; 1024];
    vector[axis] = similarity;
    vector[512 + noise] = (1.0 - similarity * similarity).sqrt();
    format!("{vector:?}")
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn matching_finds_whom_an_unidentified_face_comes_near_to(db: PgPool) {
    let world = World::new(db).await;
    for (person, axis) in [(world.amara, 1), (world.dana, 2)] {
        query("insert into user_face_embeddings (user_id, embedding) values ($1, $2::vector)")
            .bind(person)
            .bind(near_to(axis, 1.0, 0))
            .execute(&world.db)
            .await
            .expect("enrolled");
    }
    let mut vector = vec![0.0; 1024];
    (vector[1], vector[2], vector[9]) = (0.66, 0.55, 0.51);
    let mut faces = Vec::new();
    for embedding in [format!("{vector:?}"), near_to(1, 0.49, 3), near_to(1, 0.9, 4)] {
        let face: i64 = query_scalar(
            "insert into media_detected_faces (media_id, bbox, embedding) values ($1, '{10,20,30,40}', $2::vector) returning id",
        )
        .bind(world.another_photo().await)
        .bind(embedding)
        .fetch_one(&world.db)
        .await
        .expect("a face");
        faces.push(FaceId(face));
    }
    work_off(&world.db, None).await;
    let near = asked(Queue::Near, Order::Certain);
    assert_eq!(world.all(&near).await, [faces[0]]);
    let first = world.window(&near, None, 1).await.faces.remove(0);
    assert_eq!(first.proposed.expect("somebody").person.username, "amara");

    // Who was turned down gives way to the next.
    world.decide(&world.seen(faces[0]).await, Said::IsNot(Some(UserId(world.amara)))).await.expect("turned down");
    work_off(&world.db, None).await;
    let next = world.window(&near, None, 1).await.faces.remove(0);
    assert_eq!(next.proposed.expect("somebody").person.username, "dana");

    world.decide(&world.seen(faces[0]).await, Said::Nobody).await.expect("decided");
    work_off(&world.db, None).await;
    assert!(world.all(&near).await.is_empty(), "nobody asks again");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn nobody_gets_what_another_window_is_looking_at(db: PgPool) {
    let world = World::new(db).await;
    let (chidi, as_chidi) = operator(&world.db, "chidi", Role::Moderator).await;
    let his = Holder::new();
    let mut faces = Vec::new();
    for _ in 0..4 {
        faces.push(world.amara_suggested().await);
    }
    let suggested = FaceQuery::default();
    let shown = |window: faces::FaceQueue| window.faces.iter().map(|waiting| waiting.face.id).collect::<Vec<_>>();

    assert_eq!(shown(world.window(&suggested, None, 2).await), faces[..2]);
    let window = faces::waiting(&as_chidi, &chidi, &his, &suggested, None, 9).await.expect("a window");
    assert_eq!(shown(window), faces[2..]);
    assert_eq!(shown(world.window(&suggested, None, 9).await), faces[..2], "what is one's own is shown again");

    // Who moves on gives back what is left behind, and sees who else is there.
    a_while_later(&world).await;
    let photo = MediaId(world.photo);
    let company = faces::keep(&world.as_bo, &world.bo, &world.holder, &faces[1..2], Some(photo)).await.expect("kept");
    assert_eq!(company, [chidi.username.as_str()]);
    let window = faces::waiting(&as_chidi, &chidi, &his, &suggested, None, 9).await.expect("a window");
    assert_eq!(shown(window), [faces[0], faces[2], faces[3]]);

    // Who is silent has left.
    query("update console.face_lease set until = clock_timestamp() where operator = $1")
        .bind(&chidi.username)
        .execute(&world.db)
        .await
        .expect("a while later");
    assert_eq!(shown(world.window(&suggested, None, 9).await), faces);
    let kept = faces::keep(&as_chidi, &chidi, &his, &faces, Some(photo)).await.expect("kept");
    assert_eq!(kept, [world.bo.username.as_str()]);
    let window = faces::waiting(&as_chidi, &chidi, &his, &suggested, None, 9).await.expect("a window");
    assert!(window.faces.is_empty(), "they are somebody else's by now");
}

/// All leases were taken some seconds ago.
async fn a_while_later(world: &World) {
    query("update console.face_lease set taken_at = taken_at - interval '6 seconds'")
        .execute(&world.db)
        .await
        .expect("a while later");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_is_on_the_screen_is_kept_and_taken_again_where_it_is_free(db: PgPool) {
    let world = World::new(db).await;
    let (chidi, as_chidi) = operator(&world.db, "chidi", Role::Moderator).await;
    let his = Holder::new();
    let mut faces = Vec::new();
    for _ in 0..5 {
        faces.push(world.amara_suggested().await);
    }
    let keep = async |held: &[FaceId]| {
        faces::keep(&world.as_bo, &world.bo, &world.holder, held, None).await.expect("kept");
    };
    let free = async || -> Vec<FaceId> {
        let window = faces::waiting(&as_chidi, &chidi, &his, &FaceQuery::default(), None, 9).await.expect("a window");
        let shown: Vec<FaceId> = window.faces.iter().map(|waiting| waiting.face.id).collect();
        query("delete from console.face_lease where holder = $1")
            .bind(his.as_str())
            .execute(&world.db)
            .await
            .expect("he looks away");
        shown
    };
    world.window(&FaceQuery::default(), None, 2).await;
    a_while_later(&world).await;
    // The next page is leased, but has not arrived when the list of what is held is made.
    let first = world.window(&FaceQuery::default(), None, 2).await;
    assert_eq!(first.faces.len(), 2);
    world.window(&FaceQuery::default(), first.next, 2).await;
    keep(&faces[1..2]).await;
    assert_eq!(free().await, faces[4..]);
    a_while_later(&world).await;
    keep(&faces[1..3]).await;
    assert_eq!(free().await, [faces[0], faces[3], faces[4]]);

    // Back at the first, and looking at the last in passing, which nobody has.
    keep(&[faces[0], faces[1], faces[2], faces[4]]).await;
    assert_eq!(free().await, [faces[3]]);
    faces::waiting(&as_chidi, &chidi, &his, &FaceQuery::default(), None, 9).await.expect("a window");
    keep(&faces).await;
    let theirs: String = query_scalar("select operator from console.face_lease where face_id = $1")
        .bind(faces[3].0)
        .fetch_one(&world.db)
        .await
        .expect("a lease");
    assert_eq!(theirs, chidi.username, "nobody takes what somebody else looks at");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_lease_is_written_anew_only_when_its_end_comes_near(db: PgPool) {
    let world = World::new(db).await;
    let face = world.amara_suggested().await;
    world.window(&FaceQuery::default(), None, 1).await;
    let until = async || -> String {
        query_scalar("select until::text from console.face_lease").fetch_one(&world.db).await.expect("a lease")
    };
    let keep = async || {
        faces::keep(&world.as_bo, &world.bo, &world.holder, &[face], None).await.expect("kept");
    };
    let first = until().await;
    keep().await;
    assert_eq!(until().await, first);
    query("update console.face_lease set until = clock_timestamp() + interval '5 seconds'")
        .execute(&world.db)
        .await
        .expect("a while later");
    let near_its_end = until().await;
    keep().await;
    assert!(until().await > near_its_end);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_face_that_is_being_written_to_is_not_waited_for(db: PgPool) {
    let world = World::new(db).await;
    let (busy, free) = (world.amara_suggested().await, world.amara_suggested().await);
    let mut tx = world.db.begin().await.expect("begun");
    query("update media_detected_faces set confidence_score = 0.9 where id = $1")
        .bind(busy.0)
        .execute(&mut *tx)
        .await
        .expect("writing");
    assert_eq!(world.all(&FaceQuery::default()).await, [free]);
    tx.rollback().await.expect("rolled back");
    assert_eq!(world.all(&FaceQuery::default()).await, [busy, free]);
}

/// Ten thousand faces, twenty moderators, of whom each now and then crashes with faces in hand.
#[sqlx::test(migrator = "MIGRATOR")]
async fn twenty_moderators_decide_each_face_once_and_lose_none_though_they_crash(db: PgPool) {
    const FACES: i64 = 10_000;
    let world = World::new(db).await;
    query(
        "with photo as (
             insert into post_media (post_id, media_type, media_url)
             select $1, 'IMAGE', 'https://example.org/' || n || '.jpg' from generate_series(1, $3) n returning media_id
         ),
         insight as (
             insert into media_ai_insights (media_id, post_id, status, is_safe)
             select media_id, $1, 'COMPLETED', true from photo returning media_id
         )
         insert into media_detected_faces (media_id, bbox, embedding, suggested_user_id, confidence_score, status)
         select media_id, '{10,20,30,40}', array_fill(0.03, array[1024])::vector, $2, 0.7 + media_id % 150 / 1000.0, 'SUGGESTED'
           from insight",
    )
    .bind(world.post)
    .bind(world.amara)
    .bind(FACES)
    .execute(&world.db)
    .await
    .expect("faces");
    let mut moderators = tokio::task::JoinSet::new();
    for number in 0..20 {
        let (by, db) = operator(&world.db, &format!("moderator{number}"), Role::Moderator).await;
        let (owner, amara) = (world.db.clone(), UserId(world.amara));
        moderators.spawn(async move { work_and_crash(&owner, &db, &by, amara, number).await });
    }
    let decided: Vec<FaceId> = moderators.join_all().await.into_iter().flatten().collect();

    assert_eq!(decided.len(), decided.iter().collect::<BTreeSet<_>>().len(), "each face was decided once");
    let (left, entries): (i64, i64) = query_as(
        "select (select count(*) from media_detected_faces where status = 'SUGGESTED'),
                (select count(*) from console.audit_entry where action = 'faces.confirm')",
    )
    .fetch_one(&world.db)
    .await
    .expect("counted");
    assert_eq!((i64::try_from(decided.len()).expect("few"), left, entries), (FACES, 0, FACES));
}

/// Until nothing waits: takes a window of the queue and decides it; every fifth window only half of it, and the rest is left leased
/// until its lease ends.
async fn work_and_crash(owner: &PgPool, db: &PgPool, by: &Operator, person: UserId, number: usize) -> Vec<FaceId> {
    let (mut holder, mut decided, mut windows) = (Holder::new(), Vec::new(), number);
    loop {
        let window = faces::waiting(db, by, &holder, &FaceQuery::default(), None, 20).await.expect("a window");
        if window.faces.is_empty() {
            return decided;
        }
        windows += 1;
        let crashes = windows % 5 == 0;
        let done = if crashes { window.faces.len() / 2 } else { window.faces.len() };
        let mut connection = db.acquire().await.expect("connected");
        for waiting in window.faces.into_iter().take(done) {
            let seen = Seen { id: waiting.face.id, version: waiting.face.version };
            faces::decide(&mut connection, by, &seen, Said::Is(person)).await.expect("nobody else had it");
            decided.push(seen.id);
        }
        if crashes {
            holder = Holder::new();
            // In the order in which all lock them.
            query(
                "with mine as (select face_id from console.face_lease where operator = $1 order by face_id for update)
                 update console.face_lease as l set until = clock_timestamp() from mine where l.face_id = mine.face_id",
            )
            .bind(&by.username)
            .execute(owner)
            .await
            .expect("a while later");
        }
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn every_queue_is_read_by_its_index(db: PgPool) {
    let world = World::new(db).await;
    sqlx::raw_sql(AssertSqlSafe(format!(
        "insert into media_detected_faces (media_id, bbox, embedding, suggested_user_id, confidence_score, status)
         select {photo}, '{{10,20,30,40}}', array_fill(0.03, array[1024])::vector,
                case when n % 8 = 0 then {dana} else {amara} end, 0.7 + n % 150 / 1000.0,
                case when n % 4 = 0 then 'SUGGESTED' else 'UNIDENTIFIED' end
           from generate_series(1, 8000) n;
         insert into console.face_near
         select id, media_id, suggested_user_id, 0.5 + id % 200 / 1000.0 from media_detected_faces where status = 'UNIDENTIFIED';
         analyze;",
        photo = world.photo,
        amara = world.amara,
        dana = world.dana
    )))
    .execute(&world.db)
    .await
    .expect("faces");
    let faces = "media_detected_faces";
    for (queue, order, person, after, index) in [
        ("suggested", "certain", "null", "null, null, null, null", "console_faces_suggested"),
        ("suggested", "certain", "null", "0, null, 0.75, 4000", "console_faces_suggested"),
        ("suggested", "uncertain", "null", "0, null, 0.75, 4000", "console_faces_suggested"),
        ("suggested", "newest", "null", "0, null, 0.75, 4000", "console_faces_suggested_newest"),
        ("suggested", "certain", "dana", "0, null, 0.75, 4000", "console_faces_suggested_person"),
        ("suggested", "impact", "null", "null, null, null, null", "console_faces_suggested_person"),
        ("near", "certain", "null", "0, null, 0.6, 4000", "console.face_near_similarity"),
        ("near", "uncertain", "null", "0, null, 0.6, 4000", "console.face_near_similarity"),
        ("near", "newest", "null", "0, null, 0.6, 4000", "console.face_near_pkey"),
        ("near", "certain", "amara", "0, null, 0.6, 4000", "console.face_near_person"),
    ] {
        let mut tx = world.as_bo.begin().await.expect("begun");
        let person = match person {
            "dana" => world.dana.to_string(),
            "amara" => world.amara.to_string(),
            other => other.to_owned(),
        };
        // Who waits most is counted once a minute, in full; not by this one.
        query("update console.person_waiting_age set counted_at = clock_timestamp()")
            .execute(&world.db)
            .await
            .expect("now");
        let sql = format!(
            "select face_id from console.waiting_faces('{queue}', '{order}', {person}, null, null, {after}, 'me', 20)"
        );
        let found: Vec<i64> = query_scalar(AssertSqlSafe(sql)).fetch_all(&mut *tx).await.expect("a window");
        let what = format!("{queue} {order} {person}");
        assert_eq!(found.len(), if order == "impact" { 0 } else { 20 }, "{what}: nobody is counted yet");
        assert!(order == "impact" || scans(&mut tx, index).await >= 1, "{what}");
        assert_eq!(scans(&mut tx, faces).await, 0, "{what}");
        assert_eq!(scans(&mut tx, "console.face_near").await, 0, "{what}");
        let read: i64 = query_scalar(
            "select pg_stat_get_xact_tuples_fetched('media_detected_faces'::regclass)
                    + pg_stat_get_xact_tuples_fetched('console.face_near'::regclass)",
        )
        .fetch_one(&mut *tx)
        .await
        .expect("statistics");
        assert!(read <= 200, "{what}: {read} rows were read for a window of 20");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_order_by_impact_reads_one_person_after_the_other(db: PgPool) {
    let world = World::new(db).await;
    let mut people = Vec::new();
    for number in 0..20 {
        people.push(user(&world.db, &format!("person{number}")).await);
    }
    query(
        "insert into media_detected_faces (media_id, bbox, embedding, suggested_user_id, confidence_score, status)
         select $1, '{10,20,30,40}', array_fill(0.03, array[1024])::vector, ($2::bigint[])[1 + (n * n) % 20], 0.8, 'SUGGESTED'
           from generate_series(1, 8000) n",
    )
    .bind(world.photo)
    .bind(&people)
    .execute(&world.db)
    .await
    .expect("faces");
    run(&world.db, "select console.count_waiting() where $1 <> 0", 1).await;
    sqlx::raw_sql("analyze").execute(&world.db).await.expect("analysed");
    let mut tx = world.as_bo.begin().await.expect("begun");
    let (found, people): (i64, i64) = query_as(
        "select count(*), count(distinct person_id)
           from console.waiting_faces('suggested', 'impact', null, null, null, null, null, null, null, 'me', 20)",
    )
    .fetch_one(&mut *tx)
    .await
    .expect("a window");
    assert_eq!((found, people), (20, 1));
    assert_eq!(scans(&mut tx, "media_detected_faces").await, 0);
    let read: i64 = query_scalar("select pg_stat_get_xact_tuples_fetched('media_detected_faces'::regclass)")
        .fetch_one(&mut *tx)
        .await
        .expect("statistics");
    assert!(read <= 2_100, "{read} faces were read, of 8,000, for those of the first person");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn candidates_are_found_by_the_index_and_ranked_by_the_full_vectors(db: PgPool) {
    let world = World::new(db).await;
    sqlx::raw_sql(
        "insert into users (username, email, password, full_name, role, account_status)
         select 'person' || n, n || '@example.org', '', '', 'USER', 'ACTIVE' from generate_series(1, 3000) as n;
         insert into user_face_embeddings (user_id, embedding)
         select user_id, (select array_agg(sin(user_id * d * 0.37 + d) order by d) from generate_series(1, 1024) d)::vector
           from users where username like 'person%';
         analyze;",
    )
    .execute(&world.db)
    .await
    .expect("enrolled");
    let face = world.amara_suggested().await;
    world
        .set(face, "embedding = (select embedding from user_face_embeddings order by user_id limit 1 offset 1234)")
        .await;
    let exact: Vec<i64> = query_scalar(
        "select e.user_id from user_face_embeddings e, media_detected_faces f
          where f.id = $1 order by (e.embedding <=> f.embedding), e.user_id limit 1",
    )
    .bind(face.0)
    .fetch_all(&world.db)
    .await
    .expect("exact");

    let mut tx = world.as_bo.begin().await.expect("begun");
    let found: Vec<(i64, f64)> =
        query_as(AssertSqlSafe(format!("select user_id, similarity from console.face_candidates({face}, 9)")))
            .fetch_all(&mut *tx)
            .await
            .expect("candidates");
    assert_eq!(found.len(), 9);
    assert_eq!(found[0].0, exact[0]);
    assert!(found.windows(2).all(|pair| pair[0].1 >= pair[1].1), "{found:?}");
    assert_eq!(scans(&mut tx, "console_enrolled_faces").await, 1);
    assert_eq!(scans(&mut tx, "user_face_embeddings").await, 0);
}
