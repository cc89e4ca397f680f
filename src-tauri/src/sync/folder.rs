//! From rows to folded words in PostgreSQL: those of media, for searching without Elasticsearch, and those of people's
//! names, by which media are found in either engine. They wait in the index queue, beside the documents of the indices.

use serde_json::json;
use sqlx::{PgConnection, PgPool, query};

use super::{
    lane::Lane,
    projector::is_refusal,
    queue::{self, DeadLetter, Entry},
};
use crate::{
    error::{Error, Result},
    read_models::{
        fold,
        media_search::{MediaTexts, Words, usable_vector},
    },
};

/// A row has up to 1 MB of text.
const BATCH: i64 = 100;
/// All that two columns of 100 characters can fold to.
const NAMES_BYTES: usize = 8_000;

/// Whose words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Texts {
    Media,
    People,
}

impl Texts {
    /// The name of the table, and in the index queue.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Media => "media_search_text",
            Self::People => "person_text",
        }
    }
}

/// Keeps words true to their rows.
#[derive(Debug)]
pub(super) struct Folder {
    pub db: PgPool,
    pub texts: Texts,
    pub worker: String,
    /// Somebody else answers searches: Elasticsearch, for which the words of media are not needed.
    pub is_reserve: bool,
}

struct Folded {
    entry: Entry,
    /// The key of the row, which may be gone
    key: i64,
    /// As PostgreSQL reads a `tsvector`
    words: String,
    /// Of a medium: its fields' words in their order, as JSON. Of a person: their names.
    texts: Vec<String>,
    /// Of a medium, where it has one that can be measured
    vector: Option<String>,
}

impl Folder {
    /// Folds one batch of rows; how many there were.
    pub(super) async fn step(&self) -> Result<usize> {
        let entries = queue::claim(&self.db, self.texts.name(), Lane::Both, &self.worker, BATCH).await?;
        let done = self.fold(&entries).await;
        if done.is_err() {
            let versions: Vec<i64> = entries.iter().map(|entry| entry.version).collect();
            queue::release(&self.db, self.texts.name(), &self.worker, &versions, 0.0).await?;
        }
        done.map(|()| entries.len())
    }

    async fn fold(&self, entries: &[Entry]) -> Result<()> {
        if entries.is_empty() {
            return Ok(());
        }
        let versions: Vec<i64> = entries.iter().map(|entry| entry.version).collect();
        let mut letters = Vec::new();
        let folded = match self.texts {
            Texts::Media => media(&self.db, &versions, &mut letters).await?,
            Texts::People => people(&self.db, &versions).await?,
        };
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
        let keys: Vec<i64> = folded.iter().map(|row| row.key).collect();
        let versions: Vec<i64> = folded.iter().map(|row| row.entry.version).collect();
        let mut tx = self.db.begin().await?;
        lock(&mut tx, self.texts, &keys).await?;
        match self.texts {
            Texts::Media => write_media(&mut tx, &keys, &versions, folded).await?,
            Texts::People => write_people(&mut tx, &keys, &versions, folded).await?,
        }
        let keys: Vec<String> = keys.iter().map(i64::to_string).collect();
        queue::settle(&mut *tx, self.texts.name(), &versions, &keys).await?;
        tx.commit().await
    }

    async fn bury(&self, letters: &[DeadLetter]) -> Result<()> {
        if letters.is_empty() {
            return Ok(());
        }
        tracing::warn!(texts = self.texts.name(), ?letters, "rows whose words can't be kept");
        let versions: Vec<i64> = letters.iter().map(|letter| letter.version).collect();
        let mut tx = self.db.begin().await?;
        queue::bury(&mut tx, "index", self.texts.name(), letters).await?;
        queue::settle(&mut *tx, self.texts.name(), &versions, &[]).await?;
        tx.commit().await?;
        Ok(())
    }
}

fn letter(entry: Entry, reason: String) -> DeadLetter {
    DeadLetter { key: entry.document_id, version: entry.version, attempts: entry.attempts, reason }
}

