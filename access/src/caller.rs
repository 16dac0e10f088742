//! Whose request it is: by the header `Token`, or by the session cookie.

use crate::{Access, cookie};
use axum::extract::{FromRef, FromRequestParts};
use chrono::TimeDelta;
use events::value::SessionKind;
use http::{HeaderMap, Method, request::Parts};
use platform::{
    http::{ApiError, RequestInfo, TOKEN, require_same_origin},
    limits::{Key, Limit},
};
use protocol::error::ErrorCode;
use read_model::rights::Session;
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

/// How often it is noted that a session is used.
const NOTED_EVERY: TimeDelta = TimeDelta::hours(1);

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
        let session = self.read.sessions().by_token(&token, self.clock.now()).await?;
        // A cookie's value is no token, and a token is no cookie: what protects one way protects the other not.
        let session = session.filter(|session| by_cookie == (session.kind == SessionKind::Cookie));
        let session = session.ok_or_else(|| ApiError::new(ErrorCode::InvalidToken))?;
        self.used(&session).await?;
        Ok(Caller { session, by_cookie })
    }

    /// Notes that a session is used, once in a while; one that nobody has used for too long is over.
    async fn used(&self, session: &Session) -> Result<(), ApiError> {
        let now = self.clock.now();
        let unused = now - session.seen;
        if self.config.auth.idle().is_some_and(|idle| unused >= idle) {
            return Err(ApiError::new(ErrorCode::InvalidToken));
        }
        if unused >= NOTED_EVERY {
            // Where it cannot be noted, the next request notes it: that is no reason to refuse this one.
            drop(self.read.sessions().note_use(session.id, session.account, now).await);
        }
        Ok(())
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
