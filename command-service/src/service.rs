//! The state of the command handlers.

use crate::{
    accounts::Accounts,
    aggregates::Aggregates,
    answers::Answers,
    blob_gc::BlobGc,
    erasure::{Erasure, ErasureSteps},
    files::{Attachments, Files, UploadReceiver},
    idempotency::Idempotency,
    pictures::Pictures,
    reminders::Reminders,
    upkeep::{Upkeep, UpkeepDeps},
};
use access::Access;
use axum::extract::FromRef;
use bus::Bus;
use media::{blobs::Blobs, resize::Resizer};
use outbound::Outbound;
use secrets::{journal::Journal, vault::Vault};
use std::{ops::Deref, sync::Arc, time::Duration};

/// The state of the write routes, and the source of the background tasks. Cheap to clone.
#[derive(Clone)]
pub struct CommandService(Arc<Services>);

/// The parts of a [`CommandService`].
pub struct CommandDeps {
    /// The read model, the configuration, quotas and the clock.
    pub access: Access,
    /// The log.
    pub journal: Journal,
    /// Seals and hashes secrets.
    pub vault: Vault,
    /// Stores files and pictures.
    pub blobs: Blobs,
    /// Announces new heads to projections, and typing to gateways.
    pub bus: Bus,
    /// Checks the addresses of webhooks.
    pub outbound: Outbound,
}

/// The services, one for each kind of work.
pub struct Services {
    pub(crate) access: Access,
    pub(crate) vault: Vault,
    pub(crate) bus: Bus,
    pub(crate) outbound: Outbound,
    pub(crate) aggregates: Aggregates,
    pub(crate) answers: Answers,
    pub(crate) idempotency: Idempotency,
    pub(crate) accounts: Accounts,
    pub(crate) uploads: UploadReceiver,
    pub(crate) files: Files,
    pub(crate) attachments: Attachments,
    pub(crate) pictures: Pictures,
    gc: BlobGc,
    pub(crate) erasure: Erasure,
}

impl CommandService {
    /// Builds the services from their parts.
    pub fn new(deps: CommandDeps) -> Self {
        let CommandDeps { access, journal, vault, blobs, bus, outbound } = deps;
        let resizer = Arc::new(Resizer::default());
        let patience = Duration::from_millis(access.config.wait.command_ms);
        let aggregates = Aggregates::new(journal.clone(), bus.clone(), access.read.clone());
        let answers = Answers::new(access.read.clone(), patience);
        let accounts = Accounts::new(aggregates.clone(), vault.clone());
        let gc = BlobGc::new(aggregates.clone(), blobs.clone());
        let steps = ErasureSteps {
            access: access.clone(),
            journal,
            aggregates: aggregates.clone(),
            answers: answers.clone(),
            gc: gc.clone(),
            blobs: blobs.clone(),
        };
        Self(Arc::new(Services {
            idempotency: Idempotency::new(
                aggregates.clone(),
                answers.clone(),
                vault.clone(),
                access.read.clone(),
            ),
            uploads: UploadReceiver::new(aggregates.clone(), access.clone(), vault.clone(), blobs.clone()),
            files: Files::new(aggregates.clone(), blobs.clone(), gc.clone(), Arc::clone(&resizer)),
            attachments: Attachments::new(aggregates.clone(), gc.clone()),
            pictures: Pictures::new(aggregates.clone(), blobs, gc.clone(), resizer),
            erasure: Erasure::new(accounts.clone(), steps),
            access,
            vault,
            bus,
            outbound,
            aggregates,
            answers,
            accounts,
            gc,
        }))
    }

    /// Erases persons and teams.
    pub fn erasure(&self) -> Erasure {
        self.0.erasure.clone()
    }

    /// Collects blobs that no event references.
    pub fn blob_gc(&self) -> BlobGc {
        self.0.gc.clone()
    }

    /// Does what time or other streams make due.
    pub fn upkeep(&self) -> Upkeep {
        let deps = UpkeepDeps {
            access: self.access.clone(),
            aggregates: self.aggregates.clone(),
            answers: self.answers.clone(),
        };
        Upkeep::new(deps, self.erasure())
    }

    /// Fires due reminders.
    pub fn reminders(&self) -> Reminders {
        Reminders::new(self.access.clone(), self.aggregates.clone())
    }
}

impl Deref for CommandService {
    type Target = Services;
    fn deref(&self) -> &Services {
        &self.0
    }
}

impl FromRef<CommandService> for Access {
    fn from_ref(service: &CommandService) -> Self {
        service.access.clone()
    }
}
