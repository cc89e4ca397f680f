//! Two lists as one: by their words and by their vectors, fused by reciprocal rank.

use std::collections::HashMap;

use super::{
    Found, Ranks, Total,
    cursor::{Cursor, Fused},
};

/// How little the very first ranks count more than those behind them (Cormack, Clarke and Büttcher, 2009).
const K: f64 = 60.0;
/// Of what is not wanted against what is.
const UNLIKE: f32 = 0.5;

/// What each arm found, the best first.
#[derive(Debug, Default)]
pub(super) struct Arms {
    pub text: Vec<i64>,
    /// With the cosine similarity
    pub near: Vec<(i64, f64)>,
}

/// The first page of both arms' list. `then`: where that of the words goes on behind what is fused.
pub(super) fn first(
    arms: &Arms,
    limit: u32,
    in_elasticsearch: bool,
    total: Option<Total>,
    then: Option<Cursor>,
) -> Found {
    let early = arms.near.iter().map(|(media, _)| *media).filter(|media| !arms.text.contains(media)).collect();
    let then = then.map(|cursor| Box::new(cursor.without(early)));
    let rest = fused(arms);
    let total = total.unwrap_or_else(|| Total::counted(i64::try_from(rest.len()).unwrap_or(i64::MAX)));
    page(Fused { in_elasticsearch, total, rest, then }, limit)
}

/// What follows in a list that was fused.
pub(super) fn page(mut list: Fused, limit: u32) -> Found {
    let behind = list.rest.split_off(list.rest.len().min(limit as usize));
    let shown = std::mem::replace(&mut list.rest, behind);
    Found {
        media: shown.iter().map(|(media, _)| *media).collect(),
        ranks: shown.into_iter().collect(),
        total: list.total,
        next: if list.rest.is_empty() { list.then.map(|then| *then) } else { Some(Cursor::Fused(list)) },
        ..Found::default()
    }
}

fn fused(arms: &Arms) -> Vec<(i64, Ranks)> {
    let mut ranks: HashMap<i64, Ranks> = HashMap::new();
    for (rank, media) in (1..).zip(&arms.text) {
        ranks.entry(*media).or_default().text = Some(rank);
    }
    // What is equally near has one rank: in which of its orders a vector index knows it says nothing.
    let (mut rank, mut nearest) = (0, f64::INFINITY);
    for (place, (media, similarity)) in (1..).zip(&arms.near) {
        if *similarity < nearest {
            (rank, nearest) = (place, *similarity);
        }
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

    fn list(text: &[i64], near: &[(i64, f64)]) -> Arms {
        Arms { text: text.to_vec(), near: near.to_vec() }
    }

    #[test]
    fn what_both_arms_find_comes_before_what_one_does() {
        let found = first(&list(&[1, 2, 3], &[(4, 0.9), (3, 0.8)]), 3, true, None, None);
        assert_eq!((found.media, found.total.media), (vec![3, 4, 1], 4));
        assert_eq!(found.ranks[&3], Ranks { text: Some(3), vector: Some(2), similarity: Some(0.8) });
        let Some(Cursor::Fused(left)) = found.next else { panic!("one is left") };
        assert_eq!((left.rest.len(), left.in_elasticsearch), (1, true));
        let last = page(left, 3);
        assert_eq!((last.media, last.next, last.total.media), (vec![2], None, 4));
    }

    #[test]
    fn what_is_equally_near_stays_in_the_order_of_the_words() {
        let found = first(&list(&[3, 2, 1], &[(1, 0.9), (2, 0.9), (3, 0.9)]), 3, true, None, None);
        assert_eq!(found.media, [3, 2, 1]);
    }

    #[test]
    fn behind_what_is_fused_the_words_go_on_without_what_was_shown() {
        let then = Cursor::PostgreSql {
            created_at: "now".into(),
            media_id: 2,
            rank: 1,
            total: Total::counted(9),
            but: vec![],
        };
        let found = first(&list(&[1, 2], &[(7, 0.9), (1, 0.8)]), 3, false, Some(Total::counted(9)), Some(then.clone()));
        assert_eq!((found.media, found.total.media), (vec![1, 7, 2], 9));
        assert_eq!(found.next, Some(then.without(vec![7])));
    }

    #[test]
    fn unlike_examples_turn_the_direction_away() {
        let direction = direction(&[vec![2.0, 0.0], vec![0.0, 3.0]], &[vec![0.0, 1.0]]).expect("a direction");
        assert!((direction[0] - 1.0).abs() < 1e-6 && direction[1].abs() < 1e-6, "{direction:?}");
        assert_eq!(super::direction(&[vec![0.0, 0.0]], &[]), None);
    }
}
