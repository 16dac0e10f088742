//! Checks answers against the OpenAPI document: an unknown path, status or field is a failure.

use crate::exchange::{Answer, Body};
use http::Method;
use jsonschema::{Draft, Validator};
use serde_json::{Map, Value};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

/// An OpenAPI document.
pub struct Document {
    json: Value,
    operations: Vec<Operation>,
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

/// A method of a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Operation {
    /// As in the document: `/api/v3/teams/{team_uid}`.
    pub path: String,
    /// In upper case.
    pub method: String,
}

impl Operation {
    /// The name in lists: `GET /api/v3/me`.
    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// The path with values for its parameters.
    pub fn filled(&self, values: &BTreeMap<String, String>) -> String {
        let fill = |segment: &str| match parameter(segment) {
            None => segment.to_owned(),
            Some((before, name, after)) => {
                let value =
                    values.get(name).unwrap_or_else(|| panic!("no value for {name} of {}", self.path));
                format!("{before}{value}{after}")
            }
        };
        self.path.split('/').map(fill).collect::<Vec<_>>().join("/")
    }

    fn matches(&self, method: &Method, path: &str) -> bool {
        let (ours, theirs) = (self.path.split('/'), path.trim_end_matches('/').split('/'));
        let fits = |(pattern, actual): (&str, &str)| match parameter(pattern) {
            None => pattern == actual,
            Some((before, _, after)) => {
                actual.len() > before.len() + after.len()
                    && actual.starts_with(before)
                    && actual.ends_with(after)
            }
        };
        self.method == method.as_str()
            && ours.clone().count() == theirs.clone().count()
            && ours.zip(theirs).all(fits)
    }

    /// Sort key by which `/teams/join` comes before `/teams/{team_uid}`.
    fn vagueness(&self) -> (usize, usize) {
        let parameters = self.path.split('/').filter_map(parameter);
        let (mut whole, mut partly) = (0, 0);
        parameters.for_each(
            |(before, _, after)| {
                if before.is_empty() && after.is_empty() { whole += 1 } else { partly += 1 }
            },
        );
        (whole, partly)
    }
}

/// `{token}.png` → `("", "token", ".png")`.
fn parameter(segment: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = segment.split_once('{')?;
    let (name, after) = rest.split_once('}')?;
    Some((before, name, after))
}

impl Document {
    pub fn new(json: Value) -> Self {
        let paths = json["paths"].as_object().expect("the document has paths");
        let methods = ["get", "post", "put", "delete", "patch"];
        let of_path = |(path, item): (&String, &Value)| {
            let known = methods.iter().filter(|method| item.get(**method).is_some());
            known
                .map(|method| Operation { path: path.clone(), method: method.to_uppercase() })
                .collect::<Vec<_>>()
        };
        let operations = paths.iter().flat_map(of_path).collect();
        Self { json, operations, validators: Mutex::default() }
    }

    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// The operation of a request.
    pub fn operation(&self, method: &Method, path: &str) -> Option<&Operation> {
        let fitting = self.operations.iter().filter(|operation| operation.matches(method, path));
        fitting.min_by_key(|operation| operation.vagueness())
    }

    pub fn json(&self) -> &Value {
        &self.json
    }

    /// Lists where a request and its answer differ from the document. An unknown path must be answered with 404 or 405, since
    /// tests ask for some on purpose. The body of a refused request is not checked.
    pub fn faults(&self, answer: &Answer) -> Vec<String> {
        let Some(operation) = self.operation(&answer.call.method, answer.call.path_only()) else {
            return match answer.status.as_u16() {
                404 | 405 => Vec::new(),
                status => vec![format!("{status} from a path that the document does not know")],
            };
        };
        let mut faults = self.response_faults(operation, answer);
        if answer.status.is_success() {
            faults.extend(self.request_faults(operation, answer));
        }
        faults
    }

