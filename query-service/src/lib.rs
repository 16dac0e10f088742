//! Queries: GET. A handler waits until the read model is as fresh as the client asks, and answers with a view.

mod http;
mod paging;
mod searches;
mod words;

use access::Access;
use audit::Auditor;
use axum::extract::FromRef;
use media::{blobs::Blobs, stub::Stubs};
use platform::connections::{ConnectionLimiter, ConnectionLimits};
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use utoipa_axum::router::OpenApiRouter;

/// Delayed pings that may wait at once.
const DELAYED_PINGS: usize = 256;

/// What the handlers are built of.
pub struct QueryDeps {
    /// Who calls, and the read model.
    pub access: Access,
    /// Pictures and files.
    pub blobs: Blobs,
    /// Draws on the colours of [`domain::icon::COLOURS`].
    pub stubs: Stubs,
    /// History.
    pub auditor: Auditor,
    /// Cancelled when the process stops: streams end then.
    pub closing: CancellationToken,
}

/// What the query handlers work with. Cheap to clone.
#[derive(Clone)]
pub struct Queries {
    access: Access,
    blobs: Blobs,
    stubs: Arc<Stubs>,
    delays: Arc<Semaphore>,
    auditor: Auditor,
    /// Who follows history: each asks the chain's index again and again.
    followers: ConnectionLimiter,
    /// The searches in progress.
    searches: ConnectionLimiter,
    closing: CancellationToken,
}

impl Queries {
    /// The handlers' state.
    pub fn new(deps: QueryDeps) -> Self {
        let QueryDeps { access, blobs, stubs, auditor, closing } = deps;
        let config = &access.config.audit;
        let followers = ConnectionLimiter::new(ConnectionLimits {
            per_process: config.streams as usize,
            per_account: config.streams_per_account as usize,
            ..ConnectionLimits::UNLIMITED
        });
        let searches = searches::search_limiter(access.config.postgres.max_connections);
        let (stubs, delays) = (stubs.into(), Semaphore::new(DELAYED_PINGS).into());
        Self { access, blobs, stubs, delays, auditor, followers, searches, closing }
    }

    /// Every read route, with its description.
    pub fn router(self) -> OpenApiRouter {
        http::router().with_state(self)
    }
}

/// The description of every read route.
pub fn openapi() -> utoipa::openapi::OpenApi {
    http::router().into_openapi()
}

impl FromRef<Queries> for Access {
    fn from_ref(queries: &Queries) -> Self {
        queries.access.clone()
    }
}
