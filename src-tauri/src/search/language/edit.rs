//! A query with one condition more or less, as facets do it. Only what stands at the top and is not negated is looked at.

use super::{Expression, OneOrMore, Query, State, Term, Text, Value};
use crate::read_models::fold::fold;

impl Query {
    /// Whether all values of the term are among those that the query asks for.
    pub fn holds(&self, term: &Term) -> bool {
        self.conditions().iter().any(|it| matches!(it, Expression::Term(own) if own.covers(term)))
    }

    /// Also with this term. A field's further value becomes an alternative to the one that is there (for `has:` and unlike
    /// states both must hold); where a field takes one value, the new replaces the old. That it must not hold is forgotten.
    #[must_use]
    pub fn with(&self, term: Term) -> Self {
        if self.holds(&term) {
            return self.clone();
        }
        let mut conditions: Vec<_> = self.conditions().iter().filter(|it| !is_replaced(it, &term)).cloned().collect();
        let mut places = conditions.iter_mut().filter_map(|it| match it {
            Expression::Term(own) => own.merged(&term).map(|merged| (own, merged)),
            _ => None,
        });
        match (places.next(), places.next()) {
            (Some((own, merged)), None) => *own = merged,
            // None, or several: those who write `person:amara person:bo` want all of them.
            _ => conditions.push(Expression::Term(term)),
        }
        conditions.into_iter().collect()
    }

    /// Without the values of this term, wherever at the top they are.
    #[must_use]
    pub fn without(&self, term: &Term) -> Self {
        let kept = self.conditions().iter().filter_map(|it| match it {
            Expression::Term(own) => own.without(term).map(Expression::Term),
            other => Some(other.clone()),
        });
        kept.collect()
    }

    #[must_use]
    pub fn toggle(&self, term: Term) -> Self {
        if self.holds(&term) { self.without(&term) } else { self.with(term) }
    }
}

/// They must all hold.
impl FromIterator<Expression> for Query {
    fn from_iter<I: IntoIterator<Item = Expression>>(conditions: I) -> Self {
        let mut conditions = conditions.into_iter();
        Self { expression: conditions.next().map(|first| Expression::all(first, conditions)) }
    }
}

fn is_replaced(condition: &Expression, by: &Term) -> bool {
    let own = match condition {
        Expression::Term(own) => own,
        Expression::Not(negated) => return matches!(negated.as_ref(), Expression::Term(own) if by.covers(own)),
        _ => return false,
    };
    match (own, by) {
        (Term::Count { field: own, .. }, Term::Count { field, .. }) => own == field,
        (Term::Time { field: own, .. }, Term::Time { field, .. }) => own == field,
        (Term::Similarity(_), Term::Similarity(_)) => true,
        _ => false,
    }
}

impl Term {
    fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(own), Self::Text(text)) => is_same_text(own, text),
            (Self::Field { field: own, any_of: values }, Self::Field { field, any_of }) => {
                own == field && any_of.iter().all(|value| values.iter().any(|own| is_same(own, value)))
            }
            (Self::Id { field: own, any_of: ids }, Self::Id { field, any_of }) => {
                own == field && any_of.iter().all(|id| ids.contains(id))
            }
            (Self::Is(states), Self::Is(any_of)) => any_of.iter().all(|state| states.contains(state)),
            (Self::Has(parts), Self::Has(any_of)) => any_of.iter().all(|part| parts.contains(part)),
            (own, other) => own == other,
        }
    }

    /// Both as alternatives; `None` where they aren't.
    fn merged(&self, other: &Self) -> Option<Self> {
        match (self, other) {
            (Self::Field { field: own, any_of: values }, Self::Field { field, any_of }) if own == field => {
                Some(Self::Field { field: *field, any_of: values.and(any_of, is_same) })
            }
            (Self::Id { field: own, any_of: ids }, Self::Id { field, any_of }) if own == field => {
                Some(Self::Id { field: *field, any_of: ids.and(any_of, i64::eq) })
            }
            // A medium is an image or a video, but an image can be safe too.
            (Self::Is(states), Self::Is(any_of))
                if states.iter().chain(&any_of[..]).all(|it| it.concerns(states[0])) =>
            {
                Some(Self::Is(states.and(any_of, State::eq)))
            }
            // A medium can have all parts at once.
            _ => None,
        }
    }

    /// What is left without the other's values.
    fn without(&self, other: &Self) -> Option<Self> {
        match (self, other) {
            (Self::Field { field: own, any_of: values }, Self::Field { field, any_of }) if own == field => {
                values.but(any_of, is_same).map(|any_of| Self::Field { field: *field, any_of })
            }
            (Self::Id { field: own, any_of: ids }, Self::Id { field, any_of }) if own == field => {
                ids.but(any_of, i64::eq).map(|any_of| Self::Id { field: *field, any_of })
            }
            (Self::Is(states), Self::Is(any_of)) => states.but(any_of, State::eq).map(Self::Is),
            (Self::Has(parts), Self::Has(any_of)) => parts.but(any_of, PartialEq::eq).map(Self::Has),
            (own, other) => (!own.covers(other)).then(|| own.clone()),
        }
    }
}

