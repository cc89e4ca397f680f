//! What a service manager is told, where there is one.

#[cfg(unix)]
use sd_notify::NotifyState;

/// What is told.
#[derive(Debug, Clone, Copy)]
pub(super) enum Notice {
    Ready,
    Alive,
    Stopping,
}

/// Without a service manager it does nothing.
#[cfg(unix)]
pub(super) fn tell(notice: Notice) {
    let state = match notice {
        Notice::Ready => NotifyState::Ready,
        Notice::Alive => NotifyState::Watchdog,
        Notice::Stopping => NotifyState::Stopping,
    };
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, ?notice, "the service manager could not be told");
    }
}

#[cfg(not(unix))]
pub(super) fn tell(_: Notice) {}
