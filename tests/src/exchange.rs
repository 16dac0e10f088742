//! A request and its answer, kept together so that a failure shows both.

use crate::partial;
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use serde_json::Value;
use std::fmt;

/// A request body.
#[derive(Clone, Debug, Default)]
pub enum Body {
    #[default]
    Empty,
    /// JSON, with its content type.
    Json(Value),
    /// Any bytes.
    Raw { content_type: Option<String>, bytes: Vec<u8> },
}

/// A request.
#[derive(Clone, Debug)]
pub struct Call {
    pub method: Method,
    /// Path and query.
    pub path: String,
    /// Headers other than the credentials.
    pub headers: Vec<(String, String)>,
    pub body: Body,
}

/// An answer with its request.
#[derive(Clone, Debug)]
pub struct Answer {
    pub call: Call,
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Bytes,
    /// The body as JSON; `null` if it is not JSON.
    pub json: Value,
}

impl Call {
    pub fn new(method: Method, path: impl Into<String>, body: Body) -> Self {
        Self { method, path: path.into(), headers: Vec::new(), body }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The path without its query.
    pub fn path_only(&self) -> &str {
        self.path.split_once('?').map_or(&self.path, |(path, _)| path)
    }
}

impl Answer {
    pub fn new(call: Call, status: StatusCode, headers: HeaderMap, bytes: Bytes) -> Self {
        let json = serde_json::from_slice(&bytes).unwrap_or_default();
        Self { call, status, headers, bytes, json }
    }

    /// Returns the result of a call that must succeed.
    pub fn ok(self) -> Value {
        assert!(self.status == StatusCode::OK && self.json["ok"] == true, "must succeed, but\n{self}");
        self.json["result"].clone()
    }

    /// Returns the result of a call that must succeed with at least this result, see [`partial`].
    pub fn ok_like(self, expected: &Value) -> Value {
        let shown = self.to_string();
        let result = self.ok();
        let wrong = partial::mismatches(expected, &result);
        assert!(wrong.is_empty(), "{}\n{shown}", wrong.join("\n"));
        result
    }

    /// Asserts `INVALID_DATA` about exactly these fields.
    pub fn invalid(self, fields: &[&str]) {
        let answer = self.fails(422, "INVALID_DATA");
        let found: Vec<&String> =
            answer.json["details"].as_object().into_iter().flat_map(|found| found.keys()).collect();
        assert!(found == fields, "expected details about {fields:?}, but\n{answer}");
    }

    /// Asserts `NOT_FOUND`.
    pub fn not_found(self) {
        self.fails(404, "NOT_FOUND");
    }

    /// Asserts `ACCESS_DENIED`.
    pub fn denied(self) {
        self.fails(403, "ACCESS_DENIED");
    }

    /// Asserts a failure with this status and code.
    pub fn fails(self, status: u16, code: &str) -> Self {
        let right = self.status == status && self.json["ok"] == false && self.json["error"] == code;
        assert!(right, "must fail with {status} {code}, but\n{self}");
        self
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The cookie that the answer sets: `name=value`.
    pub fn cookie(&self) -> Option<String> {
        let first = self.header("set-cookie")?.split(';').next()?;
        Some(first.to_owned())
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} {}", self.call.method, self.call.path)?;
        for (name, value) in &self.call.headers {
            writeln!(f, "{name}: {value}")?;
        }
        match &self.call.body {
            Body::Empty => {}
            Body::Json(value) => writeln!(f, "{value}")?,
            Body::Raw { content_type, bytes } => writeln!(f, "({} bytes of {content_type:?})", bytes.len())?,
        }
        write!(f, "→ {} {}", self.status, String::from_utf8_lossy(&self.bytes))
    }
}
