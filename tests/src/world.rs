//! The product as child processes with a database of their own: all roles in one, or each role apart with a real NATS.

mod addresses;
mod plan;
mod second;
mod settings;

pub use addresses::Addresses;
pub use plan::{Layout, LogPlace, Plan, Role};
pub use second::Second;
pub use settings::{CODE, PUBLIC_URL, master_key, program};

use crate::{
    client::Client,
    eventually,
    local_postgres::{LocalPostgres, free_port},
    nats::Nats,
    openapi::Document,
    own_log::OwnLog,
    process::{Process, Recipe},
};
use event_log::testing::TestDatabase;
use http::Method;
use std::{
    collections::BTreeMap,
    path::PathBuf,
    process::{Command, Output},
    sync::Arc,
};
use tempfile::TempDir;

/// Starts of a process whose port another process took meanwhile.
const TRIES: usize = 5;

/// A running product.
pub struct World {
    /// The processes by role; dropped before the servers that they use.
    processes: BTreeMap<Role, Process>,
    log: Option<OwnLog>,
    nats: Option<Nats>,
    postgres: Option<LocalPostgres>,
    database: Option<TestDatabase>,
    database_url: String,
    environment: Vec<(String, String)>,
    of_roles: BTreeMap<Role, Vec<(String, String)>>,
    addresses: Addresses,
    program: PathBuf,
    client: Client,
    folder: TempDir,
}

impl World {
    /// Starts all roles in one process.
    pub async fn all_in_one() -> Self {
        Self::start(Plan::new(Layout::AllInOne)).await
    }

    /// Starts each role as a process, with a NATS between them.
    pub async fn roles_apart() -> Self {
        Self::start(Plan::new(Layout::RolesApart)).await
    }

    /// Starts everything in a plan and waits until it is ready.
    pub async fn start(mut plan: Plan) -> Self {
        let folder =
            tempfile::Builder::new().prefix("veche-world").tempdir().expect("a folder for the world");
        let log = match plan.log {
            LogPlace::EventStoreDb if !plan.settings.contains_key("VECHE_LOG") => Some(OwnLog::start().await),
            LogPlace::EventStoreDb | LogPlace::Postgres => None,
        };
        if let Some(log) = &log {
            plan = plan.set("VECHE_LOG", log.url());
        }
        let database = match (&plan.postgres, &plan.database_url) {
            (None, None) => Some(TestDatabase::create().await),
            _ => None,
        };
        let own = plan.postgres.as_ref().map(LocalPostgres::url);
        let shared = database.as_ref().map(|database| database.url.clone());
        let database_url = plan.database_url.or(own).or(shared).expect("one of them is there");
        let nats = match plan.layout {
            Layout::AllInOne => None,
            // The test has started one.
            Layout::RolesApart if plan.settings.contains_key("VECHE_BUS") => None,
            Layout::RolesApart => Some(Nats::start(folder.path()).await),
        };
        let bus = nats.as_ref().map_or_else(|| "memory".to_owned(), Nats::url);
        let environment =
            settings::environment(&database_url, &bus, &folder.path().join("data"), plan.settings);
        let roles: &[Role] = match plan.layout {
            Layout::AllInOne => &[Role::Serve],
            Layout::RolesApart => &Role::APART,
        };
        let addresses = Addresses::of(roles.iter().map(|role| (*role, free_port())));
        let client = Client::new(addresses.clone(), None);
        let mut world = Self {
            processes: BTreeMap::new(),
            log,
            nats,
            postgres: plan.postgres,
            database,
            database_url,
            environment,
            of_roles: plan.of_roles,
            addresses,
            program: plan.program,
            client,
            folder,
        };
        if plan.layout == Layout::RolesApart {
            world.run(&["migrate"]);
        }
        for role in roles {
            world.begin(*role);
        }
        for role in roles {
            world.ready(*role).await;
        }
        let document = world.client.get("/openapi.json").await;
        assert!(document.status.is_success(), "the product serves its document, but\n{document}");
        world.client = Client::new(world.addresses.clone(), Some(Arc::new(Document::new(document.json))));
        world
    }

    /// A client without credentials.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// URL of the log.
    pub fn log_url(&self) -> &str {
        let log = self.environment.iter().find(|(name, _)| name == "VECHE_LOG");
        &log.expect("the processes have a log").1
    }

    /// URL of the database of log and read model.
    pub fn database_url(&self) -> &str {
        &self.database_url
    }

