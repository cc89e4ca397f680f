//! Text as tokens. Any text has some: what is no syntax is a word, and a phrase may lack its end.

use std::{borrow::Cow, ops::Range};

use super::Field;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Open,
    Close,
    And,
    Or,
    Not,
    /// The short `NOT`
    Minus,
    /// With its colon. Of a field, or of what looks like one and is none.
    Name,
    Word,
    /// With its quotation marks
    Phrase {
        closed: bool,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// In bytes
    pub(super) range: Range<usize>,
}

pub(super) fn scan(text: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    // How many parentheses are open since a field's list began: in it there are values, and no fields.
    let mut list = 0;
    let mut end = 0;
    while let Some(space) = text[end..].find(|c: char| !c.is_whitespace()) {
        let start = end + space;
        let is_value = tokens.last().is_some_and(|last| last.kind == Kind::Name && last.range.end == start);
        let (kind, length) = token(&text[start..], is_value, list > 0);
        match kind {
            Kind::Open if is_value || list > 0 => list += 1,
            Kind::Close if list > 0 => list -= 1,
            _ => {}
        }
        end = start + length;
        tokens.push(Token { kind, range: start..end });
    }
    tokens
}

/// The token at the beginning of a text, and its length.
fn token(text: &str, is_value: bool, in_list: bool) -> (Kind, usize) {
    if text.starts_with('(') {
        return (Kind::Open, 1);
    }
    if text.starts_with(')') {
        return (Kind::Close, 1);
    }
    if text.starts_with(MARKS) {
        return phrase(text);
    }
    if !is_value && !in_list {
        if negates(text) {
            return (Kind::Minus, 1);
        }
        if let Some(length) = name(text) {
            return (Kind::Name, length);
        }
    }
    let word = &text[..word(text)];
    let kind = if is_value { Kind::Word } else { operator(word).unwrap_or(Kind::Word) };
    (kind, word.len())
}

pub(super) fn operator(word: &str) -> Option<Kind> {
    match word {
        "AND" => Some(Kind::And),
        "OR" => Some(Kind::Or),
        "NOT" => Some(Kind::Not),
        _ => None,
    }
}

/// Quotation marks. Keyboards and other programs put the curved ones where the straight one was meant.
const MARKS: [char; 4] = ['"', '“', '”', '„'];

/// What ends a phrase that begins so: in straight marks, curved ones are text.
fn closing(opening: Option<char>) -> &'static [char] {
    if opening.is_none_or(|mark| mark == '"') { &MARKS[..1] } else { &MARKS[..3] }
}

fn phrase(text: &str) -> (Kind, usize) {
    let closing = closing(text.chars().next());
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            c if !is_escaped && closing.contains(&c) => return (Kind::Phrase { closed: true }, at + c.len_utf8()),
            _ => is_escaped = c == '\\' && !is_escaped,
        }
    }
    (Kind::Phrase { closed: false }, text.len())
}

/// What a phrase says, of its text with or without the quotation mark at the end.
pub(super) fn unescaped(phrase: &str) -> Cow<'_, str> {
    let opening = phrase.chars().next().filter(|c| MARKS.contains(c));
    let closing = closing(opening);
    let inner = &phrase[opening.map_or(0, char::len_utf8)..];
    if !inner.contains('\\') && !inner.contains(closing) {
        return Cow::Borrowed(inner);
    }
    let mut says = String::new();
    let mut chars = inner.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            c if closing.contains(&c) => break,
            '\\' => says.push(chars.next_if(|next| *next == '\\' || closing.contains(next)).unwrap_or('\\')),
            other => says.push(other),
        }
    }
    Cow::Owned(says)
}

/// `-` right before something that can be searched for; `--` and `->` are text.
pub(super) fn negates(text: &str) -> bool {
    text.strip_prefix('-').is_some_and(|negated| {
        let word = &negated[..word(negated)];
        negated.starts_with('(') || negated.starts_with(MARKS) || (!negated.starts_with('-') && has_substance(word))
    })
}

/// More than punctuation. Whether it is more than what folding drops is for the engines to see.
pub(super) fn has_substance(word: &str) -> bool {
    word.contains(|c: char| !c.is_ascii_punctuation())
}

/// The length of `name:`, where that is one.
fn name(text: &str) -> Option<usize> {
    let end = text.find(|c| !is_of_name(c))?;
    let (name, value) = (&text[..end], text[end..].strip_prefix(':')?);
    let is_value = || value.starts_with(|c: char| !(c.is_whitespace() || matches!(c, ':' | '/' | '\\' | ')')));
    let is_name = begins_name(name) && (Field::named(name).is_some() || is_value());
    is_name.then_some(end + 1)
}

fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-')
}

/// Whether a colon would make this a name.
pub(super) fn begins_name(text: &str) -> bool {
    text.starts_with(char::is_alphabetic) && text.chars().all(is_of_name)
}

/// The length of the word at the beginning of a text.
fn word(text: &str) -> usize {
    let mut is_face = text.starts_with([':', ';', '=']);
    for (at, c) in text.char_indices() {
        is_face &= !c.is_alphanumeric();
        let is_end = match c {
            '(' | ')' => !is_face,
            c if MARKS.contains(&c) => operator(&text[..at]).is_some(),
            _ => c.is_whitespace(),
        };
        if is_end {
            return at;
        }
    }
    text.len()
}

/// Whether this text is a word wherever a term can stand.
pub(super) fn is_word(text: &str) -> bool {
    matches!(scan(text).as_slice(), [Token { kind: Kind::Word, range }] if *range == (0..text.len()))
}

/// Whether this text is a word as a field's value, alone and in a list.
pub(super) fn is_value(text: &str) -> bool {
    let is_plain =
        !text.is_empty() && !text.starts_with(['-', '(', ')']) && !text.starts_with(MARKS) && operator(text).is_none();
    is_plain && word(text) == text.len() && field_in(text).is_none()
}

/// The field that a value begins with: `tag:(tag:sea)`.
pub(super) fn field_in(value: &str) -> Option<Field> {
    Field::named(value.split_once(':')?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<(Kind, &str)> {
        scan(text).into_iter().map(|token| (token.kind, &text[token.range])).collect()
    }

    #[test]
    fn what_only_looks_like_syntax_is_a_word() {
        for text in [
            "12:30",
            "http://x",
            "a::b",
            ":)",
            ":-(",
            ";)",
            ":",
            r"C:\x",
            "Note:",
            "-",
            "--",
            "->",
            "--x",
            "and",
            "AND'",
            "12\"",
            "x*",
            "well-known",
            "a\"b\"",
            "1a:b",
            "&",
            "日本",
            "🏖️",
            "\u{200b}",
        ] {
            assert_eq!(tokens(text), [(Kind::Word, text)]);
        }
    }

    #[test]
    fn syntax_needs_no_space() {
        use Kind::{Close, Minus, Name, Not, Open, Word};
        assert_eq!(
            tokens("NOT(a)-b -(tag:c)"),
            [
                (Not, "NOT"),
                (Open, "("),
                (Word, "a"),
                (Close, ")"),
                (Minus, "-"),
                (Word, "b"),
                (Minus, "-"),
                (Open, "("),
                (Name, "tag:"),
                (Word, "c"),
                (Close, ")"),
            ]
        );
    }

    #[test]
    fn values_are_no_fields_and_no_negations() {
        use Kind::{Close, Name, Open, Or, Word};
        assert_eq!(tokens("on:-7d"), [(Name, "on:"), (Word, "-7d")]);
        assert_eq!(tokens("dept:OR"), [(Name, "dept:"), (Word, "OR")]);
        assert_eq!(
            tokens("tag:(a:b OR -c) d:e"),
            [
                (Name, "tag:"),
                (Open, "("),
                (Word, "a:b"),
                (Or, "OR"),
                (Word, "-c"),
                (Close, ")"),
                (Name, "d:"),
                (Word, "e"),
            ]
        );
    }

    #[test]
    fn a_phrase_ends_at_its_quotation_mark_or_with_the_text() {
        let closed = Kind::Phrase { closed: true };
        assert_eq!(tokens(r#""a \" b"c"#), [(closed, r#""a \" b""#), (Kind::Word, "c")]);
        assert_eq!(tokens("“a \"b"), [(closed, "“a \""), (Kind::Word, "b")]);
        assert_eq!(tokens("\"a “b” c\""), [(closed, "\"a “b” c\"")]);
        assert_eq!(unescaped("„new “york”"), "new ");
        assert_eq!(unescaped("“new york”"), "new york");
        assert_eq!(tokens(r#""a\\""#), [(closed, r#""a\\""#)]);
        assert_eq!(tokens(r#""a\""#), [(Kind::Phrase { closed: false }, r#""a\""#)]);
        assert_eq!(unescaped(r#""a \" \\ \x""#), r#"a " \ \x"#);
        assert_eq!(unescaped("\"a"), "a");
    }
}
