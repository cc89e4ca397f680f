//! What does not go together: each kind is found, can be decided or dismissed, and comes again only when something changed.

use std::collections::{BTreeMap, BTreeSet};

use kaleidoscope_console::{
    db::{FaceId, MIGRATOR, UserId},
    faces::{self, ConflictKind, FaceQuery, Queue, Said, WaitingFace, Within},
};
use sqlx::{AssertSqlSafe, PgPool, query, query_as, query_scalar};

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
    let listed: i64 =
        query_scalar("select count(*) from console.face_conflict").fetch_one(&world.db).await.expect("counted");
    assert_eq!(listed, 0, "of two one decision removed what was wrong with both, at once");
    assert_eq!(world.kinds().await, BTreeMap::new());
    world.undo_last().await;
    assert_eq!(world.kinds().await.len(), 2, "and what was taken back is open again");
    world.decide(&world.seen(above).await, Said::NoFace).await.expect("decided");

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

    // It stays dismissed when the AI finds the same again, and comes when the face is elsewhere.
    for same in ["status = status", "bbox = '{751,10,100,99}'", "confidence_score = 0.91"] {
        world.set(face, same).await;
        assert!(world.conflicts().await.is_empty(), "{same}");
    }
    world.set(face, "bbox = '{-40,300,100,100}'").await;
    assert_eq!(world.conflicts().await.len(), 1);
    let stale = faces::dismiss(&mut connection, &world.bo, &seen).await;
    assert!(conflict(stale).contains("changed since you saw it"));
    world.set(face, "bbox = '{750,10,100,100}'").await;
    assert!(world.conflicts().await.is_empty());

    drop(connection);
    world.undo_last().await;
    assert_eq!(world.conflicts().await.len(), 1);
}

/// A face as the AI says that it is.
struct Found {
    photo: i64,
    bbox: Vec<i32>,
    /// What it looks like; nothing at all without.
    axis: Option<usize>,
    status: &'static str,
    identified: Option<i64>,
    suggested: Option<i64>,
    score: f64,
}

/// Faces of which one thing each does not go together, on photos of their own, and how a moderator answers.
struct Troubles {
    world: World,
    found: Vec<Found>,
    answers: BTreeMap<i64, Said>,
}

impl Troubles {
    async fn new(db: PgPool) -> Self {
        let world = World::new(db).await;
        let mut all = Self { world, found: Vec::new(), answers: BTreeMap::new() };
        let mut people = Vec::new();
        for number in 0..10 {
            people.push(user(&all.world.db, &format!("person{number}")).await);
        }
        let (amara, dana, eve) = (all.world.amara, all.world.dana, people[9]);
        let mut alike = vec![0.0; 1024];
        (alike[1], alike[2]) = (0.9, 0.436);
        for (person, looks) in [(amara, looks(Some(1), 0)), (dana, format!("{alike:?}")), (eve, looks(Some(500), 0))] {
            query("insert into user_face_embeddings (user_id, embedding) values ($1, $2::vector)")
                .bind(person)
                .bind(looks)
                .execute(&all.world.db)
                .await
                .expect("enrolled");
        }
        work_off(&all.world.db, None).await;
        run(&all.world.db, "update users set account_status = 'DELETED' where user_id = $1", people[8]).await;
        let is = |person: i64| Said::Is(UserId(person));
        all.add(&[1, 2, 3], Some(10), "CONFIRMED", Some(people[0]), None, 0.9, Said::NoFace).await;
        all.add(&[750, 10, 100, 100], Some(11), "CONFIRMED", Some(people[1]), None, 0.9, is(people[1])).await;
        all.add(&[90, 90, 80, 80], None, "CONFIRMED", Some(people[2]), None, 0.9, is(people[2])).await;
        all.add(&[90, 90, 80, 80], Some(12), "CONFIRMED", Some(people[3]), None, 1.7, is(people[3])).await;
        all.add(&[90, 90, 80, 80], Some(13), "CONFIRMED", None, None, 0.8, Said::Nobody).await;
        all.add(&[90, 90, 80, 80], Some(14), "UNIDENTIFIED", Some(people[4]), None, 0.9, is(people[4])).await;
        all.add(&[90, 90, 80, 80], Some(15), "CONFIRMED", Some(people[5]), None, 0.9, Said::IsNot(None)).await;
        all.beside(&[290, 90, 80, 80], 16, people[5]);
        all.add(&[90, 90, 80, 80], Some(17), "CONFIRMED", Some(people[6]), None, 0.9, Said::NoFace).await;
        all.beside(&[95, 92, 80, 80], 18, people[7]);
        all.add(&[90, 90, 80, 80], Some(19), "CONFIRMED", Some(eve), None, 0.9, is(eve)).await;
        all.add(&[90, 90, 80, 80], Some(20), "CONFIRMED", Some(people[8]), None, 0.9, Said::IsNot(None)).await;
        all.add(&[90, 90, 80, 80], Some(1), "SUGGESTED", None, Some(amara), 0.84, is(amara)).await;
        all
    }

