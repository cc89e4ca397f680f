//! What hits are counted by.

use super::super::{
    dsl,
    language::{self, Expression, OneOrMore, Query, State, Term, Text, TextField},
};
use crate::read_models::fold;

/// Something that hits are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Text(TextField),
    Type,
    Safety,
}

pub(super) const FIELDS: [Field; 8] = [
    Field::Text(TextField::Tag),
    Field::Text(TextField::Scene),
    Field::Text(TextField::Person),
    Field::Text(TextField::Uploader),
    Field::Text(TextField::Department),
    Field::Text(TextField::Event),
    Field::Type,
    Field::Safety,
];

impl Field {
    pub(super) fn named(name: &str) -> Option<Self> {
        FIELDS.into_iter().find(|field| field.name() == name)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Text(field) => field.name(),
            Self::Type => "type",
            Self::Safety => "safety",
        }
    }

    /// In the index, as the operator may count it; `None` where that has nothing of it.
    pub(super) fn indexed(self, sees_unsafe: bool) -> Option<&'static str> {
        match self {
            Self::Text(TextField::Tag) => Some("ai_tags"),
            Self::Text(TextField::Scene) => Some("ai_scenes"),
            Self::Text(TextField::Person) => Some("detected_usernames"),
            Self::Text(TextField::Uploader) => Some("uploader_username"),
            Self::Text(TextField::Department) => Some("uploader_department"),
            Self::Text(TextField::Event) => Some(dsl::event_field(sees_unsafe)),
            Self::Type => Some("media_type"),
            Self::Safety => Some("is_safe"),
            Self::Text(TextField::Caption | TextField::Title | TextField::Category) => None,
        }
    }

    /// The condition that is chosen with a value. A phrase: the whole of it. `None` for what can't be written.
    pub(super) fn term(self, value: &str) -> Option<Term> {
        match self {
            Self::Text(field) => (!value.trim().is_empty()).then(|| {
                let value = language::Value::Text(Text::Phrase(value.to_owned()));
                Term::Field { field, any_of: OneOrMore::new(value, []) }
            }),
            Self::Type | Self::Safety => State::named(value).map(|state| Term::Is(OneOrMore::new(state, []))),
        }
    }

    /// The condition in which a value is chosen already, or else that of the value itself: oneself may be written `me`.
    pub(super) fn term_in(self, query: &Query, value: &str, me: &str) -> Option<Term> {
        if let Self::Text(field) = self
            && self.is_of_people()
            && fold::fold(value) == fold::fold(me)
        {
            let own = Term::Field { field, any_of: OneOrMore::new(language::Value::Me, []) };
            if query.holds(&own) {
                return Some(own);
            }
        }
        self.term(value)
    }

    pub(super) fn is_of_people(self) -> bool {
        matches!(self, Self::Text(TextField::Person | TextField::Uploader))
    }

    pub(super) fn is_chosen_by(self, condition: &Expression) -> bool {
        let Expression::Term(term) = condition else { return false };
        match (self, term) {
            (Self::Text(field), Term::Field { field: own, .. }) => field == *own,
            (Self::Type, Term::Is(states)) => states.iter().all(|state| matches!(state, State::Image | State::Video)),
            (Self::Safety, Term::Is(states)) => states.iter().all(|state| matches!(state, State::Safe | State::Unsafe)),
            _ => false,
        }
    }

    /// The query without what is chosen here.
    pub(super) fn others(self, query: &Query) -> Query {
        query.conditions().iter().filter(|condition| !self.is_chosen_by(condition)).cloned().collect()
    }

    /// What is chosen here, as it was typed; `me` by the username.
    pub(super) fn chosen(self, query: &Query, me: &str) -> Vec<String> {
        let mut chosen = Vec::new();
        for condition in query.conditions().iter().filter(|condition| self.is_chosen_by(condition)) {
            match condition {
                Expression::Term(Term::Field { any_of, .. }) => {
                    chosen.extend(any_of.iter().filter_map(|value| match value {
                        language::Value::Text(Text::Word(text) | Text::Phrase(text)) => Some(text.clone()),
                        language::Value::Me => Some(me.to_owned()),
                        language::Value::Text(Text::Prefix(_)) => None,
                    }));
                }
                Expression::Term(Term::Is(states)) => chosen.extend(states.iter().map(|state| state.name().to_owned())),
                _ => {}
            }
        }
        chosen
    }
}
