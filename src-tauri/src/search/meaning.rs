//! What a query means: its tree with words folded, times resolved, and people and events looked up. Both engines' queries are
//! made from it, so that they mean the same.

use std::collections::HashMap;

use chrono::{DateTime, SubsecRound, Utc};
use serde::Serialize;

use super::language::{CountField, Expression, IdField, Part, Query, State, Term, Text, TextField, TimeField, Value};
use crate::{db::UserId, read_models::fold};

/// Of a folded value that is compared as a whole; as long as those in the index.
pub(super) const VALUE_BYTES: usize = fold::VALUE_BYTES;

/// A condition as both engines take it; to PostgreSQL it goes as JSON.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    Words {
        /// `None`: in any
        field: Option<Searched>,
        #[serde(flatten)]
        wanted: Wanted,
        /// Of a text in any field: who has it in a name
        people: Vec<i64>,
    },
    /// One of them was identified on it.
    OnIt(Vec<i64>),
    UploadedBy(Vec<i64>),
    /// As the post has it, not folded
    Event(Vec<String>),
    Category(Vec<String>),
    Post(Vec<i64>),
    Media(Vec<i64>),
    Safe(bool),
    Unidentified(bool),
    /// `IMAGE` or `VIDEO`
    Type(&'static str),
    Has(&'static str),
    Count {
        field: &'static str,
        from: i64,
        until: Option<i64>,
    },
    Time {
        from: Option<DateTime<Utc>>,
        until: Option<DateTime<Utc>>,
    },
}

/// A field that holds words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Searched {
    Title,
    Caption,
    Tags,
    Scenes,
    Department,
}

/// Folded words, and how a field must have them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Wanted {
    pub kind: Kind,
    pub words: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// One word among others
    Word,
    /// All words but the last, and one that begins like the last
    Prefix,
    /// Several words side by side
    Phrase,
    /// Nothing else
    Value,
}

impl Searched {
    /// In the document's folded words and in PostgreSQL's.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Caption => "caption",
            Self::Tags => "tags",
            Self::Scenes => "scenes",
            Self::Department => "department",
        }
    }
}

impl Wanted {
    /// Of a text that may stand in any field; `None` where folding leaves nothing of it.
    pub(super) fn anywhere(text: &Text) -> Option<Self> {
        Self::within(text, fold::words(text.as_str()))
    }

    /// Of a field's value. A phrase is the whole of a tag or name, but a part of a caption or title.
    pub(super) fn in_field(field: TextField, text: &Text) -> Option<Self> {
        if let (Text::Phrase(phrase), false) = (text, matches!(field, TextField::Caption | TextField::Title)) {
            let value = fold::joined([phrase.as_str()], VALUE_BYTES);
            let words: Vec<String> = value.split_ascii_whitespace().map(str::to_owned).collect();
            return (!words.is_empty()).then_some(Self { kind: Kind::Value, words });
        }
        Self::within(text, fold::words(text.as_str()))
    }

    fn within(text: &Text, words: Vec<String>) -> Option<Self> {
        let kind = match (text, words.len()) {
            (_, 0) => return None,
            (Text::Prefix(_), _) => Kind::Prefix,
            // One in quotation marks is meant to the letter.
            (Text::Word(_), 1) => Kind::Word,
            _ => Kind::Phrase,
        };
        Some(Self { kind, words })
    }

    /// Whether a value, which is not folded, has these words.
    pub fn is_in(&self, value: &str) -> bool {
        let value = fold::joined([value], VALUE_BYTES);
        let words: Vec<&str> = value.split_ascii_whitespace().collect();
        self.is_among(&words)
    }

    /// The same of folded words in the order of the text.
    pub fn is_among(&self, words: &[&str]) -> bool {
        let is_there = |wanted: &String| words.contains(&wanted.as_str());
        match self.kind {
            Kind::Word => self.words.iter().all(is_there),
            Kind::Prefix => self.words.split_last().is_some_and(|(last, others)| {
                others.iter().all(is_there) && words.iter().any(|word| word.starts_with(last.as_str()))
            }),
            Kind::Phrase => words.windows(self.words.len()).any(|part| part.iter().eq(self.words.iter())),
            Kind::Value => words.iter().eq(self.words.iter()),
        }
    }

    pub(super) fn text(&self) -> String {
        self.words.join(" ")
    }
}

/// What only the database knows, looked up for a query.
#[derive(Debug)]
pub(super) struct Known {
    /// Who has it in a name
    pub people: HashMap<Wanted, Vec<i64>>,
    pub events: Vec<String>,
    pub categories: Vec<String>,
    pub me: UserId,
    pub now: DateTime<Utc>,
}

