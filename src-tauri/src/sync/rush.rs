//! Who gives way to whom: stages for which nobody waits leave the machine to the others as long as these have work.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// How many stages have work now that somebody waits for.
#[derive(Debug, Clone, Default)]
pub(super) struct Rush(Arc<AtomicUsize>);

impl Rush {
    /// One more, until the value is dropped.
    pub(super) fn join(&self) -> InRush {
        self.0.fetch_add(1, Ordering::Relaxed);
        InRush(Arc::clone(&self.0))
    }

    /// What a patient stage leaves to the others after it has worked for so long.
    pub(super) fn pause(&self, worked: Duration) -> Duration {
        if self.0.load(Ordering::Relaxed) == 0 { Duration::ZERO } else { (worked * 3).min(LONGEST_PAUSE) }
    }
}

/// A stage that has such work.
#[derive(Debug)]
pub(super) struct InRush(Arc<AtomicUsize>);

impl Drop for InRush {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_while_others_have_work_is_there_a_pause_and_never_a_long_one() {
        let rush = Rush::default();
        let worked = Duration::from_millis(100);
        assert_eq!(rush.pause(worked), Duration::ZERO);
        let (one, other) = (rush.join(), rush.clone().join());
        assert_eq!(rush.pause(worked), Duration::from_millis(300));
        assert_eq!(rush.pause(Duration::from_mins(1)), LONGEST_PAUSE);
        drop(one);
        assert_eq!(rush.pause(worked), Duration::from_millis(300));
        drop(other);
        assert_eq!(rush.pause(worked), Duration::ZERO);
    }
}
