//! Answers that need not be sent again to whoever has them.

use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::problem::Problem;
use crate::kernel::Error;

/// The weak entity tag of an answer with these bytes (RFC 9110 §8.8.3): weak, because a proxy may pack them otherwise.
pub fn weak(bytes: &[u8]) -> HeaderValue {
    let tag = format!("W/\"{}\"", URL_SAFE_NO_PAD.encode(&Sha256::digest(bytes)[..16]));
    HeaderValue::try_from(tag).unwrap_or(HeaderValue::from_static("W/\"\""))
}

/// Whether one of the lines of an `If-None-Match` names `tag`, by weak comparison (RFC 9110 §8.8.3.2).
pub fn matches<'a>(header: impl IntoIterator<Item = &'a HeaderValue>, tag: &HeaderValue) -> bool {
    let tag = opaque(tag.as_bytes()).map(|(tag, _)| tag.to_vec());
    named(header).is_none_or(|tags| tag.is_some_and(|tag| tags.contains(&tag)))
}

/// The opaque tags that the lines of an `If-None-Match` or an `If-Match` name; `None` for `*`, which names every one
/// (RFC 9110 §13.1.1, §13.1.2). A list that is malformed counts as far as it is not.
pub fn named<'a>(header: impl IntoIterator<Item = &'a HeaderValue>) -> Option<Vec<Vec<u8>>> {
    let mut tags = Vec::new();
    for line in header {
        let mut rest = line.as_bytes().trim_ascii();
        if rest == b"*" {
            return None;
        }
        // An opaque tag may have commas in it, so the list cannot be split at them.
        while let Some((given, behind)) = opaque(rest) {
            tags.push(given.to_vec());
            let behind = behind.trim_ascii_start();
            if !behind.starts_with(b",") {
                break;
            }
            let is_gap = |byte: &u8| *byte == b',' || byte.is_ascii_whitespace();
            rest = &behind[behind.iter().take_while(|byte| is_gap(byte)).count()..];
        }
    }
    Some(tags)
}

/// The opaque tag that stands at the beginning, in its quotes and without the mark of a weak one, and what is behind it.
fn opaque(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let text = text.strip_prefix(b"W/").unwrap_or(text);
    let inner = text.strip_prefix(b"\"")?;
    let end = inner.iter().position(|byte| *byte == b'"')?;
    Some((&inner[..end], &inner[end + 1..]))
}

/// `body` as JSON with its tag; or 304 without it, when `request` says that its sender has it (RFC 9110 §13.1.2, §15.4.5).
///
/// # Errors
/// Our own, when it cannot be written as JSON.
pub fn json(request: &HeaderMap, body: &impl Serialize) -> Result<Response, Problem> {
    let bytes = serde_json::to_vec(body).map_err(Error::internal)?;
    let tag = weak(&bytes);
    let is_known = matches(request.get_all(IF_NONE_MATCH), &tag);
    // To be kept by nobody but who asked, and to be used only after asking again.
    let head = [(ETAG, tag), (CACHE_CONTROL, HeaderValue::from_static("private, no-cache"))];
    if is_known {
        return Ok((StatusCode::NOT_MODIFIED, head).into_response());
    }
    Ok((head, [(CONTENT_TYPE, HeaderValue::from_static("application/json"))], bytes).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(lines: &[&'static str], tag: &'static str) -> bool {
        let lines: Vec<_> = lines.iter().map(|line| HeaderValue::from_static(line)).collect();
        matches(&lines, &HeaderValue::from_static(tag))
    }

    #[test]
    fn a_tag_is_found_in_every_list_that_has_it() {
        for lines in [
            &["W/\"a\""][..],
            &["\"a\""],
            &["*"],
            &[" * "],
            &["\"b\", W/\"a\""],
            &["\"b\",,\t, \"a\" , \"c\""],
            &["\"b\"", "W/\"a\""],
            &["\"with, a comma\", \"a\""],
            &["\"\", \"a\""],
        ] {
            assert!(named(lines, "W/\"a\""), "{lines:?}");
            assert!(named(lines, "\"a\""), "{lines:?}: weakly compared, both are the same");
        }
    }

    #[test]
    fn nothing_else_is_taken_for_it() {
        for lines in [
            &[][..],
            &[""],
            &["a"],
            &["W/a"],
            &["w/\"a\""],
            &["\"A\""],
            &["\"a"],
            &["\"b, \"a\""],
            &["\"b\" \"a\""],
            &["\"*\""],
            &["*, \"a\""],
            &["\"x,a\""],
            &[","],
        ] {
            assert!(!named(lines, "W/\"a\""), "{lines:?}");
        }
    }

    #[test]
    fn other_bytes_have_another_tag() {
        assert_eq!(weak(b"one"), weak(b"one"));
        assert_ne!(weak(b"one"), weak(b"two"));
        assert!(weak(b"").to_str().is_ok_and(|tag| tag.starts_with("W/\"") && tag.len() > 20));
    }
}
