//! What is typed, what it means, and what is said when it means nothing.

use super::*;

fn printed(text: &str) -> String {
    match parse(text) {
        Ok(query) => query.to_string(),
        Err(error) => panic!("{text}: {error}"),
    }
}

/// The error, and the text that it points at.
fn wrong(text: &str) -> (SyntaxError, String) {
    let error = parse(text).expect_err(text);
    let units: Vec<u16> = text.encode_utf16().collect();
    let at = String::from_utf16(&units[error.span.start..error.span.end]).expect("whole characters");
    (error, at)
}

#[test]
fn not_binds_tightest_then_and_then_or() {
    for (typed, means) in [
        ("a b", "a b"),
        ("a AND b", "a b"),
        ("a OR b c", "a OR b c"),
        ("a OR (b AND c)", "a OR b c"),
        ("(a OR b) c", "(a OR b) c"),
        ("NOT a b", "-a b"),
        ("NOT (a b)", "-(a b)"),
        ("NOT a OR b", "-a OR b"),
        ("a AND NOT b", "a -b"),
        ("-(a OR -b)", "-(a OR -b)"),
        ("NOT NOT a", "a"),
        ("NOT -a", "a"),
        ("((a b) (c d))", "a b c d"),
        ("(a OR (b OR c))", "a OR b OR c"),
        ("a and b or not c", "a and b or not c"),
        ("NOT(a)(b)", "-a b"),
        ("  a\t\n b ", "a b"),
        ("", ""),
        (" \u{3000}", ""),
    ] {
        assert_eq!(printed(typed), means, "{typed}");
    }
}

#[test]
fn fields_print_as_one_would_type_them() {
    for (typed, means) in [
        ("TAG:beach", "tag:beach"),
        ("tag:(beach)", "tag:beach"),
        ("tag:( beach OR \"the sea\" OR s* )", "tag:(beach OR \"the sea\" OR s*)"),
        ("person:ME uploader:\"me\" tag:me", "person:me uploader:\"me\" tag:me"),
        ("post:(012 OR 7)", "post:(12 OR 7)"),
        ("IS:Unsafe has:POST_TAGS", "is:unsafe has:post_tags"),
        ("faces:=2 people:2..5", "faces:2 people:2..5"),
        ("on:\"2026-03\" after:-7D", "on:2026-03 after:-7d"),
        ("similarity:.8", "similarity:0.8"),
        ("dept:OR", "dept:\"OR\""),
        ("title:http://x title::)", "title:http://x title::)"),
        ("-tag:x -\"a b\" NOT - NOT :)", "-tag:x -\"a b\" NOT - NOT :)"),
        ("(a OR : ) tag:(= OR ; ) (:) OR x)", "(a OR : ) tag:(= OR ; ) (:) OR x)"),
        ("\"a\"b\"c\"", "\"a\" b\"c\""),
    ] {
        assert_eq!(printed(typed), means, "{typed}");
    }
}

#[test]
fn what_only_looks_like_syntax_is_text() {
    for text in ["12:30", "http://x", "a::b", ":)", r"C:\x", "Note:", "12\"", "-", "a - b", "--x", "**", "'tag"] {
        assert_eq!(printed(text), text);
        let terms = parse(text).expect(text).terms().len();
        assert_eq!(terms, text.split(' ').count(), "{text}");
    }
}

#[test]
fn an_unknown_field_is_an_error_that_says_what_to_do() {
    let (error, at) = wrong("🏖️ tga:beach");
    assert_eq!(at, "tga");
    assert_eq!(
        error.to_string(),
        "There is no field tga; did you mean tag? To search for this as text, put it in quotation marks."
    );
    assert!(error.expected.contains(&Expected::Field(Field::Text(TextField::Tag))));
    let (error, _) = wrong("localhost:8080");
    assert_eq!(
        error.to_string(),
        "There is no field localhost. To search for this as text, put it in quotation marks."
    );
}

#[test]
fn an_error_points_at_what_is_wrong() {
    for (text, at) in [
        ("a OR", "OR"),
        ("AND a", "AND"),
        ("a AND OR b", "AND"),
        ("a (NOT ) b", "NOT"),
        ("-OR", "OR"),
        ("a () b", "()"),
        ("a (b", "("),
        ("(", "("),
        ("a )", ")"),
        (")", ")"),
        ("(a) b) c", ")"),
        ("x \"new york", "\"new york"),
        ("x \" \"", "\" \""),
        ("\"new yor\"*", "*"),
        ("tag: beach", "tag:"),
        ("(tag:)", "tag:"),
        ("tag:-beach", "-beach"),
        ("tag:(beach sea)", "sea"),
        ("tag:(beach AND sea)", "AND"),
        ("tag:(a OR (b))", "("),
        ("tag:(a OR b", "("),
        ("tag:()", "()"),
        ("tag:(OR a)", "OR"),
        ("tag:(scene:a OR b)", "scene:a"),
        ("tag:(a OR \"b)", "\"b)"),
        ("post:x", "x"),
        ("post:0", "0"),
        ("post:(1 OR 99999999999999999999)", "99999999999999999999"),
        ("is:save", "save"),
        ("has:cat*", "cat*"),
        ("faces:(1 OR 2)", "2"),
        ("faces:>", ">"),
        ("on:2026-02-30", "2026-02-30"),
        ("on:-12h", "-12h"),
        ("similarity:1.1", "1.1"),
        ("similarity:nan", "nan"),
        ("a OR similarity:0.8", "similarity:0.8"),
        ("-similarity:0.8", "similarity:0.8"),
        ("similarity:0.8 similarity:0.9", "similarity:0.9"),
    ] {
        assert_eq!(wrong(text).1, at, "{text}");
    }
}

