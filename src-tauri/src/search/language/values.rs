//! What stands behind a field's name, read as that field wants it.

use std::{borrow::Cow, ops::Range};

use super::{
    Count, Field, IdField, Moment, OneOrMore, Part, Problem, State, Term, Text, TextField, Value,
    count::number,
    error::{self, shortened},
    names::nearest,
    print::ME,
    scan,
};

/// A value before its field has looked at it.
#[derive(Debug)]
pub(super) struct Raw<'a> {
    pub(super) says: Cow<'a, str>,
    pub(super) is_phrase: bool,
    /// In bytes
    pub(super) range: Range<usize>,
}

/// What is wrong with which bytes.
type Result<T, E = (Range<usize>, Problem)> = std::result::Result<T, E>;

/// Of fields that take one value, the others are not looked at.
pub(super) fn term(field: Field, first: Raw<'_>, others: Vec<Raw<'_>>) -> Result<Term> {
    Ok(match field {
        Field::Text(field) => Term::Field { field, any_of: each(first, others, |value| text_value(field, value))? },
        Field::Id(field) => Term::Id { field, any_of: each(first, others, |value| id(field, &value.says))? },
        Field::Is => Term::Is(each(first, others, |value| known(field, &value.says, State::named))?),
        Field::Has => Term::Has(each(first, others, |value| known(field, &value.says, Part::named))?),
        Field::Time(field) => Term::Time { field, moment: one(first, |value| Moment::parse(field, &value.says))? },
        Field::Count(field) => Term::Count { field, count: one(first, |value| Count::parse(field, &value.says))? },
        Field::Similarity => Term::Similarity(one(first, |value| similarity(&value.says))?),
    })
}

fn each<'a, T>(
    first: Raw<'a>,
    others: Vec<Raw<'a>>,
    read: impl Fn(Raw<'a>) -> Result<T, Problem>,
) -> Result<OneOrMore<T>> {
    let first = one(first, &read)?;
    let others = others.into_iter().map(|value| one(value, &read)).collect::<Result<Vec<_>>>()?;
    Ok(OneOrMore::new(first, others))
}

fn one<'a, T>(value: Raw<'a>, read: impl Fn(Raw<'a>) -> Result<T, Problem>) -> Result<T> {
    let range = value.range.clone();
    read(value).map_err(|problem| (range, problem))
}

impl Raw<'_> {
    pub(super) fn into_text(self) -> Text {
        if self.is_phrase { Text::Phrase(self.says.into_owned()) } else { Text::bare(&self.says) }
    }
}

fn text_value(field: TextField, value: Raw<'_>) -> Result<Value, Problem> {
    if value.is_phrase {
        return Ok(Value::Text(value.into_text()));
    }
    if value.says.starts_with('-') {
        return Err(Problem::NegatedValue { field: Field::Text(field) });
    }
    if let Some(inner) = scan::field_in(&value.says) {
        return Err(Problem::FieldInValue { field: Field::Text(field), inner });
    }
    if field.knows_me() && value.says.eq_ignore_ascii_case(ME) {
        return Ok(Value::Me);
    }
    // `dept:OR` is clear, but could not stand in a list.
    if scan::operator(&value.says).is_some() {
        return Ok(Value::Text(Text::Phrase(value.says.into_owned())));
    }
    Ok(Value::Text(value.into_text()))
}

fn id(field: IdField, digits: &str) -> Result<i64, Problem> {
    number(digits).filter(|id| *id > 0).ok_or(Problem::NoId { field: Field::Id(field) })
}

fn known<T>(field: Field, value: &str, named: fn(&str) -> Option<T>) -> Result<T, Problem> {
    named(value).ok_or_else(|| {
        let nearest = nearest(value, error::values(field));
        Problem::UnknownValue { field, value: shortened(value), nearest }
    })
}

fn similarity(text: &str) -> Result<f64, Problem> {
    const LONGEST: usize = "0.123456".len();
    let is_plain = text.len() <= LONGEST && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let least = is_plain.then(|| text.parse().ok()).flatten();
    least.filter(|least| (0.0..=1.0).contains(least)).ok_or(Problem::NoSimilarity)
}
