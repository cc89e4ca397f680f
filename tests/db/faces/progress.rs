//! How the work goes: what is done and how fast; control items, which nobody can tell from faces that wait; how far operators agree.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use kaleidoscope_console::{
    access::{Operator, Role},
    db::{FaceId, MIGRATOR, MediaId, RowVersion, Seen, UserId},
    error::Error,
    faces::{
        self, FaceQuery, FaceQueue, FaceStatus, Holder, Order, Quality, Queue, Said, Verdict, WaitingFace, Within,
    },
};
use sqlx::{AssertSqlSafe, PgPool, query, query_as, query_scalar};

use super::{World, conflict};
use crate::rows::{operator, run};

/// A moderator with their own connections.
type Moderator = (Operator, PgPool);

impl World {
    async fn moderators(&self) -> [Moderator; 2] {
        [operator(&self.db, "chidi", Role::Moderator).await, operator(&self.db, "mei", Role::Moderator).await]
    }

    async fn control_share(&self, share: f64) {
        query("update console.face_control_rule set share = $1").bind(share).execute(&self.db).await.expect("a rule");
    }

    /// On a photo of its own, suggested to be Amara.
    async fn alone(&self, similarity: f64) -> FaceId {
        let photo = self.another_photo().await;
        self.suggested_on(photo, Some(self.amara), Some(similarity)).await
    }

    async fn decide_as(&self, (by, db): &Moderator, face: FaceId, said: Said) -> Verdict {
        let seen = self.seen(face).await;
        faces::decide(&mut db.acquire().await.expect("connected"), by, &seen, said).await.expect("decided")
    }

    /// One of which two others said the same.
    async fn known(&self, others: &[Moderator; 2], similarity: f64, said: Said) -> FaceId {
        let face = self.alone(similarity).await;
        for other in others {
            self.decide_as(other, face, said).await;
        }
        face
    }

    async fn amara_known(&self, others: &[Moderator; 2], similarity: f64) -> FaceId {
        self.known(others, similarity, Said::Is(UserId(self.amara))).await
    }

    async fn first_window(&self, order: Order) -> FaceQueue {
        self.window(&FaceQuery { order, ..FaceQuery::default() }, None, 40).await
    }

    /// As the window sees it.
    async fn shown(&self, face: FaceId) -> WaitingFace {
        faces::waiting_face(&self.as_bo, &self.bo, face).await.expect("a face")
    }

    /// Everything that a decision on a face changes: the row, verdicts, what others make of it, what is computed anew.
    async fn left_alone(&self, face: FaceId) -> String {
        query_scalar(
            "select concat_ws(' / ', f, f.xmin, (select count(*) from console.face_verdict),
                              (select count(*) from console.face_decided), (select count(*) from console.read_model_queue))
               from (select id, status, identified_user_id, suggested_user_id, confidence_score, xmin
                       from media_detected_faces where id = $1) as f",
        )
        .bind(face.0)
        .fetch_one(&self.db)
        .await
        .expect("a face")
    }

    /// The faces that were answered, and whether rightly; in the order of the answers.
    async fn answers(&self) -> Vec<(i64, bool)> {
        query_as("select face_id, is_right from console.face_control_answer order by decision_id")
            .fetch_all(&self.db)
            .await
            .expect("the answers")
    }

    /// All that was said of faces so far was said `days` ago.
    async fn some_days_later(&self, days: i32) {
        let sql = format!(
            "alter table console.face_control_answer disable trigger append_only;
             alter table console.face_decision disable trigger append_only;
             update console.face_control_answer set answered_at = answered_at - interval '{days} days';
             update console.face_decision set decided_at = decided_at - interval '{days} days';
             update console.face_shared set decided_at = decided_at - interval '{days} days';
             update console.face_known set settled_at = settled_at - interval '{days} days'"
        );
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&self.db).await.expect("later");
    }

    async fn quality_of(&self, (by, db): &Moderator) -> Quality {
        faces::quality(db, by, Utc::now()).await.expect("the quality")
    }
}

fn ids(window: &FaceQueue) -> Vec<FaceId> {
    window.faces.iter().map(|waiting| waiting.face.id).collect()
}

