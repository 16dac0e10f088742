//! Conditional and partial requests for immutable content (RFC 9110, sections 13 and 14).

use http::{
    HeaderMap, Method,
    header::{IF_NONE_MATCH, IF_RANGE, RANGE},
};
use std::ops::Range;

/// The requested part of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RangeRequest {
    /// The whole file.
    Whole,
    /// These bytes, at least one.
    Part(Range<u64>),
    /// Bytes that the file does not have.
    Unsatisfiable,
}

/// Whether the client already has the file. `etag` is strong, with its quotes.
pub fn not_modified(headers: &HeaderMap, etag: &str) -> bool {
    let listed = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    listed.flat_map(|list| list.split(',')).any(|tag| {
        let tag = tag.trim();
        tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag
    })
}

/// Evaluates `Range`. A single range is answered; several ranges, other units, malformed ones, and a range of
/// another version count as no range. The header is defined for GET only: other methods get the whole file (RFC
/// 9110, 14.2).
pub fn requested_range(method: &Method, headers: &HeaderMap, etag: &str, size: u64) -> RangeRequest {
    if method != Method::GET {
        return RangeRequest::Whole;
    }
    let same = headers.get(IF_RANGE).is_none_or(|tag| tag.to_str().is_ok_and(|tag| tag.trim() == etag));
    let range = headers.get(RANGE).and_then(|value| value.to_str().ok()).filter(|_| same);
    let Some(range) = range.and_then(|range| range.trim().strip_prefix("bytes=")) else {
        return RangeRequest::Whole;
    };
    let Some((first, last)) = range.split_once('-') else { return RangeRequest::Whole };
    let (first, last) = (first.trim(), last.trim());
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        // More digits than a number holds are after any end.
        digits.then(|| text.parse::<u64>().unwrap_or(u64::MAX))
    };
    let range = match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => first..last.saturating_add(1).min(size),
        (Some(first), None) if last.is_empty() => first..size,
        // A suffix range of an empty file is satisfiable (RFC 9110, 14.1.2).
        (None, Some(1..)) if first.is_empty() && size == 0 => return RangeRequest::Whole,
        (None, Some(length)) if first.is_empty() => size.saturating_sub(length)..size,
        _ => return RangeRequest::Whole,
    };
    if range.is_empty() { RangeRequest::Unsatisfiable } else { RangeRequest::Part(range) }
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
    fn range_is_cut_to_the_size_of_the_file() {
        for (range, expected) in [
            ("bytes=0-0", RangeRequest::Part(0..1)),
            ("bytes=2-", RangeRequest::Part(2..10)),
            ("bytes=-3", RangeRequest::Part(7..10)),
            ("bytes=-30", RangeRequest::Part(0..10)),
            ("bytes=4-99999999999999999999999", RangeRequest::Part(4..10)),
            ("bytes=10-", RangeRequest::Unsatisfiable),
            ("bytes=99999999999999999999999-", RangeRequest::Unsatisfiable),
            ("bytes=-0", RangeRequest::Unsatisfiable),
            ("bytes=5-4", RangeRequest::Whole),
            ("bytes=0-1,3-4", RangeRequest::Whole),
            ("bytes=-", RangeRequest::Whole),
            ("bytes=+1-2", RangeRequest::Whole),
            ("lines=1-2", RangeRequest::Whole),
            ("bytes", RangeRequest::Whole),
        ] {
            assert_eq!(requested_range(&Method::GET, &with(RANGE, range), ETAG, 10), expected, "{range}");
            assert_eq!(
                requested_range(&Method::HEAD, &with(RANGE, range), ETAG, 10),
                RangeRequest::Whole,
                "{range}"
            );
        }
    }

    #[test]
    fn empty_file_satisfies_only_suffix_ranges() {
        for (range, expected) in [
            ("bytes=-5", RangeRequest::Whole),
            ("bytes=-99999999999999999999999", RangeRequest::Whole),
            ("bytes=-0", RangeRequest::Unsatisfiable),
            ("bytes=0-", RangeRequest::Unsatisfiable),
            ("bytes=0-0", RangeRequest::Unsatisfiable),
        ] {
            assert_eq!(requested_range(&Method::GET, &with(RANGE, range), ETAG, 0), expected, "{range}");
            assert_eq!(
                requested_range(&Method::HEAD, &with(RANGE, range), ETAG, 0),
                RangeRequest::Whole,
                "{range}"
            );
        }
    }

    #[test]
    fn range_of_another_version_returns_the_whole_file() {
        let mut headers = with(RANGE, "bytes=1-2");
        headers.insert(IF_RANGE, HeaderValue::from_static("\"b\""));
        assert_eq!(requested_range(&Method::GET, &headers, ETAG, 10), RangeRequest::Whole);
        headers.insert(IF_RANGE, HeaderValue::from_static("\"a\""));
        assert_eq!(requested_range(&Method::GET, &headers, ETAG, 10), RangeRequest::Part(1..3));
    }

    #[test]
    fn etag_is_found_in_a_list() {
        for (list, expected) in
            [("\"a\"", true), ("\"b\", W/\"a\"", true), ("*", true), ("\"b\"", false), ("a", false)]
        {
            assert_eq!(not_modified(&with(IF_NONE_MATCH, list), ETAG), expected, "{list}");
        }
    }
}
