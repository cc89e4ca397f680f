//! Two lists as one: by their words and by their vectors, fused by reciprocal rank.

use std::collections::HashMap;

use super::{Found, Ranks, cursor::Cursor};

/// How little the very first ranks count more than those behind them (Cormack, Clarke and Büttcher, 2009).
const K: f64 = 60.0;
/// Of what is not wanted against what is.
const UNLIKE: f32 = 0.5;

/// What each arm found, the best first.
#[derive(Debug)]
pub(super) struct Arms {
    /// `None`: there are no words to rank by
    pub text: Option<Vec<i64>>,
    /// With the cosine similarity
    pub near: Vec<(i64, f64)>,
    pub has_vector: bool,
}

/// The part of the fused list that follows on so many that were shown.
pub(super) fn page(arms: &Arms, limit: u32, shown: u32, in_elasticsearch: bool) -> Found {
    let notice = (!arms.has_vector).then(|| "None of the examples has a vector to compare with.".to_owned());
    let fused = fused(arms);
    let (from, length) = (shown as usize, limit as usize);
    let part: Vec<(i64, Ranks)> = fused.iter().skip(from).take(length).copied().collect();
    let goes_on = from.saturating_add(length) < fused.len();
    Found {
        media: part.iter().map(|(media, _)| *media).collect(),
        ranks: part.into_iter().collect(),
        total: i64::try_from(fused.len()).unwrap_or(i64::MAX),
        next: goes_on.then(|| Cursor::Nearest { in_elasticsearch, shown: shown.saturating_add(limit) }),
        notice,
    }
}

fn fused(arms: &Arms) -> Vec<(i64, Ranks)> {
    let mut ranks: HashMap<i64, Ranks> = HashMap::new();
    for (rank, media) in (1..).zip(arms.text.iter().flatten()) {
        ranks.entry(*media).or_default().text = Some(rank);
    }
    for (rank, (media, similarity)) in (1..).zip(&arms.near) {
        let own = ranks.entry(*media).or_default();
        (own.vector, own.similarity) = (Some(rank), Some(*similarity));
    }
    let mut fused: Vec<(i64, Ranks)> = ranks.into_iter().collect();
    let nearness = |ranks: &Ranks| ranks.vector.unwrap_or(u32::MAX);
    fused.sort_by(|(one, a), (other, b)| {
        let by_score = b.score().total_cmp(&a.score());
        by_score.then(nearness(a).cmp(&nearness(b))).then(other.cmp(one))
    });
    fused
}

impl Ranks {
    fn score(&self) -> f64 {
        [self.text, self.vector].into_iter().flatten().map(|rank| 1.0 / (K + f64::from(rank))).sum()
    }
}

/// The middle of the examples, less half the middle of those that are not wanted, of length 1.
pub(super) fn direction(more: &[Vec<f32>], less: &[Vec<f32>]) -> Option<Vec<f32>> {
    let (wanted, unwanted) = (middle(more), middle(less));
    let direction = match (wanted, unwanted) {
        (Some(wanted), Some(unwanted)) if wanted.len() == unwanted.len() => {
            wanted.iter().zip(unwanted).map(|(more, less)| more - UNLIKE * less).collect()
        }
        (Some(wanted), _) => wanted,
        (None, Some(unwanted)) => unwanted.iter().map(|less| -less).collect(),
        (None, None) => return None,
    };
    normalised(&direction)
}

fn middle(vectors: &[Vec<f32>]) -> Option<Vec<f32>> {
    let vectors: Vec<Vec<f32>> = vectors.iter().filter_map(|vector| normalised(vector)).collect();
    let mut sum = vectors.first()?.clone();
    for vector in &vectors[1..] {
        sum.iter_mut().zip(vector).for_each(|(sum, part)| *sum += part);
    }
    // Only the relation of wanted and unwanted counts: both are divided by their numbers.
    #[expect(clippy::cast_precision_loss, reason = "there are a few examples")]
    let count = vectors.len() as f32;
    Some(sum.into_iter().map(|part| part / count).collect())
}

fn normalised(vector: &[f32]) -> Option<Vec<f32>> {
    let length = vector.iter().map(|part| part * part).sum::<f32>().sqrt();
    length.is_normal().then(|| vector.iter().map(|part| part / length).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_both_arms_find_comes_before_what_one_does() {
        let arms = Arms { text: Some(vec![1, 2, 3]), near: vec![(4, 0.9), (3, 0.8)], has_vector: true };
        let found = page(&arms, 3, 0, true);
        assert_eq!((found.media, found.total), (vec![3, 4, 1], 4));
        assert_eq!(found.ranks[&3], Ranks { text: Some(3), vector: Some(2), similarity: Some(0.8) });
        assert_eq!(found.next, Some(Cursor::Nearest { in_elasticsearch: true, shown: 3 }));
    }

    #[test]
    fn the_last_page_ends_the_list() {
        let arms = Arms { text: None, near: vec![(4, 0.9), (3, 0.8)], has_vector: true };
        let found = page(&arms, 3, 1, true);
        assert_eq!((found.media, found.next, found.total), (vec![3], None, 2));
    }

    #[test]
    fn unlike_examples_turn_the_direction_away() {
        let direction = direction(&[vec![2.0, 0.0], vec![0.0, 3.0]], &[vec![0.0, 1.0]]).expect("a direction");
        assert!((direction[0] - 1.0).abs() < 1e-6 && direction[1].abs() < 1e-6, "{direction:?}");
        assert_eq!(super::direction(&[vec![0.0, 0.0]], &[]), None);
    }
}
