//! The two lanes of a queue: what changed alone goes ahead of what much else came with.

/// Which marks of a queue a stage works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lane {
    /// A single change, for which somebody may wait
    Express,
    /// Documents of somebody who was renamed, a whole platform that was loaded
    Bulk,
    /// Express first
    Both,
}

impl Lane {
    /// The first and the last lane, as the queues number them.
    pub(super) fn bounds(self) -> (i16, i16) {
        match self {
            Self::Express => (0, 0),
            Self::Bulk => (1, 1),
            Self::Both => (0, 1),
        }
    }

    /// In which lane what follows from it goes on.
    pub(super) fn next(self) -> i16 {
        match self {
            Self::Express => 0,
            Self::Bulk | Self::Both => 1,
        }
    }
}
