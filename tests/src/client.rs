//! A user's HTTP end of the wire: every call is held against the served document.

use crate::{
    exchange::{Answer, Body, Call},
    openapi::Document,
    world::Addresses,
};
use http::Method;
use serde_json::Value;
use std::{net::IpAddr, sync::Arc, time::Duration};

/// Longest wait for an answer, against hanging.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Who calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Identity {
    /// Says nothing.
    #[default]
    Nobody,
    /// With the header `Token`.
    Token(String),
    /// With the header `Cookie`: `name=value`.
    Cookie(String),
}

impl Identity {
    /// The header that says so.
    pub fn header(&self) -> Option<(&'static str, &str)> {
        match self {
            Self::Nobody => None,
            Self::Token(token) => Some(("token", token)),
            Self::Cookie(cookie) => Some(("cookie", cookie)),
        }
    }
}

/// Calls one world as one identity. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    addresses: Addresses,
    document: Option<Arc<Document>>,
    identity: Identity,
    source: Option<IpAddr>,
}

impl Client {
    /// Nobody, at these addresses. Without a document nothing is judged: for load.
    ///
    /// # Panics
    /// The HTTP client cannot be made.
    pub fn new(addresses: Addresses, document: Option<Arc<Document>>) -> Self {
        Self { http: http(None), addresses, document, identity: Identity::Nobody, source: None }
    }

    /// The same caller from another address of this machine, such as 127.0.11.1.
    #[must_use]
    pub fn from(&self, source: IpAddr) -> Self {
        Self { http: http(Some(source)), source: Some(source), ..self.clone() }
    }

    /// From which address of this machine, if that was chosen.
    pub fn source(&self) -> Option<IpAddr> {
        self.source
    }

    /// The same world as somebody else.
    #[must_use]
    pub fn as_identity(&self, identity: Identity) -> Self {
        Self { identity, ..self.clone() }
    }

    /// The same caller, of a world that lies elsewhere.
    #[must_use]
    pub fn at(&self, addresses: Addresses) -> Self {
        Self { addresses, ..self.clone() }
    }

    /// The same world with a token.
    #[must_use]
    pub fn as_token(&self, token: &str) -> Self {
        self.as_identity(Identity::Token(token.to_owned()))
    }

    /// The same caller, judged no more.
    #[must_use]
    pub fn unjudged(&self) -> Self {
        Self { document: None, ..self.clone() }
    }

    /// Who this is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Where the world is.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// `GET`.
    pub async fn get(&self, path: impl Into<String>) -> Answer {
        self.send(Call::new(Method::GET, path, Body::Empty)).await
    }

    /// `POST` with JSON.
    pub async fn post(&self, path: impl Into<String>, body: Value) -> Answer {
        self.send(Call::new(Method::POST, path, Body::Json(body))).await
    }

    /// `PUT` with JSON.
    pub async fn put(&self, path: impl Into<String>, body: Value) -> Answer {
        self.send(Call::new(Method::PUT, path, Body::Json(body))).await
    }

    /// `DELETE`.
    pub async fn delete(&self, path: impl Into<String>) -> Answer {
        self.send(Call::new(Method::DELETE, path, Body::Empty)).await
    }

    /// Any call.
    ///
    /// # Panics
    /// No answer, or one that is not as documented.
    pub async fn send(&self, call: Call) -> Answer {
        let shown = format!("{} {}", call.method, call.path);
        let answer = self.try_send(call).await.unwrap_or_else(|error| panic!("{shown}: {error}"));
        if let Some(document) = &self.document {
            let faults = document.faults(&answer);
            assert!(faults.is_empty(), "not as documented:\n  {}\n{answer}", faults.join("\n  "));
        }
        answer
    }

    /// Any call, for worlds whose processes are being killed; judged by nobody.
    ///
    /// # Errors
    /// No answer.
    pub async fn try_send(&self, call: Call) -> reqwest::Result<Answer> {
        let url = self.addresses.http(&call.method, call.path_only()) + &call.path;
        let mut request = self.http.request(call.method.clone(), url);
        if let Some((name, value)) = self.identity.header() {
            request = request.header(name, value);
        }
        for (name, value) in &call.headers {
            request = request.header(name, value);
        }
        request = match &call.body {
            Body::Empty => request,
            Body::Json(value) => request.json(value),
            Body::Raw { content_type: Some(kind), bytes } => {
                request.header("content-type", kind).body(bytes.clone())
            }
            Body::Raw { content_type: None, bytes } => request.body(bytes.clone()),
        };
        let response = request.send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.bytes().await?;
        let json = serde_json::from_slice(&bytes).unwrap_or_default();
        Ok(Answer { call, status, headers, bytes, json })
    }

    /// `POST` of a form with one file in it.
    pub async fn upload(
        &self,
        path: impl Into<String>,
        field: &str,
        file_name: &str,
        bytes: Vec<u8>,
    ) -> Answer {
        let body = multipart(&[(field, Some(file_name), &bytes)]);
        self.send(Call::new(Method::POST, path, body)).await
    }
}

fn http(source: Option<IpAddr>) -> reqwest::Client {
    let builder = reqwest::Client::builder().timeout(TIMEOUT).no_proxy().local_address(source);
    builder.redirect(reqwest::redirect::Policy::none()).build().expect("an HTTP client")
}

/// A `multipart/form-data` body (RFC 7578) of fields: name, file name if it is a file, bytes.
pub fn multipart(fields: &[(&str, Option<&str>, &[u8])]) -> Body {
    const BOUNDARY: &str = "veche-tests-8f14e45f";
    let mut bytes = Vec::new();
    for (name, file, content) in fields {
        let file = file.map(|file| format!("; filename=\"{file}\"")).unwrap_or_default();
        bytes.extend(
            format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"{file}\r\n\r\n").bytes(),
        );
        bytes.extend_from_slice(content);
        bytes.extend(b"\r\n");
    }
    bytes.extend(format!("--{BOUNDARY}--\r\n").bytes());
    Body::Raw { content_type: Some(format!("multipart/form-data; boundary={BOUNDARY}")), bytes }
}