async fn media(db: &PgPool, versions: &[i64], letters: &mut Vec<DeadLetter>) -> Result<Vec<Folded>> {
    let rows = query!(
        r#"
        select queue.document_id, queue.version, queue.attempts, queue.document_id::bigint as "media_id!",
               array(select person from unnest(r.detected_user_ids) as person where person is not null)
                   as "people!: Vec<i64>",
               r.uploader_id as "uploader?", r.image_embedding as "vector?",
               case when r.media_id is not null then json_build_object(
                   'post_title', r.post_title, 'post_all_tags', r.post_all_tags, 'ai_caption', r.ai_caption,
                   'ai_tags', r.ai_tags, 'ai_scenes', r.ai_scenes, 'detected_usernames', r.detected_usernames,
                   'uploader_username', r.uploader_username, 'uploader_department', r.uploader_department
               )::text end as texts
          from console.index_queue as queue
          left join public.read_model_media_search as r on r.media_id = queue.document_id::bigint
         where queue.index_name = 'media_search_text'
           and queue.lane in (0, 1)
           and queue.version = any ($1)
        "#,
        versions,
    )
    .fetch_all(db)
    .await?;
    let mut folded = Vec::new();
    for row in rows {
        let entry = Entry { document_id: row.document_id, version: row.version, attempts: row.attempts };
        match row.texts.map(|json| serde_json::from_str::<MediaTexts>(&json)).transpose() {
            Ok(texts) => {
                let on_it = row.people.iter().flat_map(|person| [format!("@{person}"), format!("@p{person}")]);
                let uploader = row.uploader.iter().flat_map(|person| [format!("@{person}"), format!("@u{person}")]);
                let text = texts.map(|texts| texts.words());
                let words = text.iter().flat_map(Words::lexemes);
                folded.push(Folded {
                    entry,
                    key: row.media_id,
                    words: lexemes(words.chain(on_it).chain(uploader)),
                    texts: text.iter().map(serde_json::to_string).collect::<Result<_, _>>().map_err(unwritable)?,
                    vector: row.vector.and_then(usable_vector),
                });
            }
            Err(error) => letters.push(letter(entry, format!("the row has no texts: {error}"))),
        }
    }
    Ok(folded)
}

async fn people(db: &PgPool, versions: &[i64]) -> Result<Vec<Folded>> {
    let rows = query!(
        r#"
        select queue.document_id, queue.version, queue.attempts, queue.document_id::bigint as "user_id!",
               u.username as "username?", u.full_name as "full_name?"
          from console.index_queue as queue
          left join public.users as u on u.user_id = queue.document_id::bigint
         where queue.index_name = 'person_text'
           and queue.lane in (0, 1)
           and queue.version = any ($1)
        "#,
        versions,
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let names = fold::each(row.username.iter().chain(&row.full_name).map(String::as_str), NAMES_BYTES);
            Folded {
                words: lexemes(names.iter().flat_map(|name| name.split_ascii_whitespace()).map(str::to_owned)),
                texts: names,
                vector: None,
                key: row.user_id,
                entry: Entry { document_id: row.document_id, version: row.version, attempts: row.attempts },
            }
        })
        .collect())
}

fn unwritable(error: serde_json::Error) -> Error {
    Error::internal("Words of a row can't be written as JSON.", error)
}

/// One worker at a time writes the words of a row: where another one finds that the row is gone, it must see, and take away, what
/// is being written here. Neighbours share a lock.
async fn lock(tx: &mut PgConnection, texts: Texts, keys: &[i64]) -> sqlx::Result<()> {
    query!(
        r#"
        with blocks as materialized (select distinct key >> 8 as block from unnest($2::bigint[]) as key order by block)
        select count(pg_advisory_xact_lock(hashtextextended($1 || ' ' || block, 0))) as locks from blocks
        "#,
        texts.name(),
        keys,
    )
    .fetch_one(tx)
    .await?;
    Ok(())
}

