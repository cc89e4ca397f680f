//! Corrections in the database.

use sqlx::{PgConnection, PgPool, query, query_as};

use super::{Correction, MediaWords, Outcome, PastCorrection, UndoableCorrection};
use crate::{
    db::{AuditId, MediaId, RowVersion, Seen},
    error::Result,
};

pub(super) async fn correct(
    tx: &mut PgConnection,
    media: &[Seen<MediaId>],
    correction: &Correction,
) -> Result<Vec<Outcome>> {
    let ids: Vec<i64> = media.iter().map(|seen| seen.id.0).collect();
    let versions: Vec<String> = media.iter().map(|seen| seen.version.0.clone()).collect();
    Ok(query_as!(
        Outcome,
        r#"
        select media_id   as "media_id: MediaId",
               outcome    as "end!",
               audit_id   as "audit_id: AuditId",
               decided_by,
               field,
               left(caption, 4000) as caption,
               coalesce(added, '{}') as "added!",
               coalesce(removed, '{}') as "removed!",
               coalesce(is_undo, false) as "is_undo!"
          from console.correct_media($1, $2, $3, nullif($4, ''), $5, $6, $7, $8)
        "#,
        &ids,
        &versions,
        correction.caption.is_some(),
        correction.caption.as_deref(),
        &correction.add_tags,
        &correction.remove_tags,
        &correction.add_scenes,
        &correction.remove_scenes,
    )
    .fetch_all(tx)
    .await?)
}

pub(super) async fn undo(tx: &mut PgConnection, corrections: &[AuditId]) -> Result<Vec<Outcome>> {
    let ids: Vec<i64> = corrections.iter().map(|id| id.0).collect();
    Ok(query_as!(
        Outcome,
        r#"
        select media_id   as "media_id: MediaId",
               outcome    as "end!",
               audit_id   as "audit_id: AuditId",
               decided_by,
               field,
               left(caption, 4000) as caption,
               coalesce(added, '{}') as "added!",
               coalesce(removed, '{}') as "removed!",
               coalesce(is_undo, false) as "is_undo!"
          from console.undo_corrections($1)
        "#,
        &ids,
    )
    .fetch_all(tx)
    .await?)
}

pub(super) async fn undoable(db: &PgPool) -> Result<Option<UndoableCorrection>> {
    let row = query!(
        r#"
        select media as "media!", decided_at as "decided_at?" from console.undoable_correction()
        "#
    )
    .fetch_one(db)
    .await?;
    Ok(row.decided_at.map(|decided_at| UndoableCorrection { media: row.media, decided_at }))
}

pub(super) async fn undo_own(tx: &mut PgConnection) -> Result<Vec<Outcome>> {
    Ok(query_as!(
        Outcome,
        r#"
        select media_id   as "media_id: MediaId",
               outcome    as "end!",
               audit_id   as "audit_id: AuditId",
               decided_by,
               field,
               left(caption, 4000) as caption,
               coalesce(added, '{}') as "added!",
               coalesce(removed, '{}') as "removed!",
               coalesce(is_undo, false) as "is_undo!"
          from console.undo_own_correction()
        "#
    )
    .fetch_all(tx)
    .await?)
}

/// At most 500 tags and scenes of each: what a screen can show. Longer ones are whole, or they could not be removed.
pub(super) async fn words(db: &PgPool, media: &[MediaId]) -> Result<Vec<MediaWords>> {
    let ids: Vec<i64> = media.iter().map(|id| id.0).collect();
    Ok(query_as!(
        MediaWords,
        r#"
        select media_id as "media_id!: MediaId",
               version  as "version!: RowVersion",
               caption,
               array(select tag from unnest(tags) as tag where tag <> '' limit 500) as "tags!",
               array(select scene from unnest(scenes) as scene where scene <> '' limit 500) as "scenes!"
          from console.photo
         where media_id = any ($1)
           and version is not null
         order by media_id
        "#,
        &ids,
    )
    .fetch_all(db)
    .await?)
}

pub(super) async fn history(db: &PgPool, media: MediaId) -> Result<Vec<PastCorrection>> {
    Ok(query_as!(
        PastCorrection,
        r#"
        select audit_id   as "audit_id!: AuditId",
               field      as "field!",
               left(caption, 4000) as caption,
               added      as "added!",
               removed    as "removed!",
               decided_by as "decided_by!",
               decided_at as "decided_at!",
               is_undo    as "is_undo!",
               stands     as "stands!"
          from console.corrections($1)
        "#,
        media.0,
    )
    .fetch_all(db)
    .await?)
}
