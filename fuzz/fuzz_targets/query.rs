//! Every text is a query or a pointed error, and what is printed of a query is the same query.

#![no_main]

use kaleidoscope_console::search::language::{at, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let units = text.encode_utf16().count();
    match parse(text) {
        Ok(query) => {
            let printed = query.to_string();
            assert_eq!(parse(&printed).expect("what is printed can be read"), query, "{printed:?}");
        }
        Err(error) => {
            assert!(error.span.start <= error.span.end && error.span.end <= units, "{error:?}");
            assert!(!error.to_string().is_empty());
        }
    }
    for caret in [0, units / 2, units] {
        let span = at(text, caret).span;
        assert!(span.start <= span.end && span.end <= units, "{span:?} at {caret}");
    }
});
