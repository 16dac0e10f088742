//! Checks frames against the AsyncAPI document: an unknown event or field is a failure.

use jsonschema::{Draft, Validator};
use serde_json::Value;
use std::{collections::HashMap, sync::OnceLock};

static JUDGES: OnceLock<HashMap<String, Validator>> = OnceLock::new();

/// Lists where a frame of the server differs from the document.
pub fn faults(frame: &Value) -> Vec<String> {
    let name = frame["event"].as_str().unwrap_or_default();
    match JUDGES.get_or_init(judges).get(name) {
        None => vec![format!("{name:?} is described nowhere")],
        Some(judge) => {
            let found = judge.iter_errors(frame).map(|error| format!("{}: {error}", error.instance_path()));
            found.take(5).collect()
        }
    }
}

fn judges() -> HashMap<String, Validator> {
    let document = veche::asyncapi::document();
    let messages = document["components"]["messages"].as_object().expect("the description has messages");
    let judge = |name: &String| {
        // References within the schema are relative to the document, so the schema is a reference into it.
        let mut root = document.clone();
        root["$ref"] = Value::String(format!("#/components/messages/{name}/payload"));
        let options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true);
        let judge =
            options.build(&root).unwrap_or_else(|error| panic!("the schema of {name} is none: {error}"));
        (name.clone(), judge)
    };
    messages.keys().filter(|name| name.starts_with("server.")).map(judge).collect()
}
