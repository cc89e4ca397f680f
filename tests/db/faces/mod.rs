//! Who is on the photo: the queue, the verdicts, and what is kept of them.

mod boxes;
mod clusters;
mod conflicts;
mod decisions;
mod enrolment;
mod platform;
mod progress;
mod queues;
mod walls;

use kaleidoscope_console::{
    access::{Operator, Role},
    db::{FaceId, MIGRATOR, MediaId, RowVersion, Seen, UserId},
    error::{Error, Result},
    faces::{self, Face, FaceCursor, FaceQuery, FaceQueue, FaceStatus, Holder, Judgement, Said, Verdict},
};
use sqlx::{AssertSqlSafe, PgPool, query_as, query_scalar};

use crate::rows::{operator, photo, post, run, until, user};

/// A post with one photo, people, and a moderator.
struct World {
    db: PgPool,
    post: i64,
    photo: i64,
    amara: i64,
    dana: i64,
    bo: Operator,
    as_bo: PgPool,
    holder: Holder,
}

/// What `media_detected_faces` says of who it is.
type Row = (String, Option<i64>, Option<i64>, Option<f64>);

impl World {
    async fn new(db: PgPool) -> Self {
        let (amara, dana) = (user(&db, "amara").await, user(&db, "dana").await);
        let post = post(&db, amara, "open").await;
        let photo = photo(&db, post, "", &[]).await;
        let (bo, as_bo) = operator(&db, "bo", Role::Moderator).await;
        Self { db, post, photo, amara, dana, bo, as_bo, holder: Holder::new() }
    }

    async fn another_photo(&self) -> i64 {
        photo(&self.db, self.post, "", &[]).await
    }

    async fn suggested_on(&self, photo: i64, person: Option<i64>, score: Option<f64>) -> FaceId {
        let id = query_scalar(
            "insert into media_detected_faces (media_id, bbox, embedding, suggested_user_id, confidence_score, status)
             values ($1, '{10,20,30,40}', array_fill(0.03, array[1024])::vector, $2, $3, 'SUGGESTED') returning id",
        )
        .bind(photo)
        .bind(person)
        .bind(score)
        .fetch_one(&self.db)
        .await
        .expect("a face");
        FaceId(id)
    }

    async fn amara_suggested(&self) -> FaceId {
        self.suggested_on(self.photo, Some(self.amara), Some(0.8)).await
    }

    /// As the platform writes.
    async fn set(&self, face: FaceId, sql: &str) {
        let sql = format!("update media_detected_faces set {sql} where id = {face}");
        sqlx::query(AssertSqlSafe(sql)).execute(&self.db).await.expect("updated");
    }

    async fn seen(&self, face: FaceId) -> Seen<FaceId> {
        let version = query_scalar("select xmin::text from media_detected_faces where id = $1").bind(face);
        Seen { id: face, version: RowVersion(version.fetch_one(&self.db).await.expect("a face")) }
    }

    async fn decide(&self, face: &Seen<FaceId>, said: Said) -> Result<Verdict> {
        faces::decide(&mut self.as_bo.acquire().await.expect("connected"), &self.bo, face, said).await
    }

    async fn confirm(&self, face: &Seen<FaceId>, person: i64) -> Result<Verdict> {
        self.decide(face, Said::Is(UserId(person))).await
    }

    async fn reject(&self, face: &Seen<FaceId>) -> Result<Verdict> {
        self.decide(face, Said::IsNot(None)).await
    }

    /// As Bo.
    async fn undo_last(&self) {
        let mut connection = self.as_bo.acquire().await.expect("connected");
        faces::undo(&mut connection, &self.bo).await.expect("undone");
    }

    async fn row(&self, face: FaceId) -> Row {
        query_as(
            "select status, identified_user_id, suggested_user_id, confidence_score
               from media_detected_faces where id = $1",
        )
        .bind(face)
        .fetch_one(&self.db)
        .await
        .expect("a face")
    }

    /// Judgement, person, by whom, entry of the log.
    async fn verdicts(&self) -> Vec<(String, i64, String, i64)> {
        query_as("select judgement, person_id, decided_by, audit_id from console.face_verdict order by id")
            .fetch_all(&self.db)
            .await
            .expect("verdicts")
    }

