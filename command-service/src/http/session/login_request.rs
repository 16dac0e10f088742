//! The id of a request for a login code: given with the answer, sent back with the code by clients that can.
//!
//! Answers of `/api/v3` have the keys of the reference and no others, so it is in a header and in a cookie.

use crate::{Commands, context::Context, idempotency::Answer};
use access::cookie;
use axum::extract::FromRequestParts;
use domain::phone::Asker;
use http::{HeaderMap, HeaderValue, header::SET_COOKIE, request::Parts};
use platform::{
    http::{ApiError, LOGIN_REQUEST},
    limits::Key,
};
use secrets::vault::Purpose;
use std::convert::Infallible;

/// Random bytes of an id: 22 characters.
const ID_BYTES: usize = 16;
/// A longer one is none of ours.
const LONGEST_ID: usize = 64;

/// The id that a request brings, by the header `Login-Request` or by the cookie.
pub(in super::super) struct ReturnedRequestId(Option<String>);

impl FromRequestParts<Commands> for ReturnedRequestId {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, commands: &Commands) -> Result<Self, Infallible> {
        Ok(Self(sent_back(&parts.headers, commands)))
    }
}

fn sent_back(headers: &HeaderMap, commands: &Commands) -> Option<String> {
    let header = headers.get(LOGIN_REQUEST).and_then(|value| value.to_str().ok()).map(str::trim);
    let id = match header.filter(|id| !id.is_empty()) {
        Some(id) => id.to_owned(),
        None => cookie::login_request(headers, &commands.access.config)?,
    };
    (id.len() <= LONGEST_ID).then_some(id)
}

/// An id that is given.
pub(in super::super) struct IssuedRequestId(String);

impl IssuedRequestId {
    /// A fresh one; for a repetition under an `Idempotency-Key` the one that was given first.
    pub(super) fn new(commands: &Commands, context: &mut Context) -> Result<Self, ApiError> {
        context.secret(&commands.vault, ID_BYTES).map(Self)
    }

    /// The answer with the id.
    pub(super) fn with(&self, commands: &Commands, answer: Answer) -> Result<Answer, ApiError> {
        let header = HeaderValue::from_str(&self.0).map_err(ApiError::internal)?;
        let cookie = cookie::set_login_request(&self.0, &commands.access.config);
        let cookie = cookie.ok_or_else(|| ApiError::internal("cookie"))?;
        Ok(answer.header(LOGIN_REQUEST, header).header(SET_COOKIE, cookie))
    }

    /// The form that the log keeps.
    pub(super) fn hash(&self, commands: &Commands) -> String {
        hash(commands, &self.0)
    }
}

impl ReturnedRequestId {
    /// The client as it shows itself.
    pub(super) fn asker(&self, commands: &Commands, context: &Context) -> Asker {
        let client = context.request.client;
        let address = match Key::subscriber(client) {
            Key::Address(subscriber) => subscriber,
            _ => client,
        };
        Asker { request: self.0.as_deref().map(|id| hash(commands, id)), address: address.to_string() }
    }
}

fn hash(commands: &Commands, id: &str) -> String {
    hex::encode(commands.vault.keyed_hash(Purpose::LoginRequest, id.as_bytes()))
}
