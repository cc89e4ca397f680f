//! From the read model to `console.media_search_text`: the words that the index holds, for searching in PostgreSQL.

use sqlx::{PgPool, query};

use super::{
    projector::is_refusal,
    queue::{self, DeadLetter, Entry},
};
use crate::{error::Result, read_models::media_search::MediaTexts};

/// Its name in the index queue, where it stands beside the indices.
pub(super) const NAME: &str = "media_search_text";

/// A row has up to 1 MB of text.
const BATCH: i64 = 100;

/// Keeps the words true to the read model.
#[derive(Debug)]
pub(super) struct Folder {
    pub db: PgPool,
    pub worker: String,
}

struct Folded {
    entry: Entry,
    media_id: i64,
    words: String,
}

impl Folder {
    /// Folds one batch of rows; how many there were.
    pub(super) async fn step(&self) -> Result<usize> {
        let entries = queue::claim(&self.db, NAME, &self.worker, BATCH).await?;
        let done = self.fold(&entries).await;
        if done.is_err() {
            let versions: Vec<i64> = entries.iter().map(|entry| entry.version).collect();
            queue::release(&self.db, NAME, &self.worker, &versions, 0.0).await?;
        }
        done.map(|()| entries.len())
    }

    async fn fold(&self, entries: &[Entry]) -> Result<()> {
        if entries.is_empty() {
            return Ok(());
        }
        let versions: Vec<i64> = entries.iter().map(|entry| entry.version).collect();
        let rows = query!(
            r#"
            select queue.document_id, queue.version, queue.attempts, queue.document_id::bigint as "media_id!",
                   case when r.media_id is not null then json_build_object(
                       'post_title', r.post_title, 'post_all_tags', r.post_all_tags, 'ai_caption', r.ai_caption,
                       'ai_tags', r.ai_tags, 'ai_scenes', r.ai_scenes, 'detected_usernames', r.detected_usernames,
                       'uploader_username', r.uploader_username, 'uploader_department', r.uploader_department
                   )::text end as texts
              from console.index_queue as queue
              left join public.read_model_media_search as r on r.media_id = queue.document_id::bigint
             where queue.index_name = $1
               and queue.version = any ($2)
            "#,
            NAME,
            &versions,
        )
        .fetch_all(&self.db)
        .await?;
        let (mut folded, mut letters) = (Vec::new(), Vec::new());
        for row in rows {
            let entry = Entry { document_id: row.document_id, version: row.version, attempts: row.attempts };
            match row.texts.map(|json| serde_json::from_str::<MediaTexts>(&json)).transpose() {
                Ok(texts) => {
                    let words = texts.map(|texts| lexemes(&texts)).unwrap_or_default();
                    folded.push(Folded { entry, media_id: row.media_id, words });
                }
                Err(error) => letters.push(letter(entry, format!("the row has no texts: {error}"))),
            }
        }
        self.bury(&letters).await?;
        self.write_or_split(&folded).await
    }

    async fn write_or_split(&self, folded: &[Folded]) -> Result<()> {
        let Err(error) = self.write(folded).await else { return Ok(()) };
        if !is_refusal(&error) {
            return Err(error.into());
        }
        if let [only] = folded {
            return self.bury(&[letter(only.entry.clone(), error.to_string())]).await;
        }
        let (low, high) = folded.split_at(folded.len() / 2);
        Box::pin(self.write_or_split(low)).await?;
        Box::pin(self.write_or_split(high)).await
    }

    async fn write(&self, folded: &[Folded]) -> sqlx::Result<()> {
        let media: Vec<i64> = folded.iter().map(|row| row.media_id).collect();
        let versions: Vec<i64> = folded.iter().map(|row| row.entry.version).collect();
        let words: Vec<String> = folded.iter().map(|row| row.words.clone()).collect();
        let mut tx = self.db.begin().await?;
        // Only what is newer than what is there: another worker may have been given a later version of the same row.
        query!(
            r#"
            with folded as materialized (
                select * from unnest($1::bigint[], $2::bigint[], $3::text[]) as folded (media_id, version, words)
                 order by media_id
            ),
            gone as (
                delete from console.media_search_text as t
                 using folded as f
                 where t.media_id = f.media_id
                   and t.version < f.version
                   and not exists (select from public.read_model_media_search as r where r.media_id = f.media_id)
            )
            insert into console.media_search_text as t (media_id, version, is_safe, created_at, words)
            select f.media_id, f.version, coalesce(r.is_safe, false), r.created_at, f.words::tsvector
              from folded as f
              join public.read_model_media_search as r on r.media_id = f.media_id
                on conflict (media_id) do update
               set version = excluded.version, is_safe = excluded.is_safe, created_at = excluded.created_at,
                   words = excluded.words
             where t.version < excluded.version
            "#,
            &media,
            &versions,
            &words,
        )
        .execute(&mut *tx)
        .await?;
        let keys: Vec<String> = media.iter().map(i64::to_string).collect();
        queue::revive(&mut tx, "index", NAME, &keys).await?;
        queue::settle(&mut tx, NAME, &versions).await?;
        tx.commit().await
    }

    async fn bury(&self, letters: &[DeadLetter]) -> Result<()> {
        if letters.is_empty() {
            return Ok(());
        }
        tracing::warn!(?letters, "rows whose words can't be kept");
        let versions: Vec<i64> = letters.iter().map(|letter| letter.version).collect();
        let mut tx = self.db.begin().await?;
        queue::bury(&mut tx, "index", NAME, letters).await?;
        queue::settle(&mut tx, NAME, &versions).await?;
        tx.commit().await?;
        Ok(())
    }
}

fn letter(entry: Entry, reason: String) -> DeadLetter {
    DeadLetter { key: entry.document_id, version: entry.version, attempts: entry.attempts, reason }
}

/// The words as PostgreSQL reads a `tsvector`, which takes each once. A folded word has neither quote nor backslash.
fn lexemes(texts: &MediaTexts) -> String {
    let words = texts.words();
    let mut lexemes = String::new();
    for word in words.iter() {
        lexemes.push('\'');
        lexemes.push_str(word);
        lexemes.push_str("' ");
    }
    lexemes
}
