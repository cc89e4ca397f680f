//! The loop of a stage: steps while there is something to do, gives way to others, waits to be woken.

use std::{pin::pin, sync::Arc, time::Duration};

use backon::{BackoffBuilder, ExponentialBuilder};
use tokio::{
    sync::watch,
    time::{self, Instant},
};
use tokio_util::sync::CancellationToken;

use super::{
    rush::{Rush, Turn},
    stage::Stage,
    wakers::Wakers,
};
use crate::error::Result;

/// Notifications only shorten the wait; one that is lost costs this much.
pub(super) const POLL: Duration = Duration::from_secs(1);
/// From the beginning of one step with work to that of the next: what comes meanwhile is done together. Many small steps cost
/// PostgreSQL more than what they do: under load a change waits longer for a processor than for this.
const GATHER: Duration = Duration::from_millis(25);
/// Whoever has the turn may hang: another index must not wait for it for longer.
const LONGEST_TURN: Duration = Duration::from_secs(1);
/// For a step to come to its end when the worker is told to stop; longer than any that waits for nobody.
const GRACE: Duration = Duration::from_secs(5);

/// A stage at work.
pub(super) struct Work {
    pub stage: Stage,
    pub rush: Rush,
    pub wakers: Arc<Wakers>,
    pub woken: watch::Receiver<()>,
    pub stop: CancellationToken,
}

impl Work {
    /// Steps as long as there is something to do, waits when there is not, and ever longer while it fails.
    pub(super) async fn repeat(mut self) {
        let pauses = ExponentialBuilder::default()
            .with_jitter()
            .with_min_delay(Duration::from_millis(200))
            .with_max_delay(Duration::from_secs(5));
        let mut failing = pauses.without_max_times().build();
        let mut in_rush = None;
        loop {
            // Seen before the step: what arrives during it wakes the next one.
            self.woken.borrow_and_update();
            let Some(mut turn) = self.turn().await else { return };
            let begun = Instant::now();
            let Some(result) = self.step(&mut turn).await else { return };
            let wait = match result {
                Ok(0) => {
                    in_rush = None;
                    drop(turn);
                    failing = pauses.without_max_times().build();
                    tokio::select! {
                        () = self.stop.cancelled() => return,
                        // The sender lives as long as the stages do.
                        _ = time::timeout(POLL, self.woken.changed()) => continue,
                    }
                }
                Ok(_) => {
                    failing = pauses.without_max_times().build();
                    // Sooner than PostgreSQL's notification comes back.
                    if let Some(next) = self.stage.next_queues() {
                        self.wakers.wake(&next);
                    }
                    if self.stage.is_patient() {
                        self.rush.pause(begun.elapsed())
                    } else {
                        in_rush.get_or_insert_with(|| self.rush.join());
                        GATHER.saturating_sub(begun.elapsed())
                    }
                }
                Err(error) => {
                    in_rush = None;
                    // Its pauses grow, and are no share of its work: the others need not wait for them.
                    drop(turn);
                    tracing::warn!(stage = self.stage.name(), %error, "failed, and will try again");
                    failing.next().unwrap_or(Duration::from_secs(5))
                }
            };
            // A patient stage pauses in its turn: together they leave the machine to the others.
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = time::sleep(wait) => {}
            }
        }
    }

    /// Waits for the turn of a patient stage; `None` when it is to stop.
    async fn turn(&self) -> Option<Option<Turn>> {
        if !self.stage.is_patient() {
            return Some(None);
        }
        self.stop.run_until_cancelled(self.rush.turn()).await
    }

    /// One step, to its end even when the worker is told to stop meanwhile; `None` when it is to stop. The turn does not wait for one
    /// that hangs.
    async fn step(&self, turn: &mut Option<Turn>) -> Option<Result<usize>> {
        if self.stop.is_cancelled() {
            return None;
        }
        let too_late = async {
            self.stop.cancelled().await;
            time::sleep(GRACE).await;
        };
        let mut step = pin!(self.stage.step(self.rush.is_on()));
        let in_turn = async {
            if let Ok(result) = time::timeout(LONGEST_TURN, &mut step).await {
                return result;
            }
            *turn = None;
            step.await
        };
        tokio::select! {
            result = in_turn => Some(result),
            () = too_late => None,
        }
    }
}
