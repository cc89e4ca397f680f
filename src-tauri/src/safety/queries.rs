//! Policies, reports, and the writes of decisions: SQL and nothing else.

pub(super) mod progress;
pub(super) mod queue;
pub(super) mod reveal;

use sqlx::{PgConnection, PgPool, query, query_as, query_scalar};

use super::{Chapter, ChapterKind, Member, Policy, PolicyDraft, Ruling, RulingDone, SafetyQueue, SafetyWord, refused};
use crate::{
    db::{AuditId, MediaId, PolicyId, RowVersion, RulingId, Seen},
    error::Result,
};

pub(super) async fn policies(db: &PgPool) -> Result<Vec<Policy>> {
    Ok(query_as!(
        Policy,
        r#"
        select id            as "id!: PolicyId",
               code          as "code!",
               version       as "version!",
               parent,
               place         as "place!",
               name          as "name!",
               covers        as "covers!",
               excludes      as "excludes!",
               severity      as "severity!",
               is_restricted as "is_restricted!",
               is_newest and not is_retired as "is_current!",
               is_retired    as "is_retired!",
               coalesce(may_revise, false) as "may_revise!",
               written_by,
               written_at
          from console.policy_version
         order by parent is not null, place, code, version
        "#
    )
    .fetch_all(db)
    .await?)
}

/// `None` where somebody else has written another version since it was seen.
pub(super) async fn revise_policy(db: &PgPool, draft: &PolicyDraft) -> Result<Option<PolicyId>> {
    let written = query_scalar!(
        "select console.revise_seen_policy($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        draft.seen,
        draft.code,
        draft.parent,
        draft.place,
        draft.name,
        draft.covers,
        draft.excludes,
        draft.severity,
        draft.is_retired
    )
    .fetch_one(db)
    .await
    .map_err(refused)?;
    Ok(written.map(PolicyId))
}

/// Those that were reported now.
pub(super) async fn report(db: &PgPool, media: &[MediaId], policy: PolicyId, reason: &str) -> Result<Vec<MediaId>> {
    let ids = numbers(media);
    query_scalar!(
        r#"select reported as "reported!: MediaId" from console.report_media($1, $2, $3) as reported"#,
        &ids,
        policy.0,
        reason
    )
    .fetch_all(db)
    .await
    .map_err(refused)
}

/// What became of a medium.
pub(super) struct OutcomeRow {
    pub(super) media_id: MediaId,
    pub(super) outcome: String,
    pub(super) audit_id: Option<AuditId>,
    pub(super) decided_by: Option<String>,
    pub(super) ruling: Option<String>,
}

pub(super) async fn decide(
    tx: &mut PgConnection,
    media: &[Seen<MediaId>],
    queue: Option<SafetyQueue>,
    said: &SafetyWord,
) -> Result<Vec<OutcomeRow>> {
    let (ids, versions) = unzipped(media);
    query_as!(
        OutcomeRow,
        r#"
        select media_id as "media_id!: MediaId", outcome as "outcome!", audit_id as "audit_id: AuditId", decided_by, ruling
          from console.decide_safety($1, $2, $3, $4, $5, $6, $7, $8)
        "#,
        &ids,
        &versions,
        queue.map(SafetyQueue::word),
        said.ruling.word(),
        said.policy.map(|policy| policy.0),
        said.severity.map(i32::from),
        said.archive,
        said.suspend
    )
    .fetch_all(tx)
    .await
    .map_err(refused)
}

pub(super) async fn confirm(tx: &mut PgConnection, media: &[Seen<MediaId>], agrees: bool) -> Result<Vec<OutcomeRow>> {
    let (ids, versions) = unzipped(media);
    Ok(query_as!(
        OutcomeRow,
        r#"
        select media_id as "media_id!: MediaId", outcome as "outcome!", audit_id as "audit_id: AuditId", decided_by, ruling
          from console.confirm_safety($1, $2, $3)
        "#,
        &ids,
        &versions,
        agrees
    )
    .fetch_all(tx)
    .await?)
}

