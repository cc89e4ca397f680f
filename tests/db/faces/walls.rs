//! Walls: for whom faces wait, and the line above which all of them are confirmed once a blind sample was right.

use kaleidoscope_console::{
    access::Role,
    db::{ClusterId, FaceId, MIGRATOR, UserId},
    error::Error,
    faces::{self, Decided, Holder, Line, OnWall, Queue, Said, Wall},
};
use sqlx::{PgPool, query, query_scalar};

use super::{World, conflict};
use crate::rows::operator;

impl World {
    /// For Amara, 40 of them, the n-th with similarity 0.70 + n / 1000; each on a photo of its own.
    async fn forty(&self) -> Vec<FaceId> {
        let mut faces = Vec::new();
        for number in 1..=40 {
            let photo = self.another_photo().await;
            faces.push(self.suggested_on(photo, Some(self.amara), Some(0.70 + f64::from(number) / 1000.0)).await);
        }
        faces
    }

    /// The share that a sample must show to be right.
    async fn rule(&self, precision: f64) {
        query("update console.face_line_rule set least_precision = $1")
            .bind(precision)
            .execute(&self.db)
            .await
            .expect("a rule");
    }

    fn wall(&self) -> Wall {
        Wall { person: UserId(self.amara), queue: Queue::Suggested }
    }

    async fn above(&self, similarity: f64) -> kaleidoscope_console::error::Result<Decided> {
        let mut connection = self.as_bo.acquire().await.expect("connected");
        faces::confirm_above(&mut connection, &self.bo, &self.holder, self.wall(), similarity).await
    }

    /// Takes a sample and decides it, so many of it as wrong.
    async fn sampled(&self, similarity: f64, wrong: usize) -> Line {
        let sample =
            faces::line_sample(&self.as_bo, &self.bo, &self.holder, self.wall(), similarity).await.expect("a sample");
        let mut connection = self.as_bo.acquire().await.expect("connected");
        for (number, waiting) in sample.iter().enumerate() {
            let said = if number < wrong { Said::IsNot(None) } else { Said::Is(UserId(self.amara)) };
            let seen = self.seen(waiting.face.id).await;
            faces::decide(&mut connection, &self.bo, &seen, said).await.expect("decided");
        }
        let ids: Vec<FaceId> = sample.iter().map(|waiting| waiting.face.id).collect();
        faces::draw_line(&mut connection, &self.bo, &self.holder, self.wall(), similarity, &ids).await.expect("drawn")
    }

