//! A tree as text that reads as that tree: one space, `AND` left out, parentheses only where they are needed.

use std::fmt::{self, Display, Formatter};

use super::{Expression, Part, Query, State, Term, Text, TextField, Value, scan};

/// A value as a bare word where that is safe anywhere, or else in quotation marks. A blank one reads as an error.
pub fn quoted(value: &str) -> String {
    if is_plain(value) { value.to_owned() } else { in_marks(value) }
}

/// Whether it reads as this word wherever a term or a value can stand.
pub(super) fn is_plain(value: &str) -> bool {
    value.starts_with(char::is_alphanumeric)
        && value.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
        && scan::operator(value).is_none()
        && !value.eq_ignore_ascii_case(ME)
}

pub(super) const ME: &str = "me";

fn in_marks(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

impl Text {
    /// What a bare word means.
    pub(super) fn bare(word: &str) -> Self {
        match word.strip_suffix('*') {
            Some(beginning) if scan::has_substance(beginning) => Self::Prefix(beginning.to_owned()),
            _ => Self::Word(word.to_owned()),
        }
    }
}

impl TextField {
    /// Whether `me` is the operator here.
    pub(super) fn knows_me(self) -> bool {
        matches!(self, Self::Person | Self::Uploader)
    }
}

impl Display for Query {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.expression.iter().try_for_each(|expression| expression.fmt(f))
    }
}

impl Display for Expression {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(parts) => f.write_str(&joined(parts, " ", |part| match part {
                Self::Or(_) => closed(format!("({part}")),
                other => other.to_string(),
            })),
            Self::Or(parts) => f.write_str(&joined(parts, " OR ", Self::to_string)),
            Self::Not(negated) => f.write_str(&match negated.as_ref() {
                Self::And(_) | Self::Or(_) => closed(format!("-({negated}")),
                other => negated_term(&other.to_string()),
            }),
            Self::Term(term) => term.fmt(f),
        }
    }
}

/// With the parenthesis that ends it, and a space where both would make a face: `( : )`.
fn closed(mut open: String) -> String {
    open.push(')');
    if scan::scan(&open).last().is_some_and(|last| last.kind != scan::Kind::Close) {
        open.insert(open.len() - 1, ' ');
    }
    open
}

/// `-->` would be a word.
fn negated_term(term: &str) -> String {
    let short = format!("-{term}");
    if scan::negates(&short) { short } else { format!("NOT {term}") }
}

impl Display for Term {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(&text_as(text, scan::is_word)),
            Self::Field { field, any_of } => f.write_str(&listed(field, any_of, |value| value_of(*field, value))),
            Self::Id { field, any_of } => f.write_str(&listed(field, any_of, i64::to_string)),
            Self::Is(any_of) => f.write_str(&listed("is", any_of, State::to_string)),
            Self::Has(any_of) => f.write_str(&listed("has", any_of, Part::to_string)),
            Self::Count { field, count } => write!(f, "{field}:{count}"),
            Self::Time { field, moment } => write!(f, "{field}:{moment}"),
            Self::Similarity(least) => write!(f, "similarity:{least}"),
        }
    }
}

fn value_of(field: TextField, value: &Value) -> String {
    match value {
        Value::Me => ME.to_owned(),
        Value::Text(text) => {
            text_as(text, |bare| scan::is_value(bare) && !(field.knows_me() && bare.eq_ignore_ascii_case(ME)))
        }
    }
}

/// A word that can't stand bare, which no parsed text gives, becomes a phrase.
fn text_as(text: &Text, can_be_bare: impl Fn(&str) -> bool) -> String {
    let bare = match text {
        Text::Word(word) => word.clone(),
        Text::Prefix(beginning) => format!("{beginning}*"),
        Text::Phrase(phrase) => return in_marks(phrase),
    };
    if can_be_bare(&bare) && Text::bare(&bare) == *text { bare } else { in_marks(text.as_str()) }
}

fn listed<T>(name: impl Display, any_of: &[T], write: impl Fn(&T) -> String) -> String {
    match any_of {
        [only] => format!("{name}:{}", write(only)),
        several => closed(format!("{name}:({}", joined(several, " OR ", write))),
    }
}

fn joined<T>(parts: &[T], separator: &str, write: impl Fn(&T) -> String) -> String {
    parts.iter().map(write).collect::<Vec<_>>().join(separator)
}