fn seen(waiting: &WaitingFace) -> Seen<FaceId> {
    Seen { id: waiting.face.id, version: waiting.face.version.clone() }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_control_item_stands_in_the_queue_like_any_face_that_waits(db: PgPool) {
    let world = World::new(db).await;
    let others = world.moderators().await;
    let control = world.amara_known(&others, 0.795).await;
    let mut waiting = Vec::new();
    for similarity in [0.81, 0.80, 0.79, 0.78] {
        waiting.push(world.alone(similarity).await);
    }
    world.control_share(0.25).await;

    let window = world.first_window(Order::Certain).await;

    assert_eq!(ids(&window), [waiting[0], waiting[1], control, waiting[2], waiting[3]]);
    assert_eq!(ids(&world.first_window(Order::Certain).await), ids(&window), "it stays where it is");
    for shown in &window.faces {
        let proposed = shown.proposed.as_ref().expect("somebody");
        assert_eq!((shown.face.status, &shown.face.identified), (FaceStatus::Suggested, &None));
        assert_eq!(shown.face.suggested.as_ref(), Some(&proposed.person));
        assert_eq!(shown.face.similarity, proposed.similarity);
        assert_eq!(&world.shown(shown.face.id).await, shown);
        let photo = faces::photo(&world.as_bo, &world.bo, shown.face.media_id).await.expect("its photo");
        assert_eq!(photo.faces, std::slice::from_ref(&shown.face));
    }
    let counts = faces::counts(&world.as_bo, &world.bo, &Within::All).await.expect("counted");
    assert_eq!(counts.suggested, 5);

    // Those who decided it see it as it is, and the others' queue is what it was.
    let (by, db) = &others[0];
    let theirs = faces::waiting(db, by, &Holder::new(), &FaceQuery::default(), None, 40).await.expect("a window");
    assert!(theirs.faces.is_empty(), "all that waits is looked at by somebody else");
    let photo = faces::photo(db, by, window.faces[2].face.media_id).await.expect("its photo");
    assert_eq!(photo.faces[0].status, FaceStatus::Confirmed);
    assert_eq!(faces::count(db, by).await.expect("counted"), 4);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_is_answered_is_written_down_and_changes_nothing(db: PgPool) {
    let world = World::new(db).await;
    let others = world.moderators().await;
    let control = world.amara_known(&others, 0.785).await;
    world.alone(0.79).await;
    world.alone(0.78).await;
    world.control_share(0.5).await;
    world.first_window(Order::Certain).await;
    let before = world.left_alone(control).await;
    let shown = world.shown(control).await;

    let verdict = world.decide(&seen(&shown), Said::IsNot(Some(UserId(world.amara)))).await.expect("decided");

    assert_eq!(world.left_alone(control).await, before);
    assert_eq!(world.answers().await, [(control.0, false)]);
    assert_eq!((verdict.face_id, verdict.person.expect("who").username.as_str()), (control, "amara"));
    let entry = world.log().await.pop().expect("an entry");
    assert_eq!(entry, ("faces.reject".into(), world.bo.username.clone(), control.0), "one's own log has no gap");
    let undoable = faces::undoable(&world.as_bo, &world.bo).await.expect("asked").expect("a decision");
    assert_eq!((undoable.faces, undoable.person.expect("who").username.as_str()), (1, "amara"));
    assert_eq!(world.shown(control).await.face.status, FaceStatus::Unidentified, "it is as they left it");
    assert!(!ids(&world.first_window(Order::Certain).await).contains(&control));

    // Once more is too late, as with any face.
    let late = world.decide(&seen(&shown), Said::Is(UserId(world.amara))).await;
    assert_eq!(conflict(late), format!("{} has decided meanwhile: it is not amara.", world.bo.username));
    assert_eq!(world.answers().await.len(), 1);

    world.undo_last().await;
    assert_eq!(world.left_alone(control).await, before);
    let again = world.shown(control).await;
    assert_eq!((again.face.status, &again.proposed), (FaceStatus::Suggested, &shown.proposed));
    assert!(ids(&world.first_window(Order::Certain).await).contains(&control));
    let verdict = world.decide(&seen(&again), Said::Is(UserId(world.amara))).await.expect("decided");
    assert_eq!(verdict.person.expect("who").username, "amara");
    assert_eq!(world.answers().await.last(), Some(&(control.0, true)));
    let now = world.shown(control).await.face;
    assert_eq!((now.status, now.similarity), (FaceStatus::Confirmed, Some(0.785)));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn control_items_are_as_many_as_the_rule_says_and_none_comes_twice(db: PgPool) {
    let world = World::new(db).await;
    let others = world.moderators().await;
    let mut known = BTreeSet::new();
    for number in 0..6 {
        known.insert(world.amara_known(&others, 0.7502 + f64::from(number) / 1000.0).await);
    }
    for number in 0..20 {
        world.alone(0.7401 + f64::from(number) / 1000.0).await;
    }
    for (order, share, most) in
        [(Order::Certain, 0.1, 2), (Order::Newest, 0.1, 2), (Order::Uncertain, 0.2, 4), (Order::Impact, 0.5, 6)]
    {
        query("update console.person_waiting_age set counted_at = '-infinity'").execute(&world.db).await.expect("old");
        world.control_share(share).await;
        let window = world.first_window(order).await;
        let controls = ids(&window).into_iter().filter(|face| known.contains(face)).count();
        assert!(controls >= 1 && controls <= most, "{order:?}: {controls}");
        assert!(!known.contains(ids(&window).last().expect("a face")), "{order:?}: the next window starts behind it");
        // As they are read.
        let similarities: Vec<String> = window
            .faces
            .iter()
            .filter_map(|waiting| Some(format!("{:.2}", waiting.proposed.as_ref()?.similarity?)))
            .collect();
        assert!(
            match order {
                Order::Certain | Order::Impact => similarities.is_sorted_by(|one, next| one >= next),
                Order::Uncertain => similarities.is_sorted(),
                Order::Newest => true,
            },
            "{order:?}: {similarities:?}"
        );
    }
    let mut answered = BTreeSet::new();
    loop {
        let window = world.first_window(Order::Certain).await;
        let Some(next) = window.faces.iter().find(|waiting| known.contains(&waiting.face.id)) else { break };
        assert!(answered.insert(next.face.id), "nothing is asked twice");
        world.decide(&seen(next), Said::Is(UserId(world.amara))).await.expect("decided");
    }
    assert_eq!(answered, known);
    // Windows of any size go through the whole queue.
    let all = world.queue(3).await;
    assert_eq!(all.len(), 20);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_answer_is_right_where_it_does_not_contradict_what_is_known(db: PgPool) {
    let world = World::new(db).await;
    let (amara, dana) = (world.amara, world.dana);
    for (known, whom, said, person, right) in [
        ("is", Some(amara), "is", Some(amara), true),
        ("is", Some(amara), "is", Some(dana), false),
        ("is", Some(amara), "is_not", Some(dana), true),
        ("is", Some(amara), "is_not", Some(amara), false),
        ("is", Some(amara), "nobody", None, false),
        ("is", Some(amara), "no_face", None, false),
        ("is_not", Some(amara), "is", Some(amara), false),
        ("is_not", Some(amara), "is", Some(dana), true),
        ("is_not", Some(amara), "nobody", None, true),
        ("nobody", None, "nobody", None, true),
        ("nobody", None, "is_not", Some(amara), true),
        ("nobody", None, "is", Some(amara), false),
        ("nobody", None, "no_face", None, false),
    ] {
        let found: bool = query_scalar("select console.is_right($1, $2, $3, $4)")
            .bind(known)
            .bind(whom)
            .bind(said)
            .bind(person)
            .fetch_one(&world.db)
            .await
            .expect("judged");
        assert_eq!(found, right, "{known} {whom:?}: {said} {person:?}");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn somebody_else_who_comes_near_may_be_proposed(db: PgPool) {
    let world = World::new(db).await;
    let others = world.moderators().await;
    // To those who are enrolled the faces are 0.8 (Amara) and 0.75 (Dana) similar.
    query(
        "insert into user_face_embeddings (user_id, embedding)
         select person, array_agg(case when n <= turned then -1 else 1 end order by n)::vector
           from (values ($1, 102), ($2, 128)) as who (person, turned)
          cross join generate_series(1, 1024) as n
          group by person",
    )
    .bind(world.amara)
    .bind(world.dana)
    .execute(&world.db)
    .await
    .expect("enrolled");
    let mut known = BTreeSet::new();
    for _ in 0..20 {
        let face = world.alone(0.8).await;
        world.set(face, "embedding = array_fill(0.03, array[1024])::vector").await;
        for other in &others {
            world.decide_as(other, face, Said::Is(UserId(world.amara))).await;
        }
        known.insert(face);
    }
    for _ in 0..40 {
        world.alone(0.77).await;
    }
    world.control_share(0.5).await;
    let window = world.first_window(Order::Newest).await;
    let of = |waiting: &&WaitingFace| {
        let proposed = waiting.proposed.as_ref().expect("somebody");
        (proposed.person.username.clone(), format!("{:.2}", proposed.similarity.expect("compared")))
    };
    let controls: Vec<&WaitingFace> = window.faces.iter().filter(|waiting| known.contains(&waiting.face.id)).collect();
    let proposed: BTreeSet<(String, String)> = controls.iter().map(of).collect();
    // Each is chosen by the toss of a coin: that 20 fall alike happens once in 500,000 times.
    assert_eq!(
        proposed,
        BTreeSet::from([("amara".into(), "0.80".into()), ("dana".into(), "0.75".into())]),
        "of {}",
        controls.len()
    );
    for waiting in controls {
        let (name, _) = of(&waiting);
        let said = if name == "amara" { Said::Is(UserId(world.amara)) } else { Said::IsNot(Some(UserId(world.dana))) };
        world.decide(&seen(waiting), said).await.expect("decided");
    }
    assert!(world.answers().await.iter().all(|(_, right)| *right));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_two_turned_down_is_proposed_once_more_and_of_what_is_not_certain_nothing(db: PgPool) {
    let world = World::new(db).await;
    let others = world.moderators().await;
    let turned_down = world.known(&others, 0.79, Said::IsNot(Some(UserId(world.amara)))).await;
    // Said by one alone; of two, not the same; and no face.
    let alone = world.alone(0.79).await;
    world.decide_as(&others[0], alone, Said::Is(UserId(world.amara))).await;
    let disputed = world.alone(0.79).await;
    world.decide_as(&others[0], disputed, Said::Is(UserId(world.amara))).await;
    world.decide_as(&others[1], disputed, Said::IsNot(None)).await;
    world.known(&others, 0.79, Said::NoFace).await;
    // One that the AI says something else of since.
    let changed = world.amara_known(&others, 0.79).await;
    world.set(changed, &format!("identified_user_id = {}", world.dana)).await;
    // One whose photo has another face that waits.
    let beside = world.amara_known(&others, 0.79).await;
    let photo: i64 = query_scalar("select media_id from media_detected_faces where id = $1")
        .bind(beside.0)
        .fetch_one(&world.db)
        .await
        .expect("a photo");
    world.suggested_on(photo, Some(world.dana), Some(0.8)).await;
    for _ in 0..10 {
        world.alone(0.79).await;
    }
    world.control_share(0.5).await;

    let window = world.first_window(Order::Certain).await;

    assert_eq!(window.faces.len(), 12, "11 that wait, and one more");
    let shown = window.faces.iter().find(|waiting| waiting.face.id == turned_down).expect("it is there");
    assert_eq!(shown.proposed.as_ref().expect("somebody").person.username, "amara");
    world.decide(&seen(shown), Said::Is(UserId(world.amara))).await.expect("decided");
    assert_eq!(world.answers().await, [(turned_down.0, false)]);
    assert_eq!(world.row(turned_down).await.0, "UNIDENTIFIED");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_an_admin_decided_is_known_after_a_week(db: PgPool) {
    let world = World::new(db).await;
    let admin = operator(&world.db, "admin", Role::Admin).await;
    let face = world.alone(0.79).await;
    world.decide_as(&admin, face, Said::Is(UserId(world.amara))).await;
    world.alone(0.79).await;
    world.alone(0.79).await;
    world.control_share(0.5).await;
    assert_eq!(world.first_window(Order::Certain).await.faces.len(), 2);
    world.some_days_later(8).await;
    assert!(ids(&world.first_window(Order::Certain).await).contains(&face));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_near_face_can_be_a_control_item_and_limited_queues_have_none(db: PgPool) {
    let world = World::new(db).await;
    let others = world.moderators().await;
    let control = world.amara_known(&others, 0.6).await;
    for _ in 0..2 {
        let photo = world.another_photo().await;
        query(
            "with face as (
                 insert into media_detected_faces (media_id, bbox, embedding)
                 values ($1, '{10,20,30,40}', array_fill(0.03, array[1024])::vector) returning id
             )
             insert into console.face_near (face_id, media_id, person_id, similarity) select id, $1, $2, 0.6 from face",
        )
        .bind(photo)
        .bind(world.amara)
        .execute(&world.db)
        .await
        .expect("a face");
    }
    world.control_share(0.5).await;
    for within in [Within::Person(UserId(world.amara)), Within::Uploader(UserId(world.amara))] {
        let asked = FaceQuery { queue: Queue::Near, within, ..FaceQuery::default() };
        assert_eq!(world.window(&asked, None, 40).await.faces.len(), 2, "walls and narrowed queues are what they are");
    }
    let asked = FaceQuery { queue: Queue::Near, ..FaceQuery::default() };
    let window = world.window(&asked, None, 40).await;
    let shown = window.faces.iter().find(|waiting| waiting.face.id == control).expect("it is there");
    assert_eq!((shown.face.status, &shown.face.suggested), (FaceStatus::Unidentified, &None));
    assert_eq!(shown.proposed.as_ref().expect("somebody").person.username, "amara");
    assert_eq!(&world.shown(control).await, shown);
    assert_eq!(faces::counts(&world.as_bo, &world.bo, &Within::All).await.expect("counted").near, 3);
    let verdict = world.decide(&seen(shown), Said::IsNot(Some(UserId(world.amara)))).await.expect("decided");
    assert_eq!(verdict.person.expect("who").username, "amara");
    assert_eq!(world.row(control).await.0, "CONFIRMED");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_control_item_whose_row_changes_is_one_no_longer(db: PgPool) {
    let world = World::new(db).await;
    let others = world.moderators().await;
    let control = world.amara_known(&others, 0.79).await;
    world.alone(0.79).await;
    world.alone(0.79).await;
    world.control_share(0.5).await;
    let window = world.first_window(Order::Certain).await;
    let shown = window.faces.into_iter().find(|waiting| waiting.face.id == control).expect("it is there");
    world.set(control, "confidence_score = 0.81").await;

    let late = world.decide(&seen(&shown), Said::IsNot(None)).await;

    assert_eq!(conflict(late), format!("{} has decided meanwhile: it is amara.", others[1].0.username));
    assert_eq!(world.shown(control).await.face.status, FaceStatus::Confirmed);
    assert!(world.answers().await.is_empty());
    assert_eq!(world.first_window(Order::Certain).await.faces.len(), 2);
    // What they say of it now counts like anything that is said.
    world.reject(&world.seen(control).await).await.expect("decided");
    assert_eq!(world.row(control).await.0, "UNIDENTIFIED");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn nobody_reads_which_faces_are_control_items_and_admins_set_the_rule(db: PgPool) {
    let world = World::new(db).await;
    let (_, as_admin) = operator(&world.db, "admin", Role::Admin).await;
    for table in ["face_control", "face_control_answer", "shown_control", "face_known", "face_shared"] {
        for pool in [&world.as_bo, &as_admin] {
            let read = query(AssertSqlSafe(format!("select from console.{table}"))).execute(pool).await;
            assert!(read.expect_err("refused").to_string().contains("permission denied"), "{table}");
        }
    }
    query("update console.face_control_rule set share = 0.1").execute(&world.as_bo).await.expect_err("for admins only");
    query("update console.face_control_rule set share = 0.1").execute(&as_admin).await.expect("an admin may");
    for call in ["queued_faces(null, null, null, null, null, null, null, null, null, null, null)", "undo_decided()"] {
        let called = query(AssertSqlSafe(format!("select console.{call}"))).execute(&world.as_bo).await;
        assert!(called.expect_err("refused").to_string().contains("permission denied"), "{call}");
    }
}

/// Acts of an operator, each so many seconds after the day began, on so many faces.
async fn acts(db: &PgPool, operator: &str, day: DateTime<Utc>, acts: &[(i64, i32)]) -> Vec<i64> {
    let mut made = Vec::new();
    for (seconds, faces) in acts {
        made.push(
            query_scalar(
                "insert into console.face_decision (judgement, faces, decided_by, decided_at)
                 values ('nobody', $1, $2, $3) returning id",
            )
            .bind(faces)
            .bind(operator)
            .bind(day + TimeDelta::seconds(*seconds))
            .fetch_one(db)
            .await
            .expect("an act"),
        );
    }
    made
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_day_s_work_is_counted_without_what_was_taken_back_and_the_pace_without_pauses(db: PgPool) {
    let world = World::new(db).await;
    let start: DateTime<Utc> = "2025-03-03T23:30:00Z".parse().expect("a time");
    let days: Vec<DateTime<Utc>> = (-2..=1).map(|day| start + TimeDelta::days(day)).collect();
    let bo = world.bo.username.clone();
    acts(&world.db, &bo, start - TimeDelta::days(1), &[(86_399, 7)]).await;
    acts(&world.db, &bo, start + TimeDelta::days(1), &[(0, 100)]).await;
    acts(&world.db, "somebody", start, &[(10, 1000)]).await;
    // Three quick ones, a pause, and in the second hour one of ten faces and one that is taken back.
    let made = acts(&world.db, &bo, start, &[(0, 1), (60, 1), (120, 1), (3600, 1), (3700, 10), (3720, 5)]).await;
    query("insert into console.face_decision (judgement, faces, undoes, decided_by, decided_at) values ('undo', 5, $1, $2, $3)")
        .bind(made[5])
        .bind(&bo)
        .bind(start + TimeDelta::seconds(3780))
        .execute(&world.db)
        .await
        .expect("taken back");

    let done = faces::progress(&world.as_bo, &world.bo, &days).await.expect("the progress");

    assert_eq!(done.today.faces, 14);
    // 2 faces in 120 seconds, 10 in 180: what began a spell of work is not measured.
    let pace = done.today.pace.expect("a pace");
    assert!((pace - 12.0 * 3600.0 / 300.0).abs() < 1e-6, "{pace}");
    let hours: Vec<(i64, i64)> = done.hours.iter().map(|hour| ((hour.from - start).num_hours(), hour.faces)).collect();
    assert_eq!(hours, [(0, 3), (1, 11)]);
    let by_day: Vec<i64> = done.days.iter().map(|day| day.faces).collect();
    assert_eq!(by_day, [0, 7, 14]);
    assert_eq!(done.days[2].from, start);

    let today = faces::progress(&world.as_bo, &world.bo, &days[2..]).await.expect("the progress");
    assert_eq!((today.today, today.days.len()), (done.today, 1));
    let mut reversed = days.clone();
    reversed.reverse();
    for wrong in [&[][..], &days[..1], &reversed, &[start; 2]] {
        let refused = faces::progress(&world.as_bo, &world.bo, wrong).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn one_s_own_accuracy_is_told_when_there_are_enough_answers_and_not_at_once(db: PgPool) {
    let world = World::new(db).await;
    let others = world.moderators().await;
    for _ in 0..20 {
        world.amara_known(&others, 0.79).await;
    }
    for _ in 0..40 {
        world.alone(0.79).await;
    }
    world.control_share(0.5).await;
    let window = world.first_window(Order::Certain).await;
    let bo = (world.bo.clone(), world.as_bo.clone());
    let mut answered = 0;
    for waiting in &window.faces {
        if world.row(waiting.face.id).await.0 == "CONFIRMED" {
            let said = if answered == 0 { Said::Nobody } else { Said::Is(UserId(world.amara)) };
            world.decide(&seen(waiting), said).await.expect("decided");
            answered += 1;
        }
    }
    assert_eq!(answered, 20);
    let own = |quality: &Quality| quality.operators.iter().find(|one| one.is_own).cloned().expect("one's own");
    let at_once = own(&world.quality_of(&bo).await);
    assert_eq!((at_once.accuracy.answered, at_once.agreement), (0, None), "the figure would tell which face it was");

    world.some_days_later(2).await;
    let quality = world.quality_of(&bo).await;
    let found = own(&quality);
    let share = found.accuracy.share.expect("enough");
    assert_eq!((found.accuracy.answered, found.accuracy.least), (20, 20));
    assert!((share.share - 0.95).abs() < 1e-9 && share.low < 0.8 && share.high > 0.99, "{share:?}");
    assert_eq!(quality.weeks.iter().map(|week| week.answered).sum::<i64>(), 20);
    assert_eq!(quality.operators.len(), 1, "of the others a moderator sees nothing");

    world.some_days_later(40).await;
    let later = world.quality_of(&bo).await;
    assert_eq!((own(&later).accuracy.answered, own(&later).accuracy.share), (0, None));
    assert_eq!(later.weeks.iter().map(|week| week.answered).sum::<i64>(), 20, "the weeks reach further back");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn agreement_is_of_faces_that_several_decided_and_admins_see_everybody_s(db: PgPool) {
    let world = World::new(db).await;
    let others = world.moderators().await;
    let admin = operator(&world.db, "admin", Role::Admin).await;
    let faces = {
        let mut faces = Vec::new();
        for _ in 0..5 {
            faces.push(world.alone(0.79).await);
        }
        faces
    };
    let (amara, nobody) = (Said::Is(UserId(world.amara)), Said::Nobody);
    // Three alike, one not, and one that was decided once only.
    for (face, one, other) in
        [(faces[0], amara, amara), (faces[1], amara, amara), (faces[2], nobody, nobody), (faces[3], amara, nobody)]
    {
        world.decide_as(&others[0], face, one).await;
        world.decide_as(&others[1], face, other).await;
    }
    world.decide_as(&others[0], faces[4], amara).await;
    world.some_days_later(2).await;

    let own = world.quality_of(&others[0]).await;
    assert_eq!(own.operators.len(), 1);
    let agreement = own.operators[0].agreement.expect("some");
    assert_eq!(agreement.faces, 4);
    assert!((agreement.alike - 0.75).abs() < 1e-9, "{agreement:?}");
    // Amara 3 and 2 of 4 times, nobody 1 and 2 of 4 times: by chance alone 0.5 would be alike.
    assert!((agreement.kappa.expect("some") - 0.5).abs() < 1e-9, "{agreement:?}");

    let all = world.quality_of(&admin).await;
    let named: Vec<(&str, bool)> = all.operators.iter().map(|one| (one.operator.as_str(), one.is_own)).collect();
    let mut expected =
        [(admin.0.username.as_str(), true), (&others[0].0.username, false), (&others[1].0.username, false)];
    expected.sort_unstable();
    assert_eq!(named, expected);

    // What is taken back is a word no longer.
    let mut connection = others[1].1.acquire().await.expect("connected");
    query("update console.face_decision set decided_at = now() where judgement <> 'undo'")
        .execute(&world.db)
        .await
        .expect("now");
    faces::undo(&mut connection, &others[1].0).await.expect("undone");
    assert_eq!(world.quality_of(&others[0]).await.operators[0].agreement.expect("some").faces, 3);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn staff_see_nothing_of_it(db: PgPool) {
    let world = World::new(db).await;
    let (staff, as_staff) = operator(&world.db, "staff", Role::Staff).await;
    let now = Utc::now();
    let refused = faces::progress(&as_staff, &staff, &[now, now + TimeDelta::days(1)]).await;
    assert!(matches!(refused, Err(Error::Forbidden(_))), "{refused:?}");
    assert!(matches!(faces::quality(&as_staff, &staff, now).await, Err(Error::Forbidden(_))));
    query("select console.own_work(now(), now())").execute(&as_staff).await.expect_err("nor by psql");
    let photo = faces::photo(&as_staff, &staff, MediaId(world.photo)).await.expect("photos are theirs to see");
    assert!(photo.faces.is_empty());
}

/// Rows that were read of a table, by its indexes or otherwise, and how often all of it was; in this transaction.
async fn reads(tx: &mut sqlx::PgConnection, table: &str) -> (i64, i64) {
    query_as(AssertSqlSafe(format!(
        "select (pg_stat_get_xact_tuples_fetched('{table}'::regclass)
                 + (select sum(pg_stat_get_xact_tuples_fetched(indexrelid)) from pg_index
                     where indrelid = '{table}'::regclass))::bigint,
                pg_stat_get_xact_numscans('{table}'::regclass)"
    )))
    .fetch_one(tx)
    .await
    .expect("statistics")
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn neither_a_day_s_work_nor_a_control_item_takes_a_look_at_everything(db: PgPool) {
    let world = World::new(db).await;
    let others = world.moderators().await;
    let bo = world.bo.username.clone();
    world.amara_known(&others, 0.79).await;
    sqlx::raw_sql(AssertSqlSafe(format!(
        "insert into console.face_decision (judgement, faces, decided_by, decided_at)
         select 'nobody', 1, case when n % 20 = 0 then '{bo}' else 'operator' || n % 20 end, now() - n * interval '10 minutes'
           from generate_series(1, 40000) as n;
         insert into media_detected_faces (media_id, bbox, embedding, identified_user_id, confidence_score, status)
         select {photo}, '{{10,20,30,40}}', array_fill(0.03, array[1024])::vector, {amara}, 0.78, 'CONFIRMED'
           from generate_series(1, 8000);
         insert into console.face_known
         select id, 'is', {amara}, {amara}, 0.7 + id % 50 / 1000.0, 'suggested', '{{one,another}}', now()
           from media_detected_faces where media_id = {photo};
         insert into console.face_control (
                    operator, face_id, queue, person_id, similarity, known_judgement, known_person, version, ahead_of, sort, is_open)
         select '{bo}', id, 'suggested', {amara}, 0.75, 'is', {amara}, xmin::text, 1, 'certain', false
           from media_detected_faces where media_id = {photo} limit 4000;
         analyze;",
        photo = world.photo,
        amara = world.amara
    )))
    .execute(&world.db)
    .await
    .expect("much");
    for _ in 0..4 {
        world.alone(0.79).await;
    }
    world.control_share(0.25).await;

    let mut tx = world.as_bo.begin().await.expect("begun");
    query("select * from console.own_work(now() - interval '1 day', now())").fetch_all(&mut *tx).await.expect("a day");
    let (read, scans) = reads(&mut tx, "console.face_decision").await;
    assert!(scans == 0 && read <= 200, "{read} decisions were read, {scans} times all");
    tx.rollback().await.expect("over");

    for order in ["certain", "newest"] {
        let mut tx = world.as_bo.begin().await.expect("begun");
        let sql = format!(
            "select * from console.waiting_faces('suggested', '{order}', null, null, null, null, null, null, null, 'me', 40)"
        );
        let found = query(AssertSqlSafe(sql)).fetch_all(&mut *tx).await.expect("a window").len();
        assert!(found == 5 || order == "newest", "four that wait, and a control item: {found}");
        for (table, most) in
            [("media_detected_faces", 1_500), ("console.face_known", 130), ("console.face_control", 600)]
        {
            let (read, scans) = reads(&mut tx, table).await;
            assert!(scans == 0 && read <= most, "{order}: {read} rows of {table} were read, {scans} times all");
        }
        tx.rollback().await.expect("over");
    }

    let mut tx = world.as_bo.begin().await.expect("begun");
    let few: Vec<i64> = query_scalar("select face_id from console.seen_face where face_id = any ($1)")
        .bind((1..=100_i64).collect::<Vec<_>>())
        .fetch_all(&mut *tx)
        .await
        .expect("faces");
    assert!(few.len() > 90, "{}", few.len());
    query("select * from console.seen_face where media_id = (select max(media_id) from console.photo)")
        .fetch_all(&mut *tx)
        .await
        .expect("a photo's");
    for table in ["media_detected_faces", "console.face_control"] {
        let (read, scans) = reads(&mut tx, table).await;
        assert!(scans == 0 && read <= 400, "{read} rows of {table} were read, {scans} times all");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_decision_on_thousands_of_faces_settles_their_words_together(db: PgPool) {
    let world = World::new(db).await;
    let others = world.moderators().await;
    run(
        &world.db,
        "insert into media_detected_faces (media_id, bbox, embedding, suggested_user_id, confidence_score, status)
         select $1, '{10,20,30,40}', array_fill(0.03, array[1024])::vector, null, 0.78, 'SUGGESTED' from generate_series(1, 2000)",
        world.photo,
    )
    .await;
    for (by, db) in &others {
        let now: Vec<(i64, String)> =
            query_as("select id, xmin::text from media_detected_faces").fetch_all(&world.db).await.expect("faces");
        let now: Vec<Seen<FaceId>> =
            now.into_iter().map(|(id, version)| Seen { id: FaceId(id), version: RowVersion(version) }).collect();
        let mut connection = db.acquire().await.expect("connected");
        let decided = faces::decide_many(&mut connection, by, &now, Said::Nobody).await.expect("decided");
        assert_eq!(decided.done.len(), 2000);
    }
    let shared: i64 =
        query_scalar("select count(*) from console.face_shared").fetch_one(&world.db).await.expect("counted");
    assert_eq!(shared, 4000);
}
