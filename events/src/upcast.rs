//! Old stored names and payloads → new ones: pure, one arm a step. Nothing has been superseded yet.

use serde_json::Value;
use std::borrow::Cow;

/// Lifts a stored event to the newest version of its name; newest ones pass through unchanged.
pub fn lift(kind: &str, payload: Value) -> (Cow<'_, str>, Value) {
    (Cow::Borrowed(kind), payload)
}
