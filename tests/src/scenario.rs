//! Scenarios as data: a JSON file of steps, each a request with what is expected of its answer.
//!
//! A file is `{"about": …, "settings": {…}, "steps": [step, …]}`; with `settings` it runs in a product of its own.
//! A step is one of:
//! - `{"login": "anna", "phone": "+7…"}`: later steps with `"as": "anna"` use her token, which is `{anna.token}`;
//!   `"cookie": true` logs in like a browser;
//! - `{"call": "PUT /api/v3/…", "as": …, "headers": {…}, "body": {…}, …}`: `"raw"` sends a text instead of JSON, with
//!   `"content_type"` or none. `"file"` sends a form: the texts of `"form"`, then in the field of that name a file called
//!   `"file_name"` with a picture, the text `"holding"` or `"bytes"` zeros. `"bytes"` alone sends that many zeros. Checked
//!   are `"status"` (default 200), `"error"`, `"details"` (the fields' names), `"result"` (in part), `"answer"` (the whole
//!   body, in part), `"answer_headers"` (in part), `"contains"` (a piece of the body).
//!   `"capture": {"name": "/result/uid"}` keeps the value at the pointer as `{name}` for all later steps.
//!
//! [`partial`] compares in part and knows the placeholders, such as `<uuid>`.

use crate::{
    client::{Client, Identity, multipart},
    exchange::{Answer, Body, Call},
    partial,
    person::Person,
};
use http::Method;
use serde::Deserialize;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// A scenario file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    pub about: String,
    /// Settings that differ from the dev profile's.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
    pub steps: Vec<Step>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Step {
    Login(Login),
    Call(Box<Checked>),
}

/// A login.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Login {
    login: String,
    /// No other file may use this phone.
    phone: String,
    #[serde(default)]
    cookie: bool,
}

/// A request with expectations of its answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checked {
    pub call: String,
    #[serde(rename = "as")]
    caller: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    body: Option<Value>,
    raw: Option<String>,
    bytes: Option<usize>,
    file: Option<String>,
    file_name: Option<String>,
    #[serde(default)]
    form: BTreeMap<String, String>,
    holding: Option<String>,
    content_type: Option<String>,
    #[serde(default = "success")]
    status: u16,
    error: Option<String>,
    details: Option<Vec<String>>,
    result: Option<Value>,
    answer: Option<Value>,
    #[serde(default)]
    answer_headers: BTreeMap<String, String>,
    contains: Option<String>,
    #[serde(default)]
    capture: BTreeMap<String, String>,
}

fn success() -> u16 {
    200
}

impl Scenario {
    /// The error codes that the steps expect.
    pub fn errors(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().filter_map(|step| match step {
            Step::Call(checked) => checked.error.as_deref(),
            Step::Login(_) => None,
        })
    }

    /// The phones that log in.
    pub fn phones(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().filter_map(|step| match step {
            Step::Login(login) => Some(login.phone.as_str()),
            Step::Call(_) => None,
        })
    }
}

/// Reads all scenarios of a folder, sorted by file name.
pub fn load(folder: &Path) -> BTreeMap<PathBuf, Scenario> {
    let entries = std::fs::read_dir(folder).expect("the folder of scenarios").flatten();
    let files =
        entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|end| end == "json"));
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).expect("a scenario can be read");
        let scenario =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        (path, scenario)
    };
    files.map(read).collect()
}

/// The state of a scenario that runs.
pub struct Run {
    client: Client,
    people: BTreeMap<String, Client>,
    captured: BTreeMap<String, String>,
}

impl Run {
    pub fn new(client: Client) -> Self {
        Self { client, people: BTreeMap::new(), captured: BTreeMap::new() }
    }

    /// Runs all steps.
    pub async fn all(&mut self, scenario: &Scenario) {
        for step in &scenario.steps {
            match step {
                Step::Login(login) => self.login(login).await,
                Step::Call(checked) => self.call(checked).await,
            }
        }
    }

    async fn login(&mut self, login: &Login) {
        let person = match login.cookie {
            true => Person::login_with_cookie(&self.client, &login.phone).await,
            false => Person::login(&self.client, &login.phone).await,
        };
        self.captured.insert(format!("{}.token", login.login), person.token.clone());
        self.people.insert(login.login.clone(), person.client);
    }

