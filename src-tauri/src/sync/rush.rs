//! Who gives way to whom: stages for which nobody waits leave the machine to the others as long as these have work.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Mutex as AsyncMutex, OwnedMutexGuard},
    time::Instant,
};

const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// What a patient stage leaves to the others, measured by its own work: together these have a tenth of the time.
const SHARE: u32 = 9;
/// A rush lasts for so long after its last work: between two of many changes there is always a moment without any, and a patient
/// step that begins in it takes longer than that.
const LINGERS: Duration = Duration::from_millis(100);

/// Which stages have work now that somebody waits for, and which patient one works meanwhile.
#[derive(Debug, Clone, Default)]
pub(super) struct Rush {
    hurried: Arc<Mutex<Hurried>>,
    turn: Arc<AsyncMutex<()>>,
}

#[derive(Debug, Default)]
struct Hurried {
    stages: usize,
    ended_at: Option<Instant>,
}

impl Hurried {
    fn is_on(&self, now: Instant) -> bool {
        self.stages > 0 || self.ended_at.is_some_and(|ended_at| now < ended_at + LINGERS)
    }
}

impl Rush {
    /// One more, until the value is dropped.
    pub(super) fn join(&self) -> InRush {
        locked(&self.hurried).stages += 1;
        InRush(Arc::clone(&self.hurried))
    }

    pub(super) fn is_on(&self) -> bool {
        locked(&self.hurried).is_on(Instant::now())
    }

    /// The turn of a patient stage: one at a time during a rush, first come, first served. Without a rush nobody needs one.
    pub(super) async fn turn(&self) -> Option<Turn> {
        if !self.is_on() {
            return None;
        }
        Some(Turn { _held: Arc::clone(&self.turn).lock_owned().await })
    }

    /// What a patient stage leaves to the others after it has worked for so long.
    pub(super) fn pause(&self, worked: Duration) -> Duration {
        if self.is_on() { (worked * SHARE).min(LONGEST_PAUSE) } else { Duration::ZERO }
    }
}

/// The permission of a patient stage to work, until it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    _held: OwnedMutexGuard<()>,
}

/// A stage that has such work.
#[derive(Debug)]
pub(super) struct InRush(Arc<Mutex<Hurried>>);

impl Drop for InRush {
    fn drop(&mut self) {
        let mut hurried = locked(&self.0);
        hurried.stages -= 1;
        hurried.ended_at = Some(Instant::now());
    }
}

/// What it guards is right after each of the few steps that are taken under it.
fn locked(hurried: &Mutex<Hurried>) -> std::sync::MutexGuard<'_, Hurried> {
    hurried.lock().unwrap_or_else(PoisonError::into_inner)
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
        assert_eq!(rush.pause(worked), Duration::from_millis(900));
        assert_eq!(rush.pause(Duration::from_mins(1)), LONGEST_PAUSE);
        drop(one);
        assert_eq!(rush.pause(worked), Duration::from_millis(900));
        drop(other);
        assert_eq!(rush.pause(worked), Duration::from_millis(900), "the next work comes soon");
        assert!(!locked(&rush.hurried).is_on(Instant::now() + LINGERS));
    }

    #[tokio::test]
    async fn during_a_rush_one_patient_stage_works_at_a_time() {
        let rush = Rush::default();
        assert!(rush.turn().await.is_none(), "without a rush nobody needs one");
        let _hurried = rush.join();
        let held = rush.turn().await;
        assert!(held.is_some());
        let other = rush.turn();
        tokio::pin!(other);
        assert!(futures::poll!(other.as_mut()).is_pending());
        drop(held);
        assert!(other.await.is_some());
    }
}
