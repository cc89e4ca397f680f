//! How many of something a photo has.

use std::fmt;

use super::{CountField, Field, Problem};

/// As typed; see [`Count::bounds`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Count {
    Exactly(u32),
    MoreThan(u32),
    AtLeast(u32),
    /// Than 1 at least
    LessThan(u32),
    AtMost(u32),
    /// Both included, the smaller one first
    Between(u32, u32),
}

impl Count {
    /// From the first, up to but without the second. `None`: without end.
    pub fn bounds(self) -> (i64, Option<i64>) {
        match self {
            Self::Exactly(n) => (n.into(), Some(i64::from(n) + 1)),
            Self::MoreThan(n) => (i64::from(n) + 1, None),
            Self::AtLeast(n) => (n.into(), None),
            Self::LessThan(n) => (0, Some(n.into())),
            Self::AtMost(n) => (0, Some(i64::from(n) + 1)),
            Self::Between(least, most) => (least.into(), Some(i64::from(most) + 1)),
        }
    }

    pub(super) fn parse(field: CountField, text: &str) -> Result<Self, Problem> {
        let field = Field::Count(field);
        let count = Self::read(text).ok_or(Problem::NoCount { field })?;
        match count {
            Self::LessThan(0) => Err(Problem::NothingCounts { field, condition: "below 0".into() }),
            Self::Between(least, most) if least > most => {
                Err(Problem::NothingCounts { field, condition: format!("from {least} up to {most}") })
            }
            possible => Ok(possible),
        }
    }

    fn read(text: &str) -> Option<Self> {
        if let Some((least, most)) = text.split_once("..") {
            return Some(Self::Between(number(least)?, number(most)?));
        }
        let (sign, digits) = text.split_at(text.len() - text.trim_start_matches(['<', '=', '>']).len());
        let n = number(digits)?;
        match sign {
            "" | "=" => Some(Self::Exactly(n)),
            ">" => Some(Self::MoreThan(n)),
            ">=" => Some(Self::AtLeast(n)),
            "<" => Some(Self::LessThan(n)),
            "<=" => Some(Self::AtMost(n)),
            _ => None,
        }
    }
}

/// Digits only: `parse` alone would take a plus sign.
pub(super) fn number<T: std::str::FromStr>(digits: &str) -> Option<T> {
    digits.bytes().all(|digit| digit.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(n) => write!(f, "{n}"),
            Self::MoreThan(n) => write!(f, ">{n}"),
            Self::AtLeast(n) => write!(f, ">={n}"),
            Self::LessThan(n) => write!(f, "<{n}"),
            Self::AtMost(n) => write!(f, "<={n}"),
            Self::Between(least, most) => write!(f, "{least}..{most}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_as_they_are_written() {
        for (text, from, until) in [
            ("0", 0, Some(1)),
            (">2", 3, None),
            (">=10", 10, None),
            ("<5", 0, Some(5)),
            ("<=5", 0, Some(6)),
            ("2..5", 2, Some(6)),
            ("4294967295", 4_294_967_295, Some(4_294_967_296)),
        ] {
            let count = Count::parse(CountField::Faces, text).expect(text);
            assert_eq!(count.bounds(), (from, until), "{text}");
            assert_eq!(count.to_string(), text);
        }
        assert_eq!(Count::parse(CountField::Faces, "=2"), Ok(Count::Exactly(2)));
    }

    #[test]
    fn what_is_no_count_or_holds_for_none_is_refused() {
        for text in ["", ">", "x", "-1", "+1", "1.5", "2..", "..5", "1..2..3", "=>2", "4294967296", "<0", "5..2", "٢"]
        {
            assert!(Count::parse(CountField::People, text).is_err(), "{text}");
        }
    }
}
