//! What is wrong with a text, where, and what would be right there.

use std::ops::Range;

use serde::{Serialize, Serializer};

use super::{
    DEEPEST, Field, LONGEST_TEXT, MOST_TERMS, Part, State,
    time::{EARLIEST_YEAR, LATEST_YEAR},
};

/// A stretch of text, in UTF-16 code units from its beginning, as JavaScript counts. `end` is not in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Span {
    pub start: usize,
    pub end: usize,
}

impl Span {
    /// `bytes` lie on character boundaries of the text.
    pub(super) fn new(text: &str, bytes: Range<usize>) -> Self {
        let units = |end| text.get(..end).unwrap_or(text).chars().map(char::len_utf16).sum();
        Self { start: units(bytes.start), end: units(bytes.end) }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{problem}")]
pub struct SyntaxError {
    /// For the window: its sentence
    #[serde(rename = "message", serialize_with = "in_words")]
    pub problem: Problem,
    pub span: Span,
    /// What could stand there instead, or at the end of the text where something isn't closed. Empty: nothing can.
    pub expected: Vec<Expected>,
}

impl SyntaxError {
    pub(super) fn new(text: &str, bytes: Range<usize>, problem: Problem) -> Self {
        Self { span: Span::new(text, bytes), expected: problem.expected(), problem }
    }
}

fn in_words<S: Serializer>(problem: &Problem, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(problem)
}

/// What could stand at the place of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", content = "text", rename_all = "camelCase")]
pub enum Expected {
    /// A word, a prefix or a phrase
    Text,
    Field(Field),
    /// One of the values that a field knows
    Value(&'static str),
    Or,
    OpeningParenthesis,
    ClosingParenthesis,
    ClosingQuotationMark,
    /// A number from 1
    Id,
    /// `2`, `>2`, `2..5`
    Count,
    /// `2026-03`, `-7d`
    Time,
    /// 0 to 1
    Similarity,
}

impl std::fmt::Display for Expected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text => f.write_str("a word"),
            Self::Field(field) => write!(f, "{field}:"),
            Self::Value(value) => f.write_str(value),
            Self::Or => f.write_str("OR"),
            Self::OpeningParenthesis => f.write_str("("),
            Self::ClosingParenthesis => f.write_str(")"),
            Self::ClosingQuotationMark => f.write_str("\""),
            Self::Id => f.write_str("a number from 1"),
            Self::Count => f.write_str("a number or a range"),
            Self::Time => f.write_str("a time"),
            Self::Similarity => f.write_str("a number from 0 to 1"),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    #[error("This is too long to search for: at most {LONGEST_TEXT} characters can be. Leave something out.")]
    TooLong,
    #[error("At most {MOST_TERMS} words and values can be searched for at once. Leave some out.")]
    TooManyTerms,
    #[error("Parentheses and NOT can be nested {DEEPEST} deep at most.")]
    TooDeep,

    #[error("There is no field {name}{} To search for this as text, put it in quotation marks.", did_you_mean(*.nearest))]
    UnknownField { name: String, nearest: Option<&'static str> },
    #[error("{field}: needs its value right behind the colon, as in {field}:{}.", .field.example())]
    MissingValue { field: Field },
    #[error(
        "A value can't begin with a minus: write -{field}: to leave these out, or put the value in quotation marks."
    )]
    NegatedValue { field: Field },
    #[error("{inner}: can't be a value of {field}: itself. To search for this as text, put it in quotation marks.")]
    FieldInValue { field: Field, inner: Field },
    #[error("Values of {field}: need OR between them, and nothing else, as in {field}:(one OR other).")]
    List { field: Field },
    #[error("{field}: takes one value. For several write {field}:{example} OR {field}:…", example = .field.example())]
    OneValue { field: Field },
    #[error("{field}: doesn't know {value}{} It takes {}.", did_you_mean(*.nearest), listed(*.field))]
    UnknownValue { field: Field, value: String, nearest: Option<&'static str> },
    #[error("{field}: takes a number from 1, as in {field}:12.")]
    NoId { field: Field },
    #[error("{field}: takes a number or a range, as in {field}:2, {field}:>2 or {field}:2..5.")]
    NoCount { field: Field },
    #[error("No number is {condition}. {field}: takes one or a range, as in {field}:0, {field}:>2 or {field}:2..5.")]
    NothingCounts { field: Field, condition: String },
    #[error(
        "{field}: takes a time, as in {field}:2026, {field}:2026-03, {field}:2026-03-05, {field}:-7d or {field}:yesterday."
    )]
    NoTime { field: Field },
    #[error("There is no such day in the calendar.")]
    NoSuchDay,
    #[error("Years go from {EARLIEST_YEAR} to {LATEST_YEAR}.")]
    YearOutOfRange,
    #[error("on: takes a day, a month or a year. For hours write after: or before:.")]
    HoursOn,
    #[error("similarity: takes a number from 0 to 1 with at most six decimals, as in similarity:0.8.")]
    NoSimilarity,
    #[error("similarity: is for the whole search. Write it once, and not inside OR or NOT.")]
    SimilarityInside,