    /// Opens a small pool on the database.
    pub async fn pool(&self) -> sqlx::PgPool {
        let options = sqlx::postgres::PgPoolOptions::new().max_connections(4);
        options.connect(&self.database_url).await.expect("the database accepts connections")
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The folder of pictures and files.
    pub fn blobs(&self) -> PathBuf {
        self.data().join("blobs")
    }

    /// The process of a role.
    pub fn process(&mut self, role: Role) -> &mut Process {
        self.processes.get_mut(&role).expect("the role has a process")
    }

    /// The process of a role, read-only.
    pub fn process_of(&self, role: Role) -> &Process {
        self.processes.get(&role).expect("the role has a process")
    }

    /// Number of appends to the simulated EventStoreDB.
    pub fn appends(&self) -> u64 {
        self.log.as_ref().map_or(0, OwnLog::appends)
    }

    /// The NATS between the roles.
    pub fn nats(&mut self) -> &mut Nats {
        self.nats.as_mut().expect("the roles are apart, with a NATS of this world")
    }

    /// The Postgres server that was started for this product.
    pub fn postgres(&mut self) -> &mut LocalPostgres {
        self.postgres.as_mut().expect("the world was planned on a Postgres of its own")
    }

    /// Starts a killed role on the same port and waits until it is ready.
    pub async fn revive(&mut self, role: Role) {
        self.process(role).restart();
        self.ready(role).await;
    }

    /// Runs a subcommand of the product, which must succeed; returns its output.
    pub fn run(&self, arguments: &[&str]) -> String {
        let output = self.attempt(arguments);
        let words =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?} failed with {}:\n{words}", output.status);
        words
    }

    /// Runs a subcommand of the product, which may fail.
    pub fn attempt(&self, arguments: &[&str]) -> Output {
        self.attempt_with(&[], arguments)
    }

    /// Runs a subcommand, which may fail, with the settings of a role.
    pub fn attempt_as(&self, role: Role, arguments: &[&str]) -> Output {
        self.attempt_with(self.of_roles.get(&role).map_or(&[], Vec::as_slice), arguments)
    }

    fn attempt_with(&self, more: &[(String, String)], arguments: &[&str]) -> Output {
        let mut command = Command::new(&self.program);
        let ours = std::env::vars_os().map(|(name, _)| name);
        for name in ours.filter(|name| name.to_string_lossy().starts_with("VECHE_")) {
            command.env_remove(name);
        }
        let environment = self.environment.iter().chain(more);
        command.args(arguments).envs(environment.map(|(name, value)| (name, value)));
        command.output().unwrap_or_else(|error| panic!("cannot run {}: {error}", self.program.display()))
    }

    /// The logs of all processes so far.
    pub fn logs(&self) -> String {
        let logs = self.processes.values().map(|process| &process.recipe().log);
        logs.filter_map(|path| std::fs::read(path).ok())
            .map(|text| String::from_utf8_lossy(&text).into_owned())
            .collect()
    }

    /// The environment of the processes, for a subcommand on the same data.
    pub fn environment(&self) -> &[(String, String)] {
        &self.environment
    }

    /// Whether the database is dropped with this value.
    pub fn owns_database(&self) -> bool {
        self.database.is_some()
    }

    fn begin(&mut self, role: Role) {
        let recipe = self.recipe(role, self.addresses.port(role), "first");
        self.processes.insert(role, Process::start(recipe));
    }

    fn recipe(&self, role: Role, port: u16, which: &str) -> Recipe {
        let listen = format!("127.0.0.1:{port}");
        let mut environment = self.environment.clone();
        environment.extend(self.of_roles.get(&role).into_iter().flatten().cloned());
        environment.push(("VECHE_LISTEN".into(), listen));
        environment.push(("VECHE_COMMAND_URL".into(), self.addresses.http(&Method::POST, "/")));
        Recipe {
            name: role.name().into(),
            program: self.program.clone(),
            arguments: vec![role.name().into()],
            environment,
            log: self.folder.path().join(format!("{}-{which}.log", role.name())),
            user: None,
        }
    }

    /// The readiness of a role, part by part.
    pub async fn ready_of(&self, role: Role) -> String {
        let url = format!("http://127.0.0.1:{}/readyz?verbose", self.addresses.port(role));
        let http = reqwest::Client::builder().no_proxy().build().expect("an HTTP client");
        let answer = http.get(url).send().await.expect("an answer");
        answer.text().await.expect("text")
    }

    async fn ready(&mut self, role: Role) {
        let port = self.addresses.port(role);
        until_ready(self.process(role), port).await;
    }
}

/// Waits for `/readyz`. Another process may take the port before this one binds it; then the start is repeated, as the port
/// may be free by then.
async fn until_ready(process: &mut Process, port: u16) {
    let url = format!("http://127.0.0.1:{port}/readyz");
    let http = reqwest::Client::builder().no_proxy().build().expect("an HTTP client");
    let name = process.recipe().name.clone();
    let mut tries = 0;
    eventually::within(eventually::START_GUARD, &format!("{name} is ready"), async || {
        if !process.is_alive() {
            tries += 1;
            assert!(tries < TRIES, "{name} ended at once:\n{}", process.log());
            process.restart();
        }
        let answer = http.get(&url).send().await.ok()?;
        answer.status().is_success().then_some(())
    })
    .await;
}
