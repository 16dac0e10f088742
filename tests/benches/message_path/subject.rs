//! The measured process: the product or a floor, with a database of its own.

use crate::{
    Outcome, floor,
    times::{Times, millis},
    wire,
};
use event_log::testing::TestDatabase;
use std::time::{Duration, Instant};
use veche_tests::{
    client::Client,
    local_postgres::free_port,
    process::{Process, Recipe},
    world::{Layout, Plan, Role, World},
};

const STARTS: usize = 5;

/// The kind of a measured process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A floor with one INSERT and one commit a message.
    FloorSingle,
    /// A floor with one INSERT for all waiting messages.
    FloorGroup,
    /// A floor that stores nothing.
    FloorMemory,
    /// The product.
    Ours,
}

impl Kind {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::FloorSingle => "floor: single",
            Self::FloorGroup => "floor: group",
            Self::FloorMemory => "floor: memory",
            Self::Ours => "veche",
        }
    }

    const fn store(self) -> &'static str {
        match self {
            Self::FloorSingle => "single",
            Self::FloorGroup => "group",
            Self::FloorMemory | Self::Ours => "memory",
        }
    }
}

/// A running process.
pub(crate) struct Subject {
    running: Running,
    database: TestDatabase,
}

enum Running {
    Ours(Box<World>),
    Floor { process: Process, port: u16, _folder: tempfile::TempDir },
}

impl Subject {
    /// Starts the process.
    pub(crate) async fn start(kind: Kind, server: &str) -> Outcome<Self> {
        let database = TestDatabase::on(server).await;
        let url = database.url.clone();
        let running = match kind {
            Kind::Ours => {
                let plan = Plan::new(Layout::AllInOne).on_database(url).set("VECHE_LOG_LEVEL", "warn");
                Running::Ours(Box::new(World::start(plan).await))
            }
            floor => start_floor(floor, &url).await?,
        };
        Ok(Self { running, database })
    }

    /// Stops the process and drops its database.
    pub(crate) async fn end(self) {
        drop(self.running);
        self.database.drop_now().await;
    }

    /// The product's client; a floor has none.
    pub(crate) fn client(&self) -> Option<Client> {
        match &self.running {
            Running::Ours(world) => Some(world.client().unjudged()),
            Running::Floor { .. } => None,
        }
    }

    /// `127.0.0.1:port`
    pub(crate) fn address(&self) -> String {
        match &self.running {
            Running::Ours(world) => world
                .client()
                .addresses()
                .http(&http::Method::GET, "/")
                .trim_start_matches("http://")
                .to_owned(),
            Running::Floor { port, .. } => format!("127.0.0.1:{port}"),
        }
    }

    /// A path that is answered without any work.
    pub(crate) fn ping(&self) -> &'static str {
        match &self.running {
            Running::Ours(_) => "/api/v3/ping",
            Running::Floor { .. } => "/ping",
        }
    }

    /// Resident memory, bytes.
    pub(crate) fn memory(&self) -> Outcome<u64> {
        let id = match &self.running {
            Running::Ours(world) => world.process_of(Role::Serve).id(),
            Running::Floor { process, .. } => process.id(),
        };
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kilobytes * 1024)
    }

    /// Time from starting the process, on a migrated database, to its first answer.
    pub(crate) async fn cold_start(&self) -> Outcome<String> {
        let recipe = match &self.running {
            Running::Ours(world) => world.process_of(Role::Serve).recipe(),
            Running::Floor { process, .. } => process.recipe(),
        };
        let mut times = Times::default();
        for _ in 0..STARTS {
            let port = free_port();
            let recipe = on_port(recipe.clone(), port);
            let started = Instant::now();
            let process = Process::start(recipe);
            while wire::get(&format!("127.0.0.1:{port}"), self.ping()).await.is_err() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            times.0.push(started.elapsed());
            drop(process);
        }
        Ok(millis(times.quantile(0.5)))
    }
}

fn on_port(mut recipe: Recipe, port: u16) -> Recipe {
    recipe.environment.push(("VECHE_LISTEN".into(), format!("127.0.0.1:{port}")));
    if recipe.arguments.first().is_some_and(|first| first == floor::ARGUMENT) {
        recipe.arguments.pop();
        recipe.arguments.push(port.to_string());
    }
    recipe
}

async fn start_floor(kind: Kind, url: &str) -> Outcome<Running> {
    let port = free_port();
    let folder = tempfile::tempdir()?;
    let recipe = Recipe {
        name: kind.name().to_owned(),
        program: std::env::current_exe()?,
        arguments: vec![floor::ARGUMENT.to_owned(), kind.store().to_owned(), port.to_string()],
        environment: vec![(floor::DATABASE.to_owned(), url.to_owned())],
        log: folder.path().join("floor.log"),
        user: None,
    };
    let process = Process::start(recipe);
    veche_tests::eventually::until("the floor answers", async || {
        wire::get(&format!("127.0.0.1:{port}"), "/ping").await.ok()
    })
    .await;
    Ok(Running::Floor { process, port, _folder: folder })
}
