//! With which face somebody is enrolled: from confirmed faces and back, what it would change, and what the platform makes of it.

use std::collections::BTreeMap;

use kaleidoscope_console::{
    access::{Operator, Role},
    db::{AuditId, EnrolmentId, FaceId, MIGRATOR, RowVersion, Seen, UserId},
    error::{Error, Result},
    faces::{
        self, ConflictKind, Enrolment, EnrolmentOrigin, EnrolmentPreview, EnrolmentSource, FaceQuery, FlipKind, Queue,
        Said, Within,
    },
};
use sqlx::{AssertSqlSafe, PgPool, query, query_as, query_scalar};

use super::{World, conflict, scans};
use crate::rows::{operator, run, user, work_off};

/// The direction that these axes come to, with so much of each.
fn vector(parts: &[(usize, f64)]) -> String {
    let mut vector = vec![0.0; 1024];
    for &(axis, weight) in parts {
        vector[axis] = weight;
    }
    format!("{vector:?}")
}

/// The world with an admin.
struct Desk {
    world: World,
    mei: Operator,
    as_mei: PgPool,
}

/// What `user_face_embeddings` says: the vector, the picture, whether it is active, since when.
type Row = (String, Option<String>, bool, String);

impl Desk {
    async fn new(db: PgPool) -> Self {
        let world = World::new(db).await;
        let (mei, as_mei) = operator(&world.db, "mei", Role::Admin).await;
        Self { world, mei, as_mei }
    }

    /// As the AI service does it.
    async fn enrolled_by_service(&self, person: i64, embedding: &str) {
        query(
            "insert into user_face_embeddings (user_id, embedding, source_image_url, enrolled_at)
             values ($1, $2::vector, 'https://example.org/portrait.jpg', '2024-05-03')
                 on conflict (user_id) do update
                set embedding = excluded.embedding, is_active = true, updated_at = now()",
        )
        .bind(person)
        .bind(embedding)
        .execute(&self.world.db)
        .await
        .expect("enrolled");
    }

    /// On a photo of its own.
    async fn face(&self, embedding: &str) -> FaceId {
        let photo = self.world.another_photo().await;
        let face = query_scalar(
            "insert into media_detected_faces (media_id, bbox, embedding) values ($1, '{10,20,30,40}', $2::vector) returning id",
        )
        .bind(photo)
        .bind(embedding)
        .fetch_one(&self.world.db)
        .await
        .expect("a face");
        FaceId(face)
    }

    async fn confirmed(&self, embedding: &str, person: i64) -> FaceId {
        let face = self.face(embedding).await;
        self.world.confirm(&self.world.seen(face).await, person).await.expect("confirmed");
        face
    }

    async fn source(&self, face: FaceId) -> EnrolmentSource {
        EnrolmentSource::Face(self.world.seen(face).await)
    }

    async fn enrolment(&self, person: i64) -> Enrolment {
        faces::enrolment(&self.world.as_bo, &self.world.bo, UserId(person)).await.expect("an enrolment")
    }

    async fn version(&self, person: i64) -> Option<RowVersion> {
        self.enrolment(person).await.present.map(|present| present.version)
    }

    async fn preview(&self, person: i64, source: &EnrolmentSource) -> Result<EnrolmentPreview> {
        faces::preview_enrolment(&self.world.as_bo, &self.world.bo, UserId(person), source).await
    }

    async fn enrol(&self, person: i64, source: &EnrolmentSource) -> Result<AuditId> {
        let seen = self.version(person).await;
        self.enrol_seen(person, source, seen).await
    }

    async fn enrol_seen(&self, person: i64, source: &EnrolmentSource, seen: Option<RowVersion>) -> Result<AuditId> {
        let mut connection = self.as_mei.acquire().await.expect("connected");
        faces::enrol(&mut connection, &self.mei, UserId(person), source, seen.as_ref()).await
    }

    async fn switch(&self, person: i64, active: bool) -> Result<AuditId> {
        let seen = self.version(person).await.expect("enrolled");
        let mut connection = self.as_mei.acquire().await.expect("connected");
        faces::switch_enrolment(&mut connection, &self.mei, UserId(person), active, &seen).await
    }

    async fn undo(&self, person: i64) -> Result<AuditId> {
        let seen = self.version(person).await;
        let mut connection = self.as_mei.acquire().await.expect("connected");
        faces::undo_enrolment(&mut connection, &self.mei, UserId(person), seen.as_ref()).await
    }

    async fn row(&self, person: i64) -> Row {
        query_as(
            "select embedding::text, source_image_url, is_active, enrolled_at::text from user_face_embeddings where user_id = $1",
        )
        .bind(person)
        .fetch_one(&self.world.db)
        .await
        .expect("an enrolment")
    }

    /// Newest first
    async fn origins(&self, person: i64) -> Vec<EnrolmentOrigin> {
        self.enrolment(person).await.history.iter().map(|entry| entry.origin).collect()
    }

