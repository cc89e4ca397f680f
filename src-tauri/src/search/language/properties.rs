//! What holds for any text and any tree.

use chrono::NaiveDate;
use proptest::{
    collection::vec,
    option,
    prelude::*,
    sample::{select, subsequence},
};

use super::{scan, *};

fn raw() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z]{1,6}\\*?",
        1 => r"[!-~éß日🏖]{1,6}",
        1 => select(vec!["12:30", "http://x", "a::b", ":)", r"C:\x", "-", "--", "->", "12\"", "not", "Note:", "**", "ME", "me"])
            .prop_map(str::to_owned),
    ]
}

fn phrase() -> impl Strategy<Value = Text> {
    let says = prop_oneof![
        "[a-z]{1,4} [a-z*]{1,4}",
        r#"["\\() a-z]{1,6}"#,
        "\\PC{1,6}",
        select(vec!["AND", "me", "-x"]).prop_map(str::to_owned)
    ];
    says.prop_filter("not blank", |says| !says.trim().is_empty()).prop_map(Text::Phrase)
}

fn text() -> impl Strategy<Value = Text> {
    let bare = raw().prop_filter("a word", |raw| scan::is_word(raw)).prop_map(|raw| Text::bare(&raw));
    prop_oneof![3 => bare, 1 => phrase()]
}

fn value(field: TextField) -> impl Strategy<Value = Value> {
    let bare = raw().prop_filter("a value", |raw| scan::is_value(raw));
    let bare = bare.prop_map(move |raw| match field {
        TextField::Person | TextField::Uploader if raw.eq_ignore_ascii_case("me") => Value::Me,
        _ => Value::Text(Text::bare(&raw)),
    });
    prop_oneof![3 => bare, 1 => phrase().prop_map(Value::Text)]
}

fn one_or_more<T: Clone + std::fmt::Debug + 'static>(
    of: impl Strategy<Value = T>,
) -> impl Strategy<Value = OneOrMore<T>> {
    vec(of, 1..3).prop_map(OneOrMore)
}

fn some_of<T: Copy + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = OneOrMore<T>> {
    subsequence(all, 1..3).prop_map(OneOrMore)
}

fn count() -> impl Strategy<Value = Count> {
    prop_oneof![
        any::<u32>().prop_map(Count::Exactly),
        any::<u32>().prop_map(Count::MoreThan),
        any::<u32>().prop_map(Count::AtLeast),
        (1..=u32::MAX).prop_map(Count::LessThan),
        any::<u32>().prop_map(Count::AtMost),
        (0..9_u32, 9..99_u32).prop_map(|(least, most)| Count::Between(least, most)),
    ]
}

fn time() -> impl Strategy<Value = Term> {
    let day = (0..200_000_u64).prop_map(|days| NaiveDate::default() + chrono::Days::new(days));
    let moment = prop_oneof![
        (1900..=9998).prop_map(Moment::Year),
        (1900..=9998, 1..=12_u32).prop_map(|(year, month)| Moment::Month { year, month }),
        day.prop_map(Moment::Day),
        select(vec![Moment::Today, Moment::Yesterday]),
        (0..=9_999_u32, select(Unit::ALL)).prop_map(|(amount, unit)| Moment::Ago { amount, unit }),
    ];
    (select(TimeField::ALL), moment).prop_map(|(field, moment)| match moment {
        Moment::Ago { unit: Unit::Hours, .. } => Term::Time { field: TimeField::After, moment },
        _ => Term::Time { field, moment },
    })
}

fn term() -> impl Strategy<Value = Term> {
    let field = select(TextField::ALL)
        .prop_flat_map(|field| one_or_more(value(field)).prop_map(move |any_of| Term::Field { field, any_of }));
    let id = (select(IdField::ALL), one_or_more(1..=i64::MAX)).prop_map(|(field, any_of)| Term::Id { field, any_of });
    prop_oneof![
        4 => text().prop_map(Term::Text),
        4 => field,
        1 => id,
        1 => some_of(State::ALL).prop_map(Term::Is),
        1 => some_of(Part::ALL).prop_map(Term::Has),
        1 => (select(CountField::ALL), count()).prop_map(|(field, count)| Term::Count { field, count }),
        1 => time(),
    ]
}

