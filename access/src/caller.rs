//! Authentication: by the header `Token`, or by the session cookie.

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

/// An authenticated caller. A write that is authenticated by the cookie must come from our own pages.
#[derive(Clone, Debug)]
pub struct Caller {
    session: Session,
    by_cookie: bool,
}

impl Caller {
    /// Whether the caller is authenticated by the cookie, not by the header.
    pub fn by_cookie(&self) -> bool {
        self.by_cookie
    }

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

/// How often the use of a session is stored.
const STORE_USE_EVERY: TimeDelta = TimeDelta::hours(1);

/// Longest token; a longer one is refused before it is hashed.
const MAX_TOKEN: usize = 256;

impl Access {
    /// The caller of a request with these headers.
    ///
    /// # Errors
    /// `EMPTY_TOKEN` without credentials, `INVALID_TOKEN` with wrong or expired ones, `UNAVAILABLE`.
    pub async fn authenticate(&self, headers: &HeaderMap) -> Result<Caller, ApiError> {
        let header = headers.get(TOKEN).map(|value| value.to_str().unwrap_or_default().trim().to_owned());
        let (token, by_cookie) = match header.filter(|token| !token.is_empty()) {
            Some(token) => (Some(token), false),
            None => (cookie::token(headers, &self.config), true),
        };
        let token =
            token.filter(|token| !token.is_empty()).ok_or_else(|| ApiError::new(ErrorCode::EmptyToken))?;
        if token.len() > MAX_TOKEN {
            return Err(ApiError::new(ErrorCode::InvalidToken));
        }
        let session = self.read.sessions().by_token(&token, self.clock.now()).await?;
        // A session of a cookie is not valid in the header, nor the other way round: each has its own protection.
        let session = session.filter(|session| by_cookie == (session.kind == SessionKind::Cookie));
        let session = session.ok_or_else(|| ApiError::new(ErrorCode::InvalidToken))?;
        self.record_use(&session).await?;
        Ok(Caller { session, by_cookie })
    }

    /// Refuses an idle session; stores the use of another one from time to time.
    async fn record_use(&self, session: &Session) -> Result<(), ApiError> {
        let now = self.clock.now();
        let unused = now - session.seen;
        if self.config.auth.idle().is_some_and(|idle| unused >= idle) {
            return Err(ApiError::new(ErrorCode::InvalidToken));
        }
        if unused >= STORE_USE_EVERY {
            // After a failure the next request stores the use: this one is not refused for it.
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
        // The extractor of the team has authenticated already.
        if let Some(known) = parts.extensions.get::<Self>() {
            return Ok(known.clone());
        }
        let access = Access::from_ref(state);
        let request = RequestInfo::from_request_parts(parts, state).await?;
        let caller = match access.authenticate(&parts.headers).await {
            Ok(caller) => caller,
            Err(refused) => {
                // Guessing tokens is limited by address; a client with a valid token is not counted.
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
