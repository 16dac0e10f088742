//! Queries: GET. A handler waits until the read model is as fresh as the client asks, and answers with a view.

mod http;
mod words;

use access::Access;
use axum::extract::FromRef;
use platform::{blobs::Blobs, picture::stub::Stubs};
use std::sync::Arc;
use tokio::sync::Semaphore;
use utoipa_axum::router::OpenApiRouter;

/// Delayed pings that may wait at once.
const DELAYED_PINGS: usize = 256;

/// What the query handlers work with. Cheap to clone.
#[derive(Clone)]
pub struct Queries {
    access: Access,
    blobs: Blobs,
    stubs: Arc<Stubs>,
    delays: Arc<Semaphore>,
}

impl Queries {
    /// The handlers' state; `stubs` draws on the colours of [`domain::icon::COLOURS`].
    pub fn new(access: Access, blobs: Blobs, stubs: Stubs) -> Self {
        Self { access, blobs, stubs: Arc::new(stubs), delays: Arc::new(Semaphore::new(DELAYED_PINGS)) }
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
