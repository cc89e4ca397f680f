//! What the AI service says a face looks like. Its address is in the settings, so it may be in a private network; its answers
//! are checked all the same.

use std::{sync::Arc, time::Duration};

use reqwest::{Client, StatusCode, header, redirect};
use serde::Deserialize;
use tokio::time::timeout;
use url::Url;

use crate::{
    config,
    error::{Error, Result},
};

/// Of an embedding, as the platform stores it.
const DIMENSIONS: usize = 1024;
/// Bytes of an answer: as text, 1024 numbers take a tenth of that.
const LARGEST: usize = 256 << 10;
const CONNECT: Duration = Duration::from_secs(5);

/// Asks the AI service for embeddings. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Embedder(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    client: Client,
    url: Url,
    patience: Duration,
}

/// Why there is no embedding.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unembedded {
    #[error(
        "The AI service can't be reached, so nothing was changed. Check `embed_url` under [ai] in config.toml, or try again later."
    )]
    Unreachable,
    #[error("The AI service did not answer within {0} seconds, so nothing was changed. Try again later.")]
    TooSlow(u64),
    #[error(
        "The AI service sends us on to another address, which is not followed, so nothing was changed. \
         Set `embed_url` under [ai] in config.toml to the address that answers."
    )]
    Redirected,
    #[error("The AI service refused this face (status {0}), so nothing was changed. Try again later.")]
    Refused(u16),
    #[error("The AI service broke off in the middle of its answer, so nothing was changed. Try again.")]
    Interrupted,
    #[error("The AI service answered with more than {} kB, more than an embedding should be, so nothing was changed.", LARGEST >> 10)]
    TooLarge,
    #[error(
        "The AI service answered with something other than an embedding, so nothing was changed. Check `embed_url` under [ai] in config.toml."
    )]
    Garbled,
    #[error(
        "The AI service answered with {0} numbers instead of {DIMENSIONS}, so nothing was changed. Check `embed_url` under [ai] in config.toml."
    )]
    Length(usize),
    #[error(
        "The AI service answered with an embedding of nothing but zeros, so nothing was changed. Draw the box closer around a face."
    )]
    Zero,
}

impl From<Unembedded> for Error {
    fn from(why: Unembedded) -> Self {
        Self::unavailable(why.to_string(), why)
    }
}

/// The numbers alone, or under their name.
#[derive(Deserialize)]
#[serde(untagged)]
enum Answer {
    Bare(Vec<f64>),
    Named { embedding: Vec<f64> },
}

impl Embedder {
    /// `None` where the settings name no service.
    ///
    /// # Errors
    /// `Internal` when this machine can't do TLS.
    pub fn new(config: &config::Ai) -> Result<Option<Self>> {
        let Some(url) = config.embed_url.clone() else { return Ok(None) };
        let client = Client::builder()
            .user_agent(concat!("kaleidoscope-console/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .build()
            .map_err(|error| Error::internal("Asking the AI service could not be set up.", error))?;
        Ok(Some(Self(Arc::new(Inner { client, url, patience: Duration::from_secs(config.timeout) }))))
    }

    /// The embedding of a face, of length 1; `jpeg` is its crop.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn embed(&self, jpeg: Vec<u8>) -> Result<Vec<f32>, Unembedded> {
        let patience = self.0.patience;
        let answer = timeout(patience, self.ask(jpeg)).await.unwrap_or(Err(Unembedded::TooSlow(patience.as_secs())))?;
        read(&answer)
    }

    async fn ask(&self, jpeg: Vec<u8>) -> Result<Vec<u8>, Unembedded> {
        let Inner { client, url, .. } = &*self.0;
        let request = client.post(url.clone()).header(header::CONTENT_TYPE, "image/jpeg").body(jpeg);
        let mut response = request.send().await.map_err(|_| Unembedded::Unreachable)?;
        match response.status() {
            StatusCode::OK => {}
            status if status.is_redirection() => return Err(Unembedded::Redirected),
            status => return Err(Unembedded::Refused(status.as_u16())),
        }
        let mut answer = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|_| Unembedded::Interrupted)? {
            if answer.len() + chunk.len() > LARGEST {
                return Err(Unembedded::TooLarge);
            }
            answer.extend_from_slice(&chunk);
        }
        Ok(answer)
    }
}

/// 1024 numbers, whose length is made 1 as that of the platform's embeddings is.
#[expect(clippy::cast_possible_truncation, reason = "embeddings are stored in single precision")]
fn read(answer: &[u8]) -> Result<Vec<f32>, Unembedded> {
    let (Answer::Bare(numbers) | Answer::Named { embedding: numbers }) =
        serde_json::from_slice(answer).map_err(|_| Unembedded::Garbled)?;
    if numbers.len() != DIMENSIONS {
        return Err(Unembedded::Length(numbers.len()));
    }
    if !numbers.iter().all(|number| number.is_finite()) {
        return Err(Unembedded::Garbled);
    }
    // By the largest first: the squares of large numbers might not be finite.
    let largest = numbers.iter().fold(0.0, |largest: f64, number| largest.max(number.abs()));
    if largest == 0.0 {
        return Err(Unembedded::Zero);
    }
    let length = numbers.iter().map(|number| (number / largest).powi(2)).sum::<f64>().sqrt();
    Ok(numbers.iter().map(|number| (number / largest / length) as f32).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(numbers: &[f64]) -> String {
        serde_json::to_string(numbers).expect("numbers")
    }

    #[test]
    fn an_embedding_is_read_in_both_forms_and_has_the_length_one() {
        for scale in [1.0, 1e-200, 1e200] {
            let numbers: Vec<f64> = (0..1024).map(|n| f64::from(n % 7 - 3) * scale).collect();
            let bare = read(text(&numbers).as_bytes()).expect("read");
            let named = read(format!("{{\"embedding\":{},\"model\":\"x\"}}", text(&numbers)).as_bytes());
            assert_eq!(named.as_ref(), Ok(&bare));
            let length: f64 = bare.iter().map(|number| f64::from(*number).powi(2)).sum();
            assert!((length - 1.0).abs() < 1e-5, "{length}");
        }
    }

    #[test]
    fn what_is_no_embedding_is_told_apart() {
        for (answer, why) in [
            (text(&[0.5; 1023]), Unembedded::Length(1023)),
            (text(&[0.5; 1025]), Unembedded::Length(1025)),
            ("[]".into(), Unembedded::Length(0)),
            (text(&[0.0; 1024]), Unembedded::Zero),
            (text(&[0.5; 1024]).replacen("0.5", "1e999", 1), Unembedded::Garbled),
            (text(&[0.5; 1024]).replacen("0.5", "null", 1), Unembedded::Garbled),
            (text(&[0.5; 1024]).replacen("0.5", "NaN", 1), Unembedded::Garbled),
            ("{\"vector\":[1]}".into(), Unembedded::Garbled),
            ("<html>".into(), Unembedded::Garbled),
            (String::new(), Unembedded::Garbled),
        ] {
            assert_eq!(read(answer.as_bytes()), Err(why), "{}", &answer[..answer.len().min(40)]);
        }
    }
}
