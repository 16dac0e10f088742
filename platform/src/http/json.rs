//! Parses strict JSON: bounded depth, unique keys, one object, errors that name the field.

use protocol::{
    error::Failure,
    lang::{JsonType, Text},
};
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_path_to_error::{Path, Segment};
use std::{borrow::Cow, cell::RefCell, collections::HashSet, fmt};

/// Maximum nesting depth of a body.
pub const DEEPEST_JSON: usize = 64;

/// Parses one JSON object; an empty body counts as `{}`.
///
/// # Errors
/// `INVALID_DATA`, with the field's path in `details` if it is known; errors of the whole body are under `body`.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Failure> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let bytes = if bytes.trim_ascii().is_empty() { b"{}" } else { bytes };
    walk(bytes)?;
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    serde_path_to_error::deserialize(&mut reader)
        .map_err(|error| explain(&dotted(error.path()), &error.inner().to_string()))
}

/// Checks depth, keys, syntax and that the body is an object, before anything is built.
fn walk(bytes: &[u8]) -> Result<(), Failure> {
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(bytes);
        let text =
            is_json.map_or_else(|error| bad_json(&error), |_| Text::WrongType { expected: JsonType::Object });
        return Err(whole(text));
    }
    let refused = RefCell::new(None);
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let walked = Walk { depth: 0, refused: &refused }.deserialize(&mut reader).and_then(|()| reader.end());
    walked.map_err(|error| whole(refused.take().unwrap_or_else(|| bad_json(&error))))
}

fn whole(text: Text) -> Failure {
    Failure::field("body", text.clone()).because(text)
}

fn bad_json(error: &serde_json::Error) -> Text {
    Text::BadJson { line: error.line(), column: error.column() }
}

#[derive(Clone, Copy)]
struct Walk<'a> {
    depth: usize,
    /// The reason, if we ended the walk and not the syntax.
    refused: &'a RefCell<Option<Text>>,
}

impl Walk<'_> {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        let depth = self.depth + 1;
        if depth > DEEPEST_JSON {
            Err(self.refuse(Text::TooDeep { max: DEEPEST_JSON }))
        } else {
            Ok(Self { depth, ..self })
        }
    }

    fn refuse<E: Error>(self, text: Text) -> E {
        self.refused.replace(Some(text));
        E::custom("refused")
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let inside = self.deeper()?;
        let mut keys = HashSet::new();
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            if keys.contains(&key) {
                return Err(self.refuse(Text::DuplicateKey { key: key.chars().take(100).collect() }));
            }
            keys.insert(key);
            map.next_value_seed(inside)?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let inside = self.deeper()?;
        while seq.next_element_seed(inside)?.is_some() {}
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }
    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }
    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }
    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

/// A path such as `contacts.0.phone`; empty for the whole body.
pub(super) fn dotted(path: &Path) -> String {
    let segments = path.iter().map(|segment| match segment {
        Segment::Seq { index } => index.to_string(),
        Segment::Map { key } => key.clone(),
        Segment::Enum { variant } => variant.clone(),
        Segment::Unknown => "?".to_owned(),
    });
    segments.collect::<Vec<_>>().join(".")
}

/// Turns serde's error into a field and a text. Serde's message is English and may repeat the value, so only what
/// has no better form is passed on.
pub(super) fn explain(path: &str, message: &str) -> Failure {
    let message = message.split(" at line ").next().unwrap_or(message);
    let field = |name: &str| match (path, name) {
        ("", "") => "body".to_owned(),
        ("", name) => name.to_owned(),
        (path, "") => path.to_owned(),
        (path, name) if path == name || path.ends_with(&format!(".{name}")) => path.to_owned(),
        (path, name) => format!("{path}.{name}"),
    };
    if let Some(name) = message.strip_prefix("missing field ").and_then(quoted) {
        return Failure::field(field(name), Text::Required);
    }
    if let Some(name) = message.strip_prefix("unknown field ").and_then(quoted) {
        return Failure::field(field(name), Text::UnknownField);
    }
    if let Some(name) = message.strip_prefix("duplicate field ").and_then(quoted) {
        return Failure::field(field(name), Text::Duplicate);
    }
    Failure::field(field(""), value_text(message))
}

fn value_text(message: &str) -> Text {
    if message.starts_with("unknown variant ") {
        let allowed = message.split_once(", expected ").map_or("", |(_, words)| words);
        let allowed = allowed.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        return Text::NotOneOf { allowed };
    }
    if message.starts_with("UUID parsing failed") {
        return Text::NotAUuid;
    }
    let no_number = ["invalid digit", "cannot parse integer", "number too large", "number too small"];
    if no_number.iter().any(|beginning| message.starts_with(beginning)) {
        return Text::WrongType { expected: JsonType::Integer };
    }
    if message.starts_with("provided string was not `true`") {
        return Text::WrongType { expected: JsonType::Boolean };
    }
    let expected = message.rsplit_once("expected ").map(|(_, expected)| expected);
    let mistyped = message.starts_with("invalid type") || message.starts_with("invalid value: integer");
    match expected.filter(|_| mistyped).and_then(json_type) {
        Some(expected) => Text::WrongType { expected },
        None if mistyped => Text::Invalid { why: format!("expected {}", expected.unwrap_or("another type")) },
        None => Text::Invalid { why: message.chars().take(200).collect() },
    }
}

/// The JSON type for serde's name of a Rust type.
fn json_type(expected: &str) -> Option<JsonType> {
    let word = expected.trim_start_matches("a ").trim_start_matches("an ");
    let integer = ["u8", "u16", "u32", "u64", "usize", "i8", "i16", "i32", "i64", "isize", "nonzero"];
    match word {
        "string" | "borrowed string" | "formatted UUID string" | "UUID string" => Some(JsonType::String),
        "boolean" | "bool" => Some(JsonType::Boolean),
        "f32" | "f64" => Some(JsonType::Number),
        "sequence" | "array" => Some(JsonType::Array),
        "map" => Some(JsonType::Object),
        word if integer.iter().any(|name| word.starts_with(name)) => Some(JsonType::Integer),
        word if word.starts_with("struct ") => Some(JsonType::Object),
        word if word.contains("string") => Some(JsonType::String),
        _ => None,
    }
}

/// The name in the first pair of backticks.
fn quoted(text: &str) -> Option<&str> {
    text.split('`').nth(1)
}
