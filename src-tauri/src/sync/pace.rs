//! How many requests an index is given at once: fewer as soon as it is too busy, slowly more while it is not.

use std::sync::Mutex;

/// Additive increase, multiplicative decrease.
#[derive(Debug)]
pub(super) struct Pace(Mutex<f64>);

/// Each holds up to a bulk of documents in memory.
const MOST: f64 = 4.0;
const RAISE: f64 = 0.1;

impl Default for Pace {
    fn default() -> Self {
        Self(Mutex::new(2.0))
    }
}

impl Pace {
    /// Requests at once, one at least.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and 4")]
    pub(super) fn at_once(&self) -> usize {
        self.change(|now| now) as usize
    }

    /// A request went through.
    pub(super) fn raise(&self) {
        self.change(|now| now + RAISE);
    }

    /// Elasticsearch said that it has too much to do.
    pub(super) fn halve(&self) {
        self.change(|now| now / 2.0);
    }

    fn change(&self, change: impl Fn(f64) -> f64) -> f64 {
        // A number is whole whatever happened to whoever held it.
        let mut now = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *now = change(*now).clamp(1.0, MOST);
        *now
    }
}

#[cfg(test)]
mod tests {
    use super::Pace;

    #[test]
    fn it_falls_at_once_and_rises_slowly_and_within_bounds() {
        let pace = Pace::default();
        for _ in 0..100 {
            pace.raise();
        }
        assert_eq!(pace.at_once(), 4);
        pace.halve();
        assert_eq!(pace.at_once(), 2);
        pace.raise();
        assert_eq!(pace.at_once(), 2);
        for _ in 0..9 {
            pace.halve();
        }
        assert_eq!(pace.at_once(), 1);
    }
}
