//! Faces matched with enrolments: who is named, who never again, and what makes the worker look once more.

use kaleidoscope_console::{
    access::Role,
    db::{FaceId, MIGRATOR, RowVersion, Seen, UserId},
    faces::{Matched, Said, decide, match_faces},
};
use sqlx::{PgPool, query, query_as, query_scalar};

use crate::{
    differences::differences,
    rows::{operator, photo, post, run, user, work_off},
};

/// A unit vector that is similar to person `axis` by so much, and to nobody else.
fn near(axis: usize, similarity: f64, noise: usize) -> String {
    let mut vector = vec![0.0; 1024];
    vector[axis] = similarity;
    vector[512 + noise] = (1.0 - similarity * similarity).sqrt();
    format!("{vector:?}")
}

async fn enrol(db: &PgPool, user: i64, axis: usize) {
    query("insert into user_face_embeddings (user_id, embedding) values ($1, $2::vector)")
        .bind(user)
        .bind(near(axis, 1.0, 0))
        .execute(db)
        .await
        .expect("enrolled");
}

/// At `place` on the photo.
async fn face(db: &PgPool, media: i64, place: i32, embedding: &str) -> i64 {
    query_scalar(
        "insert into media_detected_faces (media_id, bbox, embedding)
         values ($1, array[$2, 10, 40, 40], $3::vector) returning id",
    )
    .bind(media)
    .bind(place)
    .bind(embedding)
    .fetch_one(db)
    .await
    .expect("a face")
}

async fn an_open_photo(db: &PgPool, uploader: i64) -> i64 {
    photo(db, post(db, uploader, "open").await, "", &[]).await
}

type Named = (String, Option<i64>, Option<i64>, Option<f64>);

async fn named(db: &PgPool, face: i64) -> Named {
    query_as(
        "select status, identified_user_id, suggested_user_id, round(confidence_score::numeric, 3)::double precision
           from media_detected_faces where id = $1",
    )
    .bind(face)
    .fetch_one(db)
    .await
    .expect("the face")
}

fn confirmed(person: i64, score: f64) -> Named {
    ("CONFIRMED".into(), Some(person), None, Some(score))
}

fn suggested(person: i64, score: f64) -> Named {
    ("SUGGESTED".into(), None, Some(person), Some(score))
}

fn nobody() -> Named {
    ("UNIDENTIFIED".into(), None, None, None)
}

async fn seen(db: &PgPool, face: i64) -> Seen<FaceId> {
    let version = query_scalar("select xmin::text from media_detected_faces where id = $1")
        .bind(face)
        .fetch_one(db)
        .await
        .expect("the face");
    Seen { id: FaceId(face), version: RowVersion(version) }
}

