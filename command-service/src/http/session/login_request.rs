//! The id of a request for a login code: issued with the answer, and returned with the code by clients that can.
//!
//! Answers of `/api/v3` have the keys of the reference and no others, so the id is in a header and in a cookie.

use crate::{context::Context, idempotency::CommandReply, service::CommandService};
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

/// Random bytes of an id, which give 22 characters.
const ID_BYTES: usize = 16;
/// Longest id that is looked at, bytes.
const LONGEST_ID: usize = 64;

/// The id that a request returns, by the header `Login-Request` or by the cookie.
pub(crate) struct ReturnedRequestId(Option<String>);

impl FromRequestParts<CommandService> for ReturnedRequestId {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, service: &CommandService) -> Result<Self, Infallible> {
        Ok(Self(read(&parts.headers, service)))
    }
}

fn read(headers: &HeaderMap, service: &CommandService) -> Option<String> {
    let header = headers.get(LOGIN_REQUEST).and_then(|value| value.to_str().ok()).map(str::trim);
    let id = match header.filter(|id| !id.is_empty()) {
        Some(id) => id.to_owned(),
        None => cookie::login_request(headers, &service.access.config)?,
    };
    (id.len() <= LONGEST_ID).then_some(id)
}

/// A new id.
pub(crate) struct IssuedRequestId(String);

impl IssuedRequestId {
    /// Makes an id; a repetition under an `Idempotency-Key` gets the first one.
    pub(super) fn new(service: &CommandService, context: &mut Context) -> Result<Self, ApiError> {
        context.secret(&service.vault, ID_BYTES).map(Self)
    }

    /// Adds the id to a reply.
    pub(super) fn with(
        &self,
        service: &CommandService,
        reply: CommandReply,
    ) -> Result<CommandReply, ApiError> {
        let header = HeaderValue::from_str(&self.0).map_err(ApiError::internal)?;
        let cookie = cookie::set_login_request(&self.0, &service.access.config);
        let cookie = cookie.ok_or_else(|| ApiError::internal("cookie"))?;
        Ok(reply.header(LOGIN_REQUEST, header).header(SET_COOKIE, cookie))
    }

    /// The keyed hash that the log stores.
    pub(super) fn hash(&self, service: &CommandService) -> String {
        hash(service, &self.0)
    }
}

impl ReturnedRequestId {
    /// The client that asks, by the returned id and the address.
    pub(super) fn asker(&self, service: &CommandService, context: &Context) -> Asker {
        let client = context.request.client;
        let address = match Key::subscriber(client) {
            Key::Address(subscriber) => subscriber,
            _ => client,
        };
        Asker { request: self.0.as_deref().map(|id| hash(service, id)), address: address.to_string() }
    }
}

fn hash(service: &CommandService, id: &str) -> String {
    hex::encode(service.vault.keyed_hash(Purpose::LoginRequest, id.as_bytes()))
}