    async fn set_enrolment(&self, person: i64, sql: &str) {
        let sql = format!("update user_face_embeddings set {sql} where user_id = {person}");
        query(AssertSqlSafe(sql)).execute(&self.world.db).await.expect("updated");
    }
}

fn sentence<T: std::fmt::Debug>(outcome: Result<T>) -> String {
    outcome.expect_err("refused").to_string()
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_confirmed_face_becomes_the_enrolment_and_faces_like_it_are_suggested(db: PgPool) {
    let desk = Desk::new(db).await;
    let dana = desk.world.dana;
    let like = desk.face(&vector(&[(1, 0.8), (101, 0.6)])).await;
    let face = desk.confirmed(&vector(&[(1, 1.0)]), dana).await;
    work_off(&desk.world.db, None).await;
    assert_eq!(desk.world.row(like).await.0, "UNIDENTIFIED");
    assert_eq!(desk.enrolment(dana).await, Enrolment { present: None, history: vec![] });

    let audit = desk.enrol(dana, &desk.source(face).await).await.expect("enrolled");

    let (embedding, picture, is_active, _) = desk.row(dana).await;
    let same: bool = query_scalar("select embedding = $2::vector from media_detected_faces where id = $1")
        .bind(face.0)
        .bind(&embedding)
        .fetch_one(&desk.world.db)
        .await
        .expect("compared");
    assert!(same && is_active && picture.is_none());
    let enrolment = desk.enrolment(dana).await;
    let present = enrolment.present.expect("enrolled");
    assert_eq!((present.is_active, present.face_id, present.has_picture), (true, Some(face), false));
    let [entry] = enrolment.history.as_slice() else { panic!("one entry: {:?}", enrolment.history) };
    assert_eq!((entry.origin, entry.face_id, entry.is_active), (EnrolmentOrigin::Face, Some(face), true));
    assert_eq!(entry.written_by.as_ref(), Some(&desk.mei.username));
    let log = desk.world.log().await;
    assert_eq!(log.last(), Some(&("enrolment.enrol".into(), desk.mei.username.clone(), dana)));
    let (subject, id): (String, i64) = query_as("select subject, id from console.audit_entry order by id desc")
        .fetch_one(&desk.world.db)
        .await
        .expect("");
    assert_eq!((subject.as_str(), id), ("person", audit.0));

    work_off(&desk.world.db, None).await;
    let (status, _, suggested, score) = desk.world.row(like).await;
    assert_eq!((status.as_str(), suggested), ("SUGGESTED", Some(dana)));
    assert!((score.expect("a score") - 0.8).abs() < 1e-3);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn any_earlier_enrolment_comes_back_as_it_was_and_so_does_the_last_change(db: PgPool) {
    let desk = Desk::new(db).await;
    let dana = desk.world.dana;
    desk.enrolled_by_service(dana, &vector(&[(1, 1.0)])).await;
    let first = desk.row(dana).await;
    let face = desk.confirmed(&vector(&[(1, 0.6), (2, 0.8)]), dana).await;
    desk.enrol(dana, &desk.source(face).await).await.expect("enrolled");
    let second = desk.row(dana).await;
    assert_ne!(first.0, second.0);
    assert_eq!(desk.origins(dana).await, [EnrolmentOrigin::Face, EnrolmentOrigin::Service]);

    desk.switch(dana, false).await.expect("switched off");
    assert!(!desk.row(dana).await.2);
    desk.undo(dana).await.expect("taken back");
    assert_eq!(desk.row(dana).await, second);

    let history = desk.enrolment(dana).await.history;
    let oldest = history.last().expect("the first state");
    assert!((oldest.similarity.expect("compared") - 0.6).abs() < 1e-4);
    let back = EnrolmentSource::Entry(oldest.id.expect("kept"));
    let preview = desk.preview(dana, &back).await.expect("a preview");
    assert!((preview.similarity.expect("compared") - 0.6).abs() < 1e-4);
    desk.enrol(dana, &back).await.expect("rolled back");
    assert_eq!(desk.row(dana).await, first);
    let enrolment = desk.enrolment(dana).await;
    assert_eq!(enrolment.history[0].origin, EnrolmentOrigin::Rollback);
    assert_eq!(enrolment.history[0].restores, oldest.id);
    assert_eq!(enrolment.present.expect("enrolled").face_id, None);

    desk.undo(dana).await.expect("taken back");
    assert_eq!(desk.row(dana).await, second);
    assert_eq!(desk.enrolment(dana).await.present.expect("enrolled").face_id, Some(face));
    let broken: Option<i64> =
        query_scalar("select broken_at from console.verify_audit()").fetch_one(&desk.world.db).await.expect("verified");
    assert_eq!(broken, None, "the log's chain holds");
    let actions: Vec<String> =
        query_scalar("select action from console.audit_entry where subject = 'person' order by id")
            .fetch_all(&desk.world.db)
            .await
            .expect("the log");
    let rollback = "enrolment.rollback";
    assert_eq!(actions, ["enrolment.enrol", "enrolment.deactivate", rollback, rollback, rollback]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn who_was_enrolled_for_the_first_time_is_inactive_when_that_is_taken_back(db: PgPool) {
    let desk = Desk::new(db).await;
    let dana = desk.world.dana;
    assert!(matches!(desk.undo(dana).await, Err(Error::NotFound(_))));
    let face = desk.confirmed(&vector(&[(1, 1.0)]), dana).await;
    desk.enrol(dana, &desk.source(face).await).await.expect("enrolled");
    desk.undo(dana).await.expect("taken back");
    assert!(!desk.row(dana).await.2);
    assert_eq!(desk.origins(dana).await, [EnrolmentOrigin::Switch, EnrolmentOrigin::Face]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn changes_are_taken_back_one_after_the_other_and_never_over_somebody_else_s(db: PgPool) {
    let desk = Desk::new(db).await;
    let dana = desk.world.dana;
    desk.enrolled_by_service(dana, &vector(&[(1, 1.0)])).await;
    let mut states = vec![desk.row(dana).await];
    for axis in [2, 3] {
        let face = desk.confirmed(&vector(&[(axis, 1.0)]), dana).await;
        desk.enrol(dana, &desk.source(face).await).await.expect("enrolled");
        states.push(desk.row(dana).await);
    }
    desk.undo(dana).await.expect("taken back");
    assert_eq!(desk.row(dana).await, states[1]);
    desk.undo(dana).await.expect("the one before is taken back, and nothing done again");
    assert_eq!(desk.row(dana).await, states[0]);
    assert!(sentence(desk.undo(dana).await).contains("A change of yours to this enrolment"));
    assert_eq!(desk.row(dana).await, states[0]);

    let face = desk.confirmed(&vector(&[(4, 1.0)]), dana).await;
    desk.enrol(dana, &desk.source(face).await).await.expect("enrolled");
    let (lee, as_lee) = operator(&desk.world.db, "lee", Role::Admin).await;
    let mut connection = as_lee.acquire().await.expect("connected");
    let seen = desk.version(dana).await.expect("enrolled");
    let theirs = faces::undo_enrolment(&mut connection, &lee, UserId(dana), Some(&seen)).await;
    assert_eq!(
        conflict(theirs),
        format!(
            "{} has changed the enrolment of dana last, and that is not yours to take back. Go back to an earlier entry instead.",
            desk.mei.username
        )
    );
    faces::switch_enrolment(&mut connection, &lee, UserId(dana), false, &seen).await.expect("switched off");
    assert!(conflict(desk.undo(dana).await).starts_with(&format!("{} has changed", lee.username)));
    assert!(!desk.row(dana).await.2);
    // Once the other has taken theirs back, one's own is the last again.
    let seen = desk.version(dana).await;
    faces::undo_enrolment(&mut connection, &lee, UserId(dana), seen.as_ref()).await.expect("taken back");
    desk.undo(dana).await.expect("taken back");
    assert_eq!(desk.row(dana).await, states[0]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_confirmation_from_before_the_enrolment_is_listed_once_where_that_looks_like_somebody_else(db: PgPool) {
    let desk = Desk::new(db).await;
    let (amara, dana) = (desk.world.amara, desk.world.dana);
    desk.enrolled_by_service(amara, &vector(&[(1, 1.0)])).await;
    let before = desk.confirmed(&vector(&[(1, 0.8), (101, 0.6)]), amara).await;
    let unlike = desk.confirmed(&vector(&[(7, 1.0)]), amara).await;
    let unenrolled = desk.confirmed(&vector(&[(8, 1.0)]), dana).await;
    let listed = async || -> Vec<FaceId> {
        work_off(&desk.world.db, None).await;
        let asked = FaceQuery { queue: Queue::Conflicts, conflict: Some(ConflictKind::Far), ..FaceQuery::default() };
        let mut found: Vec<FaceId> =
            desk.world.window(&asked, None, 9).await.faces.iter().map(|waiting| waiting.face.id).collect();
        found.sort_unstable();
        found
    };
    assert!(listed().await.is_empty(), "with this enrolment they were confirmed");
    // The AI enrols the same picture anew, which is the same face.
    desk.enrolled_by_service(amara, &vector(&[(1, 0.985), (100, 0.173)])).await;
    assert!(listed().await.is_empty());

    desk.enrolled_by_service(amara, &vector(&[(2, 1.0)])).await;
    desk.enrolled_by_service(dana, &vector(&[(3, 1.0)])).await;
    assert_eq!(listed().await, [before, unlike, unenrolled]);
    for (face, person) in [(before, amara), (unenrolled, dana)] {
        desk.world.confirm(&desk.world.seen(face).await, person).await.expect("confirmed once more");
    }
    let seen = desk.world.seen(unlike).await;
    let mut connection = desk.world.as_bo.acquire().await.expect("connected");
    faces::dismiss(&mut connection, &desk.world.bo, &seen).await.expect("dismissed");
    drop(connection);
    assert!(listed().await.is_empty());
    for noise in 0..5 {
        desk.enrolled_by_service(amara, &vector(&[(2, 0.985), (100 + noise, 0.173)])).await;
        assert!(listed().await.is_empty(), "it was asked");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn who_was_turned_down_is_remembered_with_how_similar_they_were(db: PgPool) {
    let desk = Desk::new(db).await;
    let (amara, dana) = (desk.world.amara, desk.world.dana);
    desk.enrolled_by_service(amara, &vector(&[(1, 1.0)])).await;
    let turned_down = Said::IsNot(Some(UserId(amara)));
    let near = desk.face(&vector(&[(1, 0.6), (101, 0.8)])).await;
    desk.world.decide(&desk.world.seen(near).await, turned_down).await.expect("turned down");
    let odd = desk.world.suggested_on(desk.world.another_photo().await, Some(amara), Some(1.7)).await;
    desk.world.set(odd, &format!("embedding = '{}'", vector(&[(1, 0.8), (102, 0.6)]))).await;
    desk.world.confirm(&desk.world.seen(odd).await, amara).await.expect("confirmed");
    // Of who is not enrolled only the score of the AI is known.
    let scored = desk.world.suggested_on(desk.world.another_photo().await, Some(dana), Some(0.72)).await;
    desk.world.reject(&desk.world.seen(scored).await).await.expect("rejected");
    let kept: Vec<Option<f64>> =
        query_scalar("select round(similarity::numeric, 4)::float8 from console.face_verdict order by id")
            .fetch_all(&desk.world.db)
            .await
            .expect("verdicts");
    assert_eq!(kept, [Some(0.6), Some(0.8), Some(0.72)]);
    let learnt = faces::calibration(&desk.world.as_bo, &desk.world.bo).await.expect("learnt");
    assert_eq!(learnt.verdicts, 3);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_the_platform_writes_is_kept_only_where_it_is_something_else(db: PgPool) {
    let desk = Desk::new(db).await;
    let dana = desk.world.dana;
    let entries = async || -> i64 {
        query_scalar("select count(*) from console.enrolment").fetch_one(&desk.world.db).await.expect("counted")
    };
    for run in 0..50 {
        // The same person with a little noise: cosine 0.97 between two runs.
        desk.enrolled_by_service(dana, &vector(&[(1, 0.985), (100 + run % 7, 0.173)])).await;
    }
    assert_eq!(entries().await, 0);
    let history = desk.enrolment(dana).await.history;
    assert_eq!((history.len(), history[0].id, history[0].origin), (1, None, EnrolmentOrigin::Service));

    desk.enrolled_by_service(dana, &vector(&[(2, 1.0)])).await;
    assert_eq!(desk.origins(dana).await, [EnrolmentOrigin::Service; 2]);
    desk.set_enrolment(dana, "is_active = false").await;
    desk.set_enrolment(dana, "source_image_url = 'https://example.org/other.jpg'").await;
    desk.set_enrolment(dana, "updated_at = now(), enrolled_at = now()").await;
    assert_eq!(entries().await, 4);

    // Deleted and enrolled anew in one transaction is the same; deleted for good is not.
    let mut tx = desk.world.db.begin().await.expect("begun");
    run(&mut *tx, "delete from user_face_embeddings where user_id = $1", dana).await;
    query("insert into user_face_embeddings (user_id, embedding, source_image_url, is_active) values ($1, $2::vector, $3, false)")
        .bind(dana)
        .bind(vector(&[(2, 1.0)]))
        .bind("https://example.org/other.jpg")
        .execute(&mut *tx)
        .await
        .expect("enrolled anew");
    tx.commit().await.expect("committed");
    assert_eq!(entries().await, 4);
    desk.enrolled_by_service(desk.world.amara, &vector(&[(9, 1.0)])).await;
    assert!(matches!(desk.undo(desk.world.amara).await, Err(Error::NotFound(_))), "nothing has changed yet");
    run(&desk.world.db, "delete from user_face_embeddings where user_id = $1", dana).await;
    assert_eq!(desk.origins(dana).await[0], EnrolmentOrigin::Removed);
    assert_eq!(desk.enrolment(dana).await.present, None);

    // It can be brought back, but nobody goes back to where nothing was, nor takes back what the platform did.
    let history = desk.enrolment(dana).await.history;
    let nothing = EnrolmentSource::Entry(history[0].id.expect("kept"));
    assert!(sentence(desk.enrol(dana, &nothing).await).contains("was not enrolled then"));
    assert!(conflict(desk.undo(dana).await).starts_with("The platform has changed the enrolment of dana last"));
    let before = EnrolmentSource::Entry(history[1].id.expect("kept"));
    desk.enrol(dana, &before).await.expect("brought back");
    assert_eq!(desk.row(dana).await.1.as_deref(), Some("https://example.org/other.jpg"));

    let everybody = entries().await;
    assert_eq!(everybody, 6);
    run(&desk.world.db, "delete from users where user_id = $1", dana).await;
    assert_eq!(entries().await, 0, "who leaves takes their faces with them");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_preview_says_what_then_happens_and_what_humans_said_stays(db: PgPool) {
    let desk = Desk::new(db).await;
    let (amara, dana) = (desk.world.amara, desk.world.dana);
    desk.enrolled_by_service(amara, &vector(&[(1, 1.0)])).await;
    desk.enrolled_by_service(dana, &vector(&[(2, 1.0)])).await;
    let lost = desk.face(&vector(&[(1, 0.8), (101, 0.6)])).await;
    let nobody = desk.face(&vector(&[(1, 0.6), (2, 0.6), (102, 0.529)])).await;
    let theirs = desk.face(&vector(&[(1, 0.4), (2, 0.75), (103, 0.527)])).await;
    let doubtful = desk.face(&vector(&[(1, 0.9), (104, 0.436)])).await;
    let drawn = desk.face(&vector(&[(1, 0.5), (2, 0.8), (105, 0.332)])).await;
    let rejected = desk.face(&vector(&[(1, 0.6), (2, 0.6), (106, 0.529)])).await;
    let other = desk.face(&vector(&[(300, 1.0)])).await;
    let wanted = desk.face(&vector(&[(1, 0.6), (2, 0.8)])).await;
    work_off(&desk.world.db, None).await;
    for (face, person) in [(doubtful, amara), (drawn, dana), (wanted, amara)] {
        desk.world.confirm(&desk.world.seen(face).await, person).await.expect("confirmed");
    }
    let turned_down = Said::IsNot(Some(UserId(amara)));
    desk.world.decide(&desk.world.seen(rejected).await, turned_down).await.expect("rejected");
    work_off(&desk.world.db, None).await;
    let before = [desk.world.verdicts().await.len(), desk.world.log().await.len()];
    let source = desk.source(wanted).await;

    let preview = desk.preview(amara, &source).await.expect("a preview");

    assert!((preview.similarity.expect("enrolled") - 0.6).abs() < 1e-4);
    let [neighbour] = preview.neighbours.as_slice() else { panic!("dana: {:?}", preview.neighbours) };
    assert_eq!(neighbour.person.username, "dana");
    assert_eq!(
        preview.warning.as_deref(),
        Some("dana is enrolled with a face that is 0.80 similar: faces of one may be suggested as the other.")
    );
    let flips: BTreeMap<FlipKind, Vec<(FaceId, Option<i64>, bool)>> = preview
        .flips
        .iter()
        .map(|flips| {
            assert_eq!(usize::try_from(flips.faces), Ok(flips.shown.len()));
            let mut shown: Vec<_> = flips
                .shown
                .iter()
                .map(|face| (face.face_id, face.person.as_ref().map(|person| person.id.0), face.is_decided))
                .collect();
            shown.sort_unstable();
            (flips.kind, shown)
        })
        .collect();
    assert_eq!(
        flips,
        BTreeMap::from([
            (FlipKind::Gained, vec![(nobody, None, false), (theirs, Some(dana), false)]),
            (FlipKind::Lost, vec![(lost, Some(amara), false)]),
            (FlipKind::Doubtful, vec![(doubtful, Some(amara), true)]),
            (FlipKind::Drawn, vec![(drawn, Some(dana), true)]),
        ])
    );
    assert_eq!((preview.looked_at, preview.is_partial), (8, false));
    assert_eq!(before, [desk.world.verdicts().await.len(), desk.world.log().await.len()], "looking changes nothing");

    desk.enrol(amara, &source).await.expect("enrolled");
    work_off(&desk.world.db, None).await;
    for (face, status, person) in [
        (nobody, "SUGGESTED", Some(amara)),
        (theirs, "SUGGESTED", Some(amara)),
        (lost, "UNIDENTIFIED", None),
        (doubtful, "CONFIRMED", Some(amara)),
        (drawn, "CONFIRMED", Some(dana)),
        (rejected, "UNIDENTIFIED", None),
        (other, "UNIDENTIFIED", None),
        (wanted, "CONFIRMED", Some(amara)),
    ] {
        let (now, identified, suggested, _) = desk.world.row(face).await;
        assert_eq!((now.as_str(), identified.or(suggested)), (status, person), "{face}");
    }
    assert_eq!(desk.world.verdicts().await.len(), before[0]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_can_t_be_enrolled_is_refused_in_a_sentence_before_and_at_the_save(db: PgPool) {
    let desk = Desk::new(db).await;
    let (amara, dana) = (desk.world.amara, desk.world.dana);
    desk.enrolled_by_service(dana, &vector(&[(5, 1.0)])).await;
    let somebody = desk.face(&vector(&[(1, 1.0)])).await;
    let hers = desk.confirmed(&vector(&[(1, 1.0)]), amara).await;
    let gone = desk.confirmed(&vector(&[(1, 1.0)]), dana).await;
    let missing = desk.source(gone).await;
    run(&desk.world.db, "delete from media_detected_faces where id = $1", gone.0).await;
    let empty = desk.confirmed(&vector(&[(1, 1.0)]), dana).await;
    desk.world.set(empty, "embedding = array_fill(0, array[1024])::vector").await;
    let tiny = desk.confirmed(&vector(&[(1, 1.0)]), dana).await;
    desk.world.set(tiny, "embedding = array_fill(1e-30, array[1024])::vector").await;
    let before = (desk.row(dana).await, desk.world.log().await.len());
    for (source, says) in [
        (desk.source(somebody).await, "is not confirmed as dana"),
        (desk.source(hers).await, "is not confirmed as dana"),
        (missing, "This face is not there any more"),
        (desk.source(empty).await, "no usable embedding"),
        (desk.source(tiny).await, "no usable embedding"),
        (EnrolmentSource::Entry(EnrolmentId(1)), "This earlier enrolment is not there any more"),
    ] {
        assert!(sentence(desk.preview(dana, &source).await).contains(says), "{says}");
        let refused = sentence(desk.enrol(dana, &source).await);
        assert!(refused.contains(says), "{refused}");
    }
    let offered = faces::faces_to_enrol(&desk.world.as_bo, &desk.world.bo, UserId(dana)).await.expect("faces");
    assert!(offered.is_empty(), "{offered:?}");

    let good = desk.confirmed(&vector(&[(5, 0.9), (6, 0.436)]), dana).await;
    let offered = faces::faces_to_enrol(&desk.world.as_bo, &desk.world.bo, UserId(dana)).await.expect("faces");
    let [face] = offered.as_slice() else { panic!("one: {offered:?}") };
    assert_eq!((face.face_id, face.width, face.height), (good, Some(30), Some(40)));
    assert!((face.similarity.expect("compared") - 0.9).abs() < 1e-3);
    let stale = desk.source(good).await;
    desk.world.set(good, "confidence_score = 0.91").await;
    assert_eq!(sentence(desk.enrol(dana, &stale).await), "The face changed since you saw it. Look at it again.");
    let source = desk.source(good).await;
    for status in ["SUSPENDED", "DELETED"] {
        query("update users set account_status = $2 where user_id = $1")
            .bind(dana)
            .bind(status)
            .execute(&desk.world.db)
            .await
            .expect("left");
        for outcome in [desk.preview(dana, &source).await.map(drop), desk.enrol(dana, &source).await.map(drop)] {
            assert!(conflict(outcome).contains(&format!("The account dana is {status}")));
        }
    }
    assert_eq!((desk.row(dana).await, before.1), (before.0, before.1));
    desk.switch(dana, false).await.expect("who left may be made inactive");
    assert!(conflict(desk.switch(dana, true).await).contains("DELETED"));
    let nobody = desk.enrol_seen(i64::MAX, &source, None).await;
    assert!(matches!(nobody, Err(Error::Conflict(_) | Error::NotFound(_))), "{nobody:?}");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn who_comes_too_late_is_told_who_was_faster_and_changes_nothing(db: PgPool) {
    let desk = Desk::new(db).await;
    let dana = desk.world.dana;
    let face = desk.confirmed(&vector(&[(1, 1.0)]), dana).await;
    let source = desk.source(face).await;
    let none = desk.version(dana).await;
    desk.enrol(dana, &source).await.expect("enrolled");
    let late = desk.enrol_seen(dana, &source, none).await;
    let who = format!("{} has changed the enrolment of dana meanwhile. Look at it again.", desk.mei.username);
    assert_eq!(conflict(late), who);

    let seen = desk.version(dana).await;
    desk.enrolled_by_service(dana, &vector(&[(2, 1.0)])).await;
    let late = desk.enrol_seen(dana, &source, seen).await;
    assert_eq!(conflict(late), "The platform has changed the enrolment of dana meanwhile. Look at it again.");
    assert_eq!(desk.origins(dana).await, [EnrolmentOrigin::Service, EnrolmentOrigin::Face]);

    // Of many at once one is first.
    let seen = desk.version(dana).await;
    let mut admins = tokio::task::JoinSet::new();
    for number in 0..8 {
        let (by, db) = operator(&desk.world.db, &format!("admin{number}"), Role::Admin).await;
        let (source, seen) = (source.clone(), seen.clone());
        admins.spawn(async move {
            let mut connection = db.acquire().await.expect("connected");
            faces::enrol(&mut connection, &by, UserId(dana), &source, seen.as_ref()).await.is_ok()
        });
    }
    assert_eq!(admins.join_all().await.into_iter().filter(|done| *done).count(), 1);
    assert_eq!(desk.origins(dana).await.len(), 3);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn moderators_look_and_staff_see_nothing_and_nobody_a_vector(db: PgPool) {
    let desk = Desk::new(db).await;
    let dana = UserId(desk.world.dana);
    let face = desk.confirmed(&vector(&[(1, 1.0)]), dana.0).await;
    let source = desk.source(face).await;
    let (staff, as_staff) = operator(&desk.world.db, "staff", Role::Staff).await;
    // Nor where the window was made to believe otherwise.
    let disguised = |by: &Operator| Operator { role: Role::Admin, ..by.clone() };
    for (by, pool) in [
        (staff.clone(), &as_staff),
        (disguised(&staff), &as_staff),
        (desk.world.bo.clone(), &desk.world.as_bo),
        (disguised(&desk.world.bo), &desk.world.as_bo),
    ] {
        let mut connection = pool.acquire().await.expect("connected");
        let seen = RowVersion("1".into());
        for outcome in [
            faces::enrol(&mut connection, &by, dana, &source, None).await,
            faces::switch_enrolment(&mut connection, &by, dana, false, &seen).await,
            faces::undo_enrolment(&mut connection, &by, dana, Some(&seen)).await,
        ] {
            assert!(matches!(outcome, Err(Error::Forbidden(_) | Error::NotFound(_))), "{}: {outcome:?}", by.username);
        }
    }
    assert!(desk.enrolment(dana.0).await.present.is_none());
    let looked = [
        faces::enrolment(&as_staff, &staff, dana).await.map(drop),
        faces::faces_to_enrol(&as_staff, &staff, dana).await.map(drop),
        faces::preview_enrolment(&as_staff, &staff, dana, &source).await.map(drop),
    ];
    assert!(looked.iter().all(|outcome| matches!(outcome, Err(Error::Forbidden(_)))), "{looked:?}");
    for (pool, sql) in [
        (&as_staff, "select 1 from console.enrolment_history(1, 1)"),
        (&desk.world.as_bo, "select 1 from console.enrolment"),
        (&desk.as_mei, "select 1 from console.enrolment"),
        (&desk.as_mei, "select 1 from console.enrolment_vector(1, 1, null)"),
        (&desk.world.as_bo, "select 1 from console.save_enrolment(1, 1, '', null, null)"),
        (&desk.as_mei, "update user_face_embeddings set is_active = false"),
    ] {
        let refused = query(sql).execute(pool).await.expect_err(sql);
        assert!(refused.to_string().contains("permission denied"), "{refused}");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn faces_on_unsafe_photos_are_for_admins_only(db: PgPool) {
    let desk = Desk::new(db).await;
    let amara = desk.world.amara;
    desk.enrolled_by_service(amara, &vector(&[(1, 1.0)])).await;
    let lost = desk.face(&vector(&[(1, 0.8), (101, 0.6)])).await;
    work_off(&desk.world.db, None).await;
    let [hidden, shown] =
        [desk.confirmed(&vector(&[(2, 1.0)]), amara).await, desk.confirmed(&vector(&[(3, 1.0)]), amara).await];
    for face in [hidden, lost] {
        run(
            &desk.world.db,
            "update media_ai_insights set status = 'UNSAFE'
              where media_id = (select media_id from media_detected_faces where id = $1)",
            face.0,
        )
        .await;
    }
    let offered = async |db: &PgPool, by: &Operator| -> Vec<FaceId> {
        let faces = faces::faces_to_enrol(db, by, UserId(amara)).await.expect("faces");
        faces.into_iter().map(|face| face.face_id).collect()
    };
    assert_eq!(offered(&desk.world.as_bo, &desk.world.bo).await, [shown]);
    assert_eq!(offered(&desk.as_mei, &desk.mei).await.len(), 2);
    let source = desk.source(hidden).await;
    assert!(sentence(desk.preview(amara, &source).await).contains("This face is not there any more"));
    let source = desk.source(shown).await;
    assert!(desk.preview(amara, &source).await.expect("a preview").flips.is_empty());
    let admins = faces::preview_enrolment(&desk.as_mei, &desk.mei, UserId(amara), &source).await.expect("a preview");
    assert_eq!(admins.flips[0].shown[0].face_id, lost);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_preview_reads_faces_by_their_indices_and_says_that_there_are_more(db: PgPool) {
    let desk = Desk::new(db).await;
    let (amara, dana) = (desk.world.amara, desk.world.dana);
    desk.enrolled_by_service(amara, &vector(&[(1, 1.0)])).await;
    desk.enrolled_by_service(dana, &vector(&[(2, 1.0)])).await;
    sqlx::raw_sql(AssertSqlSafe(format!(
        "insert into media_detected_faces (media_id, bbox, embedding, suggested_user_id, identified_user_id, confidence_score, status)
         select {photo}, '{{10,20,30,40}}', array_fill(0.03, array[1024])::vector,
                case when n % 128 = 1 then {amara} when n % 8 = 1 then {eve} end, case when n % 8 = 2 then {dana} end,
                0.7 + n % 150 / 1000.0,
                case n % 8 when 1 then 'SUGGESTED' when 2 then 'CONFIRMED' else 'UNIDENTIFIED' end
           from generate_series(1, 16000) n;
         analyze;",
        photo = desk.world.photo,
        eve = user(&desk.world.db, "eve").await
    )))
    .execute(&desk.world.db)
    .await
    .expect("faces");
    let face = desk.confirmed(&vector(&[(1, 0.6), (2, 0.8)]), amara).await;

    let mut tx = desk.world.as_bo.begin().await.expect("begun");
    let (looked_at, is_partial): (i64, bool) =
        query_as("select looked_at, is_partial from console.enrolment_flips($1, $2, null, 24) limit 1")
            .bind(amara)
            .bind(face.0)
            .fetch_one(&mut *tx)
            .await
            .expect("a preview");

    assert!(is_partial);
    assert!((5000..=7000).contains(&looked_at), "{looked_at}");
    assert_eq!(scans(&mut tx, "media_detected_faces").await, 0, "all faces were read");
    for index in [
        "console_faces_unidentified_newest",
        "console_faces_suggested_person",
        "idx_mdf_identified_user",
        "console_enrolled_faces",
    ] {
        assert!(scans(&mut tx, index).await > 0, "{index}");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn who_may_be_either_of_two_enrolled_too_much_alike_is_listed_until_they_are_not(db: PgPool) {
    let desk = Desk::new(db).await;
    let (amara, dana) = (desk.world.amara, desk.world.dana);
    desk.enrolled_by_service(amara, &vector(&[(1, 1.0)])).await;
    let either = desk.face(&vector(&[(1, 0.8), (2, 0.2), (101, 0.566)])).await;
    let hers = desk.face(&vector(&[(1, 0.7), (2, -0.3), (102, 0.648)])).await;
    let listed = async || -> Vec<(FaceId, String)> {
        work_off(&desk.world.db, None).await;
        let asked = FaceQuery { queue: Queue::Conflicts, conflict: Some(ConflictKind::Alike), ..FaceQuery::default() };
        let found = desk.world.window(&asked, None, 9).await.faces;
        found.into_iter().map(|waiting| (waiting.face.id, waiting.conflicts[0].sentence.clone())).collect()
    };
    assert!(listed().await.is_empty());
    // Not so much alike that one could not tell.
    desk.enrolled_by_service(dana, &vector(&[(1, 0.8), (2, 0.6)])).await;
    assert!(listed().await.is_empty());

    desk.enrolled_by_service(dana, &vector(&[(1, 0.9), (2, 0.436)])).await;
    let found = listed().await;
    let [(face, said)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(*face, either, "{hers} looks like only one of them");
    assert!(said.contains("the two enrolled faces are 0.90 similar"), "{said}");
    let counts = faces::counts(&desk.world.as_bo, &desk.world.bo, &Within::All).await.expect("counted");
    assert!(counts.kinds.iter().any(|count| (count.kind, count.faces) == (ConflictKind::Alike, 1)));

    desk.switch(dana, false).await.expect("inactive");
    assert!(listed().await.is_empty());
    desk.switch(dana, true).await.expect("active");
    assert_eq!(listed().await.len(), 1);
    // Whoever decides the face has answered it.
    desk.world.confirm(&desk.world.seen(either).await, amara).await.expect("confirmed");
    assert!(listed().await.is_empty());
    let eve = user(&desk.world.db, "eve").await;
    desk.enrolled_by_service(eve, &vector(&[(900, 1.0)])).await;
    assert!(listed().await.is_empty());
    let pairs: Vec<(i64, i64)> = query_as("select user_id, other_id from console.enrolment_alike order by 1")
        .fetch_all(&desk.world.db)
        .await
        .expect("");
    assert_eq!(pairs, [(amara, dana), (dana, amara)]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn nothing_is_left_of_an_enrolment_whose_transaction_fails(db: PgPool) {
    let desk = Desk::new(db).await;
    let dana = desk.world.dana;
    desk.enrolled_by_service(dana, &vector(&[(1, 1.0)])).await;
    let face = desk.confirmed(&vector(&[(2, 1.0)]), dana).await;
    let source = desk.source(face).await;
    let before = (desk.row(dana).await, desk.version(dana).await, desk.world.log().await);
    sqlx::raw_sql("alter table console.enrolment add constraint full_disk check (origin <> 'face') not valid")
        .execute(&desk.world.db)
        .await
        .expect("altered");
    desk.enrol(dana, &source).await.expect_err("the history can't be kept, so nothing else is");
    assert_eq!((desk.row(dana).await, desk.version(dana).await, desk.world.log().await), before);
    assert_eq!(desk.enrolment(dana).await.history[0].id, None);
    let seen: Seen<FaceId> = desk.world.seen(face).await;
    assert_eq!(source, EnrolmentSource::Face(seen));
}