async fn verdicts_and_entries(db: &PgPool) -> (i64, i64) {
    query_as("select (select count(*) from console.face_verdict), (select count(*) from console.audit_entry)")
        .fetch_one(db)
        .await
        .expect("counts")
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_thresholds_say_who_is_confirmed_and_who_is_suggested(db: PgPool) {
    let (ada, bo) = (user(&db, "ada").await, user(&db, "bo").await);
    enrol(&db, bo, 1).await;
    let media = [an_open_photo(&db, ada).await, an_open_photo(&db, ada).await, an_open_photo(&db, ada).await];
    let sure = face(&db, media[0], 0, &near(1, 0.86, 1)).await;
    let unsure = face(&db, media[1], 0, &near(1, 0.71, 1)).await;
    let other = face(&db, media[2], 0, &near(1, 0.69, 1)).await;

    work_off(&db, None).await;

    assert_eq!(named(&db, sure).await, confirmed(bo, 0.86));
    assert_eq!(named(&db, unsure).await, suggested(bo, 0.71));
    assert_eq!(named(&db, other).await, nobody());
    assert_eq!(verdicts_and_entries(&db).await, (0, 0), "no human said so");
    assert_eq!(differences(&db).await, [""; 0]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn nobody_is_twice_on_a_photo_and_the_photo_is_decided_as_a_whole(db: PgPool) {
    let (ada, bo) = (user(&db, "ada").await, user(&db, "bo").await);
    enrol(&db, ada, 1).await;
    enrol(&db, bo, 2).await;
    let media = an_open_photo(&db, ada).await;
    // Nearer to Ada than to Bo; but the other two are near to nobody but Ada, and one of them much.
    let mut both = vec![0.0; 1024];
    (both[1], both[2]) = (0.714, 0.7);
    let either = face(&db, media, 0, &format!("{both:?}")).await;
    let only_ada = face(&db, media, 100, &near(1, 0.90, 1)).await;
    let again = face(&db, media, 200, &near(1, 0.89, 2)).await;

    let matched = match_faces(&db, |_, _| {}).await.expect("matched");

    assert_eq!(named(&db, either).await, suggested(bo, 0.7));
    assert_eq!(named(&db, only_ada).await, confirmed(ada, 0.9));
    assert_eq!(named(&db, again).await, nobody());
    assert_eq!((matched.photos, matched.faces, matched.confirmed), (1, 3, 1));
    assert_eq!(matched.suggested, 1);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn enrolling_leaving_and_another_face_are_looked_at_again(db: PgPool) {
    let (ada, bo) = (user(&db, "ada").await, user(&db, "bo").await);
    let found = face(&db, an_open_photo(&db, ada).await, 0, &near(1, 0.9, 1)).await;
    work_off(&db, None).await;
    assert_eq!(named(&db, found).await, nobody());

    enrol(&db, bo, 1).await;
    work_off(&db, None).await;
    assert_eq!(named(&db, found).await, confirmed(bo, 0.9));

    for (leave, back) in [
        (
            "update user_face_embeddings set is_active = false where user_id = $1",
            "update user_face_embeddings set is_active = true where user_id = $1",
        ),
        (
            "update users set account_status = 'SUSPENDED' where user_id = $1",
            "update users set account_status = 'ACTIVE' where user_id = $1",
        ),
    ] {
        run(&db, leave, bo).await;
        work_off(&db, None).await;
        assert_eq!(named(&db, found).await, nobody(), "{leave}");
        run(&db, back, bo).await;
        work_off(&db, None).await;
        assert_eq!(named(&db, found).await, confirmed(bo, 0.9), "{back}");
    }

    query("update media_detected_faces set embedding = $1::vector where id = $2")
        .bind(near(1, 0.8, 1))
        .bind(found)
        .execute(&db)
        .await
        .expect("moved");
    work_off(&db, None).await;
    assert_eq!(named(&db, found).await, suggested(bo, 0.8));
    assert_eq!(differences(&db).await, [""; 0]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn many_who_enrol_at_once_are_found_too(db: PgPool) {
    let ada = user(&db, "ada").await;
    let mut faces = Vec::new();
    for axis in 1..=60 {
        faces.push(face(&db, an_open_photo(&db, ada).await, 0, &near(axis, 0.9, axis)).await);
    }
    work_off(&db, None).await;
    let mut people = Vec::new();
    for axis in 1..=60 {
        let person = user(&db, &format!("person{axis}")).await;
        enrol(&db, person, axis).await;
        people.push(person);
    }
    work_off(&db, None).await;
    for (face, person) in faces.into_iter().zip(people) {
        assert_eq!(named(&db, face).await, confirmed(person, 0.9));
    }
}

/// More than are compared one by one: the index finds them.
#[sqlx::test(migrator = "MIGRATOR")]
async fn everybody_is_found_among_more_than_a_thousand(db: PgPool) {
    query(
        "with people as (
             insert into users (username, email, password, full_name, role, account_status)
             select 'person' || number, number || '@example.org', '', '', 'USER', 'ACTIVE'
               from generate_series(1, 1100) as number
             returning user_id
         )
         insert into user_face_embeddings (user_id, embedding)
         -- Noise in all 1,024 directions has no neighbourhoods in which a graph could find its way; faces have.
         select user_id,
                array(
                    select case when direction <= 32 then random() - 0.5 else 0 end + 0 * user_id
                      from generate_series(1, 1024) as direction
                )::vector
           from people",
    )
    .execute(&db)
    .await
    .expect("enrolled");
    let media = an_open_photo(&db, user(&db, "ada").await).await;
    let faces = query(
        "insert into media_detected_faces (media_id, bbox, embedding)
         select $1, array[20 * user_id, 10, 10, 10], embedding from user_face_embeddings where user_id % 50 = 0",
    )
    .bind(media)
    .execute(&db)
    .await
    .expect("faces");
    assert_eq!(match_faces(&db, |_, _| {}).await.expect("matched").confirmed, faces.rows_affected());
    let wrong: i64 = query_scalar(
        "select count(*) from media_detected_faces where identified_user_id is distinct from bbox[1] / 20",
    )
    .fetch_one(&db)
    .await
    .expect("a number");
    assert_eq!(wrong, 0);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_human_verdict_holds_when_the_ai_finds_the_face_again(db: PgPool) {
    let (ada, bo, chi) = (user(&db, "ada").await, user(&db, "bo").await, user(&db, "chi").await);
    enrol(&db, bo, 1).await;
    let media = an_open_photo(&db, ada).await;
    let found = face(&db, media, 0, &near(1, 0.8, 1)).await;
    work_off(&db, None).await;
    assert_eq!(named(&db, found).await, suggested(bo, 0.8));
    let (moderator, pool) = operator(&db, "moderator", Role::Moderator).await;
    let mut connection = pool.acquire().await.expect("a connection");
    decide(&mut connection, &moderator, &seen(&db, found).await, Said::Is(UserId(chi))).await.expect("confirmed");
    let before = verdicts_and_entries(&db).await;

    match_faces(&db, |_, _| {}).await.expect("matched");
    assert_eq!(named(&db, found).await.1, Some(chi));
    // The AI runs again: in place, and then with rows of its own.
    query("update media_detected_faces set identified_user_id = null, suggested_user_id = $1, status = 'SUGGESTED' where id = $2")
        .bind(bo)
        .bind(found)
        .execute(&db)
        .await
        .expect("named by the AI");
    work_off(&db, None).await;
    assert_eq!((named(&db, found).await.0.as_str(), named(&db, found).await.1), ("CONFIRMED", Some(chi)));
    run(&db, "delete from media_detected_faces where id = $1", found).await;
    let again = face(&db, media, 3, &near(1, 0.82, 1)).await;
    let bystander = face(&db, media, 300, &near(1, 0.75, 9)).await;
    work_off(&db, None).await;

    assert_eq!((named(&db, again).await.0.as_str(), named(&db, again).await.1), ("CONFIRMED", Some(chi)));
    assert_eq!(named(&db, bystander).await, suggested(bo, 0.75));
    assert_eq!(verdicts_and_entries(&db).await, before, "the worker says nothing in anybody's name");
    assert_eq!(differences(&db).await, [""; 0]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_rejected_pair_is_never_asked_again(db: PgPool) {
    let (ada, bo, chi) = (user(&db, "ada").await, user(&db, "bo").await, user(&db, "chi").await);
    enrol(&db, bo, 1).await;
    let media = an_open_photo(&db, ada).await;
    let found = face(&db, media, 0, &near(1, 0.9, 1)).await;
    work_off(&db, None).await;
    let (moderator, pool) = operator(&db, "moderator", Role::Moderator).await;
    let mut connection = pool.acquire().await.expect("a connection");
    decide(&mut connection, &moderator, &seen(&db, found).await, Said::IsNot(None)).await.expect("rejected");

    match_faces(&db, |_, _| {}).await.expect("matched");
    assert_eq!(named(&db, found).await.0, "UNIDENTIFIED");
    run(&db, "delete from media_detected_faces where id = $1", found).await;
    let again = face(&db, media, 3, &near(1, 0.91, 1)).await;
    work_off(&db, None).await;
    assert_eq!(named(&db, again).await, nobody());

    // Somebody else may still be asked for.
    let mut alike = vec![0.0; 1024];
    (alike[1], alike[513]) = (0.9, 0.19_f64.sqrt());
    query("insert into user_face_embeddings (user_id, embedding) values ($1, $2::vector)")
        .bind(chi)
        .bind(format!("{alike:?}"))
        .execute(&db)
        .await
        .expect("enrolled");
    work_off(&db, None).await;
    assert_eq!(named(&db, again).await.1, Some(chi));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn vectors_without_length_stop_nobody(db: PgPool) {
    let (ada, bo, chi) = (user(&db, "ada").await, user(&db, "bo").await, user(&db, "chi").await);
    enrol(&db, bo, 1).await;
    let zero = format!("{:?}", vec![0.0; 1024]);
    let huge = format!("{:?}", vec![1e30; 1024]);
    query("insert into user_face_embeddings (user_id, embedding) values ($1, $2::vector), ($3, $4::vector)")
        .bind(ada)
        .bind(&zero)
        .bind(chi)
        .bind(&huge)
        .execute(&db)
        .await
        .expect("enrolled");
    let media = an_open_photo(&db, ada).await;
    let empty = face(&db, media, 0, &zero).await;
    let found = face(&db, media, 100, &near(1, 0.9, 1)).await;
    run(&db, "update media_detected_faces set bbox = '{1,2,3}' where id = $1", found).await;

    work_off(&db, None).await;

    assert_eq!(named(&db, empty).await, nobody());
    assert_eq!(named(&db, found).await, confirmed(bo, 0.9));
    let waiting: i64 =
        query_scalar("select count(*) from console.read_model_queue").fetch_one(&db).await.expect("a count");
    assert_eq!(waiting, 0);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn whom_the_platform_names_without_an_enrolment_stays_named(db: PgPool) {
    let (ada, bo) = (user(&db, "ada").await, user(&db, "bo").await);
    enrol(&db, ada, 1).await;
    let media = an_open_photo(&db, ada).await;
    let known = face(&db, media, 0, &near(5, 0.9, 1)).await;
    run(&db, "update media_detected_faces set status = 'CONFIRMED' where id = $1", known).await;
    query("update media_detected_faces set identified_user_id = $1 where id = $2")
        .bind(bo)
        .bind(known)
        .execute(&db)
        .await
        .expect("named");
    assert_eq!(match_faces(&db, |_, _| {}).await.expect("matched").changed, 0);
    assert_eq!(named(&db, known).await.1, Some(bo));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_photo_that_somebody_writes_to_is_left_for_later_and_nobody_waits(db: PgPool) {
    let (ada, bo) = (user(&db, "ada").await, user(&db, "bo").await);
    enrol(&db, bo, 1).await;
    let media = an_open_photo(&db, ada).await;
    let found = face(&db, media, 0, &near(1, 0.9, 1)).await;
    let mut slow = db.begin().await.expect("a transaction");
    run(&mut *slow, "update media_detected_faces set created_at = now() where id = $1", found).await;

    let matched = match_faces(&db, |_, _| {}).await.expect("matched");
    assert_eq!(matched, Matched { busy: 1, ..Matched::default() });
    slow.commit().await.expect("committed");

    work_off(&db, None).await;
    assert_eq!(named(&db, found).await, confirmed(bo, 0.9));
}

mod platform {
    use serde_json::Value;

    use super::*;
    use crate::{
        database::Database,
        loaded::{load_with_truth, program},
    };

    fn grade(database: &Database, truth: &std::path::Path) -> Value {
        let output = program()
            .args(["grade", "--dsn", &database.url(), "--truth"])
            .arg(truth)
            .output()
            .expect("the platform's program starts");
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    #[tokio::test]
    async fn matching_is_at_least_as_precise_as_the_platform_s_own() {
        let database = Database::create("kaleidoscope_matching_platform").await;
        let truth = tempfile::NamedTempFile::new().expect("a file");
        load_with_truth(&database, 500, truth.path());
        let db = database.pool().await;
        MIGRATOR.run(&db).await.expect("migrated");
        let before = grade(&database, truth.path());

        match_faces(&db, |_, _| {}).await.expect("matched");

        let after = grade(&database, truth.path());
        for names in ["confirmed", "suggested", "confirmed_or_suggested"] {
            let figure = |grade: &Value, figure| grade[names][figure].as_f64().expect("a figure");
            assert!(figure(&after, "precision") >= figure(&before, "precision"), "{before} {after}");
            assert!(figure(&after, "recall") >= figure(&before, "recall") - 0.005, "{before} {after}");
        }
        let twice: i64 = query_scalar(
            "select count(*)
               from (select from media_detected_faces
                      where coalesce(identified_user_id, suggested_user_id) is not null
                      group by media_id, coalesce(identified_user_id, suggested_user_id)
                     having count(*) > 1) as twice",
        )
        .fetch_one(&db)
        .await
        .expect("a count");
        assert_eq!(twice, 0);
        let again = match_faces(&db, |_, _| {}).await.expect("matched again");
        assert_eq!(again.changed, 0, "what is matched stays");
        db.close().await;
    }
}
