//! What does not go together: each kind is found, can be decided or dismissed, and comes again only when something changed.

use std::collections::BTreeMap;

use kaleidoscope_console::{
    db::{FaceId, MIGRATOR, UserId},
    faces::{self, ConflictKind, FaceQuery, Queue, Said, WaitingFace, Within},
};
use sqlx::{AssertSqlSafe, PgPool, query, query_scalar};

use super::{World, conflict};
use crate::rows::{run, user, work_off};

impl World {
    /// Once the worker has looked.
    async fn conflicts(&self) -> Vec<WaitingFace> {
        work_off(&self.db, None).await;
        self.window(&FaceQuery { queue: Queue::Conflicts, ..FaceQuery::default() }, None, 100).await.faces
    }

    async fn kinds(&self) -> BTreeMap<FaceId, Vec<ConflictKind>> {
        let waiting = self.conflicts().await;
        waiting
            .into_iter()
            .map(|waiting| (waiting.face.id, waiting.conflicts.iter().map(|found| found.kind).collect()))
            .collect()
    }

    /// Named by somebody who knew, so that matching leaves it as it is.
    async fn confirmed_at(&self, photo: i64, bbox: &str, person: i64) -> FaceId {
        let id: i64 = query_scalar(
            "insert into media_detected_faces (media_id, bbox, embedding, identified_user_id, confidence_score, status)
             values ($1, $2::integer[], array_fill(0.03, array[1024])::vector, $3, 0.9, 'CONFIRMED') returning id",
        )
        .bind(photo)
        .bind(bbox)
        .bind(person)
        .fetch_one(&self.db)
        .await
        .expect("a face");
        FaceId(id)
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_sound_face_is_not_listed(db: PgPool) {
    let world = World::new(db).await;
    run(&world.db, "update post_media set width = 800, height = 600 where media_id = $1", world.photo).await;
    world.confirmed_at(world.photo, "{0,0,100,100}", world.amara).await;
    world.confirmed_at(world.photo, "{700,500,100,100}", world.dana).await;
    assert!(world.conflicts().await.is_empty());
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn boxes_and_vectors_that_can_t_be_used_are_listed_until_a_human_has_decided(db: PgPool) {
    let world = World::new(db).await;
    run(&world.db, "update post_media set width = 800, height = 600 where media_id = $1", world.photo).await;
    let mut expected = BTreeMap::new();
    for (number, (bbox, kind)) in [
        ("{}", ConflictKind::Box),
        ("{1,2,3}", ConflictKind::Box),
        ("{1,2,3,4,5}", ConflictKind::Box),
        ("{1,null,3,4}", ConflictKind::Box),
        ("{1,2,0,4}", ConflictKind::Box),
        ("{1,2,-3,4}", ConflictKind::Box),
        ("{{1,2},{3,4}}", ConflictKind::Box),
        ("{750,10,100,100}", ConflictKind::Outside),
        ("{-9,10,100,100}", ConflictKind::Outside),
        ("{2147483640,2147483640,2147483640,2147483640}", ConflictKind::Outside),
    ]
    .into_iter()
    .enumerate()
    {
        let person = user(&world.db, &format!("person{number}")).await;
        expected.insert(world.confirmed_at(world.photo, bbox, person).await, vec![kind]);
    }
    for (number, length) in [0.0, 1e-30].into_iter().enumerate() {
        let person = user(&world.db, &format!("blank{number}")).await;
        let face = world.confirmed_at(world.photo, &format!("{{{},200,20,20}}", 100 + 50 * number), person).await;
        world.set(face, &format!("embedding = array_fill({length}, array[1024])::vector")).await;
        expected.insert(face, vec![ConflictKind::Vector]);
    }
    assert_eq!(world.kinds().await, expected);

    let counts = faces::counts(&world.as_bo, &world.bo, &Within::All).await.expect("counted");
    assert_eq!(counts.conflicts, 12);
    let numbers: Vec<(ConflictKind, i64)> = counts.kinds.iter().map(|count| (count.kind, count.faces)).collect();
    assert_eq!(numbers, [(ConflictKind::Box, 7), (ConflictKind::Outside, 3), (ConflictKind::Vector, 2)]);
    let boxes = FaceQuery { queue: Queue::Conflicts, conflict: Some(ConflictKind::Outside), ..FaceQuery::default() };
    assert_eq!(world.window(&boxes, None, 100).await.faces.len(), 3);

    for waiting in world.conflicts().await {
        let seen = world.seen(waiting.face.id).await;
        world.decide(&seen, Said::NoFace).await.expect("decided");
    }
    assert!(world.conflicts().await.is_empty());
    world.undo_last().await;
    assert_eq!(world.conflicts().await.len(), 1, "what was taken back is open again");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn statuses_scores_and_names_that_contradict_each_other_are_listed(db: PgPool) {
    let world = World::new(db).await;
    let mut expected = BTreeMap::new();
    // Written past the worker: it would match them anew, which is what a platform without it would not do.
    for (values, kinds) in [
        ("'SUGGESTED', null, null, 0.8", vec![ConflictKind::Nobody]),
        ("'CONFIRMED', null, null, 0.8", vec![ConflictKind::Nobody]),
        ("'CONFIRMED', $2, null, null", vec![ConflictKind::Score]),
        ("'CONFIRMED', $2, null, 'NaN'", vec![ConflictKind::Score]),
        ("'CONFIRMED', $2, null, 1.7", vec![ConflictKind::Score]),
        ("'CONFIRMED', $2, $3, 0.9", vec![ConflictKind::Status]),
        ("'UNIDENTIFIED', $2, null, 0.9", vec![ConflictKind::Status]),
        ("'SUGGESTED', null, $3, 0.8", vec![]),
    ] {
        let photo = world.another_photo().await;
        let sql = format!(
            "with people as (select $2::bigint as one, $3::bigint as other)
             insert into media_detected_faces (media_id, bbox, embedding, status, identified_user_id, suggested_user_id, confidence_score)
             select $1, '{{1,2,3,4}}', array_fill(0.03, array[1024])::vector, {values} from people returning id"
        );
        let face: i64 = query_scalar(AssertSqlSafe(sql))
            .bind(photo)
            .bind(world.amara)
            .bind(world.dana)
            .fetch_one(&world.db)
            .await
            .expect("a face");
        query("select console.list_face_conflicts(array[$1])").bind(photo).execute(&world.db).await.expect("listed");
        if !kinds.is_empty() {
            expected.insert(FaceId(face), kinds);
        }
    }
    let asked = FaceQuery { queue: Queue::Conflicts, ..FaceQuery::default() };
    let found: BTreeMap<FaceId, Vec<ConflictKind>> = world
        .window(&asked, None, 100)
        .await
        .faces
        .into_iter()
        .map(|waiting| (waiting.face.id, waiting.conflicts.iter().map(|found| found.kind).collect()))
        .collect();
    assert_eq!(found, expected);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_person_twice_a_box_twice_and_a_face_far_from_its_enrolment_are_listed(db: PgPool) {
    let world = World::new(db).await;
    let one = world.confirmed_at(world.photo, "{0,0,100,100}", world.amara).await;
    let other = world.confirmed_at(world.photo, "{300,0,100,100}", world.amara).await;
    let photo = world.another_photo().await;
    let below = world.confirmed_at(photo, "{0,0,100,100}", world.amara).await;
    let above = world.confirmed_at(photo, "{10,0,100,100}", world.dana).await;
    let twice = vec![ConflictKind::Twice];
    let overlap = vec![ConflictKind::Overlap];
    assert_eq!(
        world.kinds().await,
        BTreeMap::from([(one, twice.clone()), (other, twice), (below, overlap.clone()), (above, overlap)])
    );
    let waiting = world.conflicts().await;
    let first = waiting.iter().find(|waiting| waiting.face.id == one).expect("listed");
    assert_eq!(first.conflicts[0].other_face, Some(other));
    assert_eq!(first.conflicts[0].sentence, "amara is confirmed on another face of this photo, too.");
    let shared = waiting.iter().find(|waiting| waiting.face.id == below).expect("listed");
    assert_eq!(shared.conflicts[0].sentence, "Its box and that of another face have 82 % in common.");

    world.reject(&world.seen(other).await).await.expect("rejected");
    world.decide(&world.seen(above).await, Said::NoFace).await.expect("decided");
    let left = world.kinds().await;
    assert!(!left.contains_key(&one) && !left.contains_key(&other), "{left:?}");

    // Somebody who was never enrolled is now, and looks different.
    let eve = user(&world.db, "eve").await;
    let far = world.confirmed_at(world.another_photo().await, "{0,0,100,100}", eve).await;
    work_off(&world.db, None).await;
    query(
        "insert into user_face_embeddings (user_id, embedding)
         select $1, array_agg(case when n % 2 = 0 then 1 else -1 end order by n)::vector from generate_series(1, 1024) n",
    )
    .bind(eve)
    .execute(&world.db)
    .await
    .expect("enrolled");
    query("select console.list_face_conflicts(array[$1])")
        .bind(
            query_scalar::<_, i64>("select media_id from media_detected_faces where id = $1")
                .bind(far.0)
                .fetch_one(&world.db)
                .await
                .expect("its photo"),
        )
        .execute(&world.db)
        .await
        .expect("listed");
    let asked = FaceQuery { queue: Queue::Conflicts, conflict: Some(ConflictKind::Far), ..FaceQuery::default() };
    let found = world.window(&asked, None, 9).await.faces;
    assert_eq!(found[0].face.id, far);
    assert!(found[0].conflicts[0].sentence.contains("enrolled face is only 0.00 similar"), "{:?}", found[0].conflicts);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_conflict_can_be_dismissed_and_taken_up_again(db: PgPool) {
    let world = World::new(db).await;
    run(&world.db, "update post_media set width = 800, height = 600 where media_id = $1", world.photo).await;
    let face = world.confirmed_at(world.photo, "{750,10,100,100}", world.amara).await;
    assert_eq!(world.conflicts().await.len(), 1);
    let seen = world.seen(face).await;
    let mut connection = world.as_bo.acquire().await.expect("connected");
    faces::dismiss(&mut connection, &world.bo, &seen).await.expect("dismissed");
    assert!(world.conflicts().await.is_empty());
    assert_eq!(world.log().await, [("faces.dismiss".into(), world.bo.username.clone(), face.0)]);
    let again = faces::dismiss(&mut connection, &world.bo, &seen).await;
    assert!(conflict(again).contains("Nothing is listed"));

    // It stays dismissed when the AI writes the same again, and comes when it does not.
    world.set(face, "status = status").await;
    assert!(world.conflicts().await.is_empty());
    world.set(face, "bbox = '{760,10,100,100}'").await;
    assert_eq!(world.conflicts().await.len(), 1);
    let stale = faces::dismiss(&mut connection, &world.bo, &seen).await;
    assert!(conflict(stale).contains("changed since you saw it"));
    world.set(face, "bbox = '{750,10,100,100}'").await;
    assert!(world.conflicts().await.is_empty());

    drop(connection);
    world.undo_last().await;
    assert_eq!(world.conflicts().await.len(), 1);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn who_left_the_platform_is_listed_where_they_are_named(db: PgPool) {
    let world = World::new(db).await;
    let face = world.confirmed_at(world.photo, "{0,0,100,100}", world.dana).await;
    assert!(world.conflicts().await.is_empty());
    run(&world.db, "update users set account_status = 'DELETED' where user_id = $1", world.dana).await;
    assert_eq!(world.kinds().await, BTreeMap::from([(face, vec![ConflictKind::Account])]));
    let hers =
        FaceQuery { queue: Queue::Conflicts, within: Within::Person(UserId(world.dana)), ..FaceQuery::default() };
    assert_eq!(world.window(&hers, None, 9).await.faces.len(), 1);
}