    async fn waiting(&self) -> i64 {
        query_scalar("select count(*) from media_detected_faces where status = 'SUGGESTED'")
            .fetch_one(&self.db)
            .await
            .expect("counted")
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn those_for_whom_most_faces_wait_come_first(db: PgPool) {
    let world = World::new(db).await;
    for person in [world.dana, world.amara, world.dana] {
        let photo = world.another_photo().await;
        world.suggested_on(photo, Some(person), Some(0.8)).await;
    }
    let page = faces::people_waiting(&world.as_bo, &world.bo, Queue::Suggested, None, 1).await.expect("a page");
    assert_eq!((page.people[0].person.username.as_str(), page.people[0].faces), ("dana", 2));
    let rest = faces::people_waiting(&world.as_bo, &world.bo, Queue::Suggested, page.next, 9).await.expect("a page");
    assert_eq!((rest.people[0].person.username.as_str(), rest.people.len()), ("amara", 1));
    assert!(rest.next.is_none());
    let none = faces::people_waiting(&world.as_bo, &world.bo, Queue::Near, None, 9).await.expect("a page");
    assert!(none.people.is_empty());
    let conflicts = faces::people_waiting(&world.as_bo, &world.bo, Queue::Conflicts, None, 9).await;
    assert!(matches!(conflicts, Err(Error::Invalid(_))), "{conflicts:?}");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_line_can_be_used_once_a_blind_sample_of_it_was_right(db: PgPool) {
    let world = World::new(db).await;
    world.rule(0.88).await;
    let faces = world.forty().await;
    assert!(conflict(world.above(0.711).await).contains("Take a sample first"));

    let line = world.sampled(0.711, 0).await;

    assert_eq!((line.sample, line.correct, line.holds), (20, 20, true));
    let known = faces::line(&world.as_bo, &world.bo, &world.holder, world.wall(), None).await.expect("known");
    assert!((known.rule.least_precision - 0.88).abs() < 1e-9 && known.rule.sample == 20);
    assert_eq!(known.line, Some(line));
    assert!(conflict(world.above(0.705).await).contains("Take a sample first"), "below the sample nothing is known");

    let decided = world.above(0.711).await.expect("confirmed");

    assert_eq!(decided.done.len(), 10, "30 lie above the line, 20 of them were the sample");
    assert_eq!(world.waiting().await, 10);
    let left: i64 = query_scalar("select max(id) from media_detected_faces where status = 'SUGGESTED'")
        .fetch_one(&world.db)
        .await
        .expect("those below");
    assert_eq!(left, faces[9].0);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_sample_that_was_wrong_or_small_draws_no_line(db: PgPool) {
    let world = World::new(db).await;
    world.rule(0.88).await;
    world.forty().await;
    let line = world.sampled(0.70, 1).await;
    assert_eq!((line.sample, line.correct, line.holds), (20, 19, false), "19 of 20 don't show 88 %");
    assert!(conflict(world.above(0.70).await).contains("Take a sample first"));

    let small = world.sampled(0.738, 0).await;
    assert!(small.sample < 20 && !small.holds, "{small:?}");
    // What somebody says of a sample counts only as far as it was decided.
    let mut connection = world.as_bo.acquire().await.expect("connected");
    let claimed: Vec<FaceId> = (1..=40).map(FaceId).collect();
    let line =
        faces::draw_line(&mut connection, &world.bo, &world.holder, world.wall(), 0.70, &claimed).await.expect("drawn");
    assert_eq!((line.sample, line.holds), (0, false));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn only_the_sample_that_was_drawn_draws_a_line_and_all_of_it(db: PgPool) {
    let world = World::new(db).await;
    world.rule(0.88).await;
    let faces = world.forty().await;
    let mut connection = world.as_bo.acquire().await.expect("connected");
    // The twenty best, chosen by whoever wants the line low.
    for face in &faces[20..] {
        world.confirm(&world.seen(*face).await, world.amara).await.expect("confirmed");
    }
    let chosen = faces::draw_line(&mut connection, &world.bo, &world.holder, world.wall(), 0.70, &faces[20..])
        .await
        .expect("drawn");
    assert_eq!((chosen.sample, chosen.holds), (0, false));

    // A sample without those that were wrong.
    for _ in &faces[20..] {
        world.undo_last().await;
    }
    drop(connection);
    let line = world.sampled(0.70, 2).await;
    assert_eq!((line.sample, line.correct, line.holds), (20, 18, false));
    let right: Vec<FaceId> = query_scalar(
        "select face_id from console.face_verdict as v where judgement = 'is'
            and not exists (select from console.face_decision as undo where undo.undoes = v.decision_id)",
    )
    .fetch_all(&world.db)
    .await
    .expect("verdicts")
    .into_iter()
    .map(FaceId)
    .collect();
    let mut connection = world.as_bo.acquire().await.expect("connected");
    let line =
        faces::draw_line(&mut connection, &world.bo, &world.holder, world.wall(), 0.70, &right).await.expect("drawn");
    assert_eq!((line.sample, line.correct, line.holds), (20, 18, false), "all that were drawn count");
    let lower =
        faces::draw_line(&mut connection, &world.bo, &world.holder, world.wall(), 0.60, &right).await.expect("drawn");
    assert!(!lower.holds, "below the sample nothing is known");
    assert!(conflict(world.above(0.70).await).contains("Take a sample first"));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_line_falls_with_what_was_said_of_its_sample(db: PgPool) {
    let world = World::new(db).await;
    world.forty().await;
    let (chidi, as_chidi) = operator(&world.db, "chidi", Role::Moderator).await;
    let holds = async |similarity: f64| {
        let known = faces::line(&world.as_bo, &world.bo, &world.holder, world.wall(), None).await.expect("known");
        known.line.is_some_and(|line| line.similarity <= similarity)
    };
    assert!(world.sampled(0.7195, 0).await.holds);
    assert!(holds(0.7195).await);

    world.undo_last().await;
    assert!(!holds(0.7195).await, "one of the sample is open again");
    assert!(conflict(world.above(0.7195).await).contains("Take a sample first"));

    assert!(world.sampled(0.70, 0).await.holds);
    assert!(holds(0.70).await);
    let corrected: i64 = query_scalar("select face_id from console.face_verdict order by id desc limit 1")
        .fetch_one(&world.db)
        .await
        .expect("a verdict");
    let mut connection = as_chidi.acquire().await.expect("connected");
    let seen = world.seen(FaceId(corrected)).await;
    faces::decide(&mut connection, &chidi, &seen, Said::IsNot(None)).await.expect("corrected");
    assert!(!holds(0.70).await, "somebody else saw that one of the sample was wrong");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_line_of_somebody_else_is_not_ours_and_admins_set_the_rule(db: PgPool) {
    let world = World::new(db).await;
    world.forty().await;
    let (admin, as_admin) = operator(&world.db, "admin", Role::Admin).await;
    let by_moderator = query("update console.face_line_rule set sample = 10").execute(&world.as_bo).await;
    by_moderator.expect_err("for admins only");
    query("update console.face_line_rule set sample = 10, least_precision = 0.5")
        .execute(&as_admin)
        .await
        .expect("an admin may");

    let line = world.sampled(0.70, 1).await;
    assert_eq!((line.sample, line.correct, line.holds), (10, 9, true));
    let mut connection = as_admin.acquire().await.expect("connected");
    let theirs = faces::confirm_above(&mut connection, &admin, &Holder::new(), world.wall(), 0.70).await;
    assert!(conflict(theirs).contains("Take a sample first"));
    // What another window looks at stays.
    query(
        "update console.face_lease set holder = 'another', until = now() + interval '1 minute' where face_id in (
               select id from media_detected_faces where status = 'SUGGESTED' order by id limit 1)",
    )
    .execute(&world.db)
    .await
    .expect("leased");
    let free: i64 = query_scalar(
        "select count(*) from media_detected_faces f where status = 'SUGGESTED'
            and not exists (select from console.face_lease l where l.face_id = f.id and l.holder = 'another')",
    )
    .fetch_one(&world.db)
    .await
    .expect("counted");
    let decided = world.above(0.70).await.expect("confirmed");
    assert_eq!(i64::try_from(decided.done.len()).expect("few"), free);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_sample_has_as_many_faces_as_show_the_precision(db: PgPool) {
    let world = World::new(db).await;
    world.forty().await;
    let need = async |similarity: f64| {
        let known = faces::line(&world.as_bo, &world.bo, &world.holder, world.wall(), Some(similarity)).await;
        known.expect("known").need.map(|need| (need.above, need.sample))
    };
    assert_eq!(need(0.70).await, Some((40, 38)), "one wrong of forty is too many, and must be seen with 95 %");
    assert_eq!(need(0.7305).await, Some((10, 10)), "of few all");
    assert_eq!(world.sampled(0.70, 0).await.sample, 38);
    assert_eq!(world.above(0.70).await.expect("confirmed").done.len(), 2);

    let size: i32 =
        query_scalar("select console.sample_size(100000, 0.99, 0.95, 20)").fetch_one(&world.db).await.expect("a size");
    assert!((296..=299).contains(&size), "the rule of three: {size}");
    for (whole, sample, wrong, shown) in [
        (100_000, 299, 0, true),
        (100_000, 299, 1, false),
        (100_000, 473, 1, true),
        (100_000, 460, 1, false),
        (200, 200, 2, true),
        (200, 200, 3, false),
        (200, 20, 0, false),
        (3, 5, 0, false),
    ] {
        let shows: bool = query_scalar("select console.sample_shows($1, $2, $3, 0.99, 0.95)")
            .bind(whole)
            .bind(sample)
            .bind(wrong)
            .fetch_one(&world.db)
            .await
            .expect("an answer");
        assert_eq!(shows, shown, "{wrong} wrong in {sample} of {whole}");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn faces_that_come_above_a_line_later_need_a_larger_sample(db: PgPool) {
    let world = World::new(db).await;
    world.forty().await;
    assert!(world.sampled(0.70, 0).await.holds);
    for _ in 0..200 {
        let photo = world.another_photo().await;
        world.suggested_on(photo, Some(world.amara), Some(0.8)).await;
    }
    assert!(conflict(world.above(0.70).await).contains("Take a sample first"));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_is_left_open_of_a_sample_may_be_what_is_wrong(db: PgPool) {
    let world = World::new(db).await;
    world.forty().await;
    query("update console.face_line_rule set least_precision = 0.88, sample = 25")
        .execute(&world.db)
        .await
        .expect("a rule");
    let sample =
        faces::line_sample(&world.as_bo, &world.bo, &world.holder, world.wall(), 0.70).await.expect("a sample");
    let mut connection = world.as_bo.acquire().await.expect("connected");
    for waiting in &sample[1..] {
        let seen = world.seen(waiting.face.id).await;
        faces::decide(&mut connection, &world.bo, &seen, Said::Is(UserId(world.amara))).await.expect("decided");
    }
    let ids: Vec<FaceId> = sample.iter().map(|waiting| waiting.face.id).collect();
    query("update console.face_line_rule set sample = 20").execute(&world.db).await.expect("a rule");
    let line = faces::draw_line(&mut connection, &world.bo, &world.holder, world.wall(), 0.70, &ids).await;
    assert!(!line.expect("drawn").holds, "24 right and one open");
    let seen = world.seen(sample[0].face.id).await;
    faces::decide(&mut connection, &world.bo, &seen, Said::Is(UserId(world.amara))).await.expect("decided");
    let line = faces::draw_line(&mut connection, &world.bo, &world.holder, world.wall(), 0.70, &ids).await;
    assert!(line.expect("drawn").holds);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn who_is_on_the_same_wall_is_seen(db: PgPool) {
    let world = World::new(db).await;
    let (chidi, as_chidi) = operator(&world.db, "chidi", Role::Moderator).await;
    let theirs = Holder::new();
    let (us, them) = (world.bo.username.clone(), chidi.username.clone());
    let (amara, dana) = (OnWall::Person(UserId(world.amara)), OnWall::Person(UserId(world.dana)));
    let bo = async |on| faces::keep_wall(&world.as_bo, &world.bo, &world.holder, on).await.expect("kept");
    let chidi = async |on| faces::keep_wall(&as_chidi, &chidi, &theirs, on).await.expect("kept");

    assert!(bo(Some(amara)).await.is_empty());
    assert_eq!(chidi(Some(amara)).await, [us]);
    assert_eq!(bo(Some(amara)).await, std::slice::from_ref(&them));
    assert!(chidi(Some(dana)).await.is_empty());
    assert!(bo(Some(amara)).await.is_empty(), "they went on");
    let group = OnWall::Group(ClusterId(1));
    chidi(Some(group)).await;
    assert_eq!(bo(Some(group)).await, [them]);
    chidi(None).await;
    assert!(bo(Some(group)).await.is_empty(), "they left");
}
