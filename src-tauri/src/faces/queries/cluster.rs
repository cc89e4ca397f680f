//! Clusters of unknown faces: SQL and nothing else.

use sqlx::{PgConnection, PgPool, query, query_as, query_scalar};

use super::super::{
    Holder,
    cluster::{AlikePerson, UnknownCursor, UnknownFaceCursor, UnknownPerson},
};
use crate::{
    db::{ClusterId, FaceId, RowVersion, Seen},
    error::{Error, Result},
};

/// A cluster, as it is listed.
pub(in crate::faces) struct Listed {
    pub(in crate::faces) id: ClusterId,
    /// By which the list is ordered; some may be hidden from the operator.
    pub(in crate::faces) stored: i32,
    pub(in crate::faces) faces: i32,
    pub(in crate::faces) sample: Vec<FaceId>,
}

pub(in crate::faces) async fn cluster_photos(db: &PgPool, photos: &[i64]) -> Result<()> {
    query!(r#"select console.cluster_faces($1) as "clustered: ()""#, photos).fetch_one(db).await?;
    Ok(())
}

pub(in crate::faces) async fn unknown_people(
    db: &PgPool,
    after: Option<UnknownCursor>,
    at_most: i32,
) -> Result<Vec<Listed>> {
    Ok(query_as!(
        Listed,
        r#"
        select cluster_id            as "id!: ClusterId",
               stored                as "stored!",
               faces                 as "faces!",
               coalesce(sample, '{}') as "sample!: Vec<FaceId>"
          from console.unknown_people($1, $2, $3)
        "#,
        after.map(|cursor| cursor.faces),
        after.map(|cursor| cursor.id.0),
        at_most
    )
    .fetch_all(db)
    .await?)
}

pub(in crate::faces) async fn faces(
    db: &PgPool,
    holder: &Holder,
    of: ClusterId,
    after: Option<UnknownFaceCursor>,
    at_most: i32,
) -> Result<Vec<UnknownFaceCursor>> {
    Ok(query_as!(
        UnknownFaceCursor,
        r#"
        select similarity as "similarity!",
               face_id    as "id!: FaceId"
          from console.unknown_faces($1, $2, $3, $4, $5)
        "#,
        of.0,
        after.map(|cursor| cursor.similarity),
        after.map(|cursor| cursor.id.0),
        holder.as_str(),
        at_most
    )
    .fetch_all(db)
    .await?)
}

pub(in crate::faces) async fn all_faces(
    db: &mut PgConnection,
    holder: &Holder,
    of: ClusterId,
) -> Result<Vec<Seen<FaceId>>> {
    let rows = query!(
        r#"
        select face_id as "face_id!: FaceId",
               version as "version!: RowVersion"
          from console.faces_of_cluster($1, $2)
        "#,
        of.0,
        holder.as_str()
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| Seen { id: row.face_id, version: row.version }).collect())
}

pub(in crate::faces) async fn alike(db: &PgPool, of: ClusterId, at_most: i32) -> Result<Vec<AlikePerson>> {
    let rows = query!(
        r#"
        select cluster_id             as "id!: ClusterId",
               similarity             as "similarity!",
               faces                  as "faces!",
               coalesce(sample, '{}') as "sample!: Vec<FaceId>"
          from console.clusters_like($1, $2)
        "#,
        of.0,
        at_most
    )
    .fetch_all(db)
    .await?;
    let alike = rows.into_iter().map(|row| AlikePerson {
        person: UnknownPerson { id: row.id, faces: row.faces, sample: row.sample },
        similarity: row.similarity,
    });
    Ok(alike.collect())
}

pub(in crate::faces) async fn regroup(db: &PgPool, faces: &[FaceId], into: Option<ClusterId>) -> Result<ClusterId> {
    let faces: Vec<i64> = faces.iter().map(|face| face.0).collect();
    let moved = query_scalar!(
        r#"select console.regroup_faces($1, $2) as "id!: ClusterId""#,
        &faces,
        into.map(|cluster| cluster.0)
    )
    .fetch_one(db)
    .await;
    moved.map_err(refusal)
}

/// What the function refuses, in words; its message is the photo, or what is gone.
fn refusal(error: sqlx::Error) -> Error {
    const NO_DATA_FOUND: &str = "P0002";
    let Some(refused) = error.as_database_error() else { return error.into() };
    match refused.code().as_deref() {
        Some(NO_DATA_FOUND) => Error::NotFound(refused.message().to_owned()),
        Some(_) if refused.is_unique_violation() => Error::Conflict(format!(
            "Two of these faces are on photo {}: they are two people. Leave one of them out.",
            refused.message()
        )),
        _ => error.into(),
    }
}
