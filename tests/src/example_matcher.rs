//! Compares an answer with an example. Values that the server generates may differ, but must have the same format and be
//! the same wherever the example repeats them.

use crate::shape::{Format, kind};
use serde_json::Value;
use std::collections::BTreeMap;

/// Greater numbers are times in nanoseconds.
const NANOSECONDS: i64 = 1_000_000_000_000_000_000;

/// Generated values by the value of the examples that they stand for.
#[derive(Clone, Debug, Default)]
pub struct ExampleMatcher {
    ours: BTreeMap<String, String>,
}

impl ExampleMatcher {
    /// Lets `ours` stand for `example` from now on.
    pub fn bind(&mut self, example: impl Into<String>, ours: impl Into<String>) {
        self.ours.insert(example.into(), ours.into());
    }

    /// Returns the value that stands for one of the examples, which must be known by now.
    pub fn ours(&self, example: &str) -> &str {
        self.ours.get(example).unwrap_or_else(|| panic!("no value for {example} yet"))
    }

    /// Replaces the examples' values in a text by ours.
    pub fn translate(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (example, ours) in &self.ours {
            if text.contains(example.as_str()) {
                text = text.replace(example.as_str(), ours);
            }
        }
        text
    }

    /// Replaces the examples' values in JSON by ours.
    pub fn translate_json(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.translate(text)),
            Value::Array(items) => items.iter().map(|item| self.translate_json(item)).collect(),
            Value::Object(fields) => {
                fields.iter().map(|(key, field)| (key.clone(), self.translate_json(field))).collect()
            }
            other => other.clone(),
        }
    }

    /// Lists where `actual` differs from `example`, and learns what stands for what. Under the pointers in `loose` only keys
    /// and kinds are compared.
    pub fn differences(&mut self, example: &Value, actual: &Value, loose: &[String]) -> Vec<String> {
        let mut found = Vec::new();
        self.compare(String::new(), example, actual, loose, &mut found);
        found
    }

    fn compare(
        &mut self,
        at: String,
        example: &Value,
        actual: &Value,
        loose: &[String],
        found: &mut Vec<String>,
    ) {
        let is_loose = loose.iter().any(|pointer| at.starts_with(pointer.as_str()));
        match (example, actual) {
            (Value::Object(_), Value::Object(_)) => self.compare_objects(&at, example, actual, loose, found),
            (Value::Array(wanted), Value::Array(given)) => {
                if wanted.len() != given.len() {
                    found.push(format!("{at}: {} elements instead of {}", given.len(), wanted.len()));
                }
                for (index, (wanted, given)) in wanted.iter().zip(given).enumerate() {
                    self.compare(format!("{at}/{index}"), wanted, given, loose, found);
                }
            }
            (Value::String(wanted), Value::String(given)) => {
                let like = if is_loose { has_same_format(wanted, given) } else { self.like(wanted, given) };
                if !like {
                    found.push(format!("{at}: {given:?} instead of {:?}", self.translate(wanted)));
                }
            }
            (Value::Number(wanted), Value::Number(given)) => {
                let times =
                    [wanted, given].iter().all(|number| number.as_i64().is_some_and(|n| n > NANOSECONDS));
                if !(is_loose || times || wanted == given) {
                    found.push(format!("{at}: {given} instead of {wanted}"));
                }
            }
            (wanted, given) if kind(wanted) != kind(given) => {
                found.push(format!("{at}: {} instead of {}: {given}", kind(given), kind(wanted)));
            }
            (wanted, given) if wanted != given && !is_loose => {
                found.push(format!("{at}: {given} instead of {wanted}"));
            }
            _ => {}
        }
    }

    fn compare_objects(
        &mut self,
        at: &str,
        example: &Value,
        actual: &Value,
        loose: &[String],
        found: &mut Vec<String>,
    ) {
        let (Value::Object(wanted), Value::Object(given)) = (example, actual) else { return };
        for key in given.keys().filter(|key| !wanted.contains_key(*key)) {
            found.push(format!("{at}/{key}: not in the example"));
        }
        for (key, field) in wanted {
            match given.get(key) {
                Some(ours) => self.compare(format!("{at}/{key}"), field, ours, loose, found),
                None => found.push(format!("{at}/{key}: missing")),
            }
        }
    }

    fn like(&mut self, example: &str, actual: &str) -> bool {
        if self.translate(example) == actual {
            return true;
        }
        if let Some(format) = Format::of(example) {
            return self.learn(format, example, actual);
        }
        // A URL or the like: the same parts, with generated ones at the same places.
        let parts = |text: &str| text.split(['/', '.']).map(str::to_owned).collect::<Vec<_>>();
        let (wanted, given) = (parts(example), parts(actual));
        let alike = |this: &mut Self, wanted: &str, given: &str| {
            this.translate(wanted) == given
                || Format::of(wanted).is_some_and(|format| this.learn(format, wanted, given))
        };
        wanted.len() > 1
            && wanted.len() == given.len()
            && wanted.iter().zip(&given).all(|(wanted, given)| alike(self, wanted, given))
    }

    fn learn(&mut self, format: Format, example: &str, actual: &str) -> bool {
        let fits = format.fits(actual) && format.is_long_enough(actual);
        if !fits || !format.is_identity() {
            return fits;
        }
        // Different ids stay different, but times may coincide.
        let taken = format != Format::Time && self.ours.values().any(|ours| ours == actual);
        if taken || self.ours.contains_key(example) {
            return false;
        }
        self.bind(example, actual);
        true
    }
}

fn has_same_format(example: &str, actual: &str) -> bool {
    Format::of(example).is_none_or(|format| format.fits(actual))
}

#[cfg(test)]
mod tests {
    use super::ExampleMatcher;
    use serde_json::json;

    #[test]
    fn made_up_values_must_mean_the_same_throughout() {
        let mut matcher = ExampleMatcher::default();
        let example = json!({"uid": "3525d76d-cfe0-469f-b46e-cbb79ae5491e", "qr": "http://h/3525d76d-cfe0-469f-b46e-cbb79ae5491e/x.png"});
        let actual = json!({"uid": "00000000-0000-4000-8000-000000000001", "qr": "http://h/00000000-0000-4000-8000-000000000001/x.png"});
        assert_eq!(matcher.differences(&example, &actual, &[]), Vec::<String>::new());
        let other = json!({"uid": "00000000-0000-4000-8000-000000000002", "qr": "http://h/00000000-0000-4000-8000-000000000001/x.png"});
        assert_eq!(matcher.differences(&example, &other, &[]).len(), 1);
    }

    #[test]
    fn keys_kinds_and_fixed_values_are_distinguished() {
        let mut matcher = ExampleMatcher::default();
        let example = json!({"a": null, "b": [1], "c": "x", "d": 1});
        let actual = json!({"b": [1, 2], "c": "y", "d": "1", "e": true});
        let differences = matcher.differences(&example, &actual, &[]);
        assert_eq!(differences.len(), 5, "{differences:?}");
        assert_eq!(
            matcher.differences(&json!({"n": 1}), &json!({"n": 2}), &["/n".into()]),
            Vec::<String>::new()
        );
    }
}
