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

/// Logistic regression (Platt's scaling) by Newton's method. Around the middle of what is suggested, where most verdicts are, the two
/// parameters hardly depend on one another; a step that would make it worse is halved.
fn fit(said: &[Counted]) -> Calibration {
    const STEPS: usize = 50;
    const MIDDLE: f64 = f64::midpoint(SUGGESTED_FROM, CONFIRMED_ABOVE);
    let all: Vec<Counted> =
        said.iter().chain(&BEFORE).map(|one| Counted { similarity: one.similarity - MIDDLE, ..*one }).collect();
    let mut line = Line { slope: 0.0, intercept: 0.0 };
    for _ in 0..STEPS {
        let step = line.newton_step(&all);
        let loss = line.loss(&all);
        let halved = (0..20).map(|times| line.moved(step, 0.5_f64.powi(times)));
        match halved.into_iter().find(|next| next.loss(&all) < loss) {
            Some(next) => line = next,
            None => break,
        }
    }
    let verdicts: f64 = said.iter().map(|one| one.agreed + one.turned_down).sum();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of at most 20,000")]
    Calibration { slope: line.slope, intercept: line.intercept - line.slope * MIDDLE, verdicts: verdicts as u32 }
}

#[derive(Debug, Clone, Copy)]
struct Line {
    slope: f64,
    intercept: f64,
}

impl Line {
    fn newton_step(self, all: &[Counted]) -> Self {
        let (mut by_slope, mut by_intercept) = (0.0, 0.0);
        let (mut slope_twice, mut both, mut intercept_twice) = (1e-9, 0.0, 1e-9);
        for one in all {
            let believed = probability(self.slope, self.intercept, one.similarity);
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
        Self {
            slope: (both * by_intercept - intercept_twice * by_slope) / determinant,
            intercept: (both * by_slope - slope_twice * by_intercept) / determinant,
        }
    }

    fn moved(self, step: Self, share: f64) -> Self {
        Self { slope: self.slope + share * step.slope, intercept: self.intercept + share * step.intercept }
    }

    /// The negative logarithm of how likely this makes what was said.
    fn loss(self, all: &[Counted]) -> f64 {
        all.iter()
            .map(|one| {
                let said = self.slope * one.similarity + self.intercept;
                one.agreed * (-said).exp().ln_1p() + one.turned_down * said.exp().ln_1p()
            })
            .sum()
    }
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
