//! The hash of a row as its document carries it: a number of which Elasticsearch keeps the whole part, the digest, in a column
//! of its own. So the digest can't be other than the hash says, and ranges of documents can be summed up.

use sha2::{Digest, Sha256};

/// Of a row's JSON.
pub(super) fn of(json: &str) -> String {
    written(&Sha256::digest(json))
}

/// The first 32 bits of a SHA-256 before the point and the next 60 behind it: Elasticsearch takes no number with more than 19
/// digits there, and 4096 of such whole numbers have a sum that is exact in double precision.
pub(super) fn written(sha256: &[u8]) -> String {
    let bits = sha256.iter().take(12).fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
    format!("{}.{:019}", bits >> 64, bits >> 4 & ((1 << 60) - 1))
}

/// What a document holds. Those of earlier consoles have the whole SHA-256 in hexadecimal, and no digest.
pub(super) fn read(text: &str) -> String {
    from_hex(text).map_or_else(|| text.to_owned(), |sha256| written(&sha256))
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let digits = digits.filter(|digits| digits.len() == 64)?;
    Some(digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

/// The same digest, in SQL: of an expression that is a SHA-256.
pub(super) fn digest_sql(sha256: &str) -> String {
    format!("('x' || encode(substr({sha256}, 1, 4), 'hex'))::bit(32)::bigint")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "ffffffff0123456789abcdeffedcba9876543210000000000000000000000000";

    #[test]
    fn the_whole_part_is_the_first_32_bits() {
        assert_eq!(read(HEX), "4294967295.0005124095576030430");
        assert_eq!(0x0012_3456_789a_bcde_u64, 5_124_095_576_030_430);
    }

    #[test]
    fn a_hash_is_read_as_it_was_written() {
        let hash = of("{}");
        assert_eq!(read(&hash), hash);
        assert_eq!(read("44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"), hash);
        assert_eq!(read("of nobody"), "of nobody");
    }
}
