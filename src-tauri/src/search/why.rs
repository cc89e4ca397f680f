//! Why a hit is there: its texts with the words marked that were asked for, in either engine's sense of them.

use super::{
    Engine, Hit, Matched, Part, Ranks, Why,
    language::{Query, TextField},
    meaning::{Kind, Wanted},
    queries::Background,
};
use crate::read_models::fold;

/// A text to mark, folded.
#[derive(Debug)]
pub(super) struct Mark {
    /// `None`: in any field
    field: Option<TextField>,
    wanted: Wanted,
}

pub(super) fn marks(query: &Query) -> Vec<Mark> {
    let mark = |field: Option<TextField>, wanted: Option<Wanted>| wanted.map(|wanted| Mark { field, wanted });
    query
        .terms()
        .into_iter()
        .filter_map(|term| match term.field {
            None => mark(None, Wanted::anywhere(term.text)),
            Some(field) => mark(Some(field), Wanted::in_field(field, term.text)),
        })
        .collect()
}

impl Mark {
    fn is_of(&self, field: TextField) -> bool {
        self.field.is_none_or(|own| own == field)
    }
}

/// Says why a hit is one by what it shows, and whether something that was asked for stands nowhere in that.
pub(super) fn explain(hit: &mut Hit, marks: &[Mark], ranks: Ranks, engine: Engine) -> bool {
    let forgiving = engine == Engine::Elasticsearch;
    let fields = [
        (TextField::Title, "title", hit.title.as_slice()),
        (TextField::Caption, "caption", hit.caption.as_slice()),
        (TextField::Tag, "tag", hit.tags.as_slice()),
        (TextField::Scene, "scene", hit.scenes.as_slice()),
        (TextField::Person, "person", hit.people.as_slice()),
        (TextField::Uploader, "uploader", std::slice::from_ref(&hit.uploader)),
        (TextField::Department, "dept", hit.department.as_slice()),
    ];
    let mut seen = vec![false; marks.len()];
    let matched = found(fields, marks, forgiving, &mut seen);
    hit.why = Why { matched, text_rank: ranks.text, vector_rank: ranks.vector, similarity: ranks.similarity };
    seen.contains(&false)
}

/// Adds what a hit does not show: full names, and what its post has.
pub(super) fn explain_further(hit: &mut Hit, marks: &[Mark], background: &Background, engine: Engine) {
    let fields = [
        (TextField::Person, "person", background.people.as_slice()),
        (TextField::Uploader, "uploader", background.uploader.as_slice()),
        (TextField::Event, "event", background.event.as_slice()),
        (TextField::Category, "category", background.categories.as_slice()),
    ];
    let forgiving = engine == Engine::Elasticsearch;
    let mut seen = vec![false; marks.len()];
    hit.why.matched.extend(found(fields, marks, forgiving, &mut seen));
    for text in &background.post_tags {
        // A tag of another medium is found by words alone: `tag:` means the medium's own.
        let parts = marked(text, marks, |mark| mark.field.is_none(), forgiving, &mut seen);
        hit.why.matched.extend(parts.map(|parts| Matched { field: "posttag".into(), parts }));
    }
}

/// Words anywhere are not looked for in events and categories, which neither engine finds by them. `seen`: the marks of which something
/// was found, by now.
fn found<const N: usize>(
    fields: [(TextField, &str, &[String]); N],
    marks: &[Mark],
    forgiving: bool,
    seen: &mut [bool],
) -> Vec<Matched> {
    let mut matched = Vec::new();
    for (field, name, texts) in fields {
        let is_named = matches!(field, TextField::Event | TextField::Category);
        let is_meant = |mark: &Mark| mark.is_of(field) && (mark.field.is_some() || !is_named);
        for text in texts {
            let parts = marked(text, marks, is_meant, forgiving, seen);
            matched.extend(parts.map(|parts| Matched { field: name.into(), parts }));
        }
    }
    matched
}

