//! Users of the platform: profile, enrolment, the photos they are on.

#[cfg(feature = "desktop")]
pub mod commands;
mod feed;
mod queries;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use specta::Type;
use sqlx::PgPool;

pub use self::feed::{FeedItem, ScorePart, feed};
use crate::{
    access::{Operator, Right},
    db::{MediaId, UserId},
    error::{Error, Result},
};

/// A user as they are named beside a face, a photo or an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Person {
    pub id: UserId,
    pub username: String,
    pub full_name: Option<String>,
    pub department: Option<String>,
    /// Has an active enrolment, so that faces can be matched to them.
    pub enrolled: bool,
}

/// A page of people in the order of their usernames.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PeoplePage {
    #[specta(type = i32)]
    pub total: i64,
    pub people: Vec<Person>,
    /// Where the next page starts.
    pub next: Option<String>,
}

/// A user's page.
#[derive(Debug, Clone, PartialEq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Profile {
    pub person: Person,
    pub designation: Option<String>,
    pub bio: Option<String>,
    pub account_status: String,
    pub role: String,
    pub joined_at: DateTime<Utc>,
    pub enrolled_at: Option<DateTime<Utc>>,
    /// Photos with a face confirmed as theirs, newest first; the first of them.
    pub on_photos: PhotosPage,
    /// Photos they uploaded, newest first; the first of them.
    pub uploaded: PhotosPage,
}

/// Some photos of a person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Type)]
pub struct PhotosPage {
    pub media: Vec<MediaId>,
    /// Where the next page starts.
    pub next: Option<String>,
}

/// What photos have to do with a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum PhotosOf {
    OnPhotos,
    Uploaded,
}

/// Photos at once
const PAGE: usize = 200;

/// People whose username, name or department contains the text.
pub async fn people(db: &PgPool, by: &Operator, text: &str, after: Option<&str>, limit: i64) -> Result<PeoplePage> {
    by.may(Right::Search)?;
    let pattern = contains(text);
    let limit = limit.clamp(1, 200);
    let total = queries::count(db, &pattern).await?;
    let people = queries::page(db, &pattern, after, limit).await?;
    let full = i64::try_from(people.len()).unwrap_or(i64::MAX) == limit;
    let next = people.last().filter(|_| full).map(|person| person.username.clone());
    Ok(PeoplePage { total, people, next })
}

/// The people whom an operator may mean by a few letters, those whose name starts with them first.
pub async fn find(db: &PgPool, by: &Operator, text: &str) -> Result<Vec<Person>> {
    by.may(Right::Search)?;
    queries::find(db, text.trim(), &contains(text)).await
}

/// # Errors
/// `NotFound` where the account is gone.
pub async fn profile(db: &PgPool, by: &Operator, id: UserId) -> Result<Profile> {
    by.may(Right::Search)?;
    let mut profile = queries::profile(db, id).await?.ok_or_else(|| Error::NotFound("This person".into()))?;
    profile.on_photos = photos(db, by, id, PhotosOf::OnPhotos, None).await?;
    profile.uploaded = photos(db, by, id, PhotosOf::Uploaded, None).await?;
    Ok(profile)
}

/// A page of somebody's photos, newest first.
///
/// # Errors
/// `Invalid` for a page that can't be continued.
pub async fn photos(db: &PgPool, by: &Operator, id: UserId, of: PhotosOf, after: Option<&str>) -> Result<PhotosPage> {
    by.may(Right::Search)?;
    let after = after.map(place).transpose()?;
    let rows = match of {
        PhotosOf::OnPhotos => queries::on_photos(db, id, after, PAGE).await?,
        PhotosOf::Uploaded => queries::uploaded(db, id, after, PAGE).await?,
    };
    let last = rows.last().filter(|_| rows.len() >= PAGE);
    let next = last.map(|(media, created_at)| format!("{} {media}", created_at.to_rfc3339()));
    Ok(PhotosPage { media: rows.into_iter().map(|(media, _)| media).collect(), next })
}

/// The time and number of the last photo that was shown.
fn place(text: &str) -> Result<(DateTime<Utc>, i64)> {
    let place = text.split_once(' ').and_then(|(time, media)| Some((time.parse().ok()?, media.parse().ok()?)));
    place.ok_or_else(|| Error::Invalid("This list can't be continued. Open the page anew.".into()))
}

/// The people with these ids; ids of accounts that are gone are missing.
pub async fn by_ids(db: &PgPool, ids: &[UserId]) -> Result<HashMap<UserId, Person>> {
    let people = queries::by_ids(db, ids).await?;
    Ok(people.into_iter().map(|person| (person.id, person)).collect())
}

/// A `LIKE` pattern that takes every character of the text as itself.
fn contains(text: &str) -> String {
    let mut pattern = String::from("%");
    for character in text.trim().chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::contains;

    #[test]
    fn wildcards_that_people_type_are_letters() {
        assert_eq!(contains(" 100%_\\ "), "%100\\%\\_\\\\%");
    }
}
