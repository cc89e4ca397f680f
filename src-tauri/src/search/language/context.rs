//! What is being typed at the caret, for completion. The text may be unfinished or wrong.

use std::ops::Range;

use serde::Serialize;

use super::{
    Field, Span,
    scan::{self, Kind, Token, scan},
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Context {
    pub typing: Typing,
    /// What an accepted completion replaces, quotation marks and a name's colon included; empty where it is inserted.
    pub span: Span,
}

/// `typed` is what stands before the caret, without quotation marks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Typing {
    /// Nothing that could be completed
    Nothing,
    /// A word, which may become a field's name, or nothing yet
    Name {
        typed: String,
    },
    /// A word or phrase that is no field's name
    Text {
        typed: String,
        quoted: bool,
    },
    Value {
        field: Field,
        typed: String,
        quoted: bool,
    },
}

/// `caret` counts UTF-16 code units; one beyond the text is at its end.
pub fn at(text: &str, caret: usize) -> Context {
    let caret = byte_of(text, caret);
    let tokens = scan(text);
    let before = tokens.partition_point(|token| token.range.start < caret);
    let place = Place { text, caret, tokens: &tokens[..before], next: tokens.get(before) };
    let (typing, range) = place.typing();
    Context { typing, span: Span::new(text, range) }
}

/// Rounds down to the beginning of a character.
fn byte_of(text: &str, caret: usize) -> usize {
    let mut units = 0;
    let beyond = text.char_indices().find(|(_, c)| {
        units += c.len_utf16();
        units > caret
    });
    beyond.map_or(text.len(), |(at, _)| at)
}

struct Place<'a> {
    text: &'a str,
    /// In bytes
    caret: usize,
    /// Those that begin before the caret
    tokens: &'a [Token],
    /// The first one after it
    next: Option<&'a Token>,
}

impl Place<'_> {
    fn typing(&self) -> (Typing, Range<usize>) {
        match self.tokens.split_last() {
            Some((token, before)) if self.caret <= token.range.end => self.within(token, before),
            _ => self.between(),
        }
    }

    /// The caret is in a token or right behind it.
    fn within(&self, token: &Token, before: &[Token]) -> (Typing, Range<usize>) {
        match token.kind {
            Kind::Open => self.between(),
            Kind::Close => self.nothing(),
            Kind::Minus => self.insert(Typing::Name { typed: String::new() }),
            Kind::Name if self.caret == token.range.end => self.behind_name(token),
            Kind::Name => (Typing::Name { typed: self.typed(token) }, token.range.clone()),
            Kind::Phrase { closed: true } if self.caret == token.range.end => self.nothing(),
            Kind::Phrase { closed } => {
                let typed = scan::unescaped(&self.typed(token)).into_owned();
                // An unclosed one takes the rest of the text, which is hardly meant.
                let end = if closed { token.range.end } else { self.caret };
                (self.text_or_value(token, before, typed, true), token.range.start..end)
            }
            Kind::Word | Kind::And | Kind::Or | Kind::Not => self.word(token, before),
        }
    }

    fn word(&self, token: &Token, before: &[Token]) -> (Typing, Range<usize>) {
        let typed = self.typed(token);
        if name_of(token, before).is_none() {
            if typed == "-" {
                return self.insert(Typing::Name { typed: String::new() });
            }
            if scan::begins_name(&typed) {
                return (Typing::Name { typed }, token.range.clone());
            }
        }
        (self.text_or_value(token, before, typed, false), token.range.clone())
    }

    fn text_or_value(&self, token: &Token, before: &[Token], typed: String, quoted: bool) -> Typing {
        match name_of(token, before).map(|name| self.field(name)) {
            None => Typing::Text { typed, quoted },
            Some(None) => Typing::Nothing,
            Some(Some(field)) => Typing::Value { field, typed, quoted },
        }
    }

    /// Behind the colon, where a value may stand already.
    fn behind_name(&self, name: &Token) -> (Typing, Range<usize>) {
        let Some(field) = self.field(name) else { return self.nothing() };
        let is_value = |next: &&Token| {
            next.range.start == self.caret && matches!(next.kind, Kind::Word | Kind::Phrase { closed: true })
        };
        let end = self.next.filter(is_value).map_or(self.caret, |value| value.range.end);
        (Typing::Value { field, typed: String::new(), quoted: false }, self.caret..end)
    }

    /// Nothing touches the caret from the left, or only an opening parenthesis.
    fn between(&self) -> (Typing, Range<usize>) {
        let Some(name) = enclosing_list(self.tokens) else {
            return self.insert(Typing::Name { typed: String::new() });
        };
        let is_value_next = self.tokens.last().is_some_and(|last| matches!(last.kind, Kind::Open | Kind::Or));
        match self.field(name).filter(|_| is_value_next) {
            Some(field) => self.insert(Typing::Value { field, typed: String::new(), quoted: false }),
            None => self.nothing(),
        }
    }

    fn field(&self, name: &Token) -> Option<Field> {
        Field::named(self.text[name.range.clone()].strip_suffix(':')?)
    }

    fn typed(&self, token: &Token) -> String {
        self.text[token.range.start..self.caret].to_owned()
    }

    fn insert(&self, typing: Typing) -> (Typing, Range<usize>) {
        (typing, self.caret..self.caret)
    }

    fn nothing(&self) -> (Typing, Range<usize>) {
        self.insert(Typing::Nothing)
    }
}

