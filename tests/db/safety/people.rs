//! Decisions of two people, second opinions, and control items.

use kaleidoscope_console::{
    db::{MIGRATOR, MediaId, Seen},
    error::Error,
    safety::{self, ChapterKind, SafetyItem, SafetyQuery, SafetyQueue, SafetyWord},
};
use sqlx::{PgPool, query_as, query_scalar};

use super::{BY_AGE, Judge, World};
use crate::rows::run;

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_suspension_is_proposed_by_one_and_confirmed_by_another(db: PgPool) {
    let world = World::new(db).await;
    let other = Judge::new(&world.db, "other").await;
    let media = world.medium("UNSAFE", Some(true)).await;
    let said = SafetyWord { archive: true, suspend: true, ..world.nudity().await }.because("again and again");

    let seen = world.seen(media).await;
    let decision = world.admin.decide(&seen, SafetyQueue::Disagreement, &said).await.expect("proposed");

    assert!(decision.is_proposed);
    assert_eq!((world.post_status().await, world.account_status().await), ("PUBLISHED".into(), "ACTIVE".into()));
    assert_eq!(world.words(media).await, ("UNSAFE".into(), Some(false)), "not shown meanwhile");
    assert_eq!(world.waiting().await, [(media, "confirm".into())]);
    assert_eq!(world.admin.queue(SafetyQueue::Confirm).await, [], "not for who proposed it");
    let own = world.admin.confirm(world.seen(media).await, true).await;
    assert!(own.done.is_empty() && own.skipped[0].reason.contains("Somebody else"), "{own:?}");
    let again = world.decide(media, &SafetyWord::safe()).await;
    assert!(matches!(&again, Err(Error::Conflict(said)) if said.contains("second person")), "{again:?}");
    let by_hand = sqlx::query("update console.insight set status = 'COMPLETED', is_safe = true where media_id = $1")
        .bind(media)
        .execute(&other.db)
        .await;
    by_hand.expect_err("no way around it");

    assert_eq!(other.queue(SafetyQueue::Confirm).await, [media]);
    let story = safety::story(&other.db, &other.by, media).await.expect("a story");
    assert_eq!(story.iter().map(|c| (c.kind, c.suspend)).collect::<Vec<_>>(), [(ChapterKind::Proposal, true)]);
    let done = other.confirm(world.seen(media).await, true).await;

    assert_eq!(done.done.len(), 1, "{done:?}");
    assert_eq!((world.post_status().await, world.account_status().await), ("ARCHIVED".into(), "SUSPENDED".into()));
    assert_eq!(world.actions().await, ["safety.propose", "safety.decide", "safety.archive", "safety.suspend"]);
    let page = safety::decided(&other.db, &other.by, None, false, 10).await.expect("decisions");
    let made = &page.decisions[0];
    assert_eq!(
        (made.decided_by.as_str(), made.proposed_by.as_deref(), made.reason.as_deref(), made.source),
        (
            other.by.username.as_str(),
            Some(world.admin.by.username.as_str()),
            Some("again and again"),
            Some(SafetyQueue::Disagreement)
        )
    );
    assert_eq!(world.waiting().await, []);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_is_declined_or_withdrawn_waits_where_it_did_since_when_it_did(db: PgPool) {
    let world = World::new(db).await;
    let other = Judge::new(&world.db, "other").await;
    let said = SafetyWord { suspend: true, ..world.nudity().await };
    for by in [&other, &world.admin] {
        let media = world.medium("COMPLETED", Some(false)).await;
        let since = "select extract(epoch from since)::text from console.safety_item order by since desc limit 1";
        let was: String = query_scalar(since).fetch_one(&world.db).await.expect("a time");
        let seen = world.seen(media).await;
        world.admin.decide(&seen, SafetyQueue::Disagreement, &said).await.expect("proposed");

        let done = by.confirm(world.seen(media).await, false).await;

        assert_eq!(done.done.len(), 1, "{done:?}");
        assert_eq!(world.words(media).await, ("COMPLETED".into(), Some(false)), "as before");
        assert_eq!(world.waiting().await, [(media, "disagreement".into())]);
        assert_eq!(query_scalar::<_, String>(since).fetch_one(&world.db).await.expect("a time"), was);
        assert_eq!(world.account_status().await, "ACTIVE");
        world
            .admin
            .decide(&world.seen(media).await, SafetyQueue::Disagreement, &SafetyWord::safe())
            .await
            .expect("now alone");
    }
    let actions = world.actions().await;
    assert_eq!(
        actions,
        ["safety.propose", "safety.decline", "safety.decide", "safety.propose", "safety.withdraw", "safety.decide"]
    );
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn who_proposed_something_finds_it_again_and_withdraws_it(db: PgPool) {
    let world = World::new(db).await;
    let other = Judge::new(&world.db, "other").await;
    let media = world.flagged().await;
    world.decide(media, &SafetyWord { suspend: true, ..world.nudity().await }).await.expect("proposed");
    let (by, pool) = (&world.admin.by, &world.admin.db);

    let own = world.admin.items(SafetyQuery { queue: SafetyQueue::Proposed, ..BY_AGE }).await;
    assert_eq!(
        own.iter().map(|item| (item.media_id, item.queue)).collect::<Vec<_>>(),
        [(media, SafetyQueue::Proposed)]
    );
    assert_eq!(
        other.queue(SafetyQueue::Confirm).await,
        [media],
        "who looks at their own proposal keeps it from nobody"
    );
    assert_eq!(world.admin.queue(SafetyQueue::Proposed).await, [media], "and sees it while others look at it");
    assert_eq!(
        (world.admin.queue(SafetyQueue::Confirm).await, other.queue(SafetyQueue::Proposed).await),
        (vec![], vec![])
    );
    let place = safety::item(pool, by, media, SafetyQueue::Proposed).await.expect("it waits");
    assert_eq!(place, own[0]);
    safety::item(&other.db, &other.by, media, SafetyQueue::Proposed).await.expect_err("somebody else proposed it");
    let counts = safety::counts(pool, by).await.expect("counted");
    let waiting = counts.iter().find(|count| count.queue == SafetyQueue::Proposed).expect("the queue").waiting;
    assert_eq!((waiting, safety::count(pool, by).await.expect("counted")), (1, 0), "it is not theirs to do");

    let done = world.admin.confirm(Seen { id: media, version: place.version }, false).await;

    assert_eq!(done.done.len(), 1, "{done:?}");
    assert_eq!(
        (world.admin.queue(SafetyQueue::Proposed).await, world.account_status().await),
        (vec![], "ACTIVE".into())
    );
    assert_eq!(world.waiting().await, [(media, "flagged".into())]);
    assert_eq!(world.actions().await, ["safety.propose", "safety.withdraw"]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_proposal_on_what_the_ai_changed_since_is_looked_at_again_before_it_is_confirmed(db: PgPool) {
    let world = World::new(db).await;
    let other = Judge::new(&world.db, "other").await;
    let media = world.flagged().await;
    world.decide(media, &SafetyWord { suspend: true, ..world.nudity().await }).await.expect("proposed");
    let seen = world.seen(media).await;
    world.set(media, "COMPLETED", Some(true)).await;

    let late = other.confirm(seen, true).await;

    assert!(late.skipped[0].reason.contains("changed"), "{late:?}");
    assert_eq!(world.waiting().await, [(media, "confirm".into())], "and in no queue beside");
    other.confirm(world.seen(media).await, true).await;
    assert_eq!(world.words(media).await, ("UNSAFE".into(), Some(false)));
}

/// The admin has said "unsafe, nudity" of a medium, and a second person is to look at it.
async fn decided_once(world: &World) -> MediaId {
    world.run("update console.safety_rule set second_share = 1").await;
    let media = world.flagged().await;
    world.decide(media, &world.nudity().await).await.expect("decided");
    media
}

async fn second(judge: &Judge) -> Vec<SafetyItem> {
    judge.items(SafetyQuery { queue: SafetyQueue::Second, ..BY_AGE }).await
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_second_person_sees_a_share_of_decisions_without_knowing_them(db: PgPool) {
    let world = World::new(db).await;
    let other = Judge::new(&world.db, "other").await;
    let media = decided_once(&world).await;
    world.run("update console.safety_rule set second_share = 0").await;
    let safe = world.flagged().await;
    world.decide(safe, &SafetyWord::safe()).await.expect("decided");
    assert_eq!(world.waiting().await, [(media, "second".into())], "a share, not all");

    assert!(second(&world.admin).await.is_empty(), "not for who decided");
    let items = second(&other).await;
    assert_eq!((items[0].status.as_deref(), items[0].is_safe), (Some("UNSAFE"), Some(false)), "as the AI flagged it");
    assert_eq!(safety::story(&other.db, &other.by, media).await.expect("a story"), []);
    let page = safety::decided(&other.db, &other.by, None, false, 10).await.expect("decisions");
    assert!(page.decisions.iter().all(|made| made.media_id != media), "nor in the list");
    assert_eq!(items[0].severity, 0, "nor how grave it was");
    assert_eq!((told(&other, media).await, told(&world.admin, media).await), ((0, 0), (1, 1)), "nor in log and file");

    let bare = world.policy("nudity_bare").await;
    let archive = SafetyWord { archive: true, ..SafetyWord::is_unsafe(bare, 1) };
    let refused = other.decide(&world.seen(media).await, SafetyQueue::Second, &archive).await;
    assert!(
        matches!(&refused, Err(Error::Invalid(said)) if said.contains("archives and suspends nothing")),
        "{refused:?}"
    );
    other.decide(&world.seen(media).await, SafetyQueue::Second, &SafetyWord::is_unsafe(bare, 1)).await.expect("noted");

    assert_eq!(world.waiting().await, [], "they agree: both call it nudity");
    assert_eq!(world.count("select count(*) from console.safety_decision").await, 2, "an opinion is no decision");
    assert_eq!(world.actions().await.last().map(String::as_str), Some("safety.opinion"));
}

/// Lines about a medium that others wrote: in the log as a judge reads it, and in the week as a file.
async fn told(judge: &Judge, media: MediaId) -> (i64, usize) {
    let log = query_scalar("select count(*) from console.activity where subject = 'media' and subject_id = $1")
        .bind(media)
        .fetch_one(&judge.db)
        .await
        .expect("the log");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("week.csv");
    safety::save_week(&judge.db, &judge.by, chrono::Utc::now() - chrono::TimeDelta::days(1), &path)
        .await
        .expect("written");
    let week = std::fs::read_to_string(&path).expect("a file");
    (log, week.lines().filter(|line| line.contains(&format!(",{media},"))).count())
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_was_called_safe_looks_unsafe_to_the_second_person(db: PgPool) {
    let world = World::new(db).await;
    let other = Judge::new(&world.db, "other").await;
    world.run("update console.safety_rule set second_share = 1").await;
    let media = world.flagged().await;
    world.decide(media, &SafetyWord::safe()).await.expect("decided");

    for (judge, expected) in [(&other, true), (&world.admin, false)] {
        let is_unsafe: bool = query_scalar("select unsafe from console.photo where media_id = $1")
            .bind(media)
            .fetch_one(&judge.db)
            .await
            .expect("the photo");
        assert_eq!(is_unsafe, expected);
    }
    let items = second(&other).await;
    assert_eq!((items[0].status.as_deref(), items[0].is_safe), (Some("UNSAFE"), Some(false)));
    for (judge, words) in [(&other, ("UNSAFE", false)), (&world.admin, ("COMPLETED", true))] {
        let group = safety::members(&judge.db, &judge.by, media, safety::Group::Post).await.expect("a post").members;
        let member = group.iter().find(|member| member.media_id == media).expect("the medium");
        assert_eq!((member.status.as_deref(), member.is_safe), (Some(words.0), Some(words.1)));
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn where_two_disagree_a_third_decides(db: PgPool) {
    let world = World::new(db).await;
    let (other, third) = (Judge::new(&world.db, "other").await, Judge::new(&world.db, "third").await);
    for (word, last, stands) in
        [(SafetyWord::safe(), world.nudity().await, true), (SafetyWord::safe(), SafetyWord::safe(), false)]
    {
        let media = decided_once(&world).await;
        let seen = world.seen(media).await;
        other.decide(&seen, SafetyQueue::Second, &word).await.expect("noted");

        assert_eq!(world.words(media).await.0, "UNSAFE", "the first word holds until then");
        for judge in [&world.admin, &other] {
            assert!(second(judge).await.is_empty(), "{} has spoken", judge.by.username);
            let twice = judge.decide(&seen, SafetyQueue::Second, &SafetyWord::safe()).await;
            assert!(matches!(twice, Err(Error::Conflict(_))), "{twice:?}");
        }
        assert_eq!(second(&third).await.len(), 1);
        third.decide(&seen, SafetyQueue::Second, &last).await.expect("decided");

        assert_eq!(world.words(media).await.0 == "UNSAFE", stands);
        assert_eq!(world.waiting().await, []);
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn agreement_is_told_for_each_policy(db: PgPool) {
    let world = World::new(db).await;
    let other = Judge::new(&world.db, "other").await;
    let hate = SafetyWord::is_unsafe(world.policy("hate").await, 3);
    for word in [world.nudity().await, world.nudity().await, hate.clone(), SafetyWord::safe()] {
        let media = decided_once(&world).await;
        other.decide(&world.seen(media).await, SafetyQueue::Second, &word).await.expect("noted");
    }
    let now = chrono::Utc::now();
    let days = [now - chrono::TimeDelta::days(1), now + chrono::TimeDelta::hours(1)];
    let progress = safety::progress(&world.admin.db, &world.admin.by, &days, now).await.expect("figures");

    let told: Vec<(&str, i64, i64)> = progress.agreement.iter().map(|a| (a.code.as_str(), a.pairs, a.named)).collect();
    assert_eq!(told, [("nudity", 4, 4), ("hate", 4, 1)]);
    assert_eq!(progress.agreement[0].kappa, Some(0.0), "the first one always says nudity: that is chance");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_control_item_looks_as_if_it_waited_and_changes_nothing(db: PgPool) {
    let world = World::new(db).await;
    let (other, third) = (Judge::new(&world.db, "other").await, Judge::new(&world.db, "third").await);
    let known = decided_once(&world).await;
    other.decide(&world.seen(known).await, SafetyQueue::Second, &world.nudity().await).await.expect("they agree");
    world.run("update console.safety_rule set second_share = 0, control_share = 0.5").await;
    let mut waiting = Vec::new();
    for _ in 0..6 {
        waiting.push(world.flagged().await);
    }

    let items = third.items(BY_AGE).await;
    let shown: Vec<MediaId> = items.iter().map(|item| item.media_id).collect();
    assert_eq!(shown.len(), 7, "{shown:?}");
    let control = items.iter().find(|item| item.media_id == known).expect("the control item");
    assert_eq!(
        (control.queue, control.status.as_deref(), control.is_safe),
        (SafetyQueue::Flagged, Some("UNSAFE"), Some(false))
    );
    assert!(items.is_sorted_by_key(|item| item.since), "it stands where it would stand");
    assert_eq!(world.admin.queue(SafetyQueue::Flagged).await, [], "the third one looks at those");
    assert_eq!(safety::story(&third.db, &third.by, known).await.expect("a story"), []);
    assert_eq!(told(&third, known).await, (0, 0));
    let group = safety::members(&third.db, &third.by, known, safety::Group::Post).await.expect("a post").members;
    assert!(group.iter().all(|member| member.status.as_deref() == Some("UNSAFE")), "{group:?}");

    let before = world.count("select count(*) from console.safety_decision").await;
    let seen = world.seen(known).await;
    third.decide(&seen, SafetyQueue::Flagged, &SafetyWord::safe()).await.expect("as with any other");

    assert_eq!(world.count("select count(*) from console.safety_decision").await, before);
    assert_eq!(world.words(known).await, ("UNSAFE".into(), Some(false)));
    let answers: Vec<(String, bool)> = query_as("select operator, is_right from console.safety_control_answer")
        .fetch_all(&world.db)
        .await
        .expect("answers");
    assert_eq!(answers, [(third.by.username.clone(), false)]);
    assert_eq!(third.queue(SafetyQueue::Flagged).await, waiting, "it does not come twice");
    let (action, by, _, subject, _) = world.log().await.pop().expect("an entry");
    assert_eq!((action.as_str(), by, subject), ("safety.decide", third.by.username.clone(), known.0));

    // Today's answers count tomorrow, or a figure that moves would tell which it was.
    let now = chrono::Utc::now();
    let days = [now - chrono::TimeDelta::days(1), now + chrono::TimeDelta::hours(1)];
    let accuracy = async || safety::progress(&third.db, &third.by, &days, now).await.expect("figures").accuracy;
    assert!(accuracy().await.is_empty());
    world.run("alter table console.safety_control_answer disable trigger append_only").await;
    world.run("update console.safety_control_answer set answered_at = now() - interval '1 day'").await;
    assert_eq!(accuracy().await.iter().map(|a| (a.answered, a.correct)).collect::<Vec<_>>(), [(1, 0)]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn operators_can_t_read_which_items_are_control_items(db: PgPool) {
    let world = World::new(db).await;
    for table in
        ["safety_control", "safety_control_answer", "safety_second", "safety_opinion", "safety_item", "safety_veiled"]
    {
        let read =
            sqlx::query(sqlx::AssertSqlSafe(format!("select from console.{table}"))).execute(&world.admin.db).await;
        assert!(matches!(read.map_err(Error::from), Err(Error::Forbidden(_))), "{table}");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_account_that_is_deleted_stays_so(db: PgPool) {
    let world = World::new(db).await;
    let other = Judge::new(&world.db, "other").await;
    let media = world.flagged().await;
    world.decide(media, &SafetyWord { suspend: true, ..world.nudity().await }).await.expect("proposed");
    run(&world.db, "update users set account_status = 'DELETED' where user_id = $1", world.ada).await;

    let done = other.confirm(world.seen(media).await, true).await;

    assert_eq!((done.done.len(), world.account_status().await.as_str()), (1, "DELETED"));
}
