use rand::{Rng, distr::Alphanumeric};

/// A window that looks at faces or media: what is leased to one is not shown to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder(String);

const LENGTH: usize = 24;

impl Holder {
    /// One that nobody else has.
    pub fn new() -> Self {
        Self(rand::rng().sample_iter(Alphanumeric).take(LENGTH).map(char::from).collect())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Holder {
    fn default() -> Self {
        Self::new()
    }
}
