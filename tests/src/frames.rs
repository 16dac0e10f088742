//! The description of what goes over sockets, as the judge of every frame: an event or a field it does not know is a
//! failure.

use jsonschema::{Draft, Validator};
use serde_json::Value;
use std::{collections::HashMap, sync::OnceLock};

static JUDGES: OnceLock<HashMap<String, Validator>> = OnceLock::new();

/// What is wrong with a frame of the server, nothing if it is as described.
///
/// # Panics
/// The description itself is wrong.
pub fn faults(frame: &Value) -> Vec<String> {
    let name = frame["event"].as_str().unwrap_or_default();
    match JUDGES.get_or_init(judges).get(name) {
        None => vec![format!("{name:?} is described nowhere")],
        Some(judge) => {
            let told = judge.iter_errors(frame).map(|error| format!("{}: {error}", error.instance_path()));
            told.take(5).collect()
        }
    }
}

fn judges() -> HashMap<String, Validator> {
    let document = veche::asyncapi::document();
    let messages = document["components"]["messages"].as_object().expect("the description has messages");
    let judge = |name: &String| {
        // A schema that is the place in the document: its references are relative to the document too.
        let mut root = document.clone();
        root["$ref"] = Value::String(format!("#/components/messages/{name}/payload"));
        let options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true);
        let judge =
            options.build(&root).unwrap_or_else(|error| panic!("the schema of {name} is none: {error}"));
        (name.clone(), judge)
    };
    messages.keys().filter(|name| name.starts_with("server.")).map(judge).collect()
}
