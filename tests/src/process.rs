//! A child process that ends with the test, by the kernel if need be. Its log is kept for the message of a failure.

use crate::eventually;
use std::{
    fs::{File, OpenOptions},
    io::{self, Read},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
};

/// Bytes of a log's end that are shown.
const LAST_WORDS: usize = 16_384;

/// The command line of a process.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// The name in messages, such as `command` or `nats`.
    pub name: String,
    pub program: PathBuf,
    pub arguments: Vec<String>,
    /// Variables added to the environment.
    pub environment: Vec<(String, String)>,
    /// The file that stdout and stderr are appended to.
    pub log: PathBuf,
    /// The user to run as: root must not run Postgres.
    pub user: Option<String>,
}

#[derive(Debug)]
pub struct Process {
    recipe: Recipe,
    child: Child,
}

impl Process {
    pub fn start(recipe: Recipe) -> Self {
        let child = spawn(&recipe).unwrap_or_else(|error| panic!("cannot start {}: {error}", recipe.name));
        Self { recipe, child }
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn is_alive(&mut self) -> bool {
        self.child.try_wait().is_ok_and(|ended| ended.is_none())
    }

    /// Sends SIGKILL and waits until the process is gone.
    pub fn kill(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Sends SIGTERM and waits; returns the exit status.
    pub async fn terminate(&mut self) -> ExitStatus {
        signal("TERM", &[self.id()]);
        self.ended().await
    }

    /// Waits until the process ends by itself; returns the exit status.
    pub async fn ended(&mut self) -> ExitStatus {
        let what = format!("{} ends", self.recipe.name);
        eventually::within(eventually::START_GUARD, &what, async || self.child.try_wait().ok().flatten())
            .await
    }

    /// Starts the same command line again.
    pub fn restart(&mut self) {
        self.kill();
        *self = Self::start(self.recipe.clone());
    }

    /// The end of the log.
    pub fn log(&self) -> String {
        let mut text = Vec::new();
        let read = File::open(&self.recipe.log).and_then(|mut file| file.read_to_end(&mut text));
        if let Err(error) = read {
            return format!("(no log: {error})");
        }
        let from = text.len().saturating_sub(LAST_WORDS);
        String::from_utf8_lossy(&text[from..]).into_owned()
    }

    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln!("──── last words of {} ────\n{}", self.recipe.name, self.log());
        }
    }
}

/// Sends a signal to processes; it does not matter if some are gone already.
pub fn signal(name: &str, ids: &[u32]) {
    let mut shell = Command::new("sh");
    shell.args(["-c", "kill -s \"$@\" 2>/dev/null || true", "sh", name]);
    shell.args(ids.iter().map(u32::to_string));
    shell.status().expect("a shell to send a signal with");
}

pub fn children(parent: u32) -> Vec<u32> {
    let parent_of = |id: u32| {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        // `pid (name) state ppid …`, and the name may contain anything.
        stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse::<u32>().ok()
    };
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter(|id| parent_of(*id) == Some(parent)).collect()
}

/// Finds a program on the PATH or in Debian's folders of daemons. A missing one fails the test rather than skipping it.
pub fn find_program(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/bin".into()]);
    let found = folders.map(|folder: PathBuf| folder.join(name)).find(|file| file.is_file());
    found.unwrap_or_else(|| panic!("this test needs the program {name}: install it or put it on the PATH"))
}

fn spawn(recipe: &Recipe) -> io::Result<Child> {
    let log = open_log(&recipe.log)?;
    let mut command = Command::new("setpriv");
    if let Some(user) = &recipe.user {
        // A change of user resets the death signal, so it comes first.
        command.args(["--reuid", user, "--regid", user, "--init-groups", "--", "setpriv"]);
    }
    // If the test is killed, the kernel ends the child with it.
    command.args(["--pdeathsig", "KILL", "--"]);
    command.arg(&recipe.program).args(&recipe.arguments);
    let ours = std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("VECHE_"));
    for (name, _) in ours {
        command.env_remove(name);
    }
    command.envs(recipe.environment.iter().map(|(name, value)| (name, value)));
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn()
}

fn open_log(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}
