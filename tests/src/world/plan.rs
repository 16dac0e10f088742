//! The parts of a product to start.

use super::settings::program;
use crate::local_postgres::LocalPostgres;
use std::{collections::BTreeMap, path::PathBuf};

/// The roles of the product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// All roles in one process.
    Serve,
    Command,
    Query,
    Projection,
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

/// The processes of the product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// One process with the bus in memory.
    AllInOne,
    /// Four processes and a NATS.
    RolesApart,
}

/// The storage of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogPlace {
    /// In the database of the read model.
    Postgres,
    /// In a simulated EventStoreDB.
    EventStoreDb,
}

impl LogPlace {
    /// The log that `VECHE_TEST_LOG` names, by which all tests can run on the other log.
    fn wanted() -> Self {
        match std::env::var("VECHE_TEST_LOG").as_deref() {
            Ok("eventstoredb") => Self::EventStoreDb,
            Ok("postgres" | "") | Err(_) => Self::Postgres,
            Ok(other) => panic!("VECHE_TEST_LOG is eventstoredb or postgres, not {other}"),
        }
    }
}

/// A product to start.
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
    /// A plan with the settings of the dev profile.
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

    /// Adds a setting, an environment variable `VECHE_…`.
    #[must_use]
    pub fn set(mut self, name: &str, value: impl Into<String>) -> Self {
        self.settings.insert(name.to_owned(), value.into());
        self
    }

    /// Adds a setting for one role.
    #[must_use]
    pub fn set_for(mut self, role: Role, name: &str, value: impl Into<String>) -> Self {
        self.of_roles.entry(role).or_default().push((name.to_owned(), value.into()));
        self
    }

    /// Chooses the log.
    #[must_use]
    pub fn log(mut self, log: LogPlace) -> Self {
        self.log = log;
        self
    }

    /// Uses a Postgres server of its own, which may be killed.
    #[must_use]
    pub fn on(mut self, postgres: LocalPostgres) -> Self {
        self.postgres = Some(postgres);
        self
    }

    /// Uses this database, which the test makes and drops.
    #[must_use]
    pub fn on_database(mut self, url: impl Into<String>) -> Self {
        self.database_url = Some(url.into());
        self
    }

    /// Uses another build of the product than the one of these tests.
    #[must_use]
    pub fn program(mut self, program: PathBuf) -> Self {
        self.program = program;
        self
    }
}
