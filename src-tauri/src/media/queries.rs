//! Where pictures are, as far as the operator may see them: the views leave out what they may not.

use sqlx::PgPool;

use super::{Wanted, derivative, problem::Problem};
use crate::db::{FaceId, MediaId, UserId};

/// The kind of media that move.
const VIDEO: &str = "VIDEO";

/// What a picture is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Subject {
    pub(super) address: String,
    /// The medium that is shown, or a part of it; of a person's own picture none, as far as is known.
    pub(super) media: Option<MediaId>,
    /// Shown only blurred and grey, unless revealed.
    pub(super) hidden: bool,
    /// `[x, y, width, height]` in pixels of the upright picture, where a face is wanted.
    pub(super) face: Option<Vec<Option<i32>>>,
}

pub(super) async fn subject(db: &PgPool, wanted: Wanted) -> Result<Subject, Problem> {
    match wanted {
        Wanted::Thumbnail(id) | Wanted::Photo(id) => medium(db, id).await,
        Wanted::Crop(id) => face(db, id).await,
        Wanted::Enrolled(id) => match enrolled_face(db, id).await? {
            Some(from) => face(db, from).await,
            None => portrait(db, enrolled(db, id).await?).await,
        },
        Wanted::Portrait(id) => portrait(db, profile(db, id).await?).await,
    }
}

/// A row of the view.
struct Medium {
    media_type: String,
    media_url: String,
    thumbnail_url: Option<String>,
    hidden: bool,
}

pub(super) async fn medium(db: &PgPool, id: MediaId) -> Result<Subject, Problem> {
    let Medium { media_type, media_url, thumbnail_url, hidden } = row(db, id).await?;
    let address = picture_of(&media_type, media_url, thumbnail_url)?;
    Ok(Subject { address, media: Some(id), hidden, face: None })
}

/// The video itself, which nothing blurs.
pub(super) struct Video {
    pub(super) address: String,
    /// Not played, unless revealed.
    pub(super) hidden: bool,
}

pub(super) async fn video(db: &PgPool, id: MediaId) -> Result<Video, Problem> {
    let medium = row(db, id).await?;
    if medium.media_type != VIDEO {
        return Err(Problem::NoVideo("This is a photo, not a video."));
    }
    Ok(Video { address: medium.media_url, hidden: medium.hidden })
}

async fn row(db: &PgPool, id: MediaId) -> Result<Medium, Problem> {
    let row = sqlx::query!(
        r#"
        select media_type    as "media_type!",
               media_url     as "media_url!",
               thumbnail_url,
               "unsafe"      as "hidden!"
          from console.photo
         where media_id = $1
        "#,
        id.0,
    )
    .fetch_optional(db)
    .await?
    .ok_or(Problem::NotFound)?;
    let (media_type, media_url) = (row.media_type, row.media_url);
    Ok(Medium { media_type, media_url, thumbnail_url: row.thumbnail_url, hidden: row.hidden })
}

async fn face(db: &PgPool, id: FaceId) -> Result<Subject, Problem> {
    // A stored box may have two dimensions or start at another index than 1, which arrays in Rust can't. The views are not joined:
    // behind their barriers no photo would be looked up by the face, but all of them read.
    let row = sqlx::query!(
        r#"
        select photo.media_id      as "media_id!: MediaId",
               photo.media_type    as "media_type!",
               photo.media_url     as "media_url!",
               photo.thumbnail_url,
               photo."unsafe"      as "hidden!",
               (select case when array_ndims(face.bbox) = 1 then array(select unnest(face.bbox)) end
                  from console.face
                 where face.face_id = $1) as "bbox: Vec<Option<i32>>"
          from console.photo
         where photo.media_id = (select face.media_id from console.face where face.face_id = $1)
        "#,
        id.0,
    )
    .fetch_optional(db)
    .await?
    .ok_or(Problem::NotFound)?;
    let address = picture_of(&row.media_type, row.media_url, row.thumbnail_url)?;
    Ok(Subject { address, media: Some(row.media_id), hidden: row.hidden, face: Some(row.bbox.unwrap_or_default()) })
}

/// The confirmed face with which somebody is enrolled, where it is one.
async fn enrolled_face(db: &PgPool, id: UserId) -> Result<Option<FaceId>, Problem> {
    let face = sqlx::query_scalar!(r#"select console.enrolled_face($1) as "face: FaceId""#, id.0).fetch_one(db).await?;
    Ok(face)
}

async fn enrolled(db: &PgPool, id: UserId) -> Result<Option<String>, Problem> {
    let row = sqlx::query!("select enrolled_picture_url from console.person where user_id = $1", id.0)
        .fetch_optional(db)
        .await?
        .ok_or(Problem::NotFound)?;
    Ok(row.enrolled_picture_url)
}

async fn profile(db: &PgPool, id: UserId) -> Result<Option<String>, Problem> {
    let row = sqlx::query!("select profile_picture_url from console.person where user_id = $1", id.0)
        .fetch_optional(db)
        .await?
        .ok_or(Problem::NotFound)?;
    Ok(row.profile_picture_url)
}

/// Of a video it is the one still that the platform made; it is named in a small size, and asked for in its own.
fn picture_of(media_type: &str, media_url: String, thumbnail_url: Option<String>) -> Result<String, Problem> {
    if media_type != VIDEO {
        return Ok(media_url);
    }
    thumbnail_url.map(|address| derivative::full_size(&address)).ok_or(Problem::NoPreview)
}

/// Who took a photo of the platform as their own picture, or was enrolled with one, is shown by it as it is shown itself.
async fn portrait(db: &PgPool, address: Option<String>) -> Result<Subject, Problem> {
    let address = address.filter(|address| !address.is_empty()).ok_or(Problem::NoPortrait)?;
    let addresses = [address.clone(), derivative::full_size(&address)];
    let row = sqlx::query!(
        r#"
        select media_id as "media_id: MediaId", is_hidden as "is_hidden!", is_refused as "is_refused!"
          from console.picture_standing($1)
        "#,
        &addresses[..],
    )
    .fetch_one(db)
    .await?;
    if row.is_refused {
        return Err(Problem::NotFound);
    }
    Ok(Subject { address, media: row.media_id, hidden: row.is_hidden, face: None })
}
