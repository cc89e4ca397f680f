//! The query language of the search: text in, one tree out, from which each engine's query is made. No I/O.
//!
//! ```text
//! query       = [ any ]                                  nothing: every medium
//! any         = all { "OR" all }
//! all         = negation { [ "AND" ] negation }          what stands side by side must all hold
//! negation    = ( "NOT" | "-" ) negation | "(" any ")" | term
//! term        = text | name ":" value | name ":" "(" value { "OR" value } ")"
//! text, value = word | word "*" | "phrase"
//! ```
//!
//! * Operators are upper case and stand alone; `and`, `or` and `not` are words. `NOT` binds tightest, then `AND`, then `OR`.
//! * A word ends at white space or a parenthesis, and a quotation mark inside it is a part of it: `12"`. In a phrase, `\"` is
//!   a quotation mark and `\\` a backslash; any other backslash is itself. A phrase may stand in curved marks, too.
//! * `-` negates right before a term: `-sea`, but neither `sea - sand` nor `--`, `->`.
//! * A name is letters, digits, `_` and `-`, begins with a letter and has its value right behind the colon. So `12:30`,
//!   `http://x`, `a::b`, `C:\x`, `Note: bring shoes` are text. A name that is no field is an error, never text.
//! * A parenthesis belongs to a word only in faces like `:)`: after `:`, `;` or `=`, before any letter or digit.
//! * `person:me` and `uploader:me` are the operator; `person:"me"` is somebody of that name.
//! * Times are UTC and stay relative here, so that a saved search moves on; see [`TimeField::period`].
//!
//! Offsets that enter or leave this module count UTF-16 code units, as the window's text fields do.

mod context;
mod count;
mod edit;
mod error;
mod names;
mod parse;
mod print;
#[cfg(test)]
mod properties;
mod scan;
mod terms;
#[cfg(test)]
mod tests;
mod time;
mod values;

use std::ops::{Deref, Not};

pub use self::{
    context::{Context, Typing, at},
    count::Count,
    error::{Expected, Problem, Span, SyntaxError},
    names::{CountField, Field, IdField, Part, State, TextField, TimeField, Unit},
    parse::parse,
    print::quoted,
    terms::Highlight,
    time::{EARLIEST_YEAR, LATEST_YEAR, Moment, Period},
};

/// In characters.
pub const LONGEST_TEXT: usize = 2_000;
/// Alternatives of a field count one by one.
pub const MOST_TERMS: usize = 64;
/// Of parentheses and negations
pub const DEEPEST: usize = 32;

/// What is searched for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Query {
    /// `None`: every medium
    pub expression: Option<Expression>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    /// None of them is an `And`.
    And(Branches),
    /// None of them is an `Or`.
    Or(Branches),
    /// Not of a `Not`. Made by `!`.
    Not(Box<Expression>),
    Term(Term),
}

/// One condition on a medium.
#[derive(Debug, Clone, PartialEq)]
pub enum Term {
    /// In any field
    Text(Text),
    Field {
        field: TextField,
        any_of: OneOrMore<Value>,
    },
    Id {
        field: IdField,
        any_of: OneOrMore<i64>,
    },
    Is(OneOrMore<State>),
    Has(OneOrMore<Part>),
    Count {
        field: CountField,
        count: Count,
    },
    Time {
        field: TimeField,
        moment: Moment,
    },
    /// The least cosine similarity of a hit by vectors, 0.0 to 1.0. No condition on other hits; at most one in a query, and
    /// neither in an `Or` nor in a `Not`.
    Similarity(f64),
}

/// As typed, not folded.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Text {
    Word(String),
    /// The beginning of a word, without the asterisk
    Prefix(String),
    Phrase(String),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Value {
    Text(Text),
    /// The operator; of `person` and `uploader` only
    Me,
}

/// Two or more expressions.
#[derive(Debug, Clone, PartialEq)]
pub struct Branches(Vec<Expression>);

/// Values, one of which must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneOrMore<T>(Vec<T>);

impl Expression {
    /// All of them hold.
    pub fn all(first: Self, others: impl IntoIterator<Item = Self>) -> Self {
        joined(first, others, Self::And, |part| match part {
            Self::And(Branches(parts)) => Ok(parts),
            other => Err(other),
        })
    }

    /// At least one of them holds.
    pub fn any(first: Self, others: impl IntoIterator<Item = Self>) -> Self {
        joined(first, others, Self::Or, |part| match part {
            Self::Or(Branches(parts)) => Ok(parts),
            other => Err(other),
        })
    }

    /// What must all hold: the parts of an `And`, or the expression itself.
    pub fn conditions(&self) -> &[Self] {
        match self {
            Self::And(parts) => parts,
            other => std::slice::from_ref(other),
        }
    }
}

/// Brings the parts of the same connective to one level; a single part needs no connective.
fn joined(
    first: Expression,
    others: impl IntoIterator<Item = Expression>,
    connective: fn(Branches) -> Expression,
    parts_of: fn(Expression) -> Result<Vec<Expression>, Expression>,
) -> Expression {
    let mut others = others.into_iter().peekable();
    if others.peek().is_none() {
        return first;
    }
    let parts = std::iter::once(first).chain(others);
    connective(Branches(parts.flat_map(|part| parts_of(part).unwrap_or_else(|part| vec![part])).collect()))
}

impl Not for Expression {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::Not(negated) => *negated,
            other => Self::Not(Box::new(other)),
        }
    }
}

impl Query {
    /// The conditions that must all hold. None: every medium.
    pub fn conditions(&self) -> &[Expression] {
        self.expression.as_ref().map_or(&[], Expression::conditions)
    }

    /// The least cosine similarity of a hit by vectors, where the query says one.
    pub fn similarity(&self) -> Option<f64> {
        self.conditions().iter().find_map(|condition| match condition {
            Expression::Term(Term::Similarity(least)) => Some(*least),
            _ => None,
        })
    }
}

impl From<Expression> for Query {
    fn from(expression: Expression) -> Self {
        Self { expression: Some(expression) }
    }
}

impl Term {
    /// A field with this very value, as a facet offers it. Not a blank one: that can't be written.
    pub fn value(field: TextField, value: &str) -> Self {
        Self::Field { field, any_of: OneOrMore::new(Value::Text(Text::new(value)), []) }
    }
}

impl Text {
    /// A word where [`quoted`] leaves it bare, or else a phrase.
    pub fn new(value: &str) -> Self {
        if print::is_plain(value) { Self::Word(value.to_owned()) } else { Self::Phrase(value.to_owned()) }
    }

    pub fn as_str(&self) -> &str {
        match self {
            Self::Word(text) | Self::Prefix(text) | Self::Phrase(text) => text,
        }
    }
}

impl<T> OneOrMore<T> {
    pub fn new(first: T, others: impl IntoIterator<Item = T>) -> Self {
        Self(std::iter::once(first).chain(others).collect())
    }
}

impl<T> Deref for OneOrMore<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl Deref for Branches {
    type Target = [Expression];

    fn deref(&self) -> &[Expression] {
        &self.0
    }
}
