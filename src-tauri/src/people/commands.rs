//! Doors to people.

use tauri::State;

use super::{FeedItem, PeoplePage, Person, PhotosOf, PhotosPage, Profile};
use crate::{
    app::Console,
    db::UserId,
    error::Result,
    people::{self},
};

/// A page of people whose name or department contains the text.
#[tauri::command]
#[specta::specta]
pub async fn people(
    console: State<'_, Console>,
    text: String,
    after: Option<String>,
    limit: u32,
) -> Result<PeoplePage> {
    let session = console.session().await?;
    people::people(&session.db, &session.operator, &text, after.as_deref(), limit.into()).await
}

/// The people whom a few letters may mean.
#[tauri::command]
#[specta::specta]
pub async fn find_people(console: State<'_, Console>, text: String) -> Result<Vec<Person>> {
    let session = console.session().await?;
    people::find(&session.db, &session.operator, &text).await
}

/// A person's page.
#[tauri::command]
#[specta::specta]
pub async fn person(console: State<'_, Console>, user_id: UserId) -> Result<Profile> {
    let session = console.session().await?;
    people::profile(&session.db, &session.operator, user_id).await
}

/// The next page of a person's photos.
#[tauri::command]
#[specta::specta]
pub async fn person_photos(
    console: State<'_, Console>,
    user_id: UserId,
    of: PhotosOf,
    after: Option<String>,
) -> Result<PhotosPage> {
    let session = console.session().await?;
    people::photos(&session.db, &session.operator, user_id, of, after.as_deref()).await
}

/// What a person is shown, the best first, and why.
#[tauri::command]
#[specta::specta]
pub async fn person_feed(console: State<'_, Console>, user_id: UserId) -> Result<Vec<FeedItem>> {
    let session = console.session().await?;
    people::feed(&session.db, &session.operator, user_id).await
}
