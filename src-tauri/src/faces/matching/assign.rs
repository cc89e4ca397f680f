//! Which person each face of a photo is, nobody twice.

use pathfinding::{kuhn_munkres::kuhn_munkres, matrix::Matrix};

use crate::faces::SUGGESTED_FROM;

/// A person whose enrolment is near to a face.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Candidate {
    pub person: i64,
    /// Cosine similarity
    pub similarity: f64,
}

/// For each face the person that it is, if any: those pairs whose similarities exceed the threshold by the most in sum.
///
/// By the excess, not by the similarity itself: two weak matches must not outweigh a strong one.
pub(super) fn assign(faces: &[Vec<Candidate>]) -> Vec<Option<Candidate>> {
    let mut people: Vec<i64> = faces.iter().flatten().map(|candidate| candidate.person).collect();
    people.sort_unstable();
    people.dedup();
    if people.is_empty() {
        return vec![None; faces.len()];
    }
    // Beside the people a column for each face: nobody. It is worth more than a person who is no candidate.
    let mut worth = Matrix::new(faces.len(), people.len() + faces.len(), -1_i64);
    for (row, candidates) in faces.iter().enumerate() {
        for candidate in candidates {
            if let Ok(column) = people.binary_search(&candidate.person) {
                worth[(row, column)] = excess(candidate.similarity);
            }
        }
        for column in people.len()..people.len() + faces.len() {
            worth[(row, column)] = 0;
        }
    }
    let (_, columns) = kuhn_munkres(&worth);
    faces
        .iter()
        .zip(columns)
        .map(|(candidates, column)| {
            let person = people.get(column)?;
            candidates.iter().find(|candidate| candidate.person == *person).copied()
        })
        .collect()
}

/// In millionths, one more than nothing at the threshold itself.
fn excess(similarity: f64) -> i64 {
    if similarity < SUGGESTED_FROM {
        return -1;
    }
    #[expect(clippy::cast_possible_truncation, reason = "similarities are at most 1, and rounding ones above")]
    let millionths = ((similarity - SUGGESTED_FROM) * 1e6) as i64;
    millionths + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people(faces: &[&[(i64, f64)]]) -> Vec<Option<i64>> {
        let faces: Vec<Vec<Candidate>> = faces
            .iter()
            .map(|near| near.iter().map(|&(person, similarity)| Candidate { person, similarity }).collect())
            .collect();
        assign(&faces).into_iter().map(|found| found.map(|candidate| candidate.person)).collect()
    }

    #[test]
    fn everybody_is_on_a_photo_once() {
        assert_eq!(people(&[&[(1, 0.90)], &[(1, 0.91)]]), [None, Some(1)]);
        assert_eq!(people(&[&[(1, 0.90), (2, 0.89)], &[(1, 0.95)]]), [Some(2), Some(1)]);
        assert_eq!(people(&[&[], &[]]), [None, None]);
        assert_eq!(people(&[]), []);
    }

    #[test]
    fn two_weak_matches_do_not_outweigh_a_strong_one() {
        assert_eq!(people(&[&[(1, 0.95), (2, 0.72)], &[(1, 0.72)]]), [Some(1), None]);
    }

    #[test]
    fn what_is_below_the_threshold_is_nobody() {
        assert_eq!(people(&[&[(1, 0.699_999)], &[(2, 0.70)]]), [None, Some(2)]);
    }

    #[test]
    fn the_sum_is_the_greatest_that_there_is() {
        let table = [[0.71, 0.80, 0.93], [0.90, 0.92, 0.74], [0.88, 0.75, 0.91]];
        let faces: Vec<Vec<(i64, f64)>> = table
            .iter()
            .map(|row| (0..3).zip(row).map(|(person, &similarity)| (person, similarity)).collect())
            .collect();
        let faces: Vec<&[(i64, f64)]> = faces.iter().map(Vec::as_slice).collect();
        assert_eq!(people(&faces), [Some(2), Some(1), Some(0)]);
    }
}
