//! Decisions on one face and on many: the four things that can be said, that they outlast the AI, and taking them back.

use kaleidoscope_console::{
    access::{Operator, Role},
    db::{FaceId, MIGRATOR, MediaId, Seen, UserId},
    error::{Error, Result},
    faces::{self, Decided, FaceStatus, Judgement, Said, Undone},
};
use sqlx::{AssertSqlSafe, PgPool, query, query_as, query_scalar};

use super::{World, conflict};
use crate::rows::{operator, photo, run, user, work_off};

impl World {
    async fn decide_many(&self, faces: &[Seen<FaceId>], said: Said) -> Result<Decided> {
        faces::decide_many(&mut self.as_bo.acquire().await.expect("connected"), &self.bo, faces, said).await
    }

    async fn undo(&self) -> Result<Undone> {
        faces::undo(&mut self.as_bo.acquire().await.expect("connected"), &self.bo).await
    }

    /// Judgement and person of what was said and still holds of the photo's faces.
    async fn standing(&self, photo: i64) -> Vec<(i64, String, Option<i64>)> {
        query_as(
            "select face_id, judgement, person_id from console.standing_verdict where media_id = $1
              order by face_id, judgement, person_id",
        )
        .bind(photo)
        .fetch_all(&self.db)
        .await
        .expect("verdicts")
    }

    async fn seen_all(&self, faces: &[FaceId]) -> Vec<Seen<FaceId>> {
        let mut seen = Vec::new();
        for face in faces {
            seen.push(self.seen(*face).await);
        }
        seen
    }
}

async fn decide_as(world: &World, who: &(Operator, PgPool), face: FaceId, said: Said) -> Result<faces::Verdict> {
    let seen = world.seen(face).await;
    faces::decide(&mut who.1.acquire().await.expect("connected"), &who.0, &seen, said).await
}

