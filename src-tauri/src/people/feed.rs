//! What a person is shown in their feed, and why.

use chrono::{DateTime, Utc};
use serde::Serialize;
use specta::Type;
use sqlx::PgPool;

use super::queries::{self, FeedRow, FeedWeights};
use crate::{
    access::{Operator, Right},
    db::{MediaId, UserId},
    error::Result,
};

/// A medium that a person is shown.
#[derive(Debug, Clone, PartialEq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct FeedItem {
    pub media_id: MediaId,
    #[specta(type = i32)]
    pub score: f64,
    /// Weight times value, they add up to the score. None where the platform's backend chose the item.
    pub parts: Vec<ScorePart>,
    pub expires_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Type)]
pub struct ScorePart {
    /// `recency`, `closeness`, `interest`, `engagement`
    pub name: &'static str,
    #[specta(type = i32)]
    pub weight: f64,
    /// Before it is weighted, 0.0 to 1.0
    #[specta(type = i32)]
    pub value: f64,
}

/// The items of a person's feed that the operator may see, the best first.
pub async fn feed(db: &PgPool, by: &Operator, id: UserId) -> Result<Vec<FeedItem>> {
    by.may(Right::Search)?;
    let weights = queries::feed_weights(db, id).await?;
    Ok(queries::feed(db, id).await?.into_iter().map(|row| item(&row, weights.as_ref())).collect())
}

fn item(row: &FeedRow, weights: Option<&FeedWeights>) -> FeedItem {
    let parts = [
        ("recency", row.recency, weights.and_then(|weights| weights.recency)),
        ("closeness", row.closeness, weights.and_then(|weights| weights.closeness)),
        ("interest", row.interest, weights.and_then(|weights| weights.interest)),
        ("engagement", row.engagement, weights.and_then(|weights| weights.engagement)),
    ];
    let parts = parts.into_iter().filter_map(|(name, contributed, weight)| Some(part(name, contributed?, weight)));
    FeedItem { media_id: row.media_id, score: row.score, parts: parts.collect(), expires_at: row.expires_at }
}

/// Where the weight is not known, or another one by now, the part stands unweighted.
fn part(name: &'static str, contributed: f64, weight: Option<f64>) -> ScorePart {
    match weight.filter(|weight| *weight > 0.0 && contributed <= *weight * 1.001) {
        Some(weight) => ScorePart { name, weight, value: (contributed / weight).clamp(0.0, 1.0) },
        None => ScorePart { name, weight: 1.0, value: contributed },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weight_times_value_is_what_a_part_contributed() {
        let weighted = part("recency", 0.2, Some(0.4));
        assert_eq!((weighted.weight, weighted.value), (0.4, 0.5));
        for unknown in [None, Some(0.0), Some(0.1)] {
            let part = part("recency", 0.2, unknown);
            assert_eq!((part.weight, part.value), (1.0, 0.2));
        }
    }
}
