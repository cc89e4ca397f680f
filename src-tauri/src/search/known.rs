//! Who somebody on a photo may be: the enrolled faces that are nearest to theirs.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::{Value, json};
use specta::Type;
use sqlx::PgPool;

use super::{Engine, answer::Answer, others};
use crate::{
    access::{Operator, Right},
    db::{FaceId, UserId},
    elastic::{Elastic, Failure},
    error::Result,
    faces::{self, Candidate},
    read_models::{face_search, known_faces},
};

/// People who are proposed
const AT_MOST: usize = 9;
/// Enrolments that are looked at for them: more is more exact and slower.
const CANDIDATES: usize = 100;
const VECTOR: &str = "face_embedding";

/// Who a face is like, the most similar first.
#[derive(Debug, Clone, PartialEq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct KnownPeople {
    pub engine: Engine,
    /// What is weaker about this answer, and why.
    pub notice: Option<String>,
    pub people: Vec<KnownPerson>,
}

/// Somebody whose face is enrolled.
#[derive(Debug, Clone, PartialEq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct KnownPerson {
    pub user_id: UserId,
    pub username: String,
    pub full_name: Option<String>,
    pub department: Option<String>,
    /// Cosine similarity of the face to their enrolment, -1.0 to 1.0
    #[specta(type = i32)]
    pub similarity: f64,
}

/// The active enrolments that are nearest to a face. PostgreSQL answers where Elasticsearch does not, or does not know the face.
///
/// # Errors
/// `Forbidden` for those who name no faces.
pub async fn who_is(db: &PgPool, elastic: Option<&Elastic>, by: &Operator, face: FaceId) -> Result<KnownPeople> {
    by.may(Right::NameFaces)?;
    let why = match elastic {
        Some(elastic) => match in_index(db, elastic, face).await? {
            Ok(Some(known)) => return Ok(known),
            Ok(None) => "The index does not have this face.".to_owned(),
            Err(failure) => failure.to_string(),
        },
        None => "Elasticsearch is not configured.".to_owned(),
    };
    let candidates = faces::candidates(db, by, face).await?.into_iter();
    let people = candidates.filter_map(|Candidate { person, similarity }| {
        Some(KnownPerson {
            user_id: person.id,
            username: person.username,
            full_name: person.full_name,
            department: person.department,
            similarity: similarity?,
        })
    });
    let notice = Some(format!("{why} PostgreSQL answered instead."));
    Ok(KnownPeople { engine: Engine::PostgreSql, notice, people: people.collect() })
}

/// `None` where the index has no vector of a face that the operator may see.
async fn in_index(db: &PgPool, elastic: &Elastic, face: FaceId) -> Result<Result<Option<KnownPeople>, Failure>> {
    let seen = others::seen_faces(db, &[face.0]).await?;
    let answer = match nearest(elastic, &seen).await {
        Ok(Some(answer)) => answer,
        Ok(None) => return Ok(Ok(None)),
        Err(failure) => return Ok(Err(failure)),
    };
    let near = answer.near();
    let ids: Vec<i64> = near.iter().map(|(id, _)| *id).collect();
    let similarity: HashMap<i64, f64> = near.into_iter().collect();
    let people = others::people_of(db, &ids).await?.into_iter().map(|person| KnownPerson {
        similarity: similarity.get(&person.user_id.0).copied().unwrap_or_default(),
        user_id: person.user_id,
        username: person.username,
        full_name: person.full_name,
        department: person.department,
    });
    let (notice, people) = (answer.notice("people may be missing"), people.collect());
    Ok(Ok(Some(KnownPeople { engine: Engine::Elasticsearch, notice, people })))
}

async fn nearest(elastic: &Elastic, faces: &[i64]) -> Result<Option<Answer>, Failure> {
    if faces.is_empty() {
        return Ok(None);
    }
    let documents: Vec<HashMap<String, Vec<f32>>> =
        elastic.documents(face_search::MODEL.index, faces, &[VECTOR]).await?;
    let Some(vector) = documents.into_iter().find_map(|mut document| document.remove(VECTOR)) else {
        return Ok(None);
    };
    let answer: Answer = elastic.search(known_faces::MODEL.index, &by_vector(&vector)).await?;
    if answer.is_void() { Err(Failure::Partial) } else { Ok(Some(answer)) }
}

fn by_vector(vector: &[f32]) -> Value {
    json!({
        "knn": {
            "field": VECTOR, "query_vector": vector, "k": AT_MOST, "num_candidates": CANDIDATES,
            "filter": {"term": {"is_active": true}},
        },
        "size": AT_MOST, "track_total_hits": false, "timeout": "4s", "_source": false,
    })
}