    async fn call(&mut self, checked: &Checked) {
        let (method, path) = checked.call.split_once(' ').expect("a call is a method and a path");
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let mut call = Call::new(method, self.filled(path), self.body(checked));
        for (name, value) in &checked.headers {
            call = call.header(name, self.filled(value));
        }
        let caller = match &checked.caller {
            None => self.client.as_identity(Identity::Nobody),
            Some(name) => self.people.get(name).unwrap_or_else(|| panic!("{name} has not logged in")).clone(),
        };
        let answer = caller.send(call).await;
        let mut wrong = self.wrong(checked, &answer);
        for (name, pointer) in &checked.capture {
            match answer.json.pointer(pointer) {
                Some(Value::String(text)) => drop(self.captured.insert(name.clone(), text.clone())),
                Some(value) => drop(self.captured.insert(name.clone(), value.to_string())),
                None => wrong.push(format!("nothing at {pointer} to capture")),
            }
        }
        assert!(wrong.is_empty(), "{}\n{answer}", wrong.join("\n"));
    }

    fn body(&self, checked: &Checked) -> Body {
        let content_type = checked.content_type.clone();
        match (&checked.body, &checked.raw, &checked.file, checked.bytes) {
            (Some(value), ..) => Body::Json(self.filled_json(value)),
            (_, Some(text), ..) => Body::Raw { content_type, bytes: self.filled(text).into_bytes() },
            (_, _, Some(field), zeros) => {
                let content = match (&checked.holding, zeros) {
                    (Some(text), _) => text.clone().into_bytes(),
                    (None, Some(amount)) => vec![0; amount],
                    (None, None) => picture(64, 32),
                };
                let name = checked.file_name.as_deref().unwrap_or("picture.png");
                let texts: Vec<(&String, String)> =
                    checked.form.iter().map(|(name, text)| (name, self.filled(text))).collect();
                let texts = texts.iter().map(|(name, text)| (name.as_str(), None, text.as_bytes()));
                multipart(&texts.chain([(field.as_str(), Some(name), &content[..])]).collect::<Vec<_>>())
            }
            (_, _, _, Some(amount)) => Body::Raw { content_type, bytes: vec![b'0'; amount] },
            _ => Body::Empty,
        }
    }

    fn wrong(&self, checked: &Checked, answer: &Answer) -> Vec<String> {
        let mut wrong = Vec::new();
        if answer.status != checked.status {
            wrong.push(format!("status {} instead of {}", answer.status.as_u16(), checked.status));
        }
        if let Some(error) = &checked.error
            && answer.json["error"] != error.as_str()
        {
            wrong.push(format!("error {} instead of {error}", answer.json["error"]));
        }
        if let Some(details) = &checked.details {
            let found = answer.json["details"].as_object();
            let found: Vec<_> = found.into_iter().flat_map(|found| found.keys().cloned()).collect();
            if found != *details {
                wrong.push(format!("details about {found:?} instead of {details:?}"));
            }
        }
        let parts = [(&checked.result, &answer.json["result"]), (&checked.answer, &answer.json)];
        for (expected, actual) in parts {
            if let Some(expected) = expected {
                wrong.extend(partial::mismatches(&self.filled_json(expected), actual));
            }
        }
        for (name, piece) in &checked.answer_headers {
            let value = answer.header(name).unwrap_or_default();
            if !value.contains(&self.filled(piece)) {
                wrong.push(format!("header {name}: {value:?} without {piece:?}"));
            }
        }
        if let Some(piece) = checked.contains.as_ref().map(|piece| self.filled(piece))
            && !String::from_utf8_lossy(&answer.bytes).contains(&piece)
        {
            wrong.push(format!("the body does not contain {piece:?}"));
        }
        wrong
    }

    fn filled(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (name, value) in &self.captured {
            text = text.replace(&format!("{{{name}}}"), value);
        }
        text
    }

    fn filled_json(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.filled(text)),
            Value::Array(items) => items.iter().map(|item| self.filled_json(item)).collect(),
            Value::Object(fields) => {
                fields.iter().map(|(key, field)| (key.clone(), self.filled_json(field))).collect()
            }
            other => other.clone(),
        }
    }
}

/// Makes a PNG of this size.
pub fn picture(width: u32, height: u32) -> Vec<u8> {
    let pixel = |x: u32, y: u32| image::Rgb([(x % 251) as u8, (y % 241) as u8, ((x + y) % 239) as u8]);
    let picture = image::RgbImage::from_fn(width, height, pixel);
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Png).expect("a picture can be written as PNG");
    bytes.into_inner()
}
