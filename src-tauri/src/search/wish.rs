//! What is asked for.

use serde::{Deserialize, Serialize};
use specta::Type;

use crate::db::MediaId;

#[derive(Debug, Clone, Default, PartialEq, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SearchQuery {
    /// In the query language. Empty: all media.
    pub text: String,
    #[serde(default)]
    pub sort: Sort,
    #[serde(default)]
    pub like: Like,
    /// `next` of the results before
    pub after: Option<String>,
    /// 1 to 200
    pub limit: u32,
}

/// All that defines a result, whatever the engine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Wish {
    /// In the query language, with the least similarity
    pub text: String,
    pub tab: Tab,
    pub sort: Sort,
    pub like: Like,
}

impl Wish {
    /// Its first page.
    pub(super) fn query(&self, limit: u32) -> SearchQuery {
        SearchQuery { text: self.text.clone(), sort: self.sort, like: self.like.clone(), after: None, limit }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Sort {
    /// The best; without words that could be there well or badly, the newest
    #[default]
    Relevance,
    Newest,
    Oldest,
    /// Most first
    Reactions,
}

impl Tab {
    /// As a saved search has it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Media => "media",
            Self::Posts => "posts",
            Self::People => "people",
            Self::Faces => "faces",
        }
    }

    pub(super) fn of(name: &str) -> Option<Self> {
        [Self::Media, Self::Posts, Self::People, Self::Faces].into_iter().find(|tab| tab.name() == name)
    }
}

impl Sort {
    pub(super) fn of(name: &str) -> Option<Self> {
        [Self::Relevance, Self::Newest, Self::Oldest, Self::Reactions].into_iter().find(|sort| sort.name() == name)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Relevance => "relevance",
            Self::Newest => "newest",
            Self::Oldest => "oldest",
            Self::Reactions => "reactions",
        }
    }
}

/// Of what kind the hits are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Tab {
    #[default]
    Media,
    Posts,
    People,
    Faces,
}

/// Similar to some and unlike others; at most 10 each.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Like {
    #[serde(default)]
    pub more: Vec<Example>,
    #[serde(default)]
    pub less: Vec<Example>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "kind", content = "id", rename_all = "camelCase")]
pub enum Example {
    Media(MediaId),
    /// `face_id` of a face in the index of faces
    Face(String),
}

impl Like {
    pub(super) fn is_empty(&self) -> bool {
        self.more.is_empty() && self.less.is_empty()
    }

    pub(super) fn more_media(&self) -> impl Iterator<Item = i64> {
        media(&self.more)
    }

    pub(super) fn less_media(&self) -> impl Iterator<Item = i64> {
        media(&self.less)
    }

    pub(super) fn media(&self) -> impl Iterator<Item = i64> {
        self.more_media().chain(self.less_media())
    }
}

fn media(examples: &[Example]) -> impl Iterator<Item = i64> {
    examples.iter().filter_map(|example| match example {
        Example::Media(media) => Some(media.0),
        Example::Face(_) => None,
    })
}
