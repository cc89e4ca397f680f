use rand::{Rng, distr::Alphanumeric};

/// A window that looks at faces: what is leased to one is not shown to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder(pub(super) String);

const LENGTH: usize = 24;

impl Holder {
    /// One that nobody else has.
    pub fn new() -> Self {
        Self(rand::rng().sample_iter(Alphanumeric).take(LENGTH).map(char::from).collect())
    }
}

impl Default for Holder {
    fn default() -> Self {
        Self::new()
    }
}