    /// Action, operator, subject.
    async fn log(&self) -> Vec<(String, String, i64)> {
        query_as("select action, operator, subject_id from console.audit_entry order by id")
            .fetch_all(&self.db)
            .await
            .expect("the log")
    }

    async fn window(&self, asked: &FaceQuery, after: Option<FaceCursor>, limit: i64) -> FaceQueue {
        faces::waiting(&self.as_bo, &self.bo, &self.holder, asked, after, limit).await.expect("a window")
    }

    /// The whole queue in windows of `limit`.
    async fn queue(&self, limit: i64) -> Vec<Face> {
        let (mut all, mut after): (Vec<Face>, Option<FaceCursor>) = (Vec::new(), None);
        loop {
            let window = self.window(&FaceQuery::default(), after, limit).await;
            assert!(all.len() + window.faces.len() <= 100, "the queue has no end");
            all.extend(window.faces.into_iter().map(|waiting| waiting.face));
            after = window.next;
            if after.is_none() {
                return all;
            }
        }
    }
}

fn conflict<T: std::fmt::Debug>(outcome: Result<T>) -> String {
    match outcome {
        Err(Error::Conflict(sentence)) => sentence,
        other => panic!("no conflict: {other:?}"),
    }
}

/// How often a relation was scanned, in this transaction.
async fn scans(tx: &mut sqlx::PgConnection, relation: &str) -> i64 {
    query_scalar(AssertSqlSafe(format!("select pg_stat_get_xact_numscans('{relation}'::regclass)")))
        .fetch_one(tx)
        .await
        .expect("statistics")
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn confirming_writes_the_face_its_verdict_and_one_entry_of_the_log(db: PgPool) {
    let world = World::new(db).await;
    let face = world.amara_suggested().await;

    let verdict = world.confirm(&world.seen(face).await, world.amara).await.expect("confirmed");

    assert_eq!(world.row(face).await, ("CONFIRMED".into(), Some(world.amara), None, Some(0.8)));
    assert_eq!(world.log().await, [("faces.confirm".into(), world.bo.username.clone(), face.0)]);
    assert_eq!(world.verdicts().await, [("is".into(), world.amara, world.bo.username.clone(), verdict.audit_id.0)]);
    assert_eq!((verdict.face_id, verdict.judgement), (face, Judgement::Is));
    assert_eq!(verdict.person.expect("a person").username, "amara");
    assert!(world.queue(10).await.is_empty());
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn rejecting_frees_the_face_and_remembers_who_it_is_not(db: PgPool) {
    let world = World::new(db).await;
    let face = world.amara_suggested().await;

    let verdict = world.reject(&world.seen(face).await).await.expect("rejected");

    let (status, identified, suggested, _) = world.row(face).await;
    assert_eq!((status.as_str(), identified, suggested), ("UNIDENTIFIED", None, None));
    assert_eq!(world.log().await, [("faces.reject".into(), world.bo.username.clone(), face.0)]);
    assert_eq!(world.verdicts().await, [("is_not".into(), world.amara, world.bo.username.clone(), verdict.audit_id.0)]);
    assert_eq!(verdict.judgement, Judgement::IsNot);
    assert_eq!(verdict.person.expect("a person").username, "amara");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_face_of_nobody_can_be_turned_down_too(db: PgPool) {
    let world = World::new(db).await;
    let face = world.suggested_on(world.photo, None, None).await;

    let verdict = world.reject(&world.seen(face).await).await.expect("rejected");

    assert_eq!(verdict.person, None);
    assert_eq!(world.row(face).await.0, "UNIDENTIFIED");
    assert_eq!(world.log().await.len(), 1);
    assert!(world.verdicts().await.is_empty());
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn choosing_another_person_also_says_that_it_is_not_the_suggested_one(db: PgPool) {
    let world = World::new(db).await;
    let face = world.amara_suggested().await;
    run(
        &world.db,
        "insert into user_face_embeddings (user_id, embedding) values ($1, array_fill(0.03, array[1024])::vector)",
        world.dana,
    )
    .await;

    let verdict = world.confirm(&world.seen(face).await, world.dana).await.expect("confirmed");

    let (status, identified, suggested, similarity) = world.row(face).await;
    assert_eq!((status.as_str(), identified, suggested), ("CONFIRMED", Some(world.dana), None));
    assert!((similarity.expect("one") - 1.0).abs() < 1e-6, "that of the chosen person: {similarity:?}");
    let by = world.bo.username.clone();
    let entry = verdict.audit_id.0;
    assert_eq!(
        world.verdicts().await,
        [("is_not".into(), world.amara, by.clone(), entry), ("is".into(), world.dana, by, entry)]
    );
    assert_eq!(world.log().await.len(), 1);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn agreeing_with_what_the_ai_confirmed_is_a_verdict_and_so_is_disagreeing(db: PgPool) {
    let world = World::new(db).await;
    let face = world.amara_suggested().await;
    world.set(face, "status = 'CONFIRMED', identified_user_id = suggested_user_id, suggested_user_id = null").await;

    let agreed = world.confirm(&world.seen(face).await, world.amara).await.expect("confirmed");
    let disagreed = world.reject(&world.seen(face).await).await.expect("rejected");

    assert_eq!(disagreed.person.expect("who it is not").username, "amara");
    let by = world.bo.username.clone();
    assert_eq!(
        world.verdicts().await,
        [
            ("is".into(), world.amara, by.clone(), agreed.audit_id.0),
            ("is_not".into(), world.amara, by, disagreed.audit_id.0)
        ]
    );
    assert_eq!(world.row(face).await.0, "UNIDENTIFIED");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn nothing_is_left_of_a_verdict_whose_transaction_fails(db: PgPool) {
    let world = World::new(db).await;
    let face = world.amara_suggested().await;
    let before = world.row(face).await;
    let seen = world.seen(face).await;

    let mut tx = world.as_bo.begin().await.expect("begun");
    faces::decide(&mut tx, &world.bo, &seen, Said::Is(UserId(world.amara))).await.expect("confirmed so far");
    tx.rollback().await.expect("rolled back");
    assert_eq!(world.row(face).await, before);
    assert!(world.log().await.is_empty() && world.verdicts().await.is_empty());

    // The verdict can't be kept, so nothing else is.
    sqlx::raw_sql("alter table console.face_verdict add constraint full_disk check (false) not valid")
        .execute(&world.db)
        .await
        .expect("altered");
    world.confirm(&seen, world.amara).await.expect_err("not confirmed");
    world.reject(&seen).await.expect_err("not rejected");
    assert_eq!(world.row(face).await, before);
    assert!(world.log().await.is_empty() && world.verdicts().await.is_empty());
    assert_eq!(world.seen(face).await, seen);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_verdict_on_a_face_that_changed_is_refused_and_says_who_decided(db: PgPool) {
    let world = World::new(db).await;
    let face = world.amara_suggested().await;
    let seen_by_both = world.seen(face).await;
    let (chidi, as_chidi) = operator(&world.db, "chidi", Role::Moderator).await;
    let mut connection = as_chidi.acquire().await.expect("connected");

    world.confirm(&seen_by_both, world.dana).await.expect("the first verdict holds");
    let late = faces::decide(&mut connection, &chidi, &seen_by_both, Said::Is(UserId(world.amara))).await;
    assert_eq!(conflict(late), format!("{} has decided meanwhile: it is dana.", world.bo.username));
    let late = faces::decide(&mut connection, &chidi, &seen_by_both, Said::IsNot(None)).await;
    assert_eq!(conflict(late), format!("{} has decided meanwhile: it is dana.", world.bo.username));
    assert_eq!(world.row(face).await.1, Some(world.dana));
    assert_eq!(world.log().await.len(), 1);

    let by_the_ai = world.suggested_on(world.another_photo().await, Some(world.amara), Some(0.7)).await;
    let seen = world.seen(by_the_ai).await;
    world.set(by_the_ai, "confidence_score = 0.75").await;
    assert!(conflict(world.confirm(&seen, world.amara).await).contains("changed since you saw it"));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_is_gone_is_said_to_be_gone(db: PgPool) {
    let world = World::new(db).await;
    let face = world.amara_suggested().await;
    let seen = world.seen(face).await;

    let nobody = world.confirm(&seen, 987_654).await.expect_err("nobody");
    assert_eq!(nobody.to_string(), "This person is not there any more.");
    run(&world.db, "update users set account_status = 'SUSPENDED' where user_id = $1", world.amara).await;
    assert!(conflict(world.confirm(&seen, world.amara).await).contains("amara is SUSPENDED"));
    run(&world.db, "delete from media_detected_faces where id = $1", face.0).await;
    for gone in [world.confirm(&seen, world.dana).await, world.reject(&seen).await] {
        assert!(matches!(gone, Err(Error::NotFound(_))), "{gone:?}");
    }
    assert!(world.log().await.is_empty());
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn nobody_is_twice_on_a_photo(db: PgPool) {
    let world = World::new(db).await;
    let (first, second) = (world.amara_suggested().await, world.amara_suggested().await);
    let elsewhere = world.suggested_on(world.another_photo().await, Some(world.amara), Some(0.8)).await;
    world.confirm(&world.seen(first).await, world.amara).await.expect("confirmed");

    let refused = conflict(world.confirm(&world.seen(second).await, world.amara).await);

    assert!(refused.contains("amara is already confirmed on another face"), "{refused}");
    assert_eq!(world.row(second).await.0, "SUGGESTED");
    world.confirm(&world.seen(elsewhere).await, world.amara).await.expect("on another photo");
}

/// Confirms `theirs` while `ours` is confirmed but not committed; both by a moderator of their own.
async fn at_the_same_moment(world: &World, ours: FaceId, theirs: FaceId) -> String {
    let (chidi, as_chidi) = operator(&world.db, "chidi", Role::Moderator).await;
    let seen = world.seen(theirs).await;
    let amara = Said::Is(UserId(world.amara));
    let mut tx = world.as_bo.begin().await.expect("begun");
    faces::decide(&mut tx, &world.bo, &world.seen(ours).await, amara).await.expect("first");

    let second = tokio::spawn(async move {
        faces::decide(&mut as_chidi.acquire().await.expect("connected"), &chidi, &seen, amara).await
    });
    until("the second to wait for the first", async || {
        query_scalar(
            "select exists (select from pg_locks
                             where not granted
                               and locktype = 'advisory'
                               and database = (select oid from pg_database where datname = current_database()))",
        )
        .fetch_one(&world.db)
        .await
        .expect("the locks")
    })
    .await;
    tx.commit().await.expect("committed");
    conflict(second.await.expect("no panic"))
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn nobody_is_twice_on_a_photo_when_two_moderators_say_so_at_once(db: PgPool) {
    let world = World::new(db).await;
    let (ours, theirs) = (world.amara_suggested().await, world.amara_suggested().await);

    let refused = at_the_same_moment(&world, ours, theirs).await;

    assert!(refused.contains("amara is already confirmed on another face"), "{refused}");
    assert_eq!(world.row(theirs).await.0, "SUGGESTED");
    assert_eq!(world.log().await.len(), 1);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn of_two_verdicts_on_a_face_at_once_the_first_holds(db: PgPool) {
    let world = World::new(db).await;
    let face = world.amara_suggested().await;

    let refused = at_the_same_moment(&world, face, face).await;

    assert_eq!(refused, format!("{} has decided meanwhile: it is amara.", world.bo.username));
    assert_eq!(world.verdicts().await.len(), 1);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_queue_is_most_certain_first_and_its_windows_have_neither_gaps_nor_doubles(db: PgPool) {
    let world = World::new(db).await;
    let mut by_certainty = Vec::new();
    for score in [
        Some(0.8),
        None,
        Some(0.71),
        Some(0.8),
        Some(f64::NAN),
        Some(1.7),
        Some(0.8),
        Some(-1.0),
        Some(f64::NEG_INFINITY),
        Some(1.0),
        None,
        Some(0.1 + 0.2),
    ] {
        let face = world.suggested_on(world.photo, Some(world.amara), score).await;
        let certainty = score.filter(|score| (-1.0..=1.0).contains(score)).unwrap_or(-2.0);
        by_certainty.push((certainty, face));
    }
    by_certainty.sort_by(|(a, one), (b, other)| b.total_cmp(a).then(one.cmp(other)));
    let expected: Vec<FaceId> = by_certainty.iter().map(|(_, face)| *face).collect();

    for limit in [1, 2, 3, 4, 5, 12, 100] {
        let found: Vec<FaceId> = world.queue(limit).await.iter().map(|face| face.id).collect();
        assert_eq!(found, expected, "windows of {limit}");
    }
    assert_eq!(faces::count(&world.as_bo, &world.bo).await.expect("counted"), 12);
    let unusable = world.queue(100).await.into_iter().filter(|face| face.similarity.is_none()).count();
    assert_eq!(unusable, 5, "a score that is no similarity is not shown as one");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_box_that_is_none_comes_with_what_is_wrong_with_it(db: PgPool) {
    let world = World::new(db).await;
    for (bbox, problem) in [
        ("{}", Some("0 numbers")),
        ("{1,2,3}", Some("3 numbers")),
        ("{1,2,3,4,5}", Some("5 numbers")),
        ("{1,null,3,4}", Some("empty number")),
        ("{1,2,0,4}", Some("0 x 4 pixels")),
        ("{1,2,-3,4}", Some("-3 x 4 pixels")),
        ("{-5,-5,10,10}", None),
        ("{2147483640,2147483640,7,7}", None),
    ] {
        let face = world.amara_suggested().await;
        world.set(face, &format!("bbox = '{bbox}'")).await;
        let faces = world.queue(100).await;
        let shown = faces.iter().find(|shown| shown.id == face).expect("in the queue");
        match problem {
            Some(problem) => {
                let said = shown.bounds_problem.as_deref().unwrap_or_default();
                assert!(shown.bounds.is_none() && said.contains(problem), "{bbox}: {shown:?}");
            }
            None => assert!(shown.bounds.is_some() && shown.bounds_problem.is_none(), "{bbox}: {shown:?}"),
        }
        // Whatever the box is, the face can be decided.
        world.reject(&world.seen(face).await).await.unwrap_or_else(|error| panic!("{bbox}: {error}"));
    }
    let photo = faces::photo(&world.as_bo, &world.bo, MediaId(world.photo)).await.expect("the photo");
    assert_eq!(photo.faces.len(), 8);
    assert!(photo.faces.iter().all(|face| face.status == FaceStatus::Unidentified));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_change_through_plain_sql_is_in_the_log_and_the_platform_s_own_is_not(db: PgPool) {
    let world = World::new(db).await;
    let face = world.amara_suggested().await;
    world.set(face, "confidence_score = 0.82").await;
    assert!(world.log().await.is_empty());

    sqlx::query("update console.face set status = 'CONFIRMED', identified_user_id = suggested_user_id, suggested_user_id = null")
        .execute(&world.as_bo)
        .await
        .expect("a moderator may");

    assert_eq!(world.log().await, [("faces.confirm".into(), world.bo.username.clone(), face.0)]);
    assert_eq!(world.verdicts().await.len(), 1);
    let facts: (serde_json::Value, serde_json::Value) =
        query_as("select before, after from console.audit_entry").fetch_one(&world.db).await.expect("an entry");
    assert_eq!((&facts.0["status"], &facts.0["suggested"]), (&"SUGGESTED".into(), &world.amara.into()));
    assert_eq!((&facts.1["status"], &facts.1["identified"]), (&"CONFIRMED".into(), &world.amara.into()));

    world.set(face, "status = 'UNIDENTIFIED', identified_user_id = null").await;
    assert_eq!(world.log().await.len(), 1);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn faces_of_unsafe_media_are_not_for_moderators(db: PgPool) {
    let world = World::new(db).await;
    let (admin, as_admin) = operator(&world.db, "admin", Role::Admin).await;
    let face = world.amara_suggested().await;
    let seen = world.seen(face).await;
    for unsafe_by in ["status = 'UNSAFE'", "status = 'COMPLETED', is_safe = false"] {
        let sql = format!("update media_ai_insights set {unsafe_by} where media_id = {}", world.photo);
        sqlx::query(AssertSqlSafe(sql)).execute(&world.db).await.expect("updated");

        assert!(world.queue(10).await.is_empty(), "{unsafe_by}");
        assert_eq!(faces::count(&world.as_bo, &world.bo).await.expect("counted"), 0);
        let photo = faces::photo(&world.as_bo, &world.bo, MediaId(world.photo)).await;
        assert!(matches!(photo, Err(Error::NotFound(_))), "{photo:?}");
        let verdict = world.confirm(&seen, world.amara).await;
        assert!(matches!(verdict, Err(Error::NotFound(_))), "{verdict:?}");
        assert_eq!(faces::count(&as_admin, &admin).await.expect("counted"), 1);
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn staff_neither_see_the_queue_nor_decide(db: PgPool) {
    let world = World::new(db).await;
    let face = world.amara_suggested().await;
    let (staff, as_staff) = operator(&world.db, "staff", Role::Staff).await;
    let mut connection = as_staff.acquire().await.expect("connected");
    let seen = world.seen(face).await;

    let outcomes = [
        faces::waiting(&as_staff, &staff, &Holder::new(), &FaceQuery::default(), None, 10).await.map(drop),
        faces::candidates(&as_staff, &staff, face).await.map(drop),
        faces::decide(&mut connection, &staff, &seen, Said::Is(UserId(world.amara))).await.map(drop),
        faces::decide(&mut connection, &staff, &seen, Said::IsNot(None)).await.map(drop),
        // Nor where the window was made to believe otherwise.
        faces::decide(&mut connection, &Operator { role: Role::Admin, ..staff }, &seen, Said::Is(UserId(world.amara)))
            .await
            .map(drop),
    ];

    for outcome in outcomes {
        assert!(matches!(outcome, Err(Error::Forbidden(_))), "{outcome:?}");
    }
    assert_eq!(world.row(face).await.0, "SUGGESTED");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn candidates_are_the_nearest_active_enrolments(db: PgPool) {
    let world = World::new(db).await;
    let face = world.amara_suggested().await;
    // Each a vector of ones whose first `n` numbers are turned round: the more, the farther.
    for (name, turned, change) in [
        ("near", 100, ""),
        ("nearer", 10, ""),
        ("far", 400, ""),
        ("withdrawn", 0, "update user_face_embeddings set is_active = false where user_id = $1"),
        ("suspended", 0, "update users set account_status = 'SUSPENDED' where user_id = $1"),
        (
            "zero",
            0,
            "update user_face_embeddings set embedding = array_fill(0, array[1024])::vector where user_id = $1",
        ),
    ] {
        let person = user(&world.db, name).await;
        sqlx::query(
            "insert into user_face_embeddings (user_id, embedding)
             select $1, array_agg(case when n <= $2 then -1 else 1 end order by n)::vector from generate_series(1, 1024) n",
        )
        .bind(person)
        .bind(turned)
        .execute(&world.db)
        .await
        .expect("enrolled");
        if !change.is_empty() {
            run(&world.db, change, person).await;
        }
    }

    let found = faces::candidates(&world.as_bo, &world.bo, face).await.expect("candidates");

    let names: Vec<&str> = found.iter().map(|candidate| candidate.person.username.as_str()).collect();
    assert_eq!(names, ["nearer", "near", "far"]);
    for (candidate, turned) in found.iter().zip([10.0, 100.0, 400.0]) {
        let expected = 1.0 - 2.0 * turned / 1024.0;
        assert!((candidate.similarity.expect("compared") - expected).abs() < 1e-6, "{candidate:?}");
    }
    // Who was turned down is nobody to choose, until that is taken back.
    let near = UserId(found[1].person.id.0);
    world.decide(&world.seen(face).await, Said::IsNot(Some(UserId(world.amara)))).await.expect("turned down");
    world.decide(&world.seen(face).await, Said::IsNot(Some(near))).await.expect("turned down");
    let names = async || -> Vec<String> {
        let found = faces::candidates(&world.as_bo, &world.bo, face).await.expect("candidates");
        found.into_iter().map(|candidate| candidate.person.username).collect()
    };
    assert_eq!(names().await, ["nearer", "far"]);
    world.undo_last().await;
    assert_eq!(names().await, ["nearer", "near", "far"]);
    world.set(face, "embedding = array_fill(0, array[1024])::vector").await;
    assert!(faces::candidates(&world.as_bo, &world.bo, face).await.expect("none").is_empty());
}