    #[error("Something must stand before {operator}. As a word, write it in lower case or in quotation marks.")]
    MissingBefore { operator: &'static str },
    #[error("Something must follow {operator}. As a word, write it in lower case or in quotation marks.")]
    MissingAfter { operator: &'static str },
    #[error("There is nothing between these parentheses.")]
    EmptyParentheses,
    #[error("This parenthesis isn't closed.")]
    UnclosedParenthesis,
    #[error("This parenthesis closes nothing. Take it out, or put it in quotation marks.")]
    StrayParenthesis,
    #[error("There is nothing between these quotation marks.")]
    EmptyPhrase,
    #[error(r#"These quotation marks aren't closed. A quotation mark inside them is written \"."#)]
    UnclosedPhrase,
    #[error(
        "An asterisk can continue a word, but no phrase. Take it out, or write the last word without quotation marks."
    )]
    PhrasePrefix,
}

/// As much of what was typed as a sentence can hold.
pub(super) fn shortened(typed: &str) -> String {
    const LONGEST: usize = 40;
    match typed.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &typed[..end]),
        None => typed.to_owned(),
    }
}

/// The end of a sentence.
fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map_or_else(|| ".".to_owned(), |name| format!("; did you mean {name}?"))
}

fn listed(field: Field) -> String {
    let values: Vec<_> = values(field).collect();
    match values.split_last() {
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}

/// The values that a field knows; none where it takes any.
pub(super) fn values(field: Field) -> impl Iterator<Item = &'static str> {
    let (states, parts) = match field {
        Field::Is => (State::ALL, &[][..]),
        Field::Has => (&[][..], Part::ALL),
        _ => (&[][..], &[][..]),
    };
    states.iter().map(|state| state.name()).chain(parts.iter().map(|part| part.name()))
}

impl Problem {
    fn expected(&self) -> Vec<Expected> {
        match self {
            Self::UnknownField { .. } => fields().collect(),
            Self::MissingValue { field } => one_or_list(*field),
            Self::NegatedValue { field }
            | Self::FieldInValue { field, .. }
            | Self::UnknownValue { field, .. }
            | Self::NoId { field }
            | Self::NoCount { field }
            | Self::NothingCounts { field, .. }
            | Self::NoTime { field } => value(*field),
            Self::NoSuchDay | Self::YearOutOfRange | Self::HoursOn => vec![Expected::Time],
            Self::NoSimilarity => vec![Expected::Similarity],
            Self::List { .. } => vec![Expected::Or, Expected::ClosingParenthesis],
            Self::MissingBefore { .. } | Self::MissingAfter { .. } | Self::EmptyParentheses => {
                [Expected::Text, Expected::OpeningParenthesis].into_iter().chain(fields()).collect()
            }
            Self::UnclosedParenthesis => vec![Expected::ClosingParenthesis],
            Self::UnclosedPhrase => vec![Expected::ClosingQuotationMark],
            Self::EmptyPhrase => vec![Expected::Text],
            Self::TooLong
            | Self::TooManyTerms
            | Self::TooDeep
            | Self::OneValue { .. }
            | Self::SimilarityInside
            | Self::StrayParenthesis
            | Self::PhrasePrefix => Vec::new(),
        }
    }
}

fn fields() -> impl Iterator<Item = Expected> {
    Field::all().map(Expected::Field)
}

fn value(field: Field) -> Vec<Expected> {
    match field {
        Field::Text(_) => vec![Expected::Text],
        Field::Id(_) => vec![Expected::Id],
        Field::Time(_) => vec![Expected::Time],
        Field::Count(_) => vec![Expected::Count],
        Field::Similarity => vec![Expected::Similarity],
        Field::Is | Field::Has => values(field).map(Expected::Value).collect(),
    }
}

fn one_or_list(field: Field) -> Vec<Expected> {
    let mut expected = value(field);
    if field.takes_several() {
        expected.push(Expected::OpeningParenthesis);
    }
    expected
}