/// The text in parts, if there is a word to mark.
fn marked(
    text: &str,
    marks: &[Mark],
    is_meant: impl Fn(&Mark) -> bool,
    forgiving: bool,
    seen: &mut [bool],
) -> Option<Vec<Part>> {
    let words = fold::placed(text);
    let folded: Vec<&str> = words.iter().map(|(_, word)| word.as_str()).collect();
    let mut is_match = vec![false; words.len()];
    for (mark, is_seen) in marks.iter().zip(seen).filter(|(mark, _)| is_meant(mark)) {
        *is_seen |= mark.wanted.mark(&folded, &mut is_match, forgiving && mark.field.is_none());
    }
    if !is_match.contains(&true) {
        return None;
    }
    let mut parts: Vec<Part> = Vec::new();
    let mut end = 0;
    for ((range, _), is_match) in words.into_iter().zip(is_match).filter(|(_, is_match)| *is_match) {
        parts.push(Part { text: text[end..range.start].to_owned(), is_match: false });
        parts.push(Part { text: text[range.clone()].to_owned(), is_match });
        end = range.end;
    }
    parts.push(Part { text: text[end..].to_owned(), is_match: false });
    parts.retain(|part| !part.text.is_empty());
    Some(parts)
}

impl Wanted {
    /// Marks the words that are meant; whether there are some.
    fn mark(&self, words: &[&str], is_match: &mut [bool], forgiving: bool) -> bool {
        let mut is_there = false;
        if matches!(self.kind, Kind::Phrase | Kind::Value) {
            let length = self.words.len();
            for at in 0..(words.len() + 1).saturating_sub(length) {
                if words[at..at + length].iter().eq(self.words.iter()) {
                    is_match[at..at + length].fill(true);
                    is_there = true;
                }
            }
            return is_there;
        }
        for (place, wanted) in self.words.iter().enumerate() {
            let is_begun = self.kind == Kind::Prefix && place + 1 == self.words.len();
            for (word, is_match) in words.iter().zip(is_match.iter_mut()) {
                let is_slip = || forgiving && self.kind == Kind::Word && is_slipped(wanted, word);
                let is_meant = word == wanted || is_begun && word.starts_with(wanted.as_str()) || is_slip();
                *is_match |= is_meant;
                is_there |= is_meant;
            }
        }
        is_there
    }
}

/// As Elasticsearch forgives slips with `fuzziness: AUTO` and the first letter right.
fn is_slipped(wanted: &str, word: &str) -> bool {
    let (wanted, word): (Vec<char>, Vec<char>) = (wanted.chars().collect(), word.chars().collect());
    let most = match wanted.len() {
        0..=3 => return false,
        4..=5 => 1,
        _ => 2,
    };
    wanted[0] == word[0] && wanted.len().abs_diff(word.len()) <= most && slips(&wanted, &word) <= most
}

/// Letters that are missing, added, wrong, or swapped with the next.
fn slips(one: &[char], other: &[char]) -> usize {
    let mut earlier: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for i in 1..=one.len() {
        let mut row = vec![i];
        for j in 1..=other.len() {
            let is_swapped = i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1];
            let wrong = last[j - 1] + usize::from(one[i - 1] != other[j - 1]);
            let swapped = if is_swapped { earlier[j - 2] + 1 } else { wrong };
            row.push(wrong.min(swapped).min(last[j] + 1).min(row[j - 1] + 1));
        }
        earlier = std::mem::replace(&mut last, row);
    }
    last[other.len()]
}

#[cfg(test)]
mod tests {
    use super::{super::language::parse, *};

    /// With the marked words in brackets.
    fn shown(query: &str, field: TextField, text: &str, forgiving: bool) -> Option<String> {
        let marks = marks(&parse(query).expect(query));
        let mut seen = vec![false; marks.len()];
        let parts = marked(text, &marks, |mark| mark.is_of(field), forgiving, &mut seen)?;
        Some(
            parts
                .iter()
                .map(|part| if part.is_match { format!("[{}]", part.text) } else { part.text.clone() })
                .collect(),
        )
    }

    #[test]
    fn words_are_marked_as_they_are_shown() {
        let caption = |query| shown(query, TextField::Caption, "Été at the Beach, on the beaches", false);
        assert_eq!(caption("ete").as_deref(), Some("[Été] at the Beach, on the beaches"));
        assert_eq!(caption("beach*").as_deref(), Some("Été at the [Beach], on the [beaches]"));
        assert_eq!(caption("\"the beach\"").as_deref(), Some("Été at [the] [Beach], on the beaches"));
        assert_eq!(caption("-beach"), None);
        assert_eq!(caption("tag:beach"), None);
        assert_eq!(caption("baech"), None);
    }

    #[test]
    fn slips_are_marked_where_they_are_forgiven() {
        let title = |query| shown(query, TextField::Title, "Mountains", true);
        assert_eq!(title("montains").as_deref(), Some("[Mountains]"));
        assert_eq!(title("title:montains"), None);
        assert_eq!(title("fountains"), None);
    }
}
