//! Whose request it is: by the header `Token`, or by the session cookie.

use crate::{Access, cookie, refuse};
use axum::extract::{FromRef, FromRequestParts};
use http::{HeaderMap, Method, request::Parts};
use platform::{
    http::{ApiError, RequestInfo, TOKEN, require_same_origin},
    limits::{Key, Limit},
};
use protocol::error::ErrorCode;
use read_model::session::Session;
use std::ops::Deref;

/// An authenticated caller. Requests that change something and come with the cookie alone must be of our own pages.
#[derive(Clone, Debug)]
pub struct Caller {
    session: Session,
    by_cookie: bool,
}

impl Caller {
    /// Whether the cookie, not a header, says who it is.
    pub fn by_cookie(&self) -> bool {
        self.by_cookie
    }

    /// The session.
    pub fn session(&self) -> &Session {
        &self.session
    }
}

impl Deref for Caller {
    type Target = Session;
    fn deref(&self) -> &Session {
        &self.session
    }
}

/// A longer token is none of ours; hashing it would be work for nothing.
const LONGEST_TOKEN: usize = 256;

impl Access {
    /// The caller behind these headers.
    ///
    /// # Errors
    /// `EMPTY_TOKEN` without credentials, `INVALID_TOKEN` with ones that open nothing, `UNAVAILABLE`.
    pub async fn authenticate(&self, headers: &HeaderMap) -> Result<Caller, ApiError> {
        let header = headers.get(TOKEN).map(|value| value.to_str().unwrap_or_default().trim().to_owned());
        let (token, by_cookie) = match header.filter(|token| !token.is_empty()) {
            Some(token) => (Some(token), false),
            None => (cookie::token(headers, &self.config), true),
        };
        let token =
            token.filter(|token| !token.is_empty()).ok_or_else(|| ApiError::new(ErrorCode::EmptyToken))?;
        if token.len() > LONGEST_TOKEN {
            return Err(ApiError::new(ErrorCode::InvalidToken));
        }
        let session = self.read.session(&token, self.clock.now()).await.map_err(refuse)?;
        let session = session.ok_or_else(|| ApiError::new(ErrorCode::InvalidToken))?;
        Ok(Caller { session, by_cookie })
    }
}

impl<S: Sync> FromRequestParts<S> for Caller
where
    Access: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        // A team's scope has authenticated already.
        if let Some(known) = parts.extensions.get::<Self>() {
            return Ok(known.clone());
        }
        let access = Access::from_ref(state);
        let request = RequestInfo::from_request_parts(parts, state).await?;
        let caller = match access.authenticate(&parts.headers).await {
            Ok(caller) => caller,
            Err(refused) => {
                // Guessing tokens is slowed down by address; a busy client with a good one never comes here.
                access.limits.check(Limit::UnauthenticatedPerAddress, &Key::Address(request.client))?;
                return Err(refused);
            }
        };
        request.note_account(caller.account);
        let reads = parts.method == Method::GET || parts.method == Method::HEAD;
        if caller.by_cookie && !reads {
            require_same_origin(&request, &access.config)?;
        }
        let limit = if reads { Limit::QueriesPerAccount } else { Limit::CommandsPerAccount };
        access.limits.check(limit, &Key::Account(caller.account.0))?;
        parts.extensions.insert(caller.clone());
        Ok(caller)
    }
}
