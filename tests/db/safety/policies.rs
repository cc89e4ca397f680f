//! The tree of policies: what is written into it, and what is refused.

use kaleidoscope_console::{
    access::Role,
    db::{MIGRATOR, PolicyId},
    error::{Error, Result},
    safety::{self, Policy, PolicyDraft, SafetyWord},
};
use sqlx::{PgPool, query_scalar};

use super::{Judge, World};
use crate::rows::operator;

async fn all(judge: &Judge) -> Vec<Policy> {
    safety::policies(&judge.db, &judge.by).await.expect("policies")
}

async fn current(judge: &Judge, code: &str) -> Option<Policy> {
    all(judge).await.into_iter().find(|policy| policy.code == code && policy.is_current)
}

/// The newest text as a draft of the next one.
async fn draft(judge: &Judge, code: &str) -> PolicyDraft {
    let policy = current(judge, code).await.expect("a policy");
    PolicyDraft {
        seen: policy.version,
        parent: policy.parent,
        place: policy.place,
        name: policy.name,
        covers: policy.covers,
        excludes: policy.excludes,
        severity: policy.severity.into(),
        is_retired: false,
        code: policy.code,
    }
}

async fn write(judge: &Judge, draft: &PolicyDraft) -> Result<PolicyId> {
    safety::revise_policy(&judge.db, &judge.by, draft).await
}

