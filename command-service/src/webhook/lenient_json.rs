//! A lenient JSON parser for the payloads of other services, so that one bad value does not lose a delivery. Bodies of our own
//! clients are parsed strictly (`platform/src/http/json.rs`).
//!
//! Bytes that are not UTF-8 and unpaired surrogates become U+FFFD, raw control characters in strings are kept, numbers out of
//! range and `NaN` become null. The last value of a repeated key counts. Values that are nested too deeply are left out, and so
//! are those beyond a number that no known payload reaches.

use protocol::{
    error::Failure,
    lang::{JsonType, Text},
};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::{cell::Cell, fmt, iter::Peekable, str::Chars};

/// Largest depth; serde_json itself fails at 128.
const DEEPEST: usize = 100;
/// Largest number of values.
const MOST: usize = 100_000;
/// Largest number of elements of one list.
const LONGEST: usize = 1_000;

/// Parses a payload; an empty one counts as `{}`.
///
/// # Errors
/// `INVALID_DATA` for `body`: it is no JSON object, or incomplete.
pub(crate) fn payload(bytes: &[u8]) -> Result<Value, Failure> {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_start_matches('\u{feff}');
    if text.trim().is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    let mended = mended(text);
    let left = Cell::new(MOST);
    let mut reader = serde_json::Deserializer::from_str(&mended);
    let refused = |text: Text| Failure::field("body", text.clone()).because(text);
    match (Seed { depth: 0, left: &left }).deserialize(&mut reader) {
        Ok(payload) if payload.is_object() => Ok(payload),
        Ok(_) => Err(refused(Text::WrongType { expected: JsonType::Object })),
        Err(error) => Err(refused(Text::BadJson { line: error.line(), column: error.column() })),
    }
}

/// Rewrites strings and numbers so that serde_json can read them.
fn mended(text: &str) -> String {
    let mut mended = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' => {
                mended.push(c);
                string(&mut rest, &mut mended);
            }
            '-' | '0'..='9' | 'N' | 'I' => bare(c, &mut rest, &mut mended),
            other => mended.push(other),
        }
    }
    mended
}

/// Rewrites a string, after its opening quote.
fn string(rest: &mut Peekable<Chars<'_>>, mended: &mut String) {
    while let Some(c) = rest.next() {
        match c {
            '"' => return mended.push(c),
            '\\' if rest.peek() == Some(&'u') => {
                rest.next();
                unicode(rest, mended);
            }
            '\\' => {
                let escaped = rest.next();
                match escaped {
                    Some('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't') => {
                        mended.push('\\');
                        mended.extend(escaped);
                    }
                    // A backslash that escapes nothing stands for itself.
                    other => {
                        mended.push_str("\\\\");
                        mended.extend(other);
                    }
                }
            }
            c if u32::from(c) < 0x20 => mended.push_str(&format!("\\u{:04x}", u32::from(c))),
            other => mended.push(other),
        }
    }
}

/// Rewrites the escape after `\u`: a character, a surrogate pair, or an unpaired surrogate.
fn unicode(rest: &mut Peekable<Chars<'_>>, mended: &mut String) {
    let Some(unit) = unit(rest) else { return mended.push_str("\\ufffd") };
    if !(0xd800..0xdc00).contains(&unit) {
        let whole = if (0xdc00..0xe000).contains(&unit) { 0xfffd } else { unit };
        return mended.push_str(&format!("\\u{whole:04x}"));
    }
    let mut ahead = rest.clone();
    let low = (ahead.next() == Some('\\') && ahead.next() == Some('u')).then(|| self::unit(&mut ahead));
    match low.flatten().filter(|low| (0xdc00..0xe000).contains(low)) {
        Some(low) => {
            *rest = ahead;
            mended.push_str(&format!("\\u{unit:04x}\\u{low:04x}"));
        }
        None => mended.push_str("\\ufffd"),
    }
}

/// Reads four hexadecimal digits; other characters are not consumed.
fn unit(rest: &mut Peekable<Chars<'_>>) -> Option<u32> {
    let mut unit = 0;
    for _ in 0..4 {
        unit = unit * 16 + rest.peek()?.to_digit(16)?;
        rest.next();
    }
    Some(unit)
}

