//! A Postgres server of a test's own that syncs to the disk and can be killed.

use crate::{
    eventually,
    process::{self, Process, Recipe},
};
use sqlx::{Connection, PgConnection};
use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
};
use tempfile::TempDir;

const FOLDERS: &str = "/usr/lib/postgresql";

/// A running server with an empty database `veche`.
#[derive(Debug)]
pub struct LocalPostgres {
    process: Process,
    port: u16,
    _folder: TempDir,
}

impl LocalPostgres {
    /// Makes a cluster with fsync on and starts it.
    pub async fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("veche-pg").tempdir().expect("a folder for Postgres");
        let user = is_root().then(|| "postgres".to_owned());
        if let Some(user) = &user {
            run(Command::new("chown").arg(user).arg(folder.path()));
        }
        let programs = programs();
        initialise(&programs, folder.path(), user.as_deref());
        let port = free_port();
        let mut server = Self {
            process: Process::start(recipe(&programs, folder.path(), port, user)),
            port,
            _folder: folder,
        };
        server.ready().await;
        let mut connection =
            PgConnection::connect(&server.url_of("postgres")).await.expect("Postgres accepts");
        sqlx::raw_sql("create database veche").execute(&mut connection).await.expect("a database is made");
        server
    }

    /// URL of the database for its owner.
    pub fn url(&self) -> String {
        self.url_of("veche")
    }

    /// URL of the database for another role.
    pub fn url_as(&self, role: &str) -> String {
        format!("postgres://{role}@127.0.0.1:{}/veche", self.port)
    }

    /// Runs the shipped script that makes the product's roles and grants them the database.
    pub fn make_roles(&self) {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/postgres/roles.sh");
        let mut shell = Command::new("bash");
        shell.arg(script).arg(self.url_of("postgres")).env("PASSWORDS", self._folder.path());
        shell.env("PATH", format!("{}:{}", programs().display(), std::env::var("PATH").unwrap_or_default()));
        run(&mut shell);
    }

    /// Kills the server and all its children, as a power failure would, and waits until none is left.
    pub async fn kill(&mut self) {
        let main = self.process.id();
        let backends = process::children(main);
        // The parent is stopped first, so that it starts no more children.
        process::signal("STOP", &[main]);
        process::signal("KILL", &backends);
        self.process.kill();
        let gone = |id: &u32| !Path::new(&format!("/proc/{id}")).exists();
        eventually::until("the backends are gone", async || backends.iter().all(gone).then_some(())).await;
    }

    /// Starts the server again and waits until it has recovered.
    pub async fn revive(&mut self) {
        self.process.restart();
        self.ready().await;
    }

    async fn ready(&mut self) {
        let url = self.url_of("postgres");
        let what = "Postgres accepts connections";
        eventually::within(eventually::START_GUARD, what, async || {
            assert!(self.process.is_alive(), "Postgres ended at once:\n{}", self.process.log());
            PgConnection::connect(&url).await.ok().map(drop)
        })
        .await;
    }

    fn url_of(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().expect("the program id");
    id.stdout.trim_ascii() == b"0"
}

/// The newest installed version.
fn programs() -> PathBuf {
    let entries = std::fs::read_dir(FOLDERS).into_iter().flatten().flatten();
    let version =
        |folder: PathBuf| Some((folder.file_name()?.to_str()?.parse::<u32>().ok()?, folder.join("bin")));
    let found =
        entries.filter_map(|entry| version(entry.path())).filter(|(_, bin)| bin.join("initdb").is_file());
    found.max().unwrap_or_else(|| panic!("this test needs Postgres under {FOLDERS}: install it")).1
}

fn initialise(programs: &Path, folder: &Path, user: Option<&str>) {
    let mut command = Command::new("setpriv");
    if let Some(user) = user {
        command.args(["--reuid", user, "--regid", user, "--init-groups"]);
    }
    command.arg("--").arg(programs.join("initdb")).arg("-D").arg(folder.join("data"));
    command.args(["-U", "postgres", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--auth=trust"]);
    command.current_dir(folder);
    run(&mut command);
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn recipe(programs: &Path, folder: &Path, port: u16, user: Option<String>) -> Recipe {
    let settings = [
        format!("port={port}"),
        "listen_addresses=127.0.0.1".to_owned(),
        "unix_socket_directories=".to_owned(),
        "max_connections=200".to_owned(),
        "fsync=on".to_owned(),
        "synchronous_commit=on".to_owned(),
    ];
    let mut arguments = vec!["-D".to_owned(), folder.join("data").display().to_string()];
    arguments.extend(settings.into_iter().flat_map(|setting| ["-c".to_owned(), setting]));
    Recipe {
        name: "postgres".into(),
        program: programs.join("postgres"),
        arguments,
        environment: Vec::new(),
        log: folder.join("postgres.log"),
        user,
    }
}

/// A port that is free now.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("a bound socket has an address").port()
}
