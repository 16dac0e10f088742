//! Conditional and partial reading of what never changes under its name (RFC 9110, sections 13 and 14).

use http::{
    HeaderMap, Method,
    header::{IF_NONE_MATCH, IF_RANGE, RANGE},
};
use std::ops::Range;

/// What of a file is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// All of it.
    Whole,
    /// These bytes; there is at least one.
    Part(Range<u64>),
    /// Bytes that it does not have.
    Unsatisfiable,
}

/// Whether the client has it already. `etag` is strong, with its quotes.
pub fn not_modified(headers: &HeaderMap, etag: &str) -> bool {
    let listed = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    listed.flat_map(|list| list.split(',')).any(|tag| {
        let tag = tag.trim();
        tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag
    })
}

/// What `Range` asks for. One range is answered; several, other units, and what cannot be read count as no range, as does a
/// range of something that the client has another version of. The header is defined for GET alone: other methods get the
/// whole (RFC 9110, 14.2).
pub fn wanted(method: &Method, headers: &HeaderMap, etag: &str, size: u64) -> Wanted {
    if method != Method::GET {
        return Wanted::Whole;
    }
    let same = headers.get(IF_RANGE).is_none_or(|tag| tag.to_str().is_ok_and(|tag| tag.trim() == etag));
    let range = headers.get(RANGE).and_then(|value| value.to_str().ok()).filter(|_| same);
    let Some(range) = range.and_then(|range| range.trim().strip_prefix("bytes=")) else {
        return Wanted::Whole;
    };
    let Some((first, last)) = range.split_once('-') else { return Wanted::Whole };
    let (first, last) = (first.trim(), last.trim());
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        // More digits than a number has are behind any end.
        digits.then(|| text.parse::<u64>().unwrap_or(u64::MAX))
    };
    let range = match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => first..last.saturating_add(1).min(size),
        (Some(first), None) if last.is_empty() => first..size,
        // The last bytes of an empty file can be given: there are none (RFC 9110, 14.1.2).
        (None, Some(1..)) if first.is_empty() && size == 0 => return Wanted::Whole,
        (None, Some(length)) if first.is_empty() => size.saturating_sub(length)..size,
        _ => return Wanted::Whole,
    };
    if range.is_empty() { Wanted::Unsatisfiable } else { Wanted::Part(range) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    const ETAG: &str = "\"a\"";

    fn with(name: http::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn one_range_is_cut_to_what_there_is() {
        for (range, expected) in [
            ("bytes=0-0", Wanted::Part(0..1)),
            ("bytes=2-", Wanted::Part(2..10)),
            ("bytes=-3", Wanted::Part(7..10)),
            ("bytes=-30", Wanted::Part(0..10)),
            ("bytes=4-99999999999999999999999", Wanted::Part(4..10)),
            ("bytes=10-", Wanted::Unsatisfiable),
            ("bytes=99999999999999999999999-", Wanted::Unsatisfiable),
            ("bytes=-0", Wanted::Unsatisfiable),
            ("bytes=5-4", Wanted::Whole),
            ("bytes=0-1,3-4", Wanted::Whole),
            ("bytes=-", Wanted::Whole),
            ("bytes=+1-2", Wanted::Whole),
            ("lines=1-2", Wanted::Whole),
            ("bytes", Wanted::Whole),
        ] {
            assert_eq!(wanted(&Method::GET, &with(RANGE, range), ETAG, 10), expected, "{range}");
            assert_eq!(wanted(&Method::HEAD, &with(RANGE, range), ETAG, 10), Wanted::Whole, "{range}");
        }
    }

    #[test]
    fn of_an_empty_file_only_the_last_bytes_can_be_given() {
        for (range, expected) in [
            ("bytes=-5", Wanted::Whole),
            ("bytes=-99999999999999999999999", Wanted::Whole),
            ("bytes=-0", Wanted::Unsatisfiable),
            ("bytes=0-", Wanted::Unsatisfiable),
            ("bytes=0-0", Wanted::Unsatisfiable),
        ] {
            assert_eq!(wanted(&Method::GET, &with(RANGE, range), ETAG, 0), expected, "{range}");
            assert_eq!(wanted(&Method::HEAD, &with(RANGE, range), ETAG, 0), Wanted::Whole, "{range}");
        }
    }

    #[test]
    fn a_range_of_another_version_is_the_whole() {
        let mut headers = with(RANGE, "bytes=1-2");
        headers.insert(IF_RANGE, HeaderValue::from_static("\"b\""));
        assert_eq!(wanted(&Method::GET, &headers, ETAG, 10), Wanted::Whole);
        headers.insert(IF_RANGE, HeaderValue::from_static("\"a\""));
        assert_eq!(wanted(&Method::GET, &headers, ETAG, 10), Wanted::Part(1..3));
    }

    #[test]
    fn tags_are_found_in_lists() {
        for (list, expected) in
            [("\"a\"", true), ("\"b\", W/\"a\"", true), ("*", true), ("\"b\"", false), ("a", false)]
        {
            assert_eq!(not_modified(&with(IF_NONE_MATCH, list), ETAG), expected, "{list}");
        }
    }
}