/// What must be looked up for a query.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Unknown {
    pub people: Vec<Wanted>,
    pub events: bool,
    pub categories: bool,
}

impl Unknown {
    pub(super) fn of(query: &Query) -> Self {
        let mut unknown = Self::default();
        if let Some(expression) = &query.expression {
            unknown.collect(expression);
        }
        unknown
    }

    fn collect(&mut self, expression: &Expression) {
        match expression {
            Expression::And(parts) | Expression::Or(parts) => parts.iter().for_each(|part| self.collect(part)),
            Expression::Not(negated) => self.collect(negated),
            Expression::Term(Term::Text(text)) => self.name(Wanted::anywhere(text)),
            Expression::Term(Term::Field { field, any_of }) => match field {
                TextField::Person | TextField::Uploader => {
                    for value in any_of.iter() {
                        if let Value::Text(text) = value {
                            self.name(Wanted::in_field(*field, text));
                        }
                    }
                }
                TextField::Event => self.events = true,
                TextField::Category => self.categories = true,
                _ => {}
            },
            Expression::Term(_) => {}
        }
    }

    fn name(&mut self, wanted: Option<Wanted>) {
        self.people.extend(wanted.filter(|wanted| !self.people.contains(wanted)));
    }
}

/// The condition that a query is. `None`: it has none, or folding leaves nothing of it.
pub(super) fn condition(query: &Query, known: &Known) -> Option<Condition> {
    known.expression(query.expression.as_ref()?)
}

impl Known {
    /// Words of which folding leaves nothing are passed over, under `NOT` too.
    pub(super) fn expression(&self, expression: &Expression) -> Option<Condition> {
        match expression {
            Expression::And(parts) => several(parts.iter().filter_map(|part| self.expression(part)), Condition::All),
            Expression::Or(parts) => several(parts.iter().filter_map(|part| self.expression(part)), Condition::Any),
            Expression::Not(negated) => Some(Condition::Not(Box::new(self.expression(negated)?))),
            Expression::Term(term) => self.term(term),
        }
    }

    fn term(&self, term: &Term) -> Option<Condition> {
        match term {
            Term::Text(text) => {
                let wanted = Wanted::anywhere(text)?;
                let people = self.people(&wanted);
                Some(Condition::Words { field: None, wanted, people })
            }
            Term::Field { field, any_of } => self.field(*field, any_of),
            Term::Id { field: IdField::Post, any_of } => Some(Condition::Post(any_of.to_vec())),
            Term::Id { field: IdField::Media, any_of } => Some(Condition::Media(any_of.to_vec())),
            Term::Is(states) => several(states.iter().map(|state| is(*state)), Condition::Any),
            Term::Has(parts) => several(parts.iter().map(|part| Condition::Has(part.name())), Condition::Any),
            Term::Count { field, count } => {
                let (from, until) = count.bounds();
                Some(Condition::Count { field: field.name(), from, until })
            }
            Term::Time { field, moment } => {
                // Elasticsearch keeps milliseconds: only what begins with one divides the same in both.
                let period = TimeField::period(*field, *moment, self.now.trunc_subsecs(3));
                Some(Condition::Time { from: period.from, until: period.until })
            }
            Term::Similarity(_) => None,
        }
    }

    fn field(&self, field: TextField, any_of: &[Value]) -> Option<Condition> {
        let texts = any_of.iter().filter_map(|value| match value {
            Value::Text(text) => Wanted::in_field(field, text),
            Value::Me => None,
        });
        match field {
            TextField::Person => self.who(field, any_of).map(Condition::OnIt),
            TextField::Uploader => self.who(field, any_of).map(Condition::UploadedBy),
            TextField::Event => said(&texts.collect::<Vec<_>>(), &self.events).map(Condition::Event),
            TextField::Category => said(&texts.collect::<Vec<_>>(), &self.categories).map(Condition::Category),
            TextField::Title => within(Searched::Title, texts),
            TextField::Caption => within(Searched::Caption, texts),
            TextField::Tag => within(Searched::Tags, texts),
            TextField::Scene => within(Searched::Scenes, texts),
            TextField::Department => within(Searched::Department, texts),
        }
    }

    fn who(&self, field: TextField, any_of: &[Value]) -> Option<Vec<i64>> {
        let mut people = Vec::new();
        let mut is_said = false;
        for value in any_of {
            match value {
                Value::Me => people.push(self.me.0),
                Value::Text(text) => match Wanted::in_field(field, text) {
                    Some(wanted) => people.extend(self.people(&wanted)),
                    None => continue,
                },
            }
            is_said = true;
        }
        people.sort_unstable();
        people.dedup();
        is_said.then_some(people)
    }

