//! A NATS server of a test's own, on a port that the system chooses, which can be killed and comes back on that port.

use crate::{
    patience,
    process::{Process, Recipe, find_program},
};
use std::path::{Path, PathBuf};

/// A running server.
#[derive(Debug)]
pub struct Nats {
    process: Process,
    port: u16,
}

impl Nats {
    /// Starts one; what it writes goes into `folder`.
    ///
    /// # Panics
    /// The program `nats-server` is missing, or does not start.
    pub async fn start(folder: &Path) -> Self {
        let mut process = Process::start(recipe(folder, -1));
        let file = folder.join(format!("nats-server_{}.ports", process.id()));
        let port = patience::within(patience::START_GUARD, "nats-server tells its port", async || {
            assert!(process.is_alive(), "nats-server ended at once:\n{}", process.log());
            read_port(&file)
        });
        let port = port.await;
        Self { process, port }
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Kills it.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again on the same port.
    pub fn revive(&mut self) {
        let log = self.process.recipe().log.clone();
        let folder = log.parent().map(Path::to_path_buf).unwrap_or_default();
        self.process.kill();
        self.process = Process::start(recipe(&folder, self.port.into()));
    }
}

fn recipe(folder: &Path, port: i32) -> Recipe {
    let argument = |text: &str| text.to_owned();
    let mut arguments = vec![argument("--addr"), argument("127.0.0.1"), argument("--port"), port.to_string()];
    arguments.extend([argument("--ports_file_dir"), folder.display().to_string()]);
    Recipe {
        name: "nats".into(),
        program: find_program("nats-server"),
        arguments,
        environment: Vec::new(),
        log: folder.join("nats.log"),
        user: None,
    }
}

/// The file holds `{"nats": ["nats://127.0.0.1:4222"], …}`, once it is complete.
fn read_port(file: &PathBuf) -> Option<u16> {
    let ports: serde_json::Value = serde_json::from_slice(&std::fs::read(file).ok()?).ok()?;
    ports["nats"][0].as_str()?.rsplit(':').next()?.parse().ok()
}
