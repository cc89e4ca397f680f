//! Whatever waits for a word is veiled, whatever is open is in its queue, and nobody keeps it for ever.

use kaleidoscope_console::{
    access::{Operator, Role},
    db::{MIGRATOR, MediaId, RowVersion, Seen},
    error::Error,
    safety::{self, SafetyQueue, SafetyWord},
};
use sqlx::{PgPool, query_as, query_scalar};

use super::{Judge, World};
use crate::rows::{face, operator, run};

type Login = (Operator, PgPool);

/// Whether a medium looks unsafe to a login; `None` where it is not shown at all.
async fn looks_unsafe(db: &PgPool, media: MediaId) -> Option<bool> {
    query_scalar("select unsafe from console.photo where media_id = $1")
        .bind(media)
        .fetch_optional(db)
        .await
        .expect("asked")
}

impl World {
    async fn reported(&self, staff: &Login, media: MediaId, code: &str) {
        let policy = self.policy(code).await;
        let reported = safety::report(&staff.1, &staff.0, &[media], policy, "look at this").await.expect("asked");
        assert_eq!(reported, [media]);
    }

    async fn staff(&self) -> Login {
        operator(&self.db, "staff", Role::Staff).await
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_waits_for_a_word_is_veiled_for_admins_until_it_is_said(db: PgPool) {
    let world = World::new(db).await;
    let (staff, other) = (world.staff().await, Judge::new(&world.db, "other").await);
    let (moderator, admin) = (operator(&world.db, "mo", Role::Moderator).await, &world.admin.db);

    let reported = world.clear().await;
    assert_eq!(looks_unsafe(admin, reported).await, Some(false));
    world.reported(&staff, reported, "nudity").await;
    assert_eq!(looks_unsafe(admin, reported).await, Some(true), "reported, though the AI called it safe");
    for db in [&staff.1, &moderator.1] {
        assert_eq!(looks_unsafe(db, reported).await, Some(false), "nobody else is asked");
    }

    let failed = world.medium("FAILED", None).await;
    assert_eq!(looks_unsafe(admin, failed).await, Some(true), "not processed");

    let contradicted = world.flagged().await;
    world.decide(contradicted, &world.nudity().await).await.expect("decided");
    safety::appeal(&other.db, &other.by, contradicted, "no").await.expect("filed");
    world.set(contradicted, "COMPLETED", Some(true)).await;
    assert_eq!(
        world
            .waiting()
            .await
            .into_iter()
            .filter(|(media, _)| *media == contradicted)
            .map(|one| one.1)
            .collect::<Vec<_>>(),
        ["appeal", "disagreement"]
    );
    for judge in [admin, &other.db] {
        assert_eq!(looks_unsafe(judge, contradicted).await, Some(true), "the AI against a human");
    }

    for (judge, media, queue) in [
        (&world.admin, reported, SafetyQueue::Reported),
        (&world.admin, failed, SafetyQueue::Failed),
        (&other, contradicted, SafetyQueue::Appeal),
    ] {
        judge.decide(&world.seen(media).await, queue, &SafetyWord::safe()).await.expect("decided");
        assert_eq!(looks_unsafe(admin, media).await, Some(false), "{queue:?}");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_was_unsafe_stays_so_to_everybody_until_the_ai_has_spoken_anew(db: PgPool) {
    let world = World::new(db).await;
    let (staff, moderator) = (world.staff().await, operator(&world.db, "mo", Role::Moderator).await);
    let media = world.flagged().await;
    let face = face(&world.db, media.0, None).await;
    let faces = async || {
        let seen = query_scalar("select count(*) from console.face where face_id = $1").bind(face);
        seen.fetch_one(&moderator.1).await.expect("asked")
    };
    let shown = async || {
        let mut shown = Vec::new();
        for db in [&staff.1, &moderator.1, &world.admin.db] {
            shown.push(looks_unsafe(db, media).await);
        }
        shown
    };

    world.decide(media, &SafetyWord::again()).await.expect("again");
    assert_eq!((world.words(media).await, shown().await), (("PROCESSING".into(), None), vec![None, None, Some(true)]));
    assert_eq!(faces().await, 0_i64);
    world.set(media, "FAILED", None).await;
    assert_eq!(shown().await, [None, None, Some(true)], "that is no word about it");
    world.set(media, "COMPLETED", Some(true)).await;
    assert_eq!((shown().await, faces().await), (vec![Some(false); 3], 1));
    // What was safe when it was processed again is not hidden for that.
    world.set(media, "PROCESSING", None).await;
    assert_eq!(shown().await, [Some(false); 3]);

    // The AI may begin by throwing away what it had said.
    let other = world.flagged().await;
    run(&world.db, "delete from media_ai_insights where media_id = $1", other.0).await;
    assert_eq!(looks_unsafe(&moderator.1, other).await, None);
    let processed = |status: &str| {
        format!(
            "insert into media_ai_insights (media_id, post_id, status) values ({other}, {}, '{status}')
             on conflict (media_id) do update set status = excluded.status",
            world.post
        )
    };
    world.run(processed("PROCESSING")).await;
    assert_eq!(looks_unsafe(&moderator.1, other).await, None);
    world.run(processed("COMPLETED")).await;
    assert_eq!(looks_unsafe(&moderator.1, other).await, Some(false));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_decision_that_is_taken_back_leaves_what_was_awaited(db: PgPool) {
    let world = World::new(db).await;
    let moderator = operator(&world.db, "mo", Role::Moderator).await;
    let (awaited, failed) = (world.flagged().await, world.medium("FAILED", None).await);
    world.decide(awaited, &SafetyWord::again()).await.expect("again");
    for (media, said) in [(awaited, SafetyWord::safe()), (failed, world.nudity().await)] {
        world.decide(media, &said).await.expect("decided");
        world.revert(media).await;
    }
    assert_eq!(looks_unsafe(&moderator.1, awaited).await, None, "as before: nobody knows yet");
    assert_eq!(looks_unsafe(&moderator.1, failed).await, Some(false), "as before: nobody had said anything");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_is_open_waits_in_its_queue_when_a_proposal_made_elsewhere_is_declined(db: PgPool) {
    let world = World::new(db).await;
    let (staff, other) = (world.staff().await, Judge::new(&world.db, "other").await);
    let third = Judge::new(&world.db, "third").await;
    let suspend = SafetyWord { suspend: true, ..world.nudity().await };
    let appealed = world.flagged().await;
    world.decide(appealed, &world.nudity().await).await.expect("decided");
    safety::appeal(&other.db, &other.by, appealed, "no").await.expect("filed");
    world.set(appealed, "COMPLETED", Some(false)).await;
    let (reported, beside) = (world.clear().await, world.clear().await);

    // From another queue than that of the appeal; and a report that came meanwhile.
    other.decide(&world.seen(appealed).await, SafetyQueue::Disagreement, &suspend).await.expect("proposed");
    world.decide(reported, &suspend).await.expect("proposed");
    run(&world.db, "update media_ai_insights set status = 'COMPLETED', is_safe = true where media_id = $1", reported.0)
        .await;
    world.reported(&staff, reported, "hate").await;
    // With the others of its post, from a queue in which it does not wait.
    world.admin.decide(&world.seen(beside).await, SafetyQueue::Reported, &suspend).await.expect("proposed");
    let queued = world.waiting().await;
    assert!(queued.iter().all(|(_, queue)| queue == "confirm") && queued.len() == 3, "{queued:?}");

    for media in [appealed, reported, beside] {
        let done = third.confirm(world.seen(media).await, false).await;
        assert_eq!(done.done.len(), 1, "{done:?}");
    }

    assert_eq!(
        world.waiting().await,
        [(appealed, "appeal".into()), (appealed, "disagreement".into()), (reported, "reported".into())]
    );
    assert_eq!(world.admin.queue(SafetyQueue::Appeal).await, [], "still not for who decided it first");
    assert_eq!(third.queue(SafetyQueue::Appeal).await, [appealed]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_report_that_was_answered_waits_again_when_the_answer_is_taken_back(db: PgPool) {
    let world = World::new(db).await;
    let staff = world.staff().await;
    let media = world.clear().await;
    world.reported(&staff, media, "hate").await;
    let since = "select since::text || severity from console.safety_item";
    let was: String = query_scalar(since).fetch_one(&world.db).await.expect("waits");
    world.admin.decide(&world.seen(media).await, SafetyQueue::Reported, &world.nudity().await).await.expect("decided");
    assert_eq!(world.waiting().await, []);

    world.revert(media).await;

    assert_eq!(world.waiting().await, [(media, "reported".into())]);
    let reported_at: String = query_scalar("select reported_at::text || 3 from console.safety_report")
        .fetch_one(&world.db)
        .await
        .expect("one");
    let now: String = query_scalar(since).fetch_one(&world.db).await.expect("waits");
    assert_eq!((now, was.chars().last()), (reported_at, Some('3')), "since it was reported, as grave as its policy");
    let policy = world.policy("hate").await;
    let again = safety::report(&staff.1, &staff.0, &[media], policy, "again").await.expect("asked");
    assert_eq!(again, [], "it is open");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_the_ai_has_not_looked_at_is_decided_all_the_same(db: PgPool) {
    let world = World::new(db).await;
    let (staff, other) = (world.staff().await, Judge::new(&world.db, "other").await);
    let unprocessed = async || {
        let media = world.clear().await;
        run(&world.db, "delete from media_ai_insights where media_id = $1", media.0).await;
        world.reported(&staff, media, "nudity").await;
        Seen { id: media, version: RowVersion(String::new()) }
    };

    let fine = unprocessed().await;
    let again = world.admin.decide(&fine, SafetyQueue::Reported, &SafetyWord::again()).await;
    assert!(matches!(&again, Err(Error::Conflict(said)) if said.contains("not looked at")), "{again:?}");
    world.admin.decide(&fine, SafetyQueue::Reported, &SafetyWord::safe()).await.expect("dismissed");
    assert_eq!((looks_unsafe(&staff.1, fine.id).await, world.waiting().await), (Some(false), vec![]));

    let bad = unprocessed().await;
    let said = SafetyWord { archive: true, ..world.nudity().await };
    world.admin.decide(&bad, SafetyQueue::Reported, &said).await.expect("decided");
    let restored = "update posts set status = 'PUBLISHED' where post_id = $1";
    assert_eq!((world.post_status().await, world.waiting().await), ("ARCHIVED".into(), vec![]));
    run(&world.db, restored, world.post).await;
    assert_eq!(looks_unsafe(&staff.1, bad.id).await, None, "unsafe until the AI has looked at it");
    world.revert(bad.id).await;
    assert_eq!(looks_unsafe(&staff.1, bad.id).await, Some(false));
    assert_eq!(world.waiting().await, [(bad.id, "reported".into())]);

    // And by two people.
    let grave = SafetyWord { suspend: true, ..world.nudity().await };
    assert!(world.admin.decide(&bad, SafetyQueue::Reported, &grave).await.expect("proposed").is_proposed);
    assert_eq!(looks_unsafe(&staff.1, bad.id).await, None);
    other.confirm(bad.clone(), false).await;
    assert_eq!(looks_unsafe(&staff.1, bad.id).await, Some(false), "declined");
    world.admin.decide(&bad, SafetyQueue::Reported, &grave).await.expect("proposed");
    assert_eq!(other.confirm(bad.clone(), true).await.done.len(), 1);
    assert_eq!((looks_unsafe(&staff.1, bad.id).await, world.account_status().await), (None, "SUSPENDED".into()));
    world
        .run(format!(
            "insert into media_ai_insights (media_id, post_id, status, is_safe) values ({}, {}, 'COMPLETED', true)",
            bad.id, world.post
        ))
        .await;
    assert_eq!(world.waiting().await, [(bad.id, "disagreement".into())], "the AI against a human");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_is_kept_or_sent_is_everybody_s_again_after_a_day_or_without_its_holder(db: PgPool) {
    let world = World::new(db).await;
    let (other, third) = (Judge::new(&world.db, "other").await, Judge::new(&world.db, "third").await);
    let (kept, sent) = (world.flagged().await, world.flagged().await);
    let assign = async |judge: &Judge, media, whom| {
        safety::assign(&judge.db, &judge.by, media, SafetyQueue::Flagged, whom, None).await.expect("assigned");
    };
    let third_sees = async || {
        safety::keep(&third.db, &third.by, &third.holder, &[], None).await.expect("there");
        third.queue(SafetyQueue::Flagged).await
    };
    assign(&world.admin, kept, Some(world.admin.by.username.as_str())).await;
    assign(&world.admin, sent, Some(other.by.username.as_str())).await;
    assert_eq!(third_sees().await, []);

    world
        .run(format!(
            "update console.safety_item set assigned_at = now() - interval '25 hours' where media_id = {kept}"
        ))
        .await;
    assert_eq!(third_sees().await, [kept]);
    run(&world.db, "update users set account_status = 'SUSPENDED' where user_id = $1", other.by.user_id.0).await;
    assert_eq!(third_sees().await, [kept, sent]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn who_sent_an_item_sees_it_and_takes_it_back(db: PgPool) {
    let world = World::new(db).await;
    let other = Judge::new(&world.db, "other").await;
    let media = world.flagged().await;
    let (by, pool) = (&world.admin.by, &world.admin.db);
    safety::assign(pool, by, media, SafetyQueue::Flagged, Some(&other.by.username), Some("look")).await.expect("sent");

    assert_eq!(world.admin.queue(SafetyQueue::Sent).await, [media]);
    assert_eq!((other.queue(SafetyQueue::Sent).await, world.admin.queue(SafetyQueue::Mine).await), (vec![], vec![]));
    let counts = safety::counts(pool, by).await.expect("counted");
    let sent = counts.iter().find(|count| count.queue == SafetyQueue::Sent).expect("the queue");
    assert_eq!((sent.waiting, safety::count(pool, by).await.expect("counted")), (1, 0), "it is not theirs to do");

    safety::assign(pool, by, media, SafetyQueue::Flagged, None, None).await.expect("taken back");
    assert_eq!((world.admin.queue(SafetyQueue::Sent).await, other.queue(SafetyQueue::Mine).await), (vec![], vec![]));
    assert_eq!(world.admin.queue(SafetyQueue::Flagged).await, [media]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_is_proposed_counts_as_its_own_category(db: PgPool) {
    let world = World::new(db).await;
    let staff = world.staff().await;
    let media = world.clear().await;
    world.reported(&staff, media, "hate").await;
    let category = async || -> String {
        query_scalar("select console.reveal_category($1)").bind(media).fetch_one(&world.db).await.expect("asked")
    };
    assert_eq!(category().await, "hate");
    let said = SafetyWord { suspend: true, ..world.nudity().await };
    world.admin.decide(&world.seen(media).await, SafetyQueue::Reported, &said).await.expect("proposed");
    assert_eq!(category().await, "nudity");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_appeal_answered_by_processing_again_is_not_overturned(db: PgPool) {
    let world = World::new(db).await;
    let other = Judge::new(&world.db, "other").await;
    let media = world.flagged().await;
    world.decide(media, &world.nudity().await).await.expect("decided");
    safety::appeal(&other.db, &other.by, media, "no").await.expect("filed");
    other.decide(&world.seen(media).await, SafetyQueue::Appeal, &SafetyWord::again()).await.expect("again");

    let outcome: (String,) =
        query_as("select outcome from console.safety_appeal").fetch_one(&world.db).await.expect("an appeal");
    assert_eq!(outcome.0, "again");
    let now = chrono::Utc::now();
    let days = [now - chrono::TimeDelta::days(1), now + chrono::TimeDelta::hours(1)];
    let progress = safety::progress(&other.db, &other.by, &days, now).await.expect("figures");
    assert_eq!((progress.today.decided, progress.today.overturned), (2, 0));
}
