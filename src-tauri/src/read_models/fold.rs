//! One folding of text for what is indexed and what is typed, in both engines: what looks alike to a person who types is
//! equal afterwards. Both engines take the words as they come from here and split nothing themselves.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;

/// A longer word is cut: nobody types it, and engines refuse terms of tens of kilobytes.
const WORD_CHARS: usize = 100;
/// Of the words of a value that is compared as a whole, as a tag is. What follows is cut: engines bound their terms.
pub const VALUE_BYTES: usize = 1_000;

/// Lower case, without diacritics, width and invisible characters.
pub fn fold(text: &str) -> String {
    // Most text is, and of that no normalisation changes anything.
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.nfkd().flat_map(char::to_lowercase).filter(|&c| !is_dropped(c)).flat_map(spelled).nfc().collect()
}

/// The folded words of a text, in its order.
pub fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut length = 0;
    for c in fold(text).chars() {
        let kind = Kind::of(c);
        if kind != Kind::Letter && !word.is_empty() {
            words.push(std::mem::take(&mut word));
            length = 0;
        }
        match kind {
            Kind::Letter if length < WORD_CHARS => {
                word.push(c);
                length += 1;
            }
            Kind::Word => words.push(c.to_string()),
            Kind::Letter | Kind::Between => {}
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// The folded words of texts, with a space between, as many as fit into so many bytes.
pub fn joined<'a>(texts: impl IntoIterator<Item = &'a str>, at_most: usize) -> String {
    let mut joined = String::new();
    for text in texts {
        // Not even the head of a huge text is folded beyond what could fit.
        let text = &text[..text.floor_char_boundary(at_most)];
        for word in words(text) {
            if joined.len() + 1 + word.len() > at_most {
                return joined;
            }
            if !joined.is_empty() {
                joined.push(' ');
            }
            joined.push_str(&word);
        }
    }
    joined
}

/// The folded words of each text that has any, as many as fit together into so many bytes.
pub fn each<'a>(texts: impl IntoIterator<Item = &'a str>, at_most: usize) -> Vec<String> {
    let mut left = at_most;
    let mut each = Vec::new();
    for text in texts {
        let words = joined([text], left.min(VALUE_BYTES));
        if !words.is_empty() {
            left -= words.len();
            each.push(words);
        }
    }
    each
}

/// The words of a text: where each stands in it, in bytes, and folded. Text that is shown is marked by it.
pub fn placed(text: &str) -> Vec<(Range<usize>, String)> {
    // A page of hits is marked while somebody waits, and most of it is.
    if text.is_ascii() { placed_ascii(text) } else { placed_any(text) }
}

fn placed_ascii(text: &str) -> Vec<(Range<usize>, String)> {
    let mut placed = Vec::new();
    let mut begun = None;
    for (at, byte) in text.bytes().chain([b' ']).enumerate() {
        match (begun, byte.is_ascii_alphanumeric()) {
            (None, true) => begun = Some(at),
            (Some(from), false) => {
                let word = &text[from..at];
                placed.push((from..at, word[..word.len().min(WORD_CHARS)].to_ascii_lowercase()));
                begun = None;
            }
            _ => {}
        }
    }
    placed
}

fn placed_any(text: &str) -> Vec<(Range<usize>, String)> {
    let mut placed: Vec<(Range<usize>, String)> = Vec::new();
    let mut is_open = false;
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        let folded = fold(c.encode_utf8(&mut [0; 4]));
        if folded.is_empty() {
            // What folding drops belongs to the word that it stands in.
            if let Some((range, _)) = placed.last_mut().filter(|_| is_open) {
                range.end = end;
            }
            continue;
        }
        for c in folded.chars() {
            match Kind::of(c) {
                Kind::Between => is_open = false,
                Kind::Word => {
                    placed.push((at..end, c.to_string()));
                    is_open = false;
                }
                Kind::Letter => {
                    if let Some((range, word)) = placed.last_mut().filter(|_| is_open) {
                        range.end = end;
                        word.push(c);
                    } else {
                        placed.push((at..end, c.to_string()));
                        is_open = true;
                    }
                }
            }
        }
    }
    // As a whole, letters may combine.
    for (_, word) in &mut placed {
        *word = fold(word).chars().take(WORD_CHARS).collect();
    }
    placed
}

#[derive(PartialEq)]
enum Kind {
    Letter,
    /// A word by itself: scripts without spaces between words, and emoji.
    Word,
    Between,
}

impl Kind {
    fn of(c: char) -> Self {
        match c {
            // Hiragana, ideographs and their extensions, emoji and dingbats (flags are pairs of letters)
            '\u{3041}'..='\u{309f}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' => {
                Self::Word
            }
            '\u{20000}'..='\u{3ffff}' | '\u{2600}'..='\u{27bf}' | '\u{1f300}'..='\u{1faff}' => Self::Word,
            '\u{1f1e6}'..='\u{1f1ff}' => Self::Letter,
            // Vowel signs of Indic scripts are marks, and part of the word.
            _ if c.is_alphanumeric() || unicode_normalization::char::is_combining_mark(c) => Self::Letter,
            _ => Self::Between,
        }
    }
}

