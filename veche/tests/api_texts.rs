//! The texts of the published API: every operation, parameter, field and message describes itself, without its
//! neighbours; every operation has an id, a summary and examples of its own.

#![allow(clippy::unwrap_used, reason = "a failed expectation is what tests report")]

use jsonschema::Draft;
use serde_json::Value;
use std::collections::BTreeMap;

/// Beginnings that no description may have: such a sentence is complete only with its neighbour.
const INCOMPLETE: [&str; 8] = ["Of", "The same", "Who", "Whose", "Whom", "What", "Which", "As"];

fn openapi() -> Value {
    serde_json::to_value(veche::docs::openapi()).unwrap()
}

/// Each operation with its name, `GET /path`.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths
        .flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().iter();
            methods.map(move |(method, operation)| (format!("{} {path}", method.to_uppercase()), operation))
        })
        .collect()
}

fn repeated<'a>(values: impl Iterator<Item = (&'a str, &'a String)>) -> Vec<(&'a str, Vec<&'a String>)> {
    let mut all: BTreeMap<&str, Vec<&String>> = BTreeMap::new();
    for (value, operation) in values {
        all.entry(value).or_default().push(operation);
    }
    all.into_iter().filter(|(_, operations)| operations.len() > 1).collect()
}

/// Every summary and description of a document, with the pointer to it.
fn texts(value: &Value, pointer: &str, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(entries) => {
            for (key, entry) in entries {
                let place = format!("{pointer}/{key}");
                match (key.as_str(), entry) {
                    ("example" | "examples" | "enum", _) => {}
                    ("summary" | "description", Value::String(text)) => found.push((place, text.clone())),
                    _ => texts(entry, &place, found),
                }
            }
        }
        Value::Array(entries) => {
            entries
                .iter()
                .enumerate()
                .for_each(|(index, entry)| texts(entry, &format!("{pointer}/{index}"), found));
        }
        _ => {}
    }
}

fn is_incomplete(text: &str) -> bool {
    INCOMPLETE.iter().any(|start| {
        text.strip_prefix(start).is_some_and(|rest| !rest.starts_with(|next: char| next.is_alphanumeric()))
    })
}

#[test]
fn operations_have_unique_summaries_and_ids() {
    let document = openapi();
    let operations = operations(&document);
    for key in ["summary", "operationId"] {
        let missing: Vec<&String> =
            operations.iter().filter(|(_, it)| !it[key].is_string()).map(|(name, _)| name).collect();
        assert!(missing.is_empty(), "without {key}: {missing:#?}");
        let values = operations.iter().map(|(name, it)| (it[key].as_str().unwrap(), name));
        let repeated = repeated(values);
        assert!(repeated.is_empty(), "the same {key}: {repeated:#?}");
    }
}

#[test]
fn descriptions_are_complete_without_their_neighbours() {
    let mut found = vec![];
    texts(&openapi(), "openapi", &mut found);
    texts(&veche::asyncapi::document(), "asyncapi", &mut found);
    assert!(found.len() > 1_000, "{}", found.len());
    found.retain(|(_, text)| text.is_empty() || is_incomplete(text));
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn fields_of_the_api_are_described() {
    let document = openapi();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let mut missing = vec![];
    for (name, schema) in schemas {
        for (field, schema) in schema["properties"].as_object().into_iter().flatten() {
            let is_generic = name.starts_with("Success_") && field == "result";
            // The description of an optional reference stands beside the reference.
            let options = schema["oneOf"].as_array().into_iter().flatten();
            let is_described = options.chain([schema]).any(|schema| schema["description"].is_string());
            if !is_described && !is_generic {
                missing.push(format!("{name}.{field}"));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn operations_have_examples_that_fit_their_schemas() {
    let document = openapi();
    let (mut checked, mut wrong) = (0, vec![]);
    for (name, operation) in operations(&document) {
        let request = ("request".to_owned(), &operation["requestBody"]);
        let responses = operation["responses"].as_object().unwrap().iter();
        let responses = responses.filter(|(status, _)| status.starts_with('2'));
        let bodies = responses.map(|(status, body)| (status.clone(), body)).chain([request]);
        for (place, body) in bodies {
            for (media_type, content) in body["content"].as_object().into_iter().flatten() {
                let Some(example) = content.get("example") else {
                    let is_text = media_type.starts_with("application/") || media_type.starts_with("text/");
                    if is_text || media_type == "multipart/form-data" {
                        wrong.push(format!("{name} {place} {media_type}: no example"));
                    }
                    continue;
                };
                let mut root = document.clone();
                root["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
                root["allOf"] = Value::Array(vec![content["schema"].clone()]);
                root.as_object_mut().unwrap().remove("paths");
                let options =
                    jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true);
                let validator = options.build(&root).unwrap();
                for error in validator.iter_errors(example) {
                    wrong.push(format!("{name} {place} {media_type}: {} {error}", error.instance_path()));
                }
                checked += 1;
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(checked > 200, "{checked}");
}