    #[expect(clippy::too_many_arguments, reason = "a row")]
    async fn add(
        &mut self,
        bbox: &[i32],
        axis: Option<usize>,
        status: &'static str,
        identified: Option<i64>,
        suggested: Option<i64>,
        score: f64,
        answer: Said,
    ) {
        let photo = self.world.another_photo().await;
        run(&self.world.db, "update post_media set width = 800, height = 600 where media_id = $1", photo).await;
        self.found.push(Found { photo, bbox: bbox.to_vec(), axis, status, identified, suggested, score });
        self.answers.insert(photo, answer);
    }

    /// Another face of the same photo.
    fn beside(&mut self, bbox: &[i32], axis: usize, person: i64) {
        let photo = self.found.last().expect("one").photo;
        let bbox = bbox.to_vec();
        self.found.push(Found {
            photo,
            bbox,
            axis: Some(axis),
            status: "CONFIRMED",
            identified: Some(person),
            suggested: None,
            score: 0.9,
        });
    }

    /// The AI finds all of them, each time with a little noise.
    async fn insert(&self, round: usize) {
        for (number, face) in self.found.iter().enumerate() {
            query(
                "insert into media_detected_faces (media_id, bbox, embedding, status, identified_user_id, suggested_user_id, confidence_score)
                 values ($1, $2, $3::vector, $4, $5, $6, $7)",
            )
            .bind(face.photo)
            .bind(jittered(&face.bbox, round + number))
            .bind(looks(face.axis, round))
            .bind(face.status)
            .bind(face.identified)
            .bind(face.suggested)
            .bind(face.score)
            .execute(&self.world.db)
            .await
            .expect("found");
        }
    }

    async fn find_again(&self, round: usize) {
        query("delete from media_detected_faces").execute(&self.world.db).await.expect("deleted");
        self.insert(round).await;
    }

    async fn find_in_place(&self, round: usize) {
        for (number, face) in self.found.iter().enumerate() {
            // Rows of a photo are in the order in which they were found.
            let before = self.found[..number].iter().filter(|other| other.photo == face.photo).count();
            query(
                "update media_detected_faces
                    set bbox = $3, embedding = $4::vector, status = $5, identified_user_id = $6, suggested_user_id = $7,
                        confidence_score = $8
                  where id = (select id from media_detected_faces where media_id = $1 order by id offset $2 limit 1)",
            )
            .bind(face.photo)
            .bind(i64::try_from(before).expect("few"))
            .bind(jittered(&face.bbox, round + number))
            .bind(looks(face.axis, round))
            .bind(face.status)
            .bind(face.identified)
            .bind(face.suggested)
            .bind(face.score)
            .execute(&self.world.db)
            .await
            .expect("found in place");
        }
    }

    /// What is listed: photo, face, kind.
    async fn listed(&self) -> Vec<(i64, i64, String)> {
        query_as("select media_id, face_id, kind from console.face_conflict order by kind, face_id")
            .fetch_all(&self.world.db)
            .await
            .expect("conflicts")
    }

