//! What admins say of media, and what follows at once.

use kaleidoscope_console::{
    access::{Holder, Operator, Role},
    db::{MIGRATOR, MediaId, PolicyId, Seen},
    error::Error,
    safety::{self, Ruling, SafetyQueue, SafetyWord},
};
use sqlx::{PgPool, query_as, query_scalar};

use super::{BY_AGE, Judge, World};
use crate::rows::{operator, run};

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_policies_are_a_tree_of_two_levels_whose_texts_say_what_falls_under_each(db: PgPool) {
    let world = World::new(db).await;
    let (staff, as_staff) = operator(&world.db, "staff", Role::Staff).await;

    let policies = safety::policies(&as_staff, &staff).await.expect("staff report by them");

    let top: Vec<&str> = policies.iter().filter(|p| p.parent.is_none()).map(|p| p.code.as_str()).collect();
    for wanted in ["nudity", "violence", "hate", "self_harm", "child_safety", "harassment", "spam"] {
        assert!(top.contains(&wanted), "{wanted}");
    }
    for policy in &policies {
        assert!(policy.parent.as_ref().is_none_or(|parent| top.contains(&parent.as_str())), "{policy:?}");
        assert!(policy.covers.len() > 20 && policy.excludes.len() > 10, "{policy:?}");
        let beside = policies.iter().filter(|other| (&other.parent, other.place) == (&policy.parent, policy.place));
        assert_eq!(beside.count(), 1, "each key chooses one: {policy:?}");
        let is_about_children = [Some("child_safety"), policy.parent.as_deref()].contains(&Some(policy.code.as_str()))
            || policy.parent.as_deref() == Some("child_safety");
        assert_eq!(policy.is_restricted, is_about_children, "{policy:?}");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_decision_refers_to_the_version_of_the_policy_by_which_it_was_made(db: PgPool) {
    let world = World::new(db).await;
    let (first, second) = (world.flagged().await, world.flagged().await);
    let was = world.policy("spam").await;
    world.decide(first, &SafetyWord::is_unsafe(was, 1)).await.expect("decided");

    let now: PolicyId =
        query_scalar("select console.revise_policy('spam', null, 7, 'Spam', 'All of it.', 'Nothing.', 2, false)")
            .fetch_one(&world.admin.db)
            .await
            .expect("revised");

    let late = world.decide(second, &SafetyWord::is_unsafe(was, 1)).await;
    assert!(matches!(&late, Err(Error::Conflict(said)) if said.contains("another one by now")), "{late:?}");
    world.decide(second, &SafetyWord::is_unsafe(now, 2)).await.expect("by the new text");
    let made: Vec<(PolicyId, i16, i32)> = query_as(
        "select d.policy_id, d.severity, p.version
           from console.safety_decision d join console.policy p on p.id = d.policy_id order by d.id",
    )
    .fetch_all(&world.db)
    .await
    .expect("decisions");
    assert_eq!(made, [(was, 1, 1), (now, 2, 2)]);
    assert_eq!(world.actions().await, ["safety.decide", "safety.policy", "safety.decide"]);
    let moved = sqlx::query("select console.revise_policy('spam', 'child_safety', 4, 'Spam', '', '', 2, false)");
    moved.execute(&world.admin.db).await.expect_err("what was decided openly would be withheld");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_was_refused_is_in_nobody_s_way(db: PgPool) {
    let world = World::new(db).await;
    let (media, was) = (world.flagged().await, world.policy("spam").await);
    let seen = world.seen(media).await;
    let revise = "select console.revise_policy('spam', null, 7, 'Spam', 'All of it.', 'Nothing.', 2, false)";
    let now: PolicyId = query_scalar(revise).fetch_one(&world.admin.db).await.expect("revised");
    let queue = Some(SafetyQueue::Flagged);
    let mut kept = world.admin.db.acquire().await.expect("connected");

    let refused = safety::decide(&mut kept, &world.admin.by, &seen, queue, &SafetyWord::is_unsafe(was, 1)).await;

    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    let mut other = world.admin.db.acquire().await.expect("connected");
    let word = SafetyWord::is_unsafe(now, 2);
    safety::decide(&mut other, &world.admin.by, &seen, queue, &word).await.expect("nothing is locked");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_decision_makes_the_two_words_agree_and_is_in_the_log_with_its_reason(db: PgPool) {
    let world = World::new(db).await;
    let nudity = world.nudity().await;
    for (status, is_safe) in [
        ("UNSAFE", Some(false)),
        ("UNSAFE", Some(true)),
        ("UNSAFE", None),
        ("COMPLETED", Some(false)),
        ("FAILED", None),
    ] {
        for (said, words) in [
            (SafetyWord::safe(), ("COMPLETED", Some(true))),
            (nudity.clone(), ("UNSAFE", Some(false))),
            (SafetyWord::again(), ("PROCESSING", None)),
        ] {
            let media = world.medium(status, is_safe).await;

            let decision = world.decide(media, &said.clone().because("  a painting  ")).await.expect("decided");

            assert_eq!((decision.media_id, decision.is_proposed), (media, false));
            let (status, is_safe) = world.words(media).await;
            assert_eq!((status.as_str(), is_safe), words);
            let log = world.log().await;
            assert_eq!(i64::try_from(log.len()), Ok(decision.audit_id.0), "one entry each");
            let (action, by, _, subject, reason) = log.last().expect("an entry").clone();
            assert_eq!(
                (action.as_str(), by.as_str(), subject),
                ("safety.decide", world.admin.by.username.as_str(), media.0)
            );
            assert_eq!(reason.as_deref(), Some("a painting"));
            assert_eq!(world.waiting().await, [], "decided: {said:?}");
        }
    }
    let kept: Vec<(String, Option<bool>, Option<String>)> =
        query_as("select ruling, safe, reason from console.safety_decision order by id limit 3")
            .fetch_all(&world.db)
            .await
            .expect("kept");
    let reason = Some("a painting".to_owned());
    assert_eq!(
        kept,
        [
            ("safe".into(), Some(true), reason.clone()),
            ("unsafe".into(), Some(false), reason.clone()),
            ("again".into(), None, reason)
        ]
    );
    let after: serde_json::Value = query_scalar("select after from console.audit_entry where id = 2")
        .fetch_one(&world.db)
        .await
        .expect("the second entry");
    assert_eq!(
        after,
        serde_json::json!({"status": "UNSAFE", "isSafe": false, "ruling": "unsafe", "policy": "nudity", "policyVersion": 1,
                           "severity": 2})
    );
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn archiving_the_post_is_part_of_the_decision(db: PgPool) {
    let world = World::new(db).await;
    let (first, second) = (world.flagged().await, world.flagged().await);
    let said = SafetyWord { archive: true, ..world.nudity().await };

    world.decide(first, &said).await.expect("decided");
    assert_eq!(world.post_status().await, "ARCHIVED");
    world.decide(second, &said).await.expect("decided, too");

    // What is archived already is not archived again.
    assert_eq!(world.actions().await, ["safety.decide", "safety.archive", "safety.decide"]);
    let kept: Vec<(MediaId, String, String)> =
        query_as("select media_id, before, after from console.safety_consequence order by id")
            .fetch_all(&world.db)
            .await
            .expect("consequences");
    assert_eq!(kept, [(first, "PUBLISHED".into(), "ARCHIVED".into()), (second, "ARCHIVED".into(), "ARCHIVED".into())]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn where_the_platform_is_writing_the_post_nothing_is_decided(db: PgPool) {
    let world = World::new(db).await;
    let media = world.flagged().await;
    let mut platform = world.db.begin().await.expect("a transaction");
    sqlx::query("update posts set title = 'other' where post_id = $1")
        .bind(world.post)
        .execute(&mut *platform)
        .await
        .expect("written");

    let busy = world.decide(media, &SafetyWord { archive: true, ..world.nudity().await }).await;

    assert!(matches!(&busy, Err(Error::Conflict(said)) if said.contains("right now")), "{busy:?}");
    platform.rollback().await.expect("given up");
    assert_eq!((world.log().await.len(), world.admin.queue(SafetyQueue::Flagged).await), (0, vec![media]));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_is_no_decision_is_refused_with_a_sentence(db: PgPool) {
    let world = World::new(db).await;
    let media = world.flagged().await;
    let nudity = world.nudity().await;
    for (said, word) in [
        (SafetyWord { policy: None, ..nudity.clone() }, "falls under a policy"),
        (SafetyWord { severity: Some(5), ..nudity.clone() }, "from 1 to 4"),
        (SafetyWord { severity: None, ..nudity.clone() }, "from 1 to 4"),
        (SafetyWord { archive: true, ..SafetyWord::safe() }, "Only what is unsafe"),
        (SafetyWord { suspend: true, ..SafetyWord::again() }, "Only what is unsafe"),
        (SafetyWord { ruling: Ruling::Safe, ..nudity.clone() }, "Only what is unsafe"),
        (SafetyWord::safe().because(&"ü".repeat(2001)), "longer than 2000"),
    ] {
        let refused = world.decide(media, &said).await;
        assert!(matches!(&refused, Err(Error::Invalid(text)) if text.contains(word)), "{refused:?}");
    }
    assert_eq!((world.words(media).await.0.as_str(), world.log().await.len()), ("UNSAFE", 0));
    world.decide(media, &SafetyWord::safe().because(&"ü".repeat(2000))).await.expect("just short enough");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_reason_of_one_decision_is_not_that_of_the_next(db: PgPool) {
    let world = World::new(db).await;
    let (first, second) = (world.flagged().await, world.flagged().await);
    let (seen_first, seen_second) = (world.seen(first).await, world.seen(second).await);
    let mut connection = world.admin.db.acquire().await.expect("one connection for both");

    for (seen, said) in
        [(&seen_first, SafetyWord::safe().because("a statue")), (&seen_second, SafetyWord::safe().because("   "))]
    {
        safety::decide(&mut connection, &world.admin.by, seen, None, &said).await.expect("decided");
    }

    let reasons: Vec<Option<String>> = world.log().await.into_iter().map(|entry| entry.4).collect();
    assert_eq!(reasons, [Some("a statue".into()), None]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_decision_on_what_changed_is_refused_and_says_who_decided(db: PgPool) {
    let world = World::new(db).await;
    let media = world.flagged().await;
    let seen_by_both = world.seen(media).await;
    let other = Judge::new(&world.db, "other").await;
    world.decide(media, &world.nudity().await).await.expect("the first holds");

    let late = other.decide(&seen_by_both, SafetyQueue::Flagged, &SafetyWord::safe()).await;

    let said = format!("{} has decided meanwhile: it is unsafe.", world.admin.by.username);
    assert!(matches!(&late, Err(Error::Conflict(sentence)) if *sentence == said), "{late:?}");
    assert_eq!(world.words(media).await, ("UNSAFE".into(), Some(false)));
    assert_eq!(world.log().await.len(), 1);

    let by_the_ai = world.flagged().await;
    let seen = world.seen(by_the_ai).await;
    world.set(by_the_ai, "UNSAFE", None).await;
    let late = world.admin.decide(&seen, SafetyQueue::Flagged, &SafetyWord::safe()).await;
    assert!(matches!(&late, Err(Error::Conflict(sentence)) if sentence.starts_with("It changed")), "{late:?}");
    run(&world.db, "delete from post_media where media_id = $1", by_the_ai.0).await;
    let gone = world.admin.decide(&seen, SafetyQueue::Flagged, &SafetyWord::safe()).await;
    assert!(matches!(gone, Err(Error::NotFound(_))), "{gone:?}");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn only_admins_see_queues_and_decide(db: PgPool) {
    let world = World::new(db).await;
    let media = world.flagged().await;
    let seen: Seen<MediaId> = world.seen(media).await;
    for role in [Role::Staff, Role::Moderator] {
        let (by, pool) = operator(&world.db, "other", role).await;
        // As they are, and where the window was made to believe that they are admins.
        for by in [by.clone(), Operator { role: Role::Admin, ..by }] {
            let mut connection = pool.acquire().await.expect("connected");
            let decided = safety::decide(&mut connection, &by, &seen, None, &SafetyWord::safe()).await.map(drop);
            assert!(matches!(decided, Err(Error::Forbidden(_))), "{decided:?}");
            let queue = safety::waiting(&pool, &by, &Holder::new(), BY_AGE, None, 10).await.map(drop);
            assert!(matches!(queue, Err(Error::Forbidden(_))), "{queue:?}");
            for outcome in [
                safety::counts(&pool, &by).await.map(drop),
                safety::story(&pool, &by, media).await.map(drop),
                safety::decided(&pool, &by, None, false, 10).await.map(drop),
                safety::appeal(&pool, &by, media, "not so").await,
                safety::assign(&pool, &by, media, SafetyQueue::Flagged, Some("ada"), None).await,
                safety::members(&pool, &by, media, safety::Group::Alike).await.map(drop),
                safety::colleagues(&pool, &by).await.map(drop),
            ] {
                assert!(matches!(outcome, Err(Error::Forbidden(_))), "{outcome:?}");
            }
        }
    }
    assert!(world.log().await.is_empty());
    assert_eq!(world.words(media).await.0, "UNSAFE");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_decision_through_plain_sql_is_kept_and_its_words_must_agree(db: PgPool) {
    let world = World::new(db).await;
    let media = world.medium("UNSAFE", None).await;
    assert!(world.log().await.is_empty(), "the AI's own changes are no decisions");

    for sql in [
        "update console.insight set status = 'COMPLETED' where media_id = $1",
        "update console.insight set is_safe = true where media_id = $1",
        "update console.insight set status = 'FAILED', is_safe = false where media_id = $1",
    ] {
        sqlx::query(sql).bind(media).execute(&world.admin.db).await.expect_err(sql);
    }
    sqlx::query("update console.insight set status = 'COMPLETED', is_safe = true where media_id = $1")
        .bind(media)
        .execute(&world.admin.db)
        .await
        .expect("an admin may");

    assert_eq!(world.actions().await, ["safety.decide"]);
    let kept: Vec<String> =
        query_scalar("select ruling from console.safety_decision").fetch_all(&world.db).await.expect("decisions");
    assert_eq!((kept, world.waiting().await), (vec!["safe".to_owned()], vec![]));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn changing_the_role_within_a_session_is_no_way_around_the_log(db: PgPool) {
    let world = World::new(db).await;
    let media = world.flagged().await;
    let mut session = world.admin.db.acquire().await.expect("connected");
    sqlx::query("set role kaleidoscope_admin").execute(&mut *session).await.expect("a member may");

    sqlx::query("update console.insight set status = 'COMPLETED', is_safe = true where media_id = $1")
        .bind(media)
        .execute(&mut *session)
        .await
        .expect("allowed");

    assert_eq!(world.actions().await, ["safety.decide"]);
}
