//! What the AI says about the sample media, in words.

use rand::{Rng, rngs::StdRng, seq::IndexedRandom};

use super::{
    Medium, World, rng,
    themes::{COMMON_TAGS, UNSAFE_TAGS},
};

/// A row of `media_ai_insights` without its vector.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Insight {
    pub(super) status: &'static str,
    pub(super) is_safe: Option<bool>,
    pub(super) caption: Option<String>,
    pub(super) tags: Option<Vec<String>>,
    pub(super) scenes: Option<Vec<String>>,
}

impl Insight {
    pub(super) fn of(world: &World, medium: &Medium) -> Self {
        let mut rng = rng(world.seed, &format!("insight {}", medium.id));
        let status = match medium.id % 50 {
            _ if medium.unsafe_content => "UNSAFE",
            21 => "PROCESSING",
            47 => "FAILED",
            _ => "COMPLETED",
        };
        if matches!(status, "PROCESSING" | "FAILED") {
            return Self { status, is_safe: None, caption: None, tags: None, scenes: None };
        }
        let words = medium.theme.words();
        let mut tags = some(&mut rng, &words.tags, 3..6);
        if !medium.figures.is_empty() {
            tags.extend(some(&mut rng, &COMMON_TAGS, 1..4));
        }
        if medium.unsafe_content {
            tags.extend(some(&mut rng, &UNSAFE_TAGS, 2..4));
        }
        Self {
            status,
            is_safe: Some(!medium.unsafe_content),
            caption: Some(caption(medium)),
            scenes: Some(some(&mut rng, &words.scenes, 1..4)),
            tags: Some(tags),
        }
    }

    /// Whether the AI got as far as looking for faces.
    pub(super) fn is_done(&self) -> bool {
        matches!(self.status, "COMPLETED" | "UNSAFE")
    }
}

fn caption(medium: &Medium) -> String {
    let words = medium.theme.words();
    if medium.unsafe_content {
        return "dark red splashes over a torn picture".into();
    }
    let who = match medium.figures.len() {
        0 => return words.empty.into(),
        1 => "a person",
        2 => "two people",
        3 => "three people",
        _ => "a group of people",
    };
    if medium.id.is_multiple_of(2) { format!("{who} {}", words.place) } else { format!("{who} {}", words.doing) }
}

fn some(rng: &mut StdRng, of: &[&str], how_many: std::ops::Range<usize>) -> Vec<String> {
    let count = rng.random_range(how_many);
    of.choose_multiple(rng, count).map(|word| (*word).to_owned()).collect()
}