/// The sentence with which it is refused.
async fn refusal(judge: &Judge, draft: &PolicyDraft) -> String {
    match write(judge, draft).await {
        Err(Error::Invalid(sentence)) => sentence,
        other => panic!("{other:?}"),
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_policy_is_revised_and_what_was_decided_keeps_its_version(db: PgPool) {
    let world = World::new(db).await;
    let admin = &world.admin;
    let media = world.flagged().await;
    let was = world.policy("spam").await;
    world.decide(media, &SafetyWord::is_unsafe(was, 1)).await.expect("decided");

    let text = PolicyDraft { covers: " All of it. ".into(), severity: 2, ..draft(admin, "spam").await };
    let written = write(admin, &text).await.expect("revised");

    let now = current(admin, "spam").await.expect("the policy");
    assert_eq!((now.id, now.version, now.covers.as_str(), now.severity), (written, 2, "All of it.", 2));
    assert_eq!(now.written_by.as_deref(), Some(admin.by.username.as_str()));
    assert!(now.written_at.is_some() && now.may_revise);
    let versions: Vec<(i32, bool)> =
        all(admin).await.iter().filter(|one| one.code == "spam").map(|one| (one.version, one.is_current)).collect();
    assert_eq!(versions, [(1, false), (2, true)], "nothing is overwritten");
    let decided: PolicyId = query_scalar("select policy_id from console.standing_decision($1)")
        .bind(media)
        .fetch_one(&world.db)
        .await
        .expect("the decision");
    assert_eq!(decided, was);
    assert_eq!(world.actions().await.last().map(String::as_str), Some("safety.policy"));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn who_revises_what_somebody_else_has_revised_is_told_so(db: PgPool) {
    let world = World::new(db).await;
    let other = Judge::new(&world.db, "other").await;
    let seen = draft(&other, "spam").await;
    write(&world.admin, &PolicyDraft { severity: 2, ..draft(&world.admin, "spam").await }).await.expect("revised");

    let late = write(&other, &PolicyDraft { severity: 3, ..seen }).await;

    assert!(matches!(&late, Err(Error::Conflict(said)) if said.contains("Somebody else")), "{late:?}");
    assert_eq!(current(&other, "spam").await.map(|policy| policy.severity), Some(2));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_part_is_added_retired_and_taken_up_again(db: PgPool) {
    let world = World::new(db).await;
    let admin = &world.admin;
    let part = PolicyDraft {
        code: "spam_prizes".into(),
        seen: 0,
        parent: Some("spam".into()),
        place: 3,
        name: "False prizes".into(),
        covers: "Prizes that nobody gets.".into(),
        excludes: "Raffles within the law.".into(),
        severity: 2,
        is_retired: false,
    };
    let id = write(admin, &part).await.expect("added");
    assert_eq!(current(admin, "spam_prizes").await.map(|policy| policy.id), Some(id));
    assert!(refusal(admin, &part).await.contains("already"));
    world.decide(world.flagged().await, &SafetyWord::is_unsafe(id, 2)).await.expect("decided by it");

    let retired = PolicyDraft { seen: 1, is_retired: true, ..part.clone() };
    write(admin, &retired).await.expect("retired");
    assert_eq!(current(admin, "spam_prizes").await, None);
    let late = world.decide(world.flagged().await, &SafetyWord::is_unsafe(id, 2)).await;
    assert!(matches!(late, Err(Error::Conflict(_))), "{late:?}");
    // Its place is free for another one, until it is taken up again.
    let next = PolicyDraft { code: "spam_links".into(), name: "Links".into(), ..part.clone() };
    write(admin, &next).await.expect("added");
    let back = PolicyDraft { seen: 2, ..part };
    assert!(refusal(admin, &back).await.contains("Place 3 is that of 'Links'"));
    write(admin, &PolicyDraft { place: 4, ..back }).await.expect("in use again");
    assert_eq!(current(admin, "spam_prizes").await.map(|policy| policy.version), Some(3));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_is_no_policy_is_refused_in_one_sentence(db: PgPool) {
    let world = World::new(db).await;
    let admin = &world.admin;
    let spam = draft(admin, "spam").await;
    let fraud = draft(admin, "spam_fraud").await;
    for (bad, said) in [
        (spam.clone(), "is different"),
        (PolicyDraft { name: " ".into(), ..spam.clone() }, "needs a name"),
        (PolicyDraft { name: "n".repeat(81), ..spam.clone() }, "at most 80"),
        (PolicyDraft { covers: String::new(), ..spam.clone() }, "what falls under it"),
        (PolicyDraft { excludes: "x".repeat(1001), ..spam.clone() }, "does not fall under it"),
        (PolicyDraft { severity: 5, ..spam.clone() }, "1 (slight) to 4 (grave)"),
        (PolicyDraft { severity: 70_000, ..spam.clone() }, "1 (slight) to 4 (grave)"),
        (PolicyDraft { place: 0, ..spam.clone() }, "1 to 9"),
        (PolicyDraft { place: 1, ..spam.clone() }, "choose another one"),
        (PolicyDraft { parent: Some("hate".into()), ..spam.clone() }, "stays at the top"),
        (PolicyDraft { is_retired: true, ..spam }, "retire that first"),
        (PolicyDraft { parent: Some("hate_slur".into()), ..fraud.clone() }, "at the top of the tree"),
        (PolicyDraft { parent: Some("child_safety".into()), place: 5, ..fraud.clone() }, "child safety"),
        (PolicyDraft { code: "Spam 2".into(), seen: 0, ..fraud }, "small letters"),
    ] {
        let sentence = refusal(admin, &bad).await;
        assert!(sentence.contains(said), "{bad:?}: {sentence}");
        assert!(sentence.starts_with(|letter: char| !letter.is_lowercase()) && sentence.ends_with('.'), "{sentence}");
    }
    assert_eq!(world.actions().await, Vec::<String>::new());
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_policies_of_child_safety_are_written_by_those_named_for_it(db: PgPool) {
    let world = World::new(db).await;
    let admin = &world.admin;
    let danger = PolicyDraft { place: 4, ..draft(admin, "child_safety_danger").await };
    assert!(!current(admin, "child_safety").await.expect("its text is there for all").may_revise);
    assert!(refusal(admin, &danger).await.contains("Only those named"));

    world.name(admin).await;
    write(admin, &danger).await.expect("revised");
    for code in ["child_safety_abuse", "child_safety_exploitation", "child_safety_danger"] {
        write(admin, &PolicyDraft { is_retired: true, ..draft(admin, code).await }).await.expect("retired");
    }
    let root = PolicyDraft { is_retired: true, ..draft(admin, "child_safety").await };
    assert!(refusal(admin, &root).await.contains("can't be retired"));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn who_may_not_judge_reads_the_policies_and_writes_none(db: PgPool) {
    let world = World::new(db).await;
    let text = PolicyDraft { severity: 2, ..draft(&world.admin, "spam").await };
    for role in [Role::Moderator, Role::Staff] {
        let (by, pool) = operator(&world.db, &format!("{role:?}").to_lowercase(), role).await;
        let read = safety::policies(&pool, &by).await.expect("policies");
        assert!(read.iter().all(|one| !one.may_revise && one.written_by.is_none()), "{role:?}");
        let refused = safety::revise_policy(&pool, &by, &text).await;
        assert!(matches!(refused, Err(Error::Forbidden(_))), "{refused:?}");
        let by_hand =
            query_scalar::<_, i64>("select console.revise_policy('spam', null, 7, 'Spam', 'All.', 'None.', 2, false)")
                .fetch_one(&pool)
                .await;
        by_hand.expect_err("nor by another way");
    }
}
