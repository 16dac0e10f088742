//! A nats-server of a single test, on a port that the system chooses; stopped with the test.

use crate::{Bus, NatsOptions, NatsTls};
use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tokio::process::{Child, Command};

pub(super) struct NatsServer {
    child: Child,
    port: u16,
    /// Folder in which the server writes its ports and process id.
    _folder: tempfile::TempDir,
}

impl NatsServer {
    pub(super) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut child = spawn(-1, Some(folder.path()));
        let file = folder.path().join(format!("nats-server_{}.ports", child.id().unwrap()));
        let mut port = None;
        wait_until(|| {
            let ended = child.try_wait().unwrap();
            assert!(ended.is_none(), "nats-server ended at once: {ended:?}");
            port = read_port(&file);
            port.is_some()
        })
        .await;
        Self { child, port: port.unwrap(), _folder: folder }
    }

    /// A connected bus.
    pub(super) async fn bus(&self) -> Bus {
        let bus = self.bus_unconnected().await;
        wait_until(|| bus.healthy()).await;
        // Subscribing waits for an echo: after it the connection event has been handled too.
        drop(bus.subscribe("ready").await.unwrap());
        bus
    }

    /// A bus that connects when it can.
    pub(super) async fn bus_unconnected(&self) -> Bus {
        let servers = vec![format!("nats://127.0.0.1:{}", self.port)];
        let (name, tls) = ("conformance".to_owned(), NatsTls::default());
        Bus::nats(NatsOptions { servers, name, user: None, tls }).await.unwrap()
    }

    pub(super) async fn stop(&mut self) {
        self.child.kill().await.unwrap();
    }

    /// Restarts the server on the same port.
    pub(super) async fn restart(&mut self) {
        self.child = spawn(self.port.into(), None);
    }
}

/// Polls until the condition holds; the test runner's timeout catches one that never does.
pub(super) async fn wait_until(mut condition: impl FnMut() -> bool) {
    for _ in 0..6_000 {
        if condition() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the condition did not hold in time");
}

fn spawn(port: i32, ports_folder: Option<&Path>) -> Child {
    let mut command = Command::new(binary());
    command.args(["--addr", "127.0.0.1", "--port", &port.to_string()]);
    if let Some(folder) = ports_folder {
        command.arg("--ports_file_dir").arg(folder);
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    command.spawn().expect("nats-server starts")
}

fn binary() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/bin".into()]);
    let found = folders.map(|folder: PathBuf| folder.join("nats-server")).find(|file| file.is_file());
    found.expect("these tests need the program nats-server: install it or put it on the PATH")
}

/// The file holds `{"nats": ["nats://127.0.0.1:4222"], …}`, once it is complete.
fn read_port(file: &Path) -> Option<u16> {
    let ports: serde_json::Value = serde_json::from_slice(&std::fs::read(file).ok()?).ok()?;
    ports["nats"][0].as_str()?.rsplit(':').next()?.parse().ok()
}