/// False where there is nothing to appeal against.
pub(super) async fn appeal(db: &PgPool, media: MediaId, words: &str) -> Result<bool> {
    query_scalar!(r#"select console.file_appeal($1, $2) as "filed!""#, media.0, words)
        .fetch_one(db)
        .await
        .map_err(refused)
}

pub(super) struct RevertedRow {
    pub(super) id: RulingId,
    pub(super) media_id: MediaId,
    pub(super) outcome: String,
    pub(super) name: Option<String>,
    pub(super) restored: i32,
    pub(super) left: i32,
}

pub(super) async fn revert(tx: &mut PgConnection, decisions: &[RulingId]) -> Result<Vec<RevertedRow>> {
    let ids: Vec<i64> = decisions.iter().map(|decision| decision.0).collect();
    query_as!(
        RevertedRow,
        r#"
        select decision_id as "id!: RulingId",
               media_id    as "media_id!: MediaId",
               outcome     as "outcome!",
               name,
               restored    as "restored!",
               kept        as "left!"
          from console.revert_safety($1)
        "#,
        &ids
    )
    .fetch_all(tx)
    .await
    .map_err(refused)
}

pub(super) async fn decided(db: &PgPool, before: Option<RulingId>, own: bool, at_most: i32) -> Result<Vec<RulingDone>> {
    let rows = query!(
        r#"
        select decision_id   as "id!: RulingId",
               media_id      as "media_id!: MediaId",
               act_id        as "act_id!",
               ruling        as "ruling!",
               policy_id     as "policy: PolicyId",
               severity,
               reason,
               decided_by    as "decided_by!",
               proposed_by,
               decided_at    as "decided_at!",
               source,
               is_archiving  as "archived!",
               is_suspending as "suspended!",
               reverted_by,
               coalesce(stands, false) as "stands!"
          from console.decided_safety($1, $2, $3)
        "#,
        before.map(|decision| decision.0),
        own,
        at_most
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| RulingDone {
            id: row.id,
            media_id: row.media_id,
            act_id: row.act_id,
            ruling: Ruling::from_word(&row.ruling),
            policy: row.policy,
            severity: row.severity,
            reason: row.reason,
            decided_by: row.decided_by,
            proposed_by: row.proposed_by,
            decided_at: row.decided_at,
            source: row.source.as_deref().and_then(SafetyQueue::from_word),
            archived: row.archived,
            suspended: row.suspended,
            reverted_by: row.reverted_by,
            stands: row.stands,
        })
        .collect())
}

pub(super) async fn story(db: &PgPool, media: MediaId) -> Result<Vec<Chapter>> {
    let rows = query!(
        r#"
        select kind as "kind!",
               at   as "at!",
               name as "name!",
               words,
               ruling,
               policy_id     as "policy: PolicyId",
               severity,
               coalesce(is_archiving, false)  as "archive!",
               coalesce(is_suspending, false) as "suspend!",
               outcome,
               decision_id   as "decision: RulingId"
          from console.safety_story($1)
        "#,
        media.0
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Chapter {
            kind: ChapterKind::from_word(&row.kind),
            at: row.at,
            name: row.name,
            words: row.words,
            ruling: row.ruling.as_deref().map(Ruling::from_word),
            policy: row.policy,
            severity: row.severity,
            archive: row.archive,
            suspend: row.suspend,
            outcome: row.outcome,
            decision: row.decision,
        })
        .collect())
}

/// The medium itself first, then those that look almost the same, the nearest first.
pub(super) async fn alike(db: &PgPool, media: MediaId) -> Result<Vec<Member>> {
    Ok(query_as!(
        Member,
        r#"
        with near as materialized (
            select $1::bigint as media_id, null::double precision as similarity
             union all
            select media_id, similarity from console.safety_alike($1, 99)
        )
        select p.media_id as "media_id!: MediaId",
               near.similarity,
               p.ai_status as status,
               p.is_safe,
               p.unsafe as "is_unsafe!",
               coalesce(p.version, '') as "version!: RowVersion"
          from console.photo as p
          join near on near.media_id = p.media_id
         where p.media_id = any (array(select media_id from near))
         order by near.similarity is not null, near.similarity desc, p.media_id
        "#,
        media.0
    )
    .fetch_all(db)
    .await?)
}

/// The medium itself first, then the others of its post in their order.
pub(super) async fn of_post(db: &PgPool, media: MediaId, at_most: usize) -> Result<Vec<Member>> {
    Ok(query_as!(
        Member,
        r#"
        select media_id as "media_id!: MediaId",
               null::double precision as similarity,
               ai_status as status,
               is_safe,
               unsafe as "is_unsafe!",
               coalesce(version, '') as "version!: RowVersion"
          from console.photo
         where post_id = (select post_id from console.photo where media_id = $1)
         order by media_id <> $1, position, media_id
         limit $2
        "#,
        media.0,
        i64::try_from(at_most).unwrap_or(i64::MAX)
    )
    .fetch_all(db)
    .await?)
}

/// Whether the operator may see the medium at all.
pub(super) async fn is_visible(db: &PgPool, media: MediaId) -> Result<bool> {
    Ok(query_scalar!(r#"select exists (select from console.photo where media_id = $1) as "visible!""#, media.0)
        .fetch_one(db)
        .await?)
}

/// False where the account is named, or not, already.
pub(super) async fn name(db: &PgPool, username: &str, is_named: bool) -> Result<bool, sqlx::Error> {
    query_scalar!(r#"select console.name_for_child_safety($1, $2) as "written!""#, username, is_named)
        .fetch_one(db)
        .await
}

pub(super) async fn named(db: &PgPool) -> Result<Vec<String>> {
    Ok(query_scalar!("select username from console.safety_named order by username").fetch_all(db).await?)
}

fn numbers(media: &[MediaId]) -> Vec<i64> {
    media.iter().map(|media| media.0).collect()
}

fn unzipped(media: &[Seen<MediaId>]) -> (Vec<i64>, Vec<String>) {
    media.iter().map(|seen| (seen.id.0, seen.version.0.clone())).unzip()
}
