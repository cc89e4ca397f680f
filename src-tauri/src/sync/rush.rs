//! Who gives way to whom: stages for which nobody waits leave the machine to the others as long as these have work.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{Mutex, OwnedMutexGuard},
    time,
};

const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// Whoever has the turn may hang: another index must not wait for it for longer.
const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// What a patient stage leaves to the others, measured by its own work: together these have a fifth of the time.
const SHARE: u32 = 4;

/// How many stages have work now that somebody waits for, and which patient one works meanwhile.
#[derive(Debug, Clone, Default)]
pub(super) struct Rush {
    hurried: Arc<AtomicUsize>,
    turn: Arc<Mutex<()>>,
}

impl Rush {
    /// One more, until the value is dropped.
    pub(super) fn join(&self) -> InRush {
        self.hurried.fetch_add(1, Ordering::Relaxed);
        InRush(Arc::clone(&self.hurried))
    }

    pub(super) fn is_on(&self) -> bool {
        self.hurried.load(Ordering::Relaxed) > 0
    }

    /// The permission of a patient stage to work: one at a time during a rush, until it is dropped.
    pub(super) async fn turn(&self) -> Option<OwnedMutexGuard<()>> {
        self.turn_within(LONGEST_WAIT).await
    }

    async fn turn_within(&self, limit: Duration) -> Option<OwnedMutexGuard<()>> {
        if !self.is_on() {
            return None;
        }
        time::timeout(limit, Arc::clone(&self.turn).lock_owned()).await.ok()
    }

    /// What a patient stage leaves to the others after it has worked for so long.
    pub(super) fn pause(&self, worked: Duration) -> Duration {
        if self.is_on() { (worked * SHARE).min(LONGEST_PAUSE) } else { Duration::ZERO }
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
        assert_eq!(rush.pause(worked), Duration::from_millis(400));
        assert_eq!(rush.pause(Duration::from_mins(1)), LONGEST_PAUSE);
        drop(one);
        assert_eq!(rush.pause(worked), Duration::from_millis(400));
        drop(other);
        assert_eq!(rush.pause(worked), Duration::ZERO);
    }

    #[tokio::test]
    async fn during_a_rush_one_patient_stage_works_at_a_time_but_none_waits_for_one_that_hangs() {
        let rush = Rush::default();
        assert!(rush.turn().await.is_none(), "without a rush nobody needs one");
        let _hurried = rush.join();
        let hanging = rush.turn().await;
        assert!(hanging.is_some());
        assert!(rush.turn_within(Duration::from_millis(1)).await.is_none(), "the other one goes on without it");
        drop(hanging);
        assert!(rush.turn().await.is_some());
    }
}
