//! The names of the language: fields, states and units, each written once.

use std::fmt;

use serde::{Serialize, Serializer};

/// An enum whose variants are words of the language, in any case when read and in lower case when written.
macro_rules! names {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$variant_meta])* $variant,)+
        }

        impl $name {
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }

            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.name().eq_ignore_ascii_case(name))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

names! {
    TextField {
        Tag = "tag",
        Scene = "scene",
        Caption = "caption",
        /// The post's
        Title = "title",
        /// Somebody who was identified on it
        Person = "person",
        Uploader = "uploader",
        Department = "dept",
        /// The post's inferred event type
        Event = "event",
        /// One of the post's categories
        Category = "category",
    }
}

names! {
    IdField {
        Post = "post",
        Media = "media",
    }
}

names! {
    /// When the medium was uploaded
    TimeField {
        Before = "before",
        After = "after",
        On = "on",
    }
}

names! {
    CountField {
        Faces = "faces",
        /// Distinct people who were identified on it
        People = "people",
        Reactions = "reactions",
        Comments = "comments",
    }
}

names! {
    State {
        Safe = "safe",
        Unsafe = "unsafe",
        /// It has a face nobody was named for.
        Unidentified = "unidentified",
        Image = "image",
        Video = "video",
    }
}

names! {
    /// What a medium can have or lack
    Part {
        Faces = "faces",
        /// Identified ones
        People = "people",
        Caption = "caption",
        Title = "title",
        Tags = "tags",
        Scenes = "scenes",
        /// Tags of any medium of the post
        PostTags = "post_tags",
        Event = "event",
        Categories = "categories",
        Department = "dept",
        Embedding = "embedding",
        Reactions = "reactions",
        Comments = "comments",
    }
}

names! {
    Unit {
        Hours = "h",
        Days = "d",
        Weeks = "w",
        Months = "m",
        Years = "y",
    }
}

/// Any field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    Text(TextField),
    Id(IdField),
    Time(TimeField),
    Is,
    Has,
    Count(CountField),
    Similarity,
}

impl Field {
    pub fn all() -> impl Iterator<Item = Self> {
        let texts = TextField::ALL.iter().copied().map(Self::Text);
        let ids = IdField::ALL.iter().copied().map(Self::Id);
        let times = TimeField::ALL.iter().copied().map(Self::Time);
        let counts = CountField::ALL.iter().copied().map(Self::Count);
        texts.chain(ids).chain(times).chain([Self::Is, Self::Has]).chain(counts).chain([Self::Similarity])
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Text(field) => field.name(),
            Self::Id(field) => field.name(),
            Self::Time(field) => field.name(),
            Self::Is => "is",
            Self::Has => "has",
            Self::Count(field) => field.name(),
            Self::Similarity => "similarity",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::all().find(|field| field.name().eq_ignore_ascii_case(name))
    }

    /// Whether `name:(one OR other)` is possible.
    pub(super) fn takes_several(self) -> bool {
        matches!(self, Self::Text(_) | Self::Id(_) | Self::Is | Self::Has)
    }

    /// A value as an example.
    pub(super) fn example(self) -> &'static str {
        match self {
            Self::Text(TextField::Person | TextField::Uploader) => "amara",
            Self::Text(TextField::Department) => "sales",
            Self::Text(TextField::Event) => "beach_party",
            Self::Text(_) => "beach",
            Self::Id(_) => "12",
            Self::Time(_) => "2026-03-05",
            Self::Is => "image",
            Self::Has => "people",
            Self::Count(_) => ">2",
            Self::Similarity => "0.8",
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Field {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// The one of these names that was probably meant: it begins alike, or one slip of the fingers lies between, two in a long name.
pub(super) fn nearest(typed: &str, names: impl IntoIterator<Item = &'static str>) -> Option<&'static str> {
    let typed = typed.to_lowercase();
    names
        .into_iter()
        .map(|name| (slips(&typed, name), name))
        .filter(|(slips, name)| *slips <= (name.len() / 3).max(1))
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, name)| name)
}

/// How many letters are missing, added, wrong, or swapped with the next (optimal string alignment).
fn slips(typed: &str, name: &str) -> usize {
    const SHORTEST_BEGINNING: usize = 3;
    if typed.len().min(name.len()) >= SHORTEST_BEGINNING && (typed.starts_with(name) || name.starts_with(typed)) {
        return 1;
    }
    let (typed, name): (Vec<char>, Vec<char>) = (typed.chars().collect(), name.chars().collect());
    let mut earlier = Vec::new();
    let mut last: Vec<usize> = (0..=name.len()).collect();
    for i in 1..=typed.len() {
        let mut row = vec![i];
        for j in 1..=name.len() {
            let is_swapped = i > 1 && j > 1 && typed[i - 1] == name[j - 2] && typed[i - 2] == name[j - 1];
            let wrong = last[j - 1] + usize::from(typed[i - 1] != name[j - 1]);
            let swapped = if is_swapped { earlier[j - 2] + 1 } else { wrong };
            row.push(wrong.min(swapped).min(last[j] + 1).min(row[j - 1] + 1));
        }
        earlier = std::mem::replace(&mut last, row);
    }
    last[name.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_name() {
        let meant = |typed| nearest(typed, Field::all().map(Field::name));
        assert_eq!(meant("tga"), Some("tag"));
        assert_eq!(meant("TAGS"), Some("tag"));
        assert_eq!(meant("catgeory"), Some("category"));
        assert_eq!(meant("sim"), Some("similarity"));
        assert_eq!(meant("uplaoder"), Some("uploader"));
        assert_eq!(meant("localhost"), None);
        assert_eq!(meant("ü"), None);
    }

    #[test]
    fn names_are_found_in_any_case_and_no_two_are_alike() {
        for field in Field::all() {
            assert_eq!(Field::named(&field.name().to_uppercase()), Some(field));
        }
        assert_eq!(Field::named("tga"), None);
    }
}
