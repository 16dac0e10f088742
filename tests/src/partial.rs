//! Partial comparison of JSON: an object may have more keys than expected, a list may not have more elements. The texts
//! `<uuid>`, `<time>`, `<token>`, `<any>` and `<absent>` stand for any value of that kind.

use crate::shape::Format;
use serde_json::Value;

/// Where the actual value lacks something expected, by JSON pointer; empty if it lacks nothing.
pub fn mismatches(expected: &Value, actual: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    compare("", expected, actual, &mut wrong);
    wrong
}

fn compare(at: &str, expected: &Value, actual: &Value, wrong: &mut Vec<String>) {
    match (expected, actual) {
        (Value::Object(wanted), Value::Object(given)) => {
            for (key, field) in wanted {
                match given.get(key) {
                    Some(_) if field == "<absent>" => wrong.push(format!("{at}/{key}: must not be there")),
                    None if field == "<absent>" => {}
                    Some(ours) => compare(&format!("{at}/{key}"), field, ours, wrong),
                    None => wrong.push(format!("{at}/{key}: missing")),
                }
            }
        }
        (Value::Array(wanted), Value::Array(given)) if wanted.len() == given.len() => {
            for (index, (wanted, given)) in wanted.iter().zip(given).enumerate() {
                compare(&format!("{at}/{index}"), wanted, given, wrong);
            }
        }
        (Value::String(wanted), given) if is_placeholder_for(wanted, given) => {}
        (wanted, given) if wanted == given => {}
        (wanted, given) => wrong.push(format!("{at}: {given} instead of {wanted}")),
    }
}

fn is_placeholder_for(wanted: &str, given: &Value) -> bool {
    let text = given.as_str().unwrap_or_default();
    match wanted {
        "<any>" => true,
        "<uuid>" => Format::Uuid.fits(text),
        "<time>" => Format::Time.fits(text),
        "<token>" => Format::SessionToken.fits(text) || Format::SharedToken.fits(text),
        _ => false,
    }
}
