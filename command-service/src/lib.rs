//! Commands: POST, PUT, DELETE, and the two GETs of the seed that change something.
//!
//! A handler parses, transacts, waits for the read model and answers with the view that the query would give.

mod accounts;
mod aggregate_cache;
mod blob_gc;
mod causation;
mod context;
mod deadlines;
mod erasure;
mod files;
mod http;
mod idempotency;
mod inbound;
mod input;
mod pictures;
mod reminders;
mod sessions;
mod stream_locks;
mod transact;
mod upkeep;

pub use erasure::{Asked, Pass};
pub use reminders::Reminders;

use access::Access;
use aggregate_cache::AggregateCache;
use axum::extract::FromRef;
use bus::Bus;
use media::{blobs::Blobs, resize::Resizer};
use outbound::Outbound;
use secrets::{journal::Journal, vault::Vault};
use std::sync::Arc;
use stream_locks::StreamLocks;
use utoipa_axum::router::OpenApiRouter;

/// What the command handlers work with. Cheap to clone.
#[derive(Clone)]
pub struct Commands {
    access: Access,
    journal: Journal,
    vault: Vault,
    blobs: Blobs,
    bus: Bus,
    outbound: Outbound,
    resizer: Arc<Resizer>,
    cache: AggregateCache,
    locks: StreamLocks,
    arriving: files::UploadSlots,
}

/// What [`Commands`] are made of.
pub struct CommandDeps {
    /// Who calls.
    pub access: Access,
    /// The log.
    pub journal: Journal,
    /// Secrets.
    pub vault: Vault,
    /// Pictures and files.
    pub blobs: Blobs,
    /// Tells projections of a new head, and gateways of typing.
    pub bus: Bus,
    /// Judges webhook addresses.
    pub outbound: Outbound,
}

impl Commands {
    /// The handlers' state.
    pub fn new(deps: CommandDeps) -> Self {
        let CommandDeps { access, journal, vault, blobs, bus, outbound } = deps;
        let resizer = Arc::new(Resizer::default());
        let arriving = files::UploadSlots::new(&access.config.uploads);
        Self {
            access,
            journal,
            vault,
            blobs,
            bus,
            outbound,
            resizer,
            cache: AggregateCache::new(),
            locks: StreamLocks::new(),
            arriving,
        }
    }

    /// Every write route, with its description.
    pub fn router(self) -> OpenApiRouter {
        http::router().with_state(self)
    }
}

/// The description of every write route.
pub fn openapi() -> utoipa::openapi::OpenApi {
    http::router().into_openapi()
}

impl FromRef<Commands> for Access {
    fn from_ref(commands: &Commands) -> Self {
        commands.access.clone()
    }
}
