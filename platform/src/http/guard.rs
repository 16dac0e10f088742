//! Wraps the handlers: bounds their time, catches their panics, and records the route.

use super::{ApiError, coding, request, rules::Rules};
use crate::panic_message::panic_message;
use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures::FutureExt;
use protocol::{error::ErrorCode, lang::Text};
use std::{panic::AssertUnwindSafe, pin::pin, sync::Arc, time::Instant};

/// Runs after routing, when the matched path is known.
pub(super) async fn guard(State(rules): State<Arc<Rules>>, request: Request, next: Next) -> Response {
    let info = match request::of(request.extensions()) {
        Ok(info) => info,
        Err(error) => return error.into_response(),
    };
    if let Some(route) = request.extensions().get::<MatchedPath>() {
        info.note_route(route.clone());
    }
    if let Some(refused) = coding::refusal(&request) {
        return refused.into_response();
    }
    // The request is dropped whole, so nothing is reused that the panic left half done.
    let mut work = pin!(AssertUnwindSafe(next.run(request)).catch_unwind());
    loop {
        let deadline = info.progressed() + rules.timeout;
        match tokio::time::timeout_at(deadline.into(), work.as_mut()).await {
            Ok(Ok(response)) => return response,
            Ok(Err(panic)) => {
                return ApiError::internal(format!("panic: {}", panic_message(panic.as_ref())))
                    .into_response();
            }
            Err(_) if info.progressed() + rules.timeout > Instant::now() => {}
            Err(_) => return ApiError::new(ErrorCode::Timeout).because(Text::TimedOut).into_response(),
        }
    }
}