#[test]
fn an_error_says_what_was_wrong_and_what_would_be_right() {
    for (text, says) in [
        ("is:save", "is: doesn't know save; did you mean safe? It takes safe, unsafe, unidentified, image or video."),
        ("a OR", "Something must follow OR. As a word, write it in lower case or in quotation marks."),
        ("tag: beach", "tag: needs its value right behind the colon, as in tag:beach."),
        ("faces:(1 OR 2)", "faces: takes one value. For several write faces:>2 OR faces:…"),
        (
            "faces:5..2",
            "No number is from 5 up to 2. faces: takes one or a range, as in faces:0, faces:>2 or faces:2..5.",
        ),
    ] {
        assert_eq!(wrong(text).0.to_string(), says);
    }
    assert_eq!(wrong("(a").0.expected, [Expected::ClosingParenthesis]);
    assert_eq!(wrong("is:x").0.expected.first(), Some(&Expected::Value("safe")));
    assert_eq!(wrong("tag:(a b)").0.expected, [Expected::Or, Expected::ClosingParenthesis]);
}

#[test]
fn the_window_gets_the_sentence_its_place_and_what_could_stand_there() {
    let json = serde_json::to_value(wrong("🏖️ \"x").0).expect("an error is data");
    assert_eq!(
        json,
        serde_json::json!({
            "message": r#"These quotation marks aren't closed. A quotation mark inside them is written \"."#,
            "span": {"start": 4, "end": 6},
            "expected": [{"kind": "closingQuotationMark"}],
        })
    );
    let field = serde_json::to_value(Expected::Field(Field::Is)).expect("data");
    assert_eq!(field, serde_json::json!({"kind": "field", "text": "is"}));
}

#[test]
fn limits_are_errors() {
    let nested = |depth| format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
    assert!(parse(&nested(DEEPEST)).is_ok());
    assert_eq!(wrong(&nested(DEEPEST + 1)).0.problem, Problem::TooDeep);
    assert_eq!(wrong(&"NOT ".repeat(400)).0.problem, Problem::TooDeep);

    assert!(parse(&"a ".repeat(MOST_TERMS)).is_ok());
    assert_eq!(wrong(&"a ".repeat(MOST_TERMS + 1)).0.problem, Problem::TooManyTerms);
    let list = |values| format!("tag:(a{})", " OR a".repeat(values - 1));
    assert!(parse(&list(MOST_TERMS)).is_ok());
    assert_eq!(wrong(&list(MOST_TERMS + 1)).0.problem, Problem::TooManyTerms);

    assert!(parse(&"日".repeat(LONGEST_TEXT)).is_ok());
    let (error, at) = wrong(&"🏖".repeat(LONGEST_TEXT + 2));
    assert_eq!((error.problem, at.as_str()), (Problem::TooLong, "🏖🏖"));
    // It would be longer when printed, and could not be read again.
    assert!(parse(&format!("\"{}\"b", "a".repeat(LONGEST_TEXT - 3))).is_err());
}

#[test]
fn a_tree_that_no_text_gives_prints_as_what_comes_nearest() {
    let word = |word: &str| Expression::Term(Term::Text(Text::Word(word.into()))).to_string();
    assert_eq!(word("a b"), "\"a b\"");
    assert_eq!(word("OR"), "\"OR\"");
    assert_eq!(word("tag:x"), "\"tag:x\"");
    assert_eq!(Term::Text(Text::Prefix("a b".into())).to_string(), "\"a b\"");
    assert_eq!(Term::value(TextField::Person, "me").to_string(), "person:\"me\"");
    assert_eq!(Term::value(TextField::Tag, "New York").to_string(), "tag:\"New York\"");
}

#[test]
fn a_query_knows_its_least_similarity() {
    let similarity = |text| parse(text).expect(text).similarity();
    assert_eq!(similarity("beach similarity:0.85"), Some(0.85));
    assert_eq!(similarity("beach"), None);
}
