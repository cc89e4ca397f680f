//! Vectors as read models hold them: text that is a JSON array.

use serde_json::value::RawValue;

/// The text, if Elasticsearch can measure a cosine to it; otherwise why not.
///
/// It refuses the whole document for one bad vector, so a bad one is left out and the document says so.
pub(super) fn usable(text: String, dims: usize) -> Result<Box<RawValue>, String> {
    let Ok(numbers) = serde_json::from_str::<Vec<f32>>(&text) else {
        return Err("not an array of numbers".into());
    };
    if numbers.len() != dims {
        return Err(format!("{} numbers instead of {dims}", numbers.len()));
    }
    // Single precision, as Elasticsearch has it: the square of a tiny vector is zero in it, of a huge one infinite.
    let square: f32 = numbers.iter().map(|number| number * number).sum();
    if !square.is_normal() {
        return Err(if square > 0.0 && square.is_infinite() { "too long to measure" } else { "of no length" }.into());
    }
    RawValue::from_string(text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vector(value: &str) -> String {
        format!("[{}]", [value; 4].join(","))
    }

    #[test]
    fn a_sound_vector_is_passed_on_as_it_is() {
        let text = vector("0.25");
        assert_eq!(usable(text.clone(), 4).expect("sound").get(), text);
    }

    #[test]
    fn others_say_what_is_wrong() {
        for (text, problem) in [
            (vector("0"), "of no length"),
            (vector("1e-30"), "of no length"),
            (vector("1e30"), "too long to measure"),
            (vector("NaN"), "not an array of numbers"),
            (vector("1e39"), "too long to measure"),
            ("[1,2]".into(), "2 numbers instead of 4"),
            (String::new(), "not an array of numbers"),
            ("{}".into(), "not an array of numbers"),
        ] {
            assert_eq!(usable(text.clone(), 4).expect_err("unusable"), problem, "{text}");
        }
    }
}