fn done(decided: &Decided) -> Vec<FaceId> {
    decided.done.iter().map(|face| face.face_id).collect()
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn nobody_we_know_and_not_a_face_are_remembered_without_a_name(db: PgPool) {
    let world = World::new(db).await;
    let (nobody, no_face) = (world.amara_suggested().await, world.amara_suggested().await);

    let first = world.decide(&world.seen(nobody).await, Said::Nobody).await.expect("decided");
    let second = world.decide(&world.seen(no_face).await, Said::NoFace).await.expect("decided");

    assert_eq!((first.judgement, first.person), (Judgement::Nobody, None));
    assert_eq!((second.judgement, second.person), (Judgement::NoFace, None));
    for face in [nobody, no_face] {
        let (status, identified, suggested, _) = world.row(face).await;
        assert_eq!((status.as_str(), identified, suggested), ("UNIDENTIFIED", None, None));
    }
    assert_eq!(
        world.standing(world.photo).await,
        [
            (nobody.0, "is_not".into(), Some(world.amara)),
            (nobody.0, "nobody".into(), None),
            (no_face.0, "no_face".into(), None)
        ]
    );
    let by = world.bo.username.clone();
    assert_eq!(
        world.log().await,
        [("faces.nobody".into(), by.clone(), nobody.0), ("faces.no_face".into(), by, no_face.0)]
    );
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn somebody_whom_the_ai_did_not_name_can_be_turned_down(db: PgPool) {
    let world = World::new(db).await;
    let face = world.amara_suggested().await;
    world.set(face, "status = 'UNIDENTIFIED', suggested_user_id = null").await;

    let verdict =
        world.decide(&world.seen(face).await, Said::IsNot(Some(UserId(world.dana)))).await.expect("turned down");
    assert_eq!(verdict.person.expect("who").username, "dana");
    assert_eq!(world.standing(world.photo).await, [(face.0, "is_not".into(), Some(world.dana))]);

    world.set(face, &format!("status = 'SUGGESTED', suggested_user_id = {}", world.amara)).await;
    let other = world.decide(&world.seen(face).await, Said::IsNot(Some(UserId(world.dana)))).await;
    assert!(conflict(other).contains("decided meanwhile"), "amara is suggested by now, whom nobody looked at");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_verdict_says_with_which_enrolment_the_face_was_compared(db: PgPool) {
    let world = World::new(db).await;
    run(
        &world.db,
        "insert into user_face_embeddings (user_id, embedding) values ($1, array_fill(0.03, array[1024])::vector)",
        world.amara,
    )
    .await;
    let face = world.amara_suggested().await;
    world.confirm(&world.seen(face).await, world.amara).await.expect("confirmed");

    let is_that: bool = query_scalar(
        "select (v.enrolment_id, v.enrolment_at) = (e.id, e.updated_at)
           from console.face_verdict v join user_face_embeddings e on e.user_id = v.person_id",
    )
    .fetch_one(&world.db)
    .await
    .expect("a verdict");
    assert!(is_that);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn many_faces_are_one_decision_with_an_entry_each_and_what_can_t_be_is_left(db: PgPool) {
    let world = World::new(db).await;
    let mut faces = Vec::new();
    for _ in 0..5 {
        faces.push(world.suggested_on(world.another_photo().await, Some(world.amara), Some(0.8)).await);
    }
    // Less sure than the other one on its photo, changed since it was seen, on a photo that has her already, gone.
    let photo = world.another_photo().await;
    let less = world.suggested_on(photo, Some(world.amara), Some(0.75)).await;
    let more = world.suggested_on(photo, Some(world.amara), Some(0.85)).await;
    let changed = world.suggested_on(world.another_photo().await, Some(world.amara), Some(0.8)).await;
    let with_her = world.another_photo().await;
    let there = world.suggested_on(with_her, Some(world.amara), Some(0.8)).await;
    world.confirm(&world.seen(there).await, world.amara).await.expect("confirmed");
    let again = world.suggested_on(with_her, Some(world.amara), Some(0.8)).await;
    let gone = world.amara_suggested().await;
    let mut seen = world.seen_all(&faces).await;
    seen.extend(world.seen_all(&[less, more, changed, again, gone]).await);
    // Named twice in one call.
    seen.push(seen[0].clone());
    world.set(changed, "confidence_score = 0.7").await;
    run(&world.db, "delete from media_detected_faces where id = $1", gone.0).await;
    let entries = world.log().await.len();

    let decided = world.decide_many(&seen, Said::Is(UserId(world.amara))).await.expect("decided");

    let mut expected = faces.clone();
    expected.push(more);
    assert_eq!(done(&decided), expected);
    let reasons: Vec<(FaceId, &str)> =
        decided.skipped.iter().map(|skipped| (skipped.face_id, skipped.reason.as_str())).collect();
    let why = |face| reasons.iter().find(|(skipped, _)| *skipped == face).expect("left").1;
    assert_eq!(reasons.len(), 4);
    assert!(why(less).contains("already confirmed on another face"));
    assert!(why(again).contains("already confirmed on another face"));
    assert!(why(changed).contains("changed since you saw it"));
    assert!(why(gone).contains("not there any more"));
    assert_eq!(world.log().await.len(), entries + 6);
    let decisions: Vec<(String, Option<i64>, i32)> =
        query_as("select judgement, person_id, faces from console.face_decision order by id")
            .fetch_all(&world.db)
            .await
            .expect("decisions");
    assert_eq!(decisions, [("is".into(), Some(world.amara), 1), ("is".into(), Some(world.amara), 6)]);
    let broken: Option<i64> =
        query_scalar("select broken_at from console.verify_audit()").fetch_one(&world.db).await.expect("verified");
    assert_eq!(broken, None, "the log's chain holds");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn too_many_at_once_are_refused_in_a_sentence(db: PgPool) {
    let world = World::new(db).await;
    let seen = world.seen(world.amara_suggested().await).await;
    let refused = world.decide_many(&vec![seen; 10_001], Said::Nobody).await.expect_err("too many");
    assert_eq!(refused.to_string(), "At most 10000 faces can be decided at once; these are 10001. Select fewer.");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn decisions_are_taken_back_one_after_the_other_the_newest_first(db: PgPool) {
    let world = World::new(db).await;
    let first = world.amara_suggested().await;
    let bulk = [
        world.suggested_on(world.another_photo().await, Some(world.dana), Some(0.8)).await,
        world.suggested_on(world.another_photo().await, Some(world.dana), Some(f64::NAN)).await,
    ];
    let before = [world.row(first).await, world.row(bulk[0]).await];
    world.reject(&world.seen(first).await).await.expect("rejected");
    world.decide_many(&world.seen_all(&bulk).await, Said::Is(UserId(world.dana))).await.expect("confirmed");

    let next = faces::undoable(&world.as_bo, &world.bo).await.expect("asked").expect("a decision");
    assert_eq!((next.judgement, next.faces), (Judgement::Is, 2));
    assert_eq!(next.person.expect("who").username, "dana");
    let undone = world.undo().await.expect("undone");
    assert_eq!((undone.faces, undone.kept), (bulk.to_vec(), vec![]));
    assert_eq!(world.row(bulk[0]).await, before[1]);
    let (status, _, suggested, score) = world.row(bulk[1]).await;
    assert_eq!((status.as_str(), suggested), ("SUGGESTED", Some(world.dana)));
    assert!(score.is_some_and(f64::is_nan), "a score that the decision left alone stays what it was");
    assert_eq!(world.row(first).await.0, "UNIDENTIFIED");

    let undone = world.undo().await.expect("undone");
    assert_eq!((undone.decision_id, undone.judgement), (undone.decision_id, Judgement::IsNot));
    assert_eq!(world.row(first).await, before[0]);
    assert!(world.standing(world.photo).await.is_empty(), "what was taken back holds no more");

    assert_eq!(faces::undoable(&world.as_bo, &world.bo).await.expect("asked"), None);
    let nothing = world.undo().await.expect_err("nothing is left");
    assert!(nothing.to_string().contains("A decision of yours of the last 24 hours"), "{nothing}");
    let undos = world.log().await.iter().filter(|(action, ..)| action == "faces.undo").count();
    assert_eq!(undos, 3);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn undo_never_goes_over_somebody_else_s_later_decision_and_says_whose(db: PgPool) {
    let world = World::new(db).await;
    let chidi = operator(&world.db, "chidi", Role::Moderator).await;
    let earlier = world.suggested_on(world.another_photo().await, Some(world.dana), Some(0.8)).await;
    let faces = [
        world.suggested_on(world.another_photo().await, Some(world.amara), Some(0.8)).await,
        world.suggested_on(world.another_photo().await, Some(world.amara), Some(0.8)).await,
    ];
    world.reject(&world.seen(earlier).await).await.expect("rejected");
    world.decide_many(&world.seen_all(&faces).await, Said::Is(UserId(world.amara))).await.expect("confirmed");
    decide_as(&world, &chidi, faces[0], Said::Nobody).await.expect("decided later");

    let undone = world.undo().await.expect("undone");

    assert_eq!(undone.faces, [faces[1]]);
    assert_eq!(undone.kept.len(), 1);
    assert_eq!(undone.kept[0].reason, format!("{} has decided this face since, and that stays.", chidi.0.username));
    assert_eq!(world.row(faces[0]).await.0, "UNIDENTIFIED");
    assert_eq!(world.row(faces[1]).await.0, "SUGGESTED");

    // One of which nothing is left is off the pile, and what was before it can be taken back.
    world.confirm(&world.seen(faces[1]).await, world.amara).await.expect("confirmed");
    decide_as(&world, &chidi, faces[1], Said::IsNot(None)).await.expect("decided later");
    let kept = world.undo().await.expect("nothing to restore");
    assert!(kept.faces.is_empty() && kept.kept.len() == 1);
    assert_eq!(world.undo().await.expect("undone").faces, [earlier]);

    // Chidi's own can be taken back by Chidi.
    let mut connection = chidi.1.acquire().await.expect("connected");
    assert_eq!(faces::undo(&mut connection, &chidi.0).await.expect("undone").faces, [faces[1]]);
    assert_eq!(world.row(faces[1]).await.1, Some(world.amara), "what Bo had confirmed");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_name_does_not_come_back_where_the_person_is_on_another_face_by_now(db: PgPool) {
    let world = World::new(db).await;
    let chidi = operator(&world.db, "chidi", Role::Moderator).await;
    let (one, other) = (world.amara_suggested().await, world.amara_suggested().await);
    world.set(one, "status = 'CONFIRMED', identified_user_id = suggested_user_id, suggested_user_id = null").await;
    world.reject(&world.seen(one).await).await.expect("rejected");
    decide_as(&world, &chidi, other, Said::Is(UserId(world.amara))).await.expect("confirmed");

    let undone = world.undo().await.expect("undone");

    assert!(undone.faces.is_empty());
    assert_eq!(undone.kept[0].reason, "amara is confirmed on another face of this photo by now.");
    assert_eq!(world.row(one).await.0, "UNIDENTIFIED");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_face_that_the_ai_found_again_is_restored_and_a_lost_one_is_said(db: PgPool) {
    let world = World::new(db).await;
    let (found, lost) = (
        world.suggested_on(world.another_photo().await, Some(world.amara), Some(0.8)).await,
        world.suggested_on(world.another_photo().await, Some(world.amara), Some(0.8)).await,
    );
    world.decide_many(&world.seen_all(&[found, lost]).await, Said::Is(UserId(world.amara))).await.expect("confirmed");
    let again: i64 = query_scalar(
        "with gone as (delete from media_detected_faces where id in ($1, $2) returning id, media_id, bbox, embedding)
         insert into media_detected_faces (media_id, bbox, embedding, identified_user_id, status, confidence_score)
         select media_id, bbox, embedding, $3, 'CONFIRMED', 0.9 from gone where id = $1 returning id",
    )
    .bind(found.0)
    .bind(lost.0)
    .bind(world.amara)
    .fetch_one(&world.db)
    .await
    .expect("found again");

    let undone = world.undo().await.expect("undone");

    assert_eq!(undone.faces, [found]);
    assert_eq!(undone.kept[0].reason, "The face is not there any more.");
    assert_eq!(world.row(FaceId(again)).await.0, "SUGGESTED");
}

/// Of somebody at `axis`, with noise of its own.
async fn embedding(db: &PgPool, axis: i32, noise: f64, seed: i32) -> String {
    query_scalar(
        "select l2_normalize(array_agg(case when n = $1 then 1 else 0 end + $2 * sin(n * 12.9898 + $3 * 78.233) / 32
                             order by n)::vector)::text
           from generate_series(1, 1024) n",
    )
    .bind(axis)
    .bind(noise)
    .bind(seed)
    .fetch_one(db)
    .await
    .expect("a vector")
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_hundred_runs_of_the_ai_ask_nothing_again_and_change_no_confirmation(db: PgPool) {
    let world = World::new(db).await;
    for (axis, person) in [(1, world.amara), (2, world.dana)] {
        query("insert into user_face_embeddings (user_id, embedding) values ($1, $2::vector)")
            .bind(person)
            .bind(embedding(&world.db, axis, 0.0, 0).await)
            .execute(&world.db)
            .await
            .expect("enrolled");
    }
    // Amara, confirmed; somebody like Dana, who is not her; a stranger like her; and a tree.
    let photo = world.photo;
    let mut faces = Vec::new();
    for (place, axis) in [(0, 1), (200, 2), (400, 2), (600, 1)] {
        let face: i64 = query_scalar(
            "insert into media_detected_faces (media_id, bbox, embedding) values ($1, array[$2, 50, 90, 110], $3::vector)
             returning id",
        )
        .bind(photo)
        .bind(place)
        .bind(embedding(&world.db, axis, 0.5, place).await)
        .fetch_one(&world.db)
        .await
        .expect("a face");
        faces.push(FaceId(face));
    }
    world.confirm(&world.seen(faces[0]).await, world.amara).await.expect("confirmed");
    world.decide(&world.seen(faces[1]).await, Said::IsNot(Some(UserId(world.dana)))).await.expect("rejected");
    world.decide(&world.seen(faces[2]).await, Said::Nobody).await.expect("nobody");
    world.decide(&world.seen(faces[3]).await, Said::NoFace).await.expect("no face");
    work_off(&world.db, None).await;

    for round in 1..=100 {
        // In place, or deleted and inserted: jittered by up to 9 pixels, with new noise, and the AI's own opinion.
        if round % 2 == 0 {
            sqlx::raw_sql(AssertSqlSafe(format!(
                "update media_detected_faces
                    set bbox = array[bbox[1] + {jitter}, 50 - {jitter}, 90, 110], status = 'SUGGESTED',
                        identified_user_id = null, suggested_user_id = {}, confidence_score = 0.8
                  where media_id = {photo}",
                world.dana,
                jitter = round % 7 - 3
            )))
            .execute(&world.db)
            .await
            .expect("run again");
        } else {
            let mut tx = world.db.begin().await.expect("begun");
            query("delete from media_detected_faces where media_id = $1")
                .bind(photo)
                .execute(&mut *tx)
                .await
                .expect("");
            for (place, axis) in [(0, 1), (200, 2), (400, 2), (600, 1)] {
                query(
                    "insert into media_detected_faces (media_id, bbox, embedding, status, suggested_user_id, confidence_score)
                     values ($1, array[$2, 50 + $4, 92, 108], $3::vector, 'SUGGESTED', $5, 0.8)",
                )
                .bind(photo)
                .bind(place + round % 9)
                .bind(embedding(&world.db, axis, 0.5, place + round % 2).await)
                .bind(round % 5)
                .bind(world.dana)
                .execute(&mut *tx)
                .await
                .expect("found again");
            }
            tx.commit().await.expect("committed");
        }
        work_off(&world.db, None).await;

        let mut now = faces::photo(&world.as_bo, &world.bo, MediaId(photo)).await.expect("the photo").faces;
        now.sort_by_key(|face| face.bounds.map_or(0, |bounds| bounds.x));
        let named: Vec<(FaceStatus, Option<i64>)> = now
            .iter()
            .map(|face| (face.status, face.identified.as_ref().or(face.suggested.as_ref()).map(|person| person.id.0)))
            .collect();
        let none = (FaceStatus::Unidentified, None);
        assert_eq!(named, [(FaceStatus::Confirmed, Some(world.amara)), none, none, none], "after {round} runs");
        assert!(world.queue(10).await.is_empty(), "asked again after {round} runs");
    }

    // Somebody new, who looks like all of them, disturbs none of it.
    let eve = user(&world.db, "eve").await;
    query("insert into user_face_embeddings (user_id, embedding) values ($1, $2::vector)")
        .bind(eve)
        .bind(embedding(&world.db, 1, 0.2, 9).await)
        .execute(&world.db)
        .await
        .expect("enrolled");
    work_off(&world.db, None).await;
    assert!(world.queue(10).await.is_empty());
    let confirmed: Vec<Option<i64>> = query_scalar(
        "select identified_user_id from media_detected_faces where media_id = $1 and status = 'CONFIRMED'",
    )
    .bind(photo)
    .fetch_all(&world.db)
    .await
    .expect("faces");
    assert_eq!(confirmed, [Some(world.amara)]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn who_may_not_name_faces_takes_nothing_back(db: PgPool) {
    let world = World::new(db).await;
    let (staff, as_staff) = operator(&world.db, "staff", Role::Staff).await;
    let face = world.suggested_on(photo(&world.db, world.post, "", &[]).await, Some(world.amara), Some(0.8)).await;
    let seen = world.seen(face).await;
    let mut connection = as_staff.acquire().await.expect("connected");
    // Nor where the window was made to believe otherwise.
    let disguised = Operator { role: Role::Admin, ..staff.clone() };
    for by in [&staff, &disguised] {
        let outcomes = [
            faces::decide_many(&mut connection, by, std::slice::from_ref(&seen), Said::Nobody).await.map(drop),
            faces::undo(&mut connection, by).await.map(drop),
        ];
        for outcome in outcomes {
            assert!(matches!(outcome, Err(Error::Forbidden(_))), "{outcome:?}");
        }
    }
    assert_eq!(world.row(face).await.0, "SUGGESTED");
}
