//! The envelope of every answer under `/api`: its schema and its only writer.

use crate::{
    error::{ErrorCode, Failure},
    lang::Lang,
};
use serde::Serialize;
use serde_json::value::RawValue;
use std::{collections::BTreeMap, time::Duration};
use utoipa::ToSchema;

/// A successful answer, with status 200.
#[derive(Debug, Serialize, ToSchema)]
pub struct Success<T> {
    /// Time the server spent on the request, for people: `2.2 ms`.
    #[serde(rename = "_time")]
    #[schema(example = "2.2 ms")]
    pub time: String,
    /// Always `true`.
    #[schema(example = true)]
    pub ok: bool,
    /// Result of the call; `null` after a delete.
    pub result: T,
}

/// A failed answer, with any other status.
#[derive(Debug, Serialize, ToSchema)]
pub struct Failed<'a> {
    /// Time the server spent on the request, for people: `2.2 ms`.
    #[serde(rename = "_time")]
    #[schema(example = "0.13 ms")]
    pub time: String,
    /// Always `false`.
    #[schema(example = false)]
    pub ok: bool,
    /// Stable error code; clients branch on it.
    pub error: ErrorCode,
    /// One sentence about the failure as a whole, in the caller's language.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Field name → sentence about its value, in the caller's language; only with `INVALID_DATA`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = BTreeMap<String, String>)]
    pub details: BTreeMap<&'a str, String>,
}

/// Layout of the JSON text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// One line.
    #[default]
    Compact,
    /// Indented, for people: `?debug=true`.
    Pretty,
}

/// Writes the body of a successful answer around a result that is already JSON.
pub fn success(result: &RawValue, took: Duration, layout: Layout) -> serde_json::Result<Vec<u8>> {
    let time = human_time(took);
    match layout {
        Layout::Compact => {
            let mut body = Vec::with_capacity(result.get().len() + 48);
            serde_json::to_writer(&mut body, &Success { time, ok: true, result })?;
            Ok(body)
        }
        Layout::Pretty => {
            // Only here is the result read again: pretty printing needs its structure.
            let result: serde_json::Value = serde_json::from_str(result.get())?;
            serde_json::to_vec_pretty(&Success { time, ok: true, result })
        }
    }
}

/// Writes the body of a failed answer in a language.
pub fn failure(failure: &Failure, lang: Lang, took: Duration, layout: Layout) -> serde_json::Result<Vec<u8>> {
    let (reason, details) = failure.texts(lang);
    let body = Failed { time: human_time(took), ok: false, error: failure.code, reason, details };
    match layout {
        Layout::Compact => serde_json::to_vec(&body),
        Layout::Pretty => serde_json::to_vec_pretty(&body),
    }
}

/// Formats a duration for `_time`: two significant digits below 10, no decimals from 10 on; milliseconds below one
/// second, seconds above (`0.024 ms`, `2.2 ms`, `58 ms`, `3.9 s`).
pub fn human_time(took: Duration) -> String {
    let millis = took.as_secs_f64() * 1000.0;
    if rounded(millis) < 1000.0 {
        format!("{} ms", two_digits(millis))
    } else {
        format!("{} s", two_digits(millis / 1000.0))
    }
}

fn two_digits(value: f64) -> String {
    let decimals = decimals(value);
    format!("{value:.decimals$}")
}

/// Decimal places for two significant digits, at most 4.
fn decimals(value: f64) -> usize {
    let mut decimals = 0;
    let mut scaled = value;
    while decimals < 4 && scaled < 9.95 {
        scaled *= 10.0;
        decimals += 1;
    }
    decimals
}

fn rounded(value: f64) -> f64 {
    let scale = 10_f64.powi(i32::try_from(decimals(value)).unwrap_or(0));
    (value * scale).round() / scale
}

/// An empty result: `null`, the answer to a delete (`docs/acceptance.md`, item 8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nothing;

impl Serialize for Nothing {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

impl utoipa::PartialSchema for Nothing {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        utoipa::openapi::ObjectBuilder::new().schema_type(utoipa::openapi::Type::Null).into()
    }
}

impl utoipa::ToSchema for Nothing {}

#[cfg(test)]
mod tests {
    use super::{Layout, failure, human_time, success};
    use crate::{
        error::{ErrorCode, Failure},
        lang::{Lang, Text},
    };
    use serde_json::value::RawValue;
    use std::time::Duration;

    #[test]
    fn human_time_has_two_significant_digits_below_ten() {
        let cases = [
            (24, "0.024 ms"),
            (130, "0.13 ms"),
            (2_200, "2.2 ms"),
            (2_000, "2.0 ms"),
            (9_940, "9.9 ms"),
            (9_960, "10 ms"),
            (58_400, "58 ms"),
            (999_400, "999 ms"),
            (999_700, "1.0 s"),
            (3_900_000, "3.9 s"),
            (30_000_000, "30 s"),
            (1, "0.0010 ms"),
            (0, "0.0000 ms"),
        ];
        for (micros, expected) in cases {
            assert_eq!(human_time(Duration::from_micros(micros)), expected);
        }
    }

    #[test]
    fn success_embeds_the_result_verbatim() {
        let result = RawValue::from_string(r#"{"b":1,"a":[null]}"#.to_owned()).unwrap();
        let body = success(&result, Duration::from_micros(2_200), Layout::Compact).unwrap();
        let expected = r#"{"_time":"2.2 ms","ok":true,"result":{"b":1,"a":[null]}}"#;
        assert_eq!(String::from_utf8(body).unwrap(), expected);
    }

    #[test]
    fn pretty_layout_indents_the_result() {
        let result = RawValue::from_string(r#"{"a":1}"#.to_owned()).unwrap();
        let body = success(&result, Duration::from_millis(58), Layout::Pretty).unwrap();
        let text = String::from_utf8(body).unwrap();
        assert!(text.contains("\n  \"result\": {\n    \"a\": 1\n  }"), "{text}");
    }

    #[test]
    fn failure_omits_empty_keys() {
        let body =
            failure(&Failure::new(ErrorCode::NotFound), Lang::Ru, Duration::from_millis(1), Layout::Compact);
        let expected = r#"{"_time":"1.0 ms","ok":false,"error":"NOT_FOUND"}"#;
        assert_eq!(String::from_utf8(body.unwrap()).unwrap(), expected);
        let refused = Failure::field("phone", Text::Required);
        let body = failure(&refused, Lang::En, Duration::from_millis(1), Layout::Compact).unwrap();
        assert!(
            String::from_utf8(body).unwrap().ends_with(r#""details":{"phone":"This field is required"}}"#)
        );
    }
}
