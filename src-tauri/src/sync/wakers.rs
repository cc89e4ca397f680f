//! Who is woken by what PostgreSQL says: each stage by its own queue, so that one change does not make all of them look.

use tokio::sync::watch;

/// The stages that wait, by the names of their queues.
#[derive(Debug, Default)]
pub(super) struct Wakers(Vec<(String, watch::Sender<()>)>);

impl Wakers {
    /// Woken when something is marked in this queue.
    pub(super) fn of(&mut self, queue: String) -> watch::Receiver<()> {
        let (waker, woken) = watch::channel(());
        self.0.push((queue, waker));
        woken
    }

    /// Wakes the stages of these queues, whose names commas separate; all where none is named.
    pub(super) fn wake(&self, queues: &str) {
        for (queue, waker) in &self.0 {
            if queues.is_empty() || queues.split(',').any(|named| named == queue) {
                waker.send_replace(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Wakers;

    #[test]
    fn only_those_whose_queue_is_named_are_woken_and_all_where_none_is() {
        let mut wakers = Wakers::default();
        let mut woken = ["media_search", "media_search index", "post_search"].map(|queue| wakers.of(queue.into()));
        let mut looks = || woken.each_mut().map(|woken| woken.borrow_and_update().has_changed());
        looks();
        wakers.wake("post_search,media_search");
        assert_eq!(looks(), [true, false, true]);
        wakers.wake("");
        assert_eq!(looks(), [true, true, true]);
        wakers.wake("feed_published");
        assert_eq!(looks(), [false, false, false]);
    }
}