    fn response_faults(&self, operation: &Operation, answer: &Answer) -> Vec<String> {
        let status = answer.status.as_str();
        let responses = self.pointer_of(operation) + "/responses";
        let found = [status, "default"].into_iter().map(|key| format!("{responses}/{key}"));
        let Some(response) =
            found.map(|pointer| self.followed(pointer)).find(|pointer| self.at(pointer).is_some())
        else {
            return vec![format!("{} does not document {status}", operation.name())];
        };
        let Some(content) = self.at(&format!("{response}/content")).and_then(Value::as_object) else {
            return match answer.bytes.is_empty() {
                true => Vec::new(),
                false => vec![format!("{} documents no body with {status}", operation.name())],
            };
        };
        let kind = answer.header("content-type").unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        let Some(name) = media_type(content, kind) else {
            return vec![format!(
                "{} documents {:?} with {status}, not {kind:?}",
                operation.name(),
                keys(content)
            )];
        };
        if !kind.ends_with("json") {
            return Vec::new();
        }
        let schema = format!("{response}/content/{}/schema", escaped(name));
        self.violations(&schema, &answer.json, &format!("{} {status}", operation.name()))
    }

    fn request_faults(&self, operation: &Operation, answer: &Answer) -> Vec<String> {
        let body = self.followed(self.pointer_of(operation) + "/requestBody");
        let Body::Json(sent) = &answer.call.body else { return Vec::new() };
        let Some(content) = self.at(&format!("{body}/content")).and_then(Value::as_object) else {
            let nothing = sent.as_object().is_some_and(Map::is_empty);
            return if nothing {
                Vec::new()
            } else {
                vec![format!("{} documents no request body", operation.name())]
            };
        };
        let Some(name) = media_type(content, "application/json") else { return Vec::new() };
        let schema = format!("{body}/content/{}/schema", escaped(name));
        self.violations(&schema, sent, &format!("{} request", operation.name()))
    }

    fn violations(&self, schema: &str, instance: &Value, what: &str) -> Vec<String> {
        if self.at(schema).is_none() {
            return Vec::new();
        }
        let validator = self.validator(schema);
        let found = validator
            .iter_errors(instance)
            .map(|error| format!("{what} at {}: {error}", error.instance_path()));
        found.take(10).collect()
    }

    fn validator(&self, schema: &str) -> Arc<Validator> {
        let mut known = self.validators.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || {
            // References within the schema are relative to the document, so the schema is a reference into it.
            let mut root = self.json.clone();
            // A reference is a URI, which has no braces.
            let fragment = schema.replace('{', "%7B").replace('}', "%7D");
            root["$ref"] = Value::String(format!("#{fragment}"));
            let options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true);
            let built = options.build(&root);
            Arc::new(
                built.unwrap_or_else(|error| panic!("the document's schema at {schema} is none: {error}")),
            )
        };
        known.entry(schema.to_owned()).or_insert_with(make).clone()
    }

    fn pointer_of(&self, operation: &Operation) -> String {
        format!("/paths/{}/{}", escaped(&operation.path), operation.method.to_lowercase())
    }

    fn at(&self, pointer: &str) -> Option<&Value> {
        self.json.pointer(pointer)
    }

    /// The pointer, or the target of a `$ref` there.
    fn followed(&self, pointer: String) -> String {
        let target = self.at(&pointer).and_then(|value| value["$ref"].as_str());
        target.and_then(|target| target.strip_prefix('#')).map_or(pointer.clone(), str::to_owned)
    }
}

fn media_type<'a>(content: &'a Map<String, Value>, kind: &str) -> Option<&'a str> {
    let fits = |known: &&String| {
        let known = known.split(';').next().unwrap_or_default();
        known == kind
            || known == "*/*"
            || known.strip_suffix("/*").is_some_and(|family| kind.starts_with(family))
    };
    content.keys().find(fits).map(String::as_str)
}

fn keys(content: &Map<String, Value>) -> Vec<&str> {
    content.keys().map(String::as_str).collect()
}

fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