    /// As matching does, but without what it makes of the faces.
    async fn list(&self) {
        query("select console.list_face_conflicts(array(select distinct media_id from media_detected_faces))")
            .execute(&self.world.db)
            .await
            .expect("listed");
    }
}

/// A box that is a pixel off here and there.
fn jittered(bbox: &[i32], round: usize) -> Vec<i32> {
    (0..).zip(bbox).map(|(place, number)| number + i32::try_from((round + place) % 3).expect("few") - 1).collect()
}

/// A vector along an axis with noise, or one without length.
fn looks(axis: Option<usize>, round: usize) -> String {
    let mut vector = vec![0.0; 1024];
    if let Some(axis) = axis {
        (vector[axis], vector[700 + round % 9]) = (0.99, 0.14);
    }
    format!("{vector:?}")
}

const KINDS: [&str; 11] =
    ["account", "alike", "box", "far", "nobody", "outside", "overlap", "score", "status", "twice", "vector"];

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_was_dismissed_is_not_listed_again_however_the_ai_finds_it(db: PgPool) {
    let troubles = Troubles::new(db).await;
    troubles.insert(0).await;
    troubles.list().await;
    let kinds: BTreeSet<String> = troubles.listed().await.into_iter().map(|(.., kind)| kind).collect();
    assert_eq!(kinds, BTreeSet::from(KINDS.map(String::from)));
    let mut connection = troubles.world.as_bo.acquire().await.expect("connected");
    while let Some((_, face, _)) = troubles.listed().await.into_iter().next() {
        let seen = troubles.world.seen(FaceId(face)).await;
        faces::dismiss(&mut connection, &troubles.world.bo, &seen).await.expect("dismissed");
    }
    for round in 1..=40 {
        if round <= 20 {
            troubles.find_in_place(round).await;
        } else {
            troubles.find_again(round).await;
        }
        troubles.list().await;
        let listed = troubles.listed().await;
        assert!(listed.is_empty(), "run {round}: {listed:?}");
    }

    // Elsewhere it is something new, and so is somebody else.
    let outside = troubles.found[1].photo;
    run(&troubles.world.db, "update media_detected_faces set bbox = '{-40,300,100,100}' where media_id = $1", outside)
        .await;
    let scored = troubles.found[3].photo;
    let other =
        format!("update media_detected_faces set identified_user_id = {} where media_id = $1", troubles.world.dana);
    query(AssertSqlSafe(other)).bind(scored).execute(&troubles.world.db).await.expect("somebody else");
    troubles.list().await;
    let again: Vec<(i64, String)> = troubles.listed().await.into_iter().map(|(photo, _, kind)| (photo, kind)).collect();
    assert!(again.contains(&(outside, "outside".into())) && again.contains(&(scored, "score".into())), "{again:?}");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_was_decided_is_not_listed_again_however_the_ai_finds_it(db: PgPool) {
    let troubles = Troubles::new(db).await;
    troubles.insert(0).await;
    troubles.list().await;
    while let Some((photo, face, kind)) = troubles.listed().await.into_iter().next() {
        let seen = troubles.world.seen(FaceId(face)).await;
        let said = troubles.answers[&photo];
        troubles.world.decide(&seen, said).await.unwrap_or_else(|error| panic!("{kind}: {error}"));
    }
    for round in 1..=40 {
        if round <= 20 {
            troubles.find_in_place(round).await;
        } else {
            troubles.find_again(round).await;
        }
        work_off(&troubles.world.db, None).await;
        let listed = troubles.listed().await;
        assert!(listed.is_empty(), "run {round}: {listed:?}");
    }
    let outside = troubles.found[1].photo;
    run(&troubles.world.db, "update media_detected_faces set bbox = '{-40,300,100,100}' where media_id = $1", outside)
        .await;
    work_off(&troubles.world.db, None).await;
    assert_eq!(troubles.listed().await.len(), 1, "elsewhere it is something new");
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
