//! What of a query can be seen in a hit.

use super::{Expression, OneOrMore, Query, Term, Text, TextField, Value};

/// A text to mark where it stands in a hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Highlight<'a> {
    /// `None`: in any field
    pub field: Option<TextField>,
    pub text: &'a Text,
}

impl Query {
    pub fn terms(&self) -> Vec<Highlight<'_>> {
        self.expression.as_ref().map(Expression::terms).unwrap_or_default()
    }
}

impl Expression {
    /// All words and phrases that a hit may have, in their order; not those it must not have.
    pub fn terms(&self) -> Vec<Highlight<'_>> {
        let mut found = Vec::new();
        self.collect_terms(true, &mut found);
        found
    }

    fn collect_terms<'a>(&'a self, is_wanted: bool, found: &mut Vec<Highlight<'a>>) {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.collect_terms(is_wanted, found)),
            Self::Not(negated) => negated.collect_terms(!is_wanted, found),
            Self::Term(term) if is_wanted => found.extend(term.texts()),
            Self::Term(_) => {}
        }
    }
}

impl Term {
    fn texts(&self) -> Vec<Highlight<'_>> {
        match self {
            Self::Text(text) => vec![Highlight { field: None, text }],
            Self::Field { field, any_of } => texts_of(*field, any_of),
            _ => Vec::new(),
        }
    }
}

fn texts_of(field: TextField, values: &OneOrMore<Value>) -> Vec<Highlight<'_>> {
    let texts = values.iter().filter_map(|value| match value {
        Value::Text(text) => Some(text),
        Value::Me => None,
    });
    texts.map(|text| Highlight { field: Some(field), text }).collect()
}

#[cfg(test)]
mod tests {
    use super::{super::parse, *};

    #[test]
    fn what_a_hit_must_not_have_is_not_marked() {
        let query = parse(r#"a -b tag:(c OR "d e") -(f -g*) person:me post:12 -caption:h"#).expect("a query");
        let marked: Vec<_> = query.terms().iter().map(|it| (it.field, it.text.as_str())).collect();
        let tag = Some(TextField::Tag);
        assert_eq!(marked, [(None, "a"), (tag, "c"), (tag, "d e"), (None, "g")]);
        assert!(parse("").expect("a query").terms().is_empty());
    }
}
