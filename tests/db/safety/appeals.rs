//! Appeals, and decisions that are taken back.

use kaleidoscope_console::{
    db::{MIGRATOR, MediaId, RulingId},
    error::{Error, Result},
    safety::{self, Reverted, SafetyQueue, SafetyWord},
};
use sqlx::{PgPool, query_scalar};

use super::{Judge, World};
use crate::rows::run;

async fn revert(judge: &Judge, decisions: &[RulingId], reason: &str) -> Result<Vec<Reverted>> {
    let mut connection = judge.db.acquire().await.expect("connected");
    safety::revert(&mut connection, &judge.by, decisions, reason).await
}

impl World {
    /// The last decision on a medium.
    async fn ruling(&self, media: MediaId) -> RulingId {
        query_scalar("select max(id) from console.safety_decision where media_id = $1 and reverts is null")
            .bind(media)
            .fetch_one(&self.db)
            .await
            .expect("a decision")
    }

    async fn archived(&self) -> MediaId {
        let media = self.flagged().await;
        self.decide(media, &SafetyWord { archive: true, ..self.nudity().await }).await.expect("decided");
        media
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_appeal_goes_to_somebody_who_did_not_decide_before(db: PgPool) {
    let world = World::new(db).await;
    let other = Judge::new(&world.db, "other").await;
    let media = world.archived().await;
    let judge = &world.admin;

    safety::appeal(&judge.db, &judge.by, media, "it is my own painting").await.expect("filed");

    let twice = safety::appeal(&judge.db, &judge.by, media, "please").await;
    assert!(matches!(twice, Err(Error::Conflict(_))), "{twice:?}");
    assert_eq!((judge.queue(SafetyQueue::Appeal).await, other.queue(SafetyQueue::Appeal).await), (vec![], vec![media]));
    let own = judge.decide(&world.seen(media).await, SafetyQueue::Appeal, &SafetyWord::safe()).await;
    assert!(matches!(&own, Err(Error::Conflict(said)) if said.contains("Somebody else")), "{own:?}");
    let by_hand = sqlx::query("update console.insight set status = 'COMPLETED', is_safe = true where media_id = $1")
        .bind(media)
        .execute(&judge.db)
        .await;
    by_hand.expect_err("no way around it");

    other.decide(&world.seen(media).await, SafetyQueue::Appeal, &SafetyWord::safe()).await.expect("heard");

    assert_eq!(world.words(media).await, ("COMPLETED".into(), Some(true)));
    assert_eq!(world.post_status().await, "PUBLISHED", "what followed is taken back with it");
    assert_eq!(world.waiting().await, []);
    let outcome: String =
        query_scalar("select outcome from console.safety_appeal").fetch_one(&world.db).await.expect("an appeal");
    assert_eq!(outcome, "overturned");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_appeal_that_is_turned_down_leaves_everything(db: PgPool) {
    let world = World::new(db).await;
    let other = Judge::new(&world.db, "other").await;
    let media = world.archived().await;
    safety::appeal(&other.db, &other.by, media, "no").await.expect("filed");
    other.decide(&world.seen(media).await, SafetyQueue::Appeal, &world.nudity().await).await.expect("heard");
    assert_eq!((world.words(media).await.0, world.post_status().await), ("UNSAFE".into(), "ARCHIVED".into()));

    let nothing = safety::appeal(&other.db, &other.by, world.clear().await, "no").await;
    assert!(matches!(nothing, Err(Error::Conflict(_))), "{nothing:?}");
    let silent = safety::appeal(&other.db, &other.by, media, " ").await;
    assert!(matches!(silent, Err(Error::Invalid(_))), "{silent:?}");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_decision_is_taken_back_with_a_reason_and_its_consequences_with_it(db: PgPool) {
    let world = World::new(db).await;
    let media = world.archived().await;
    let ruling = world.ruling(media).await;

    assert!(matches!(revert(&world.admin, &[ruling], "  ").await, Err(Error::Invalid(_))));
    let done = revert(&world.admin, &[ruling], "the wrong photo").await.expect("taken back");

    assert_eq!((done[0].kept.as_deref(), done[0].restored, done[0].left), (None, 1, 0));
    assert_eq!(world.words(media).await, ("UNSAFE".into(), Some(false)), "as the AI flagged it");
    assert_eq!(
        (world.post_status().await, world.waiting().await),
        ("PUBLISHED".into(), vec![(media, "flagged".into())])
    );
    assert_eq!(world.actions().await, ["safety.decide", "safety.archive", "safety.revert", "safety.restore"]);
    let reasons: Vec<Option<String>> = world.log().await.into_iter().skip(2).map(|entry| entry.4).collect();
    assert_eq!(reasons, [Some("the wrong photo".into()), Some("the wrong photo".into())]);
    let again = revert(&world.admin, &[ruling], "once more").await.expect("asked");
    assert_eq!(again[0].kept.as_deref(), Some(&*format!("{} has taken it back already.", world.admin.by.username)));
    let page = safety::decided(&world.admin.db, &world.admin.by, None, true, 10).await.expect("decisions");
    assert_eq!(
        page.decisions.iter().map(|made| (made.stands, made.reverted_by.clone())).collect::<Vec<_>>(),
        [(false, Some(world.admin.by.username.clone()))]
    );
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_somebody_changed_since_stays(db: PgPool) {
    let world = World::new(db).await;
    let media = world.archived().await;
    run(&world.db, "update posts set status = 'DRAFT' where post_id = $1", world.post).await;
    world.set(media, "COMPLETED", Some(true)).await;

    let done = revert(&world.admin, &[world.ruling(media).await], "wrong").await.expect("taken back");

    assert_eq!((done[0].restored, done[0].left, world.post_status().await.as_str()), (0, 1, "DRAFT"));
    assert_eq!(world.words(media).await, ("COMPLETED".into(), Some(true)), "the AI's newest word stays");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_post_that_two_decisions_archived_comes_back_with_the_last_of_them(db: PgPool) {
    let world = World::new(db).await;
    let (first, second) = (world.archived().await, world.archived().await);

    let done = revert(&world.admin, &[world.ruling(first).await], "wrong").await.expect("taken back");
    assert_eq!((done[0].restored, world.post_status().await.as_str()), (0, "ARCHIVED"));
    let done = revert(&world.admin, &[world.ruling(second).await], "wrong").await.expect("taken back");
    assert_eq!((done[0].restored, world.post_status().await.as_str()), (1, "PUBLISHED"));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn only_the_last_word_on_a_medium_is_taken_back(db: PgPool) {
    let world = World::new(db).await;
    let other = Judge::new(&world.db, "other").await;
    let media = world.flagged().await;
    world.decide(media, &SafetyWord::safe()).await.expect("decided");
    let first = world.ruling(media).await;
    other.decide(&world.seen(media).await, SafetyQueue::Flagged, &world.nudity().await).await.expect("decided");

    let kept = revert(&world.admin, &[first], "wrong").await.expect("asked");
    assert!(kept[0].kept.as_ref().is_some_and(|said| said.starts_with(&other.by.username)), "{kept:?}");

    revert(&world.admin, &[world.ruling(media).await], "wrong").await.expect("the last one");
    assert_eq!(world.words(media).await, ("COMPLETED".into(), Some(true)), "what the first one said");
    revert(&world.admin, &[first], "wrong, too").await.expect("now it is the last one");
    assert_eq!(world.words(media).await, ("UNSAFE".into(), Some(false)));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_a_reverted_safe_had_restored_is_archived_and_suspended_again(db: PgPool) {
    let world = World::new(db).await;
    let other = Judge::new(&world.db, "other").await;
    let media = world.flagged().await;
    let said = SafetyWord { archive: true, suspend: true, ..world.nudity().await };
    world.decide(media, &said).await.expect("proposed");
    other.confirm(world.seen(media).await, true).await;
    world.decide(media, &SafetyWord::safe()).await.expect("decided");
    assert_eq!((world.post_status().await, world.account_status().await), ("PUBLISHED".into(), "ACTIVE".into()));

    let done = world.revert(media).await;

    assert_eq!((done.restored, done.left), (2, 0));
    assert_eq!((world.post_status().await, world.account_status().await), ("ARCHIVED".into(), "SUSPENDED".into()));
    // And the first decision can be taken back, too.
    let done = world.revert(media).await;
    assert_eq!((done.restored, done.left), (2, 0));
    assert_eq!((world.post_status().await, world.account_status().await), ("PUBLISHED".into(), "ACTIVE".into()));

    // What somebody changed since stays.
    world.decide(media, &SafetyWord { archive: true, ..world.nudity().await }).await.expect("decided");
    world.decide(media, &SafetyWord::safe()).await.expect("decided");
    run(&world.db, "update posts set status = 'DRAFT' where post_id = $1", world.post).await;
    let done = world.revert(media).await;
    assert_eq!((done.restored, done.left, world.post_status().await.as_str()), (0, 1, "DRAFT"));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_the_author_archived_stays_archived_whatever_was_decided_and_reverted_before(db: PgPool) {
    let world = World::new(db).await;
    let media = world.archived().await;
    world.revert(media).await;
    run(&world.db, "update posts set status = 'ARCHIVED' where post_id = $1", world.post).await;
    world.decide(media, &SafetyWord { archive: true, ..world.nudity().await }).await.expect("decided");

    let done = world.revert(media).await;

    assert_eq!((done.restored, done.left, world.post_status().await.as_str()), (0, 1, "ARCHIVED"));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn only_what_followed_from_the_decision_itself_is_taken_back_with_it(db: PgPool) {
    let world = World::new(db).await;
    let media = world.archived().await;
    let hate = SafetyWord::is_unsafe(world.policy("hate").await, 3);
    world.decide(media, &hate).await.expect("decided once more");

    let done = world.revert(media).await;

    assert_eq!((done.restored, world.post_status().await.as_str()), (0, "ARCHIVED"), "the first decision stands");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_appeal_is_open_again_when_what_settled_it_is_taken_back(db: PgPool) {
    let world = World::new(db).await;
    let (other, third) = (Judge::new(&world.db, "other").await, Judge::new(&world.db, "third").await);
    let media = world.flagged().await;
    world.decide(media, &world.nudity().await).await.expect("decided");
    safety::appeal(&other.db, &other.by, media, "no").await.expect("filed");
    other.decide(&world.seen(media).await, SafetyQueue::Appeal, &SafetyWord::safe()).await.expect("heard");

    world.revert(media).await;

    let outcome: Option<String> =
        query_scalar("select outcome from console.safety_appeal").fetch_one(&world.db).await.expect("an appeal");
    assert_eq!((outcome, world.waiting().await), (None, vec![(media, "appeal".into())]));
    assert_eq!((third.queue(SafetyQueue::Appeal).await, other.queue(SafetyQueue::Appeal).await), (vec![media], vec![]));
    third.decide(&world.seen(media).await, SafetyQueue::Appeal, &world.nudity().await).await.expect("heard");
    assert_eq!(world.waiting().await, []);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_suspension_is_lifted_with_its_decision(db: PgPool) {
    let world = World::new(db).await;
    let other = Judge::new(&world.db, "other").await;
    let media = world.flagged().await;
    world.decide(media, &SafetyWord { suspend: true, ..world.nudity().await }).await.expect("proposed");
    other.confirm(world.seen(media).await, true).await;
    assert_eq!(world.account_status().await, "SUSPENDED");

    revert(&world.admin, &[world.ruling(media).await], "a mistake").await.expect("taken back");

    assert_eq!(world.account_status().await, "ACTIVE");
}
