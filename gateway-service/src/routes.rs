//! The routes of the gateway.

use crate::{connect, gateway::Gateway, stream};
use utoipa_axum::router::OpenApiRouter;

/// All routes.
pub(crate) fn routes() -> OpenApiRouter<Gateway> {
    connect::router().merge(stream::router())
}

impl Gateway {
    /// The routes of sockets and streams, to be wrapped in the HTTP shell.
    pub fn router(&self) -> OpenApiRouter {
        routes().with_state(self.clone())
    }
}
