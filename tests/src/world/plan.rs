//! What a world is to consist of.

use super::settings::program;
use crate::local_postgres::LocalPostgres;
use std::{collections::BTreeMap, path::PathBuf};

/// The parts the product can run as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// All of them in one process.
    Serve,
    /// Changes.
    Command,
    /// Reads.
    Query,
    /// From the log to the read model.
    Projection,
    /// Websockets.
    Gateway,
}

impl Role {
    pub(super) const APART: [Self; 4] = [Self::Command, Self::Query, Self::Projection, Self::Gateway];

    /// The subcommand.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Serve => "serve",
            Self::Command => "command",
            Self::Query => "query",
            Self::Projection => "projection",
            Self::Gateway => "gateway",
        }
    }
}

/// How the product is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// One process, the bus inside it.
    AllInOne,
    /// Four processes and a NATS.
    RolesApart,
}

/// Where the log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogPlace {
    /// In the database of the read model.
    Postgres,
    /// In a simulated EventStoreDB.
    EventStoreDb,
}

impl LogPlace {
    /// Where `VECHE_TEST_LOG` wants it: whole runs of the tests can be made on the other log with it.
    fn wanted() -> Self {
        match std::env::var("VECHE_TEST_LOG").as_deref() {
            Ok("eventstoredb") => Self::EventStoreDb,
            Ok("postgres" | "") | Err(_) => Self::Postgres,
            Ok(other) => panic!("VECHE_TEST_LOG is eventstoredb or postgres, not {other}"),
        }
    }
}

/// What to start.
#[derive(Debug)]
pub struct Plan {
    pub(super) layout: Layout,
    pub(super) log: LogPlace,
    pub(super) settings: BTreeMap<String, String>,
    pub(super) of_roles: BTreeMap<Role, Vec<(String, String)>>,
    pub(super) postgres: Option<LocalPostgres>,
    pub(super) database_url: Option<String>,
    pub(super) program: PathBuf,
}

impl Plan {
    /// A layout with the settings of the dev profile.
    pub fn new(layout: Layout) -> Self {
        let log = LogPlace::wanted();
        Self {
            layout,
            log,
            settings: BTreeMap::new(),
            of_roles: BTreeMap::new(),
            postgres: None,
            database_url: None,
            program: program(),
        }
    }

    /// With one more setting: `VECHE_…`, as the product reads it.
    #[must_use]
    pub fn set(mut self, name: &str, value: impl Into<String>) -> Self {
        self.settings.insert(name.to_owned(), value.into());
        self
    }

    /// With one more setting for one role alone.
    #[must_use]
    pub fn set_for(mut self, role: Role, name: &str, value: impl Into<String>) -> Self {
        self.of_roles.entry(role).or_default().push((name.to_owned(), value.into()));
        self
    }

    /// With the log there.
    #[must_use]
    pub fn log(mut self, log: LogPlace) -> Self {
        self.log = log;
        self
    }

    /// On a server of its own, which may be killed.
    #[must_use]
    pub fn on(mut self, postgres: LocalPostgres) -> Self {
        self.postgres = Some(postgres);
        self
    }

    /// On this database, which somebody else makes and drops.
    #[must_use]
    pub fn on_database(mut self, url: impl Into<String>) -> Self {
        self.database_url = Some(url.into());
        self
    }

    /// Another build of the product than the one beside the tests.
    #[must_use]
    pub fn program(mut self, program: PathBuf) -> Self {
        self.program = program;
        self
    }
}