/// Rewrites a number, or a word like `NaN` that stands for one.
fn bare(first: char, rest: &mut Peekable<Chars<'_>>, mended: &mut String) {
    let mut word = String::from(first);
    while let Some(c) = rest.next_if(|c| c.is_ascii_alphanumeric() || "+-.".contains(*c)) {
        word.push(c);
    }
    let finite = word.parse::<f64>().is_ok_and(f64::is_finite);
    mended.push_str(if finite && !word.starts_with(['N', 'I']) { &word } else { "null" });
}

/// Builds a value within the limits.
#[derive(Clone, Copy)]
struct Seed<'a> {
    depth: usize,
    left: &'a Cell<usize>,
}

impl Seed<'_> {
    fn deeper(self) -> Self {
        Self { depth: self.depth + 1, ..self }
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let left = self.left.get();
        if self.depth >= DEEPEST || left == 0 {
            // Skipped without recursion, whatever its depth.
            return deserializer.deserialize_ignored_any(IgnoredAny).map(|_| Value::Null);
        }
        self.left.set(left - 1);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            let value = map.next_value_seed(self.deeper())?;
            if self.left.get() > 0 {
                object.insert(key, value);
            }
        }
        Ok(Value::Object(object))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut list = vec![];
        while list.len() < LONGEST
            && let Some(value) = seq.next_element_seed(self.deeper())?
        {
            list.push(value);
            if self.left.get() == 0 {
                break;
            }
        }
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Array(list))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }
    fn visit_bool<E: Error>(self, is: bool) -> Result<Value, E> {
        Ok(Value::Bool(is))
    }
    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }
    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }
    fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
        Ok(number.into())
    }
    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn payload_with_invalid_strings_or_numbers_is_read_with_replacements() {
        let cases: [(&[u8], Value); 12] = [
            (br#"{"a": "Bob \ud83d"}"#, json!({"a": "Bob \u{fffd}"})),
            (
                br#"{"a": "\ude00\ud83d\ude00\ud83d\u0041\ud83d\n\ud8"}"#,
                json!({"a": "\u{fffd}😀\u{fffd}A\u{fffd}\n\u{fffd}"}),
            ),
            (br#"{"a": 1, "a": 2}"#, json!({"a": 2})),
            (b"{\"a\": \"x\xffy\nz\t\"}", json!({"a": "x\u{fffd}y\nz\t"})),
            (br#"{"a": "\x \" \\"}"#, json!({"a": "\\x \" \\"})),
            (
                br#"{"a": 1e999, "b": NaN, "c": [-Infinity, -1.5e3]}"#,
                json!({"a": null, "b": null, "c": [null, -1500.0]}),
            ),
            (br#"{"a": 18446744073709551616}"#, json!({"a": 18446744073709551616.0})),
            ("\u{feff}{\"Nан\": \"NaN 1e999\"}".as_bytes(), json!({"Nан": "NaN 1e999"})),
            (b"", json!({})),
            (b"{}", json!({})),
            (br#"{"a": true} and more"#, json!({"a": true})),
            (br#"{"a": [true, false, null, {}]}"#, json!({"a": [true, false, null, {}]})),
        ];
        for (sent, read) in cases {
            assert_eq!(payload(sent).unwrap(), read, "{}", String::from_utf8_lossy(sent));
        }
    }

    #[test]
    fn payload_that_is_no_json_object_is_refused() {
        for text in ["{\"a\": ", "x", "{\"a\": \"b", "{]", "{\"a\" 1}", "[1]", "1"] {
            let failure = payload(text.as_bytes()).unwrap_err();
            assert!(failure.details.contains_key("body"), "{text}");
        }
    }

    #[test]
    fn payload_beyond_the_limits_is_read_without_the_excess() {
        let deep = format!("{{\"a\": {}1{}, \"b\": \"x\"}}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(payload(deep.as_bytes()).unwrap()["b"], "x");
        let many = format!("{{\"a\": [{}0], \"title\": \"late\"}}", "0,".repeat(2_000_000));
        let read = payload(many.as_bytes()).unwrap();
        assert_eq!((read["a"].as_array().unwrap().len(), &read["title"]), (LONGEST, &json!("late")));
        let keys: String = (0..2 * MOST).map(|n| format!("\"{n}\": 0, ")).collect();
        let read = payload(format!("{{\"title\": \"early\", {keys}\"last\": [[]]}}").as_bytes()).unwrap();
        assert_eq!(read["title"], "early");
        assert!(read.as_object().unwrap().len() <= MOST);
    }
}
