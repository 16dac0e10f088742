//! The read side: GET. A handler waits until the read model is as fresh as the client asks, and answers with a view.

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests have their own clocks, ids and tasks"))]

mod http;
mod paging;
mod searches;

use access::Access;
use audit::Auditor;
use axum::extract::FromRef;
use media::{blobs::Blobs, stub::Stubs};
use platform::connections::{ConnectionLimiter, ConnectionLimits};
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use utoipa_axum::router::OpenApiRouter;

/// Concurrent delayed pings.
const DELAYED_PINGS: usize = 256;

/// The parts of [`Queries`].
pub struct QueryDeps {
    /// Authentication, and the read model.
    pub access: Access,
    pub blobs: Blobs,
    /// Draws placeholder pictures in the colours of [`domain::icon::COLOURS`].
    pub stubs: Stubs,
    pub auditor: Auditor,
    /// Cancelled when the process stops, which ends the streams.
    pub closing: CancellationToken,
}

/// The state of the query handlers. Cheap to clone.
#[derive(Clone)]
pub struct Queries {
    access: Access,
    blobs: Blobs,
    stubs: Arc<Stubs>,
    delays: Arc<Semaphore>,
    auditor: Auditor,
    /// Limits audit streams, each of which polls the chain's index.
    audit_streams: ConnectionLimiter,
    /// Limits concurrent searches.
    searches: ConnectionLimiter,
    closing: CancellationToken,
}

impl Queries {
    pub fn new(deps: QueryDeps) -> Self {
        let QueryDeps { access, blobs, stubs, auditor, closing } = deps;
        let config = &access.config.audit;
        let audit_streams = ConnectionLimiter::new(ConnectionLimits {
            per_process: config.streams as usize,
            per_account: config.streams_per_account as usize,
            ..ConnectionLimits::UNLIMITED
        });
        let searches = searches::search_limiter(access.config.postgres.max_connections);
        let (stubs, delays) = (stubs.into(), Semaphore::new(DELAYED_PINGS).into());
        Self { access, blobs, stubs, delays, auditor, audit_streams, searches, closing }
    }

    /// Every read route with its OpenAPI description.
    pub fn router(self) -> OpenApiRouter {
        http::router().with_state(self)
    }
}

/// The OpenAPI description of every read route.
pub fn openapi() -> utoipa::openapi::OpenApi {
    http::router().into_openapi()
}

impl FromRef<Queries> for Access {
    fn from_ref(queries: &Queries) -> Self {
        queries.access.clone()
    }
}
