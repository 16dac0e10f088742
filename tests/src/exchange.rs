//! One call and its answer, kept together so that a failure can show both.

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use serde_json::Value;
use std::fmt;

/// What is sent along.
#[derive(Clone, Debug, Default)]
pub enum Body {
    /// Nothing.
    #[default]
    Empty,
    /// JSON, with its type said.
    Json(Value),
    /// These bytes, with this content type or none.
    Raw {
        /// `Content-Type`, left out if none.
        content_type: Option<String>,
        /// As they go over the wire.
        bytes: Vec<u8>,
    },
}

/// A call, as it was sent.
#[derive(Clone, Debug)]
pub struct Call {
    /// Method.
    pub method: Method,
    /// Path with its query.
    pub path: String,
    /// Headers beside those of identity.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Body,
}

/// An answer, and the call it belongs to.
#[derive(Clone, Debug)]
pub struct Answer {
    /// What was asked.
    pub call: Call,
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// The bytes.
    pub bytes: Bytes,
    /// The bytes as JSON; `null` when they are none.
    pub json: Value,
}

impl Call {
    /// A call without headers of its own.
    pub fn new(method: Method, path: impl Into<String>, body: Body) -> Self {
        Self { method, path: path.into(), headers: Vec::new(), body }
    }

    /// With one more header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The path alone.
    pub fn path_only(&self) -> &str {
        self.path.split_once('?').map_or(&self.path, |(path, _)| path)
    }
}

impl Answer {
    /// The result of a call that must succeed.
    ///
    /// # Panics
    /// It did not.
    pub fn ok(self) -> Value {
        assert!(self.status == StatusCode::OK && self.json["ok"] == true, "must succeed, but\n{self}");
        self.json["result"].clone()
    }

    /// A call that must fail in this way.
    ///
    /// # Panics
    /// It did not.
    pub fn fails(self, status: u16, code: &str) -> Self {
        let right = self.status == status && self.json["ok"] == false && self.json["error"] == code;
        assert!(right, "must fail with {status} {code}, but\n{self}");
        self
    }

    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The token of the cookie that the answer sets, with its name: `name=value`.
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
