//! What a similarity is worth: the probability that a face is the person, learnt from what operators said.

use serde::Serialize;
use specta::Type;
use sqlx::PgPool;

use super::{CONFIRMED_ABOVE, SUGGESTED_FROM, queries};
use crate::{
    access::{Operator, Right},
    error::Result,
};

/// The probability at similarity s is `1 / (1 + exp(-(slope * s + intercept)))`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Type)]
pub struct Calibration {
    #[specta(type = i32)]
    pub slope: f64,
    #[specta(type = i32)]
    pub intercept: f64,
    /// From which it was learnt, at most 20,000
    pub verdicts: u32,
}

/// Verdicts on faces that were so similar.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counted {
    pub similarity: f64,
    pub agreed: f64,
    pub turned_down: f64,
}

/// What is believed before anybody has said anything: about what the platform's thresholds promise, as much as ten verdicts at each.
const BEFORE: [Counted; 2] = [
    Counted { similarity: SUGGESTED_FROM, agreed: 5.0, turned_down: 5.0 },
    Counted { similarity: CONFIRMED_ABOVE, agreed: 9.5, turned_down: 0.5 },
];

/// # Errors
/// `Forbidden` without the right to name faces.
pub async fn calibration(db: &PgPool, by: &Operator) -> Result<Calibration> {
    by.may(Right::NameFaces)?;
    Ok(fit(&queries::verdicts_by_similarity(db).await?))
}

/// Logistic regression (Platt's scaling) by Newton's method; two parameters and a convex loss need few steps.
fn fit(said: &[Counted]) -> Calibration {
    const STEPS: usize = 30;
    let all: Vec<Counted> = said.iter().copied().chain(BEFORE).collect();
    let (mut slope, mut intercept) = (0.0, 0.0);
    for _ in 0..STEPS {
        let (mut by_slope, mut by_intercept) = (0.0, 0.0);
        let (mut slope_twice, mut both, mut intercept_twice) = (1e-9, 0.0, 1e-9);
        for one in &all {
            let believed = probability(slope, intercept, one.similarity);
            let count = one.agreed + one.turned_down;
            let error = count * believed - one.agreed;
            let weight = count * believed * (1.0 - believed);
            by_slope += error * one.similarity;
            by_intercept += error;
            slope_twice += weight * one.similarity * one.similarity;
            both += weight * one.similarity;
            intercept_twice += weight;
        }
        let determinant = slope_twice * intercept_twice - both * both;
        let step = |value: f64| (value / determinant).clamp(-10.0, 10.0);
        slope -= step(intercept_twice * by_slope - both * by_intercept);
        intercept -= step(slope_twice * by_intercept - both * by_slope);
    }
    let verdicts: f64 = said.iter().map(|one| one.agreed + one.turned_down).sum();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of at most 20,000")]
    Calibration { slope, intercept, verdicts: verdicts as u32 }
}

fn probability(slope: f64, intercept: f64, similarity: f64) -> f64 {
    1.0 / (1.0 + (-(slope * similarity + intercept)).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(calibration: Calibration, similarity: f64) -> f64 {
        probability(calibration.slope, calibration.intercept, similarity)
    }

    #[test]
    fn before_anybody_has_said_anything_the_thresholds_hold() {
        let calibration = fit(&[]);
        assert!((at(calibration, SUGGESTED_FROM) - 0.5).abs() < 0.01, "{calibration:?}");
        assert!((at(calibration, CONFIRMED_ABOVE) - 0.95).abs() < 0.01, "{calibration:?}");
        assert_eq!(calibration.verdicts, 0);
    }

    #[test]
    fn what_was_said_is_what_is_believed() {
        let said: Vec<Counted> = (60..90)
            .map(|hundredth| {
                let similarity = f64::from(hundredth) / 100.0;
                let agreed = 400.0 * probability(40.0, -31.0, similarity);
                Counted { similarity, agreed, turned_down: 400.0 - agreed }
            })
            .collect();
        let calibration = fit(&said);
        assert_eq!(calibration.verdicts, 12_000);
        for one in &said {
            let believed = at(calibration, one.similarity);
            assert!((believed - one.agreed / 400.0).abs() < 0.02, "{believed} at {}", one.similarity);
        }
    }

    #[test]
    fn even_when_all_were_right_nothing_is_certain() {
        let calibration = fit(&[Counted { similarity: 0.8, agreed: 20_000.0, turned_down: 0.0 }]);
        let believed = [0.6, 0.7, 0.8, 0.9].map(|similarity| at(calibration, similarity));
        assert!(believed.iter().all(|one| one.is_finite() && *one > 0.0 && *one < 1.0), "{believed:?}");
        assert!(believed.is_sorted(), "{believed:?}");
    }
}
