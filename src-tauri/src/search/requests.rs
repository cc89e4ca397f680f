//! Requests that the window may lose interest in, before they are answered.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio_util::sync::CancellationToken;

use crate::error::{Error, Result};

/// Those of one window, each under a number that the window gave it.
#[derive(Debug, Default)]
pub struct Requests {
    running: Mutex<HashMap<u32, CancellationToken>>,
}

impl Requests {
    /// Works until it is done or cancelled.
    ///
    /// # Errors
    /// `Cancelled`, or what the work says.
    pub async fn run<T>(&self, number: u32, work: impl Future<Output = Result<T>>) -> Result<T> {
        let stop = CancellationToken::new();
        self.running().insert(number, stop.clone());
        let ended = stop.run_until_cancelled(work).await;
        self.running().remove(&number);
        ended.unwrap_or(Err(Error::Cancelled))
    }

    /// Ends one; without effect where it has ended.
    pub fn cancel(&self, number: u32) {
        if let Some(stop) = self.running().get(&number) {
            stop.cancel();
        }
    }

    fn running(&self) -> MutexGuard<'_, HashMap<u32, CancellationToken>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    #[tokio::test]
    async fn what_is_cancelled_ends_and_others_go_on() {
        let requests = Requests::default();
        let (cancelled, done, ()) =
            tokio::join!(requests.run(1, pending::<Result<()>>()), requests.run(2, async { Ok("an answer") }), async {
                requests.cancel(1);
            });
        assert!(matches!(cancelled, Err(Error::Cancelled)));
        assert_eq!(done.expect("an answer"), "an answer");
        assert!(requests.running().is_empty());
        requests.cancel(1);
    }
}