/// Only what is newer than what is there: another worker may have been given a later version of the same row.
async fn write_media(tx: &mut PgConnection, keys: &[i64], versions: &[i64], folded: &[Folded]) -> sqlx::Result<()> {
    let words: Vec<String> = folded.iter().map(|row| row.words.clone()).collect();
    let texts: Vec<Option<String>> = folded.iter().map(|row| row.texts.first().cloned()).collect();
    let vectors: Vec<Option<String>> = folded.iter().map(|row| row.vector.clone()).collect();
    query!(
        r#"
        with folded as materialized (
            select *
              from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[])
                       as folded (media_id, version, words, texts, vector)
             order by media_id
        ),
        gone as (
            delete from console.media_search_text as t
             using folded as f
             where t.media_id = f.media_id
               and t.version < f.version
               and not exists (select from public.read_model_media_search as r where r.media_id = f.media_id)
        ),
        written as (
            insert into console.media_search_text as t (media_id, version, is_safe, created_at, words)
            select f.media_id, f.version, coalesce(r.is_safe, false), r.created_at, f.words::tsvector
              from folded as f
              join public.read_model_media_search as r on r.media_id = f.media_id
                on conflict (media_id) do update
               set version = excluded.version, is_safe = excluded.is_safe, created_at = excluded.created_at,
                   words = excluded.words,
                   found_at = case when excluded.is_safe and not t.is_safe then excluded.found_at else t.found_at end
             where t.version < excluded.version
            returning t.media_id
        ),
        phrases as (
            insert into console.media_phrase as p (media_id, texts)
            select f.media_id, f.texts::jsonb
              from folded as f
              join written using (media_id)
             where f.texts is not null
                on conflict (media_id) do update set texts = excluded.texts where p.texts <> excluded.texts
        ),
        vectorless as (
            delete from console.media_vector as v
             using folded as f
              join written using (media_id)
             where v.media_id = f.media_id
               and f.vector is null
        )
        insert into console.media_vector as v (media_id, embedding)
        select f.media_id, public.l2_normalize(f.vector::public.vector(512))::public.halfvec(512)
          from folded as f
          join written using (media_id)
         where f.vector is not null
            on conflict (media_id) do update
           set embedding = excluded.embedding
         where v.embedding operator(public.<>) excluded.embedding
        "#,
        keys,
        versions,
        &words,
        &texts as &[Option<String>],
        &vectors as &[Option<String>],
    )
    .execute(tx)
    .await?;
    Ok(())
}

async fn write_people(tx: &mut PgConnection, keys: &[i64], versions: &[i64], folded: &[Folded]) -> sqlx::Result<()> {
    let words: Vec<String> = folded.iter().map(|row| row.words.clone()).collect();
    let names: Vec<String> = folded.iter().map(|row| json!(row.texts).to_string()).collect();
    query!(
        r#"
        with folded as materialized (
            select *
              from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[]) as folded (user_id, version, words, names)
             order by user_id
        ),
        gone as (
            delete from console.person_text as t
             using folded as f
             where t.user_id = f.user_id
               and t.version < f.version
               and not exists (select from public.users as u where u.user_id = f.user_id)
        )
        insert into console.person_text as t (user_id, version, words, names)
        select f.user_id, f.version, f.words::tsvector, array(select jsonb_array_elements_text(f.names::jsonb))
          from folded as f
          join public.users as u on u.user_id = f.user_id
            on conflict (user_id) do update
           set version = excluded.version, words = excluded.words, names = excluded.names
         where t.version < excluded.version
        "#,
        keys,
        versions,
        &words,
        &names,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// As PostgreSQL reads a `tsvector`, which takes each word once. A folded word has neither quote nor backslash.
fn lexemes(words: impl Iterator<Item = String>) -> String {
    words.fold(String::new(), |lexemes, word| lexemes + "'" + &word + "' ")
}