    fn people(&self, wanted: &Wanted) -> Vec<i64> {
        self.people.get(wanted).cloned().unwrap_or_default()
    }
}

fn within(field: Searched, texts: impl Iterator<Item = Wanted>) -> Option<Condition> {
    let words = texts.map(|wanted| Condition::Words { field: Some(field), wanted, people: Vec::new() });
    several(words, Condition::Any)
}

/// The values that have one of the texts; `None` where nothing is asked for.
fn said(texts: &[Wanted], values: &[String]) -> Option<Vec<String>> {
    let has_one = |value: &&String| texts.iter().any(|wanted| wanted.is_in(value));
    (!texts.is_empty()).then(|| values.iter().filter(has_one).cloned().collect())
}

fn several(parts: impl Iterator<Item = Condition>, connective: fn(Vec<Condition>) -> Condition) -> Option<Condition> {
    let mut parts: Vec<Condition> = parts.collect();
    match parts.len() {
        0 => None,
        1 => parts.pop(),
        _ => Some(connective(parts)),
    }
}

fn is(state: State) -> Condition {
    match state {
        State::Safe => Condition::Safe(true),
        State::Unsafe => Condition::Safe(false),
        State::Unidentified => Condition::Unidentified(true),
        State::Image => Condition::Type("IMAGE"),
        State::Video => Condition::Type("VIDEO"),
    }
}

impl Condition {
    /// Whether it asks for words that stand anywhere: such hits are better or worse, not only right or wrong.
    pub(super) fn is_ranked(&self) -> bool {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().any(Self::is_ranked),
            Self::Words { field, .. } => field.is_none(),
            _ => false,
        }
    }

    /// The words anywhere that a hit may have; not those that it must not have.
    pub(super) fn ranked(&self) -> Vec<&Self> {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::ranked).collect(),
            Self::Words { field: None, .. } => vec![self],
            _ => Vec::new(),
        }
    }

    /// Only PostgreSQL knows: the index of media has nothing of it.
    pub(super) fn is_beyond_the_index(&self) -> bool {
        let faces = CountField::Faces.name();
        let parts = [Part::Faces, Part::Categories].map(Part::name);
        match self {
            Self::Category(_) | Self::Unidentified(_) => true,
            Self::Has(part) => parts.contains(part),
            Self::Count { field, .. } => *field == faces,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::language::parse, *};

    fn meant(text: &str) -> Option<Condition> {
        let known = Known {
            people: HashMap::from([(Wanted { kind: Kind::Word, words: vec!["amara".into()] }, vec![4, 7])]),
            events: vec!["beach_party".into(), "Team meeting".into()],
            categories: Vec::new(),
            me: UserId(9),
            now: "2026-03-31T15:04:05.678912Z".parse().expect("a time"),
        };
        condition(&parse(text).expect(text), &known)
    }

    fn json_of(text: &str) -> serde_json::Value {
        serde_json::to_value(meant(text)).expect("JSON")
    }

    #[test]
    fn a_word_in_a_field_is_a_part_of_it_and_a_phrase_all_of_it() {
        let words = |field, kind, words: &[&str]| json!({"words": {"field": field, "kind": kind, "words": words, "people": []}});
        assert_eq!(json_of("tag:Beach"), words("tags", "word", &["beach"]));
        assert_eq!(json_of("tag:\"New York\""), words("tags", "value", &["new", "york"]));
        assert_eq!(json_of("tag:new_york"), words("tags", "phrase", &["new", "york"]));
        assert_eq!(json_of("caption:\"New York\""), words("caption", "phrase", &["new", "york"]));
        assert_eq!(json_of("dept:sal*"), words("department", "prefix", &["sal"]));
    }

    #[test]
    fn people_events_and_times_are_resolved() {
        assert_eq!(json_of("person:(amara OR me)"), json!({"onIt": [4, 7, 9]}));
        assert_eq!(json_of("uploader:nobody"), json!({"uploadedBy": []}));
        assert_eq!(json_of("event:party"), json!({"event": ["beach_party"]}));
        assert_eq!(json_of("event:\"team MEETING\""), json!({"event": ["Team meeting"]}));
        assert_eq!(json_of("event:part"), json!({"event": []}));
        assert_eq!(json_of("after:-1h"), json!({"time": {"from": "2026-03-31T14:04:05.678Z", "until": null}}));
    }

    #[test]
    fn of_words_that_fold_to_nothing_nothing_is_left() {
        assert_eq!(meant("\"!!\" -\"?\" tag:\"…\" (\"!\" OR \"?\")"), None);
        assert_eq!(meant("sea -\"!!\""), meant("sea"));
        assert_eq!(meant("tag:(sea OR \"!\")"), meant("tag:sea"));
        assert_eq!(meant(""), None);
    }
}