/// The name whose value this token is, alone or in a list.
fn name_of<'a>(token: &Token, before: &'a [Token]) -> Option<&'a Token> {
    name_touching(token, before).or_else(|| enclosing_list(before))
}

fn name_touching<'a>(token: &Token, before: &'a [Token]) -> Option<&'a Token> {
    before.last().filter(|last| last.kind == Kind::Name && last.range.end == token.range.start)
}

/// The name whose list is still open after these tokens.
fn enclosing_list(tokens: &[Token]) -> Option<&Token> {
    let mut closed = 0;
    for (position, token) in tokens.iter().enumerate().rev() {
        match token.kind {
            Kind::Close => closed += 1,
            Kind::Open if closed > 0 => closed -= 1,
            Kind::Open => {
                if let Some(name) = name_touching(token, &tokens[..position]) {
                    return Some(name);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{super::TextField, *};

    /// `|` is the caret. What is replaced comes back too.
    fn typing(marked: &str) -> (Typing, String) {
        let (before, after) = marked.split_once('|').expect("a caret");
        let text = format!("{before}{after}");
        let Context { typing, span } = at(&text, before.encode_utf16().count());
        let units: Vec<u16> = text.encode_utf16().collect();
        (typing, String::from_utf16(&units[span.start..span.end]).expect("whole characters"))
    }

    fn name(typed: &str, replaced: &str) -> (Typing, String) {
        (Typing::Name { typed: typed.into() }, replaced.into())
    }

    fn text(typed: &str, quoted: bool, replaced: &str) -> (Typing, String) {
        (Typing::Text { typed: typed.into(), quoted }, replaced.into())
    }

    fn tag(typed: &str, quoted: bool, replaced: &str) -> (Typing, String) {
        (Typing::Value { field: Field::Text(TextField::Tag), typed: typed.into(), quoted }, replaced.into())
    }

    fn nothing() -> (Typing, String) {
        (Typing::Nothing, String::new())
    }

    #[test]
    fn a_word_may_become_a_name() {
        assert_eq!(typing("|"), name("", ""));
        assert_eq!(typing("ta|"), name("ta", "ta"));
        assert_eq!(typing("a AND ta|gs b"), name("ta", "tags"));
        assert_eq!(typing("-ta|"), name("ta", "ta"));
        assert_eq!(typing("-|"), name("", ""));
        assert_eq!(typing("(|"), name("", ""));
        assert_eq!(typing("a |"), name("", ""));
        assert_eq!(typing("a | b"), name("", ""));
        assert_eq!(typing("|beach"), name("", ""));
        assert_eq!(typing("AND|"), name("AND", "AND"));
        assert_eq!(typing("s|cene:sea"), name("s", "scene:"));
        assert_eq!(typing("tg|a:sea"), name("tg", "tga:"));
        assert_eq!(typing("🏖️ 海|滩"), name("海", "海滩"));
    }

    #[test]
    fn other_text_may_not() {
        assert_eq!(typing("12:3|0"), text("12:3", false, "12:30"));
        assert_eq!(typing("\"new yo|"), text("new yo", true, "\"new yo"));
        assert_eq!(typing("\"new| york\" x"), text("new", true, "\"new york\""));
        assert_eq!(typing("\"new york\"|"), nothing());
        assert_eq!(typing("(a)|"), nothing());
        assert_eq!(typing("🏖️|"), text("🏖️", false, "🏖️"));
    }

    #[test]
    fn a_value_belongs_to_its_field() {
        assert_eq!(typing("tag:|"), tag("", false, ""));
        assert_eq!(typing("x TAG:be|"), tag("be", false, "be"));
        assert_eq!(typing("tag:b|each sea"), tag("b", false, "beach"));
        assert_eq!(typing("tag:|beach"), tag("", false, "beach"));
        assert_eq!(typing("tag:\"new yo| OR scene:sea"), tag("new yo", true, "\"new yo"));
        assert_eq!(typing("tag:\"a \\\"b|\\\"\""), tag("a \"b", true, "\"a \\\"b\\\"\""));
        assert_eq!(typing("tag:| sea"), tag("", false, ""));
        assert_eq!(typing("tag: |sea"), name("", ""));
        assert_eq!(typing("tga:b|"), (Typing::Nothing, "b".into()));
    }

    #[test]
    fn so_do_those_in_a_list() {
        assert_eq!(typing("tag:(|"), tag("", false, ""));
        assert_eq!(typing("tag:(beach OR s|"), tag("s", false, "s"));
        assert_eq!(typing("tag:(beach OR |) x"), tag("", false, ""));
        assert_eq!(typing("tag:(beach |"), nothing());
        assert_eq!(typing("tag:(\"a b\" OR \"c d|"), tag("c d", true, "\"c d"));
        assert_eq!(typing("tag:(a) b|"), name("b", "b"));
        assert_eq!(typing("tag:((a) b|"), tag("b", false, "b"));
        assert_eq!(typing("(a b|"), name("b", "b"));
    }

    #[test]
    fn a_caret_within_a_character_or_beyond_the_text_is_moved() {
        assert_eq!(at("🏖", 1), at("🏖", 0));
        assert_eq!(at("ta", 99), at("ta", 2));
    }
}