/// Diacritics of alphabets, what is invisible, and what only varies an emoji. Marks that make another letter stay.
fn is_dropped(c: char) -> bool {
    matches!(c,
        '\u{0300}'..='\u{036f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}'
        // Hebrew points, Arabic vowels and tatweel
        | '\u{0591}'..='\u{05bd}' | '\u{05bf}' | '\u{05c1}' | '\u{05c2}' | '\u{05c4}' | '\u{05c5}' | '\u{05c7}'
        | '\u{0610}'..='\u{061a}' | '\u{0640}' | '\u{064b}'..='\u{065f}' | '\u{0670}' | '\u{06d6}'..='\u{06dc}'
        // Soft hyphen, zero width, direction, byte order, variation selectors, skin tones, tags
        | '\u{00ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}' | '\u{e0000}'..='\u{e0fff}')
}

/// Letters that people without them on the keyboard type otherwise, and which no normalisation takes apart.
fn spelled(c: char) -> impl Iterator<Item = char> {
    let (first, second) = match c {
        'ß' => ('s', Some('s')),
        'æ' => ('a', Some('e')),
        'œ' => ('o', Some('e')),
        'þ' => ('t', Some('h')),
        'ø' => ('o', None),
        'ł' => ('l', None),
        'đ' | 'ð' => ('d', None),
        'ħ' => ('h', None),
        'ŧ' => ('t', None),
        'ı' => ('i', None),
        'ς' => ('σ', None),
        other => (other, None),
    };
    std::iter::once(first).chain(second)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn plain_text_is_placed_as_any_other(text in "[\\x00-\\x7f]{0,300}") {
            prop_assert_eq!(placed_ascii(&text), placed_any(&text));
        }

        #[test]
        fn long_words_are_cut_alike(text in "[a-zA-Z0-9]{90,110} [a-z]{90,110}") {
            prop_assert_eq!(placed_ascii(&text), placed_any(&text));
        }
    }

    #[test]
    fn what_looks_alike_is_equal() {
        for (one, other) in [
            ("Été", "ete"),
            ("e\u{301}te\u{301}", "été"),
            ("ＢＥＡＣＨ", "beach"),
            ("be\u{200b}ach", "beach"),
            ("Straße", "STRASSE"),
            ("Søren", "soren"),
            ("İstanbul", "istanbul"),
            ("ΟΔΟΣ", "οδος"),
            ("ﬁsh", "fish"),
            ("שָׁלוֹם", "שלום"),
            ("👍🏿", "👍"),
        ] {
            assert_eq!(fold(one), fold(other), "{one:?} and {other:?}");
        }
    }

    #[test]
    fn marks_that_make_another_letter_stay() {
        assert_ne!(fold("が"), fold("か"));
        assert_eq!(words("हिन्दी"), ["हिन्दी"]);
    }

    #[test]
    fn words_are_split_where_a_person_would() {
        assert_eq!(words("beach_party, at 9pm"), ["beach", "party", "at", "9pm"]);
        assert_eq!(words("amara.okafor12"), ["amara", "okafor12"]);
        assert_eq!(words("海滩 beach"), ["海", "滩", "beach"]);
        assert_eq!(words("🏖️sea🇳🇱"), ["🏖", "sea🇳🇱"]);
        assert_eq!(words("'; DROP TABLE users; --"), ["drop", "table", "users"]);
        assert_eq!(words(" \t\u{ad}"), [""; 0]);
    }

    #[test]
    fn folding_twice_changes_nothing() {
        for text in ["Ünïcödé", "İ", "ﷺ", "Z\u{351}\u{36b}\u{343}algo", "한국어", "ǅ", "\u{345}"] {
            assert_eq!(fold(&fold(text)), fold(text), "{text:?}");
        }
    }

    #[test]
    fn words_are_found_in_the_text_as_it_is_shown() {
        let text = "Été: Straße 🏖️海滩";
        let placed: Vec<(&str, String)> = placed(text).into_iter().map(|(at, word)| (&text[at], word)).collect();
        let expected = [("Été", "ete"), ("Straße", "strasse"), ("🏖", "🏖"), ("海", "海"), ("滩", "滩")];
        assert_eq!(placed, expected.map(|(shown, word)| (shown, word.to_owned())));
    }

    #[test]
    fn texts_are_bounded() {
        assert_eq!(each(["New York", "!", "beach bar"], 14), ["new york", "beach"]);
        assert_eq!(joined(["a bc", "def"], 6), "a bc");
        assert_eq!(joined(["x".repeat(10_240).as_str()], 1_000).len(), WORD_CHARS);
        assert_eq!(joined([""], 10), "");
    }
}