impl State {
    /// Whether the other says something about the same.
    fn concerns(self, other: Self) -> bool {
        let subject = |state| match state {
            Self::Safe | Self::Unsafe => 0,
            Self::Image | Self::Video => 1,
            Self::Unidentified => 2,
        };
        subject(self) == subject(other)
    }
}

impl<T: Clone> OneOrMore<T> {
    fn and(&self, others: &Self, is_same: fn(&T, &T) -> bool) -> Self {
        let new = others.iter().filter(|other| !self.iter().any(|own| is_same(own, other)));
        Self(self.iter().chain(new).cloned().collect())
    }

    fn but(&self, others: &Self, is_same: fn(&T, &T) -> bool) -> Option<Self> {
        let kept = self.iter().filter(|own| !others.iter().any(|other| is_same(own, other)));
        let kept: Vec<_> = kept.cloned().collect();
        (!kept.is_empty()).then_some(Self(kept))
    }
}

fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Text(one), Value::Text(other)) => is_same_text(one, other),
        (one, other) => one == other,
    }
}

/// Of the engines' words, and whether in quotation marks or not.
fn is_same_text(one: &Text, other: &Text) -> bool {
    let is_prefix = |text: &Text| matches!(text, Text::Prefix(_));
    is_prefix(one) == is_prefix(other) && fold(one.as_str()) == fold(other.as_str())
}

#[cfg(test)]
mod tests {
    use super::{super::parse, *};

    fn query(text: &str) -> Query {
        parse(text).expect(text)
    }

    fn term(text: &str) -> Term {
        match query(text).expression {
            Some(Expression::Term(term)) => term,
            other => panic!("{text} is no term but {other:?}"),
        }
    }

    #[test]
    fn a_term_is_added() {
        for (before, added, after) in [
            ("", "tag:beach", "tag:beach"),
            ("amara", "tag:beach", "amara tag:beach"),
            ("a OR b", "tag:beach", "(a OR b) tag:beach"),
            ("tag:beach", "tag:sea", "tag:(beach OR sea)"),
            ("x tag:(beach OR sea) y", "tag:(sea OR sun)", "x tag:(beach OR sea OR sun) y"),
            ("tag:\"Beach\"", "tag:beach", "tag:\"Beach\""),
            ("tag:bea*", "tag:bea", "tag:(bea* OR bea)"),
            ("-tag:beach", "tag:sea", "-tag:beach tag:sea"),
            ("-tag:\"Beach\" sun", "tag:beach", "sun tag:beach"),
            ("-tag:(beach OR sea)", "tag:beach", "-tag:(beach OR sea) tag:beach"),
            ("tag:a OR tag:b", "tag:c", "(tag:a OR tag:b) tag:c"),
            ("person:amara person:bo", "person:me", "person:amara person:bo person:me"),
            ("post:1", "post:2", "post:(1 OR 2)"),
            ("post:1", "media:2", "post:1 media:2"),
            ("is:image", "is:video", "is:(image OR video)"),
            ("is:image", "is:safe", "is:image is:safe"),
            ("has:faces", "has:caption", "has:faces has:caption"),
            ("after:-7d before:today", "after:-1m", "before:today after:-1m"),
            ("faces:>2 x", "faces:0", "x faces:0"),
            ("similarity:0.8", "similarity:0.9", "similarity:0.9"),
            ("beach", "\"beach\"", "beach"),
        ] {
            let with = query(before).with(term(added));
            assert_eq!(with.to_string(), after, "{before:?} with {added}");
            assert!(with.holds(&term(added)));
            assert_eq!(parse(after), Ok(with));
        }
    }

    #[test]
    fn a_term_is_taken_out() {
        for (before, taken, after) in [
            ("tag:beach", "tag:beach", ""),
            ("amara tag:(beach OR sea)", "tag:\"BEACH\"", "amara tag:sea"),
            ("tag:(a OR b OR c)", "tag:(a OR c)", "tag:b"),
            ("tag:a x tag:(a OR b)", "tag:a", "x tag:b"),
            ("(tag:a OR x) -tag:a", "tag:a", "(tag:a OR x) -tag:a"),
            ("person:(me OR amara)", "person:me", "person:amara"),
            ("person:\"me\"", "person:me", "person:\"me\""),
            ("is:(image OR video)", "is:video", "is:image"),
            ("a b a", "a", "b"),
            ("a b", "a", "b"),
            ("on:-7d", "on:-7d", ""),
            ("on:-7d", "on:-8d", "on:-7d"),
        ] {
            let without = query(before).without(&term(taken));
            assert_eq!(without.to_string(), after, "{before:?} without {taken}");
            assert!(!without.holds(&term(taken)));
            assert_eq!(parse(after), Ok(without));
        }
    }

    #[test]
    fn toggling_twice_changes_nothing() {
        for before in ["", "amara", "a OR b", "tag:sea", "x tag:(sea OR sun)", "tag:a tag:b"] {
            let before = query(before);
            let once = before.toggle(term("tag:beach"));
            assert_ne!(once, before);
            assert_eq!(once.toggle(term("tag:beach")), before);
        }
    }
}