fn expression() -> impl Strategy<Value = Expression> {
    term().prop_map(Expression::Term).prop_recursive(3, 24, 3, |inner| {
        prop_oneof![
            (inner.clone(), vec(inner.clone(), 1..3)).prop_map(|(first, others)| Expression::all(first, others)),
            (inner.clone(), vec(inner.clone(), 1..3)).prop_map(|(first, others)| Expression::any(first, others)),
            inner.prop_map(|negated| !negated),
        ]
    })
}

fn query() -> impl Strategy<Value = Query> {
    let similarity = (0..=1_000_000_u32).prop_map(|millionths| f64::from(millionths) / 1e6);
    let similarity = option::of(similarity.prop_map(|least| Expression::Term(Term::Similarity(least))));
    (option::of(expression()), similarity)
        .prop_map(|(expression, similarity)| expression.into_iter().chain(similarity).collect())
}

/// Much syntax, mostly wrong.
fn scribble() -> impl Strategy<Value = String> {
    let pieces = [
        "(",
        ")",
        "\"",
        "-",
        "NOT",
        "AND",
        "OR",
        " ",
        " ",
        " ",
        "*",
        ":",
        "\\",
        "tag:",
        "tag:(",
        "tga:",
        "person:me",
        "is:",
        "is:safe",
        "on:-7d",
        "on:2026-02-31",
        "faces:>2",
        "similarity:0.8",
        "post:",
        "12",
        "a",
        "beach",
        ":)",
        "http://x",
        "é",
        "🏖️",
        "\u{200b}",
        "\n",
    ];
    prop_oneof![vec(select(pieces.to_vec()), 0..14).prop_map(|pieces| pieces.concat()), any::<String>(), "[ -~]{0,30}"]
}

fn is_on_boundaries(text: &str, span: Span) -> bool {
    let units: Vec<u16> = text.encode_utf16().collect();
    let is_whole = |part: Option<&[u16]>| part.is_some_and(|part| String::from_utf16(part).is_ok());
    is_whole(units.get(..span.start)) && is_whole(units.get(span.start..span.end))
}

proptest! {
    #[test]
    fn what_is_printed_reads_as_the_same_tree(query in query()) {
        let printed = query.to_string();
        prop_assert_eq!(parse(&printed), Ok(query), "{}", printed);
    }

    #[test]
    fn printing_what_was_read_changes_nothing_more(text in scribble()) {
        if let Ok(query) = parse(&text) {
            let printed = query.to_string();
            prop_assert_eq!(parse(&printed).map(|again| again.to_string()), Ok(printed.clone()));
            prop_assert_eq!(parse(&printed), Ok(query));
        }
    }

    #[test]
    fn no_text_panics_and_errors_lie_within_it(text in scribble()) {
        if let Err(error) = parse(&text) {
            prop_assert!(is_on_boundaries(&text, error.span), "{:?}", error);
            prop_assert!(!error.to_string().is_empty());
        }
    }

    #[test]
    fn no_caret_panics_and_what_is_replaced_touches_it(text in scribble(), caret in 0..40_usize) {
        let Context { span, .. } = at(&text, caret);
        prop_assert!(is_on_boundaries(&text, span), "{:?}", span);
        prop_assert!(span.start <= caret);
        prop_assert!(span.end + 1 >= caret.min(text.encode_utf16().count()));
    }

    #[test]
    fn a_quoted_value_is_that_very_value(value in prop_oneof![any::<String>(), scribble()], other in "[a-z]{1,5}") {
        prop_assume!(!value.trim().is_empty());
        let quoted = quoted(&value);
        let text = Text::new(&value);
        prop_assert_eq!(text.as_str(), value.as_str());
        prop_assert_eq!(parse(&quoted), Ok(Expression::Term(Term::Text(text.clone())).into()));
        for field in [TextField::Tag, TextField::Person] {
            let alone = parse(&format!("{field}:{quoted}"));
            prop_assert_eq!(alone, Ok(Expression::Term(Term::value(field, &value)).into()));
        }
        let any_of = OneOrMore::new(Value::Text(text), [Value::Text(Text::new(&other))]);
        let listed = parse(&format!("tag:({quoted} OR {})", super::quoted(&other)));
        prop_assert_eq!(listed, Ok(Expression::Term(Term::Field { field: TextField::Tag, any_of }).into()));
    }

    #[test]
    fn an_edited_query_reads_as_itself(query in query(), term in term()) {
        let with = query.with(term.clone());
        prop_assert!(with.holds(&term));
        let without = with.without(&term);
        prop_assert!(!without.holds(&term));
        for edited in [with, without] {
            prop_assert_eq!(parse(&edited.to_string()), Ok(edited));
        }
    }
}
