//! An HTTP client of one user, over the network or straight into a router. It checks every answer against the OpenAPI
//! document that the product serves.

use crate::{
    exchange::{Answer, Body, Call},
    openapi::Document,
    world::Addresses,
};
use axum::{Router, extract::ConnectInfo};
use http::{Method, Request, header::CONTENT_TYPE};
use serde_json::Value;
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use tower::ServiceExt;

/// Longest wait for an answer, against hanging.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The base of URLs within this process; only the path and query reach the router.
const IN_PROCESS: &str = "http://veche.test";

/// How a caller proves who it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Identity {
    /// No credentials.
    #[default]
    Nobody,
    /// The header `Token`.
    Token(String),
    /// The header `Cookie`: `name=value`.
    Cookie(String),
}

impl Identity {
    /// The header with the credentials.
    pub fn header(&self) -> Option<(&'static str, &str)> {
        match self {
            Self::Nobody => None,
            Self::Token(token) => Some(("token", token)),
            Self::Cookie(cookie) => Some(("cookie", cookie)),
        }
    }
}

/// The way to the product.
#[derive(Clone)]
enum Transport {
    Network { http: reqwest::Client, addresses: Addresses, source: Option<IpAddr> },
    InProcess { http: reqwest::Client, router: Router, source: IpAddr },
}

/// Sends requests with one identity. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    transport: Transport,
    document: Option<Arc<Document>>,
    identity: Identity,
}

impl Client {
    /// A client without credentials. Without a document it checks no answers, which saves time under load.
    pub fn new(addresses: Addresses, document: Option<Arc<Document>>) -> Self {
        let transport = Transport::Network { http: http(None), addresses, source: None };
        Self { transport, document, identity: Identity::Nobody }
    }

    /// A client without credentials that calls a router in this process and checks no answers.
    pub fn in_process(router: Router) -> Self {
        let transport = Transport::InProcess { http: http(None), router, source: Ipv4Addr::LOCALHOST.into() };
        Self { transport, document: None, identity: Identity::Nobody }
    }

    /// This client, with another local address, such as 127.0.11.1.
    #[must_use]
    pub fn from(&self, source: IpAddr) -> Self {
        let transport = match &self.transport {
            Transport::Network { addresses, .. } => Transport::Network {
                http: http(Some(source)),
                addresses: addresses.clone(),
                source: Some(source),
            },
            Transport::InProcess { http, router, .. } => {
                Transport::InProcess { http: http.clone(), router: router.clone(), source }
            }
        };
        Self { transport, ..self.clone() }
    }

    /// The local address, if one was chosen.
    pub fn source(&self) -> Option<IpAddr> {
        match self.transport {
            Transport::Network { source, .. } => source,
            Transport::InProcess { source, .. } => Some(source),
        }
    }

    /// This client, with other credentials.
    #[must_use]
    pub fn as_identity(&self, identity: Identity) -> Self {
        Self { identity, ..self.clone() }
    }

    /// This client, with a product that listens at other addresses.
    #[must_use]
    pub fn at(&self, addresses: Addresses) -> Self {
        let source = self.source();
        Self { transport: Transport::Network { http: http(source), addresses, source }, ..self.clone() }
    }

    /// This client, with the token of a session.
    #[must_use]
    pub fn as_token(&self, token: &str) -> Self {
        self.as_identity(Identity::Token(token.to_owned()))
    }

    /// This client, without the check of answers against the document.
    #[must_use]
    pub fn unjudged(&self) -> Self {
        Self { document: None, ..self.clone() }
    }

    /// Its credentials.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Where the product listens.
    pub fn addresses(&self) -> &Addresses {
        match &self.transport {
            Transport::Network { addresses, .. } => addresses,
            Transport::InProcess { .. } => panic!("a product in process has no addresses"),
        }
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

    /// Sends any call and checks the answer against the document.
    pub async fn send(&self, call: Call) -> Answer {
        let shown = format!("{} {}", call.method, call.path);
        let answer = self.try_send(call).await.unwrap_or_else(|error| panic!("{shown}: {error}"));
        if let Some(document) = &self.document {
            let faults = document.faults(&answer);
            assert!(faults.is_empty(), "differs from the document:\n  {}\n{answer}", faults.join("\n  "));
        }
        answer
    }

    /// Sends any call and checks nothing: for tests that kill processes.
    pub async fn try_send(&self, call: Call) -> reqwest::Result<Answer> {
        match &self.transport {
            Transport::Network { http, addresses, .. } => {
                let url = addresses.http(&call.method, call.path_only()) + &call.path;
                let response = http.execute(self.request(http, &call, &url)?).await?;
                let (status, headers) = (response.status(), response.headers().clone());
                Ok(Answer::new(call, status, headers, response.bytes().await?))
            }
            Transport::InProcess { http, router, source } => {
                let request = self.request(http, &call, &format!("{IN_PROCESS}{}", call.path))?;
                let mut request = Request::<reqwest::Body>::try_from(request)?.map(axum::body::Body::new);
                request.extensions_mut().insert(ConnectInfo(SocketAddr::new(*source, 1)));
                let response = router.clone().oneshot(request).await.unwrap_or_else(|never| match never {});
                let (parts, body) = response.into_parts();
                let bytes =
                    axum::body::to_bytes(body, usize::MAX).await.expect("a handler sends a whole body");
                Ok(Answer::new(call, parts.status, parts.headers, bytes))
            }
        }
    }

    fn request(&self, http: &reqwest::Client, call: &Call, url: &str) -> reqwest::Result<reqwest::Request> {
        let mut request = http.request(call.method.clone(), url);
        let named = call.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in self.identity.header().into_iter().chain(named) {
            request = request.header(name, value);
        }
        request = match &call.body {
            Body::Empty => request,
            Body::Json(value) => request.json(value),
            Body::Raw { content_type: Some(kind), bytes } => {
                request.header(CONTENT_TYPE, kind).body(bytes.clone())
            }
            Body::Raw { content_type: None, bytes } => request.body(bytes.clone()),
        };
        request.build()
    }

    /// `POST` of a multipart form with one file.
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
