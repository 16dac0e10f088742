//! NATS servers of a test's own, on free ports, that can be killed and restarted on the same ports.

use crate::{
    eventually,
    local_postgres::free_port,
    process::{Process, Recipe, find_program},
};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

#[derive(Debug)]
pub struct Nats {
    process: Process,
    port: u16,
}

impl Nats {
    /// Starts a server whose log goes into `folder`.
    pub async fn start(folder: &Path) -> Self {
        let mut process = Process::start(recipe(folder, -1));
        let file = folder.join(format!("nats-server_{}.ports", process.id()));
        let port = eventually::within(eventually::START_GUARD, "nats-server tells its port", async || {
            assert!(process.is_alive(), "nats-server ended at once:\n{}", process.log());
            port_of(&file, "nats")
        });
        let port = port.await;
        Self { process, port }
    }

    /// Starts a server with the shipped configuration, which requires TLS and passwords, and with the secrets that the shipped
    /// script makes in `secrets`.
    pub async fn secured(folder: &Path, secrets: &Path) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/secrets.sh");
        let made = Command::new("bash").arg(script).arg(secrets).output().expect("bash");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let port = free_port();
        let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/nats/nats.conf");
        let mut text = std::fs::read_to_string(shipped).expect("the shipped file");
        // An included file is looked for in the folder of the including one.
        let passwords = std::fs::copy(secrets.join("nats_passwords"), folder.join("passwords.conf"));
        passwords.expect("the passwords can be copied");
        for (from, to) in [
            ("0.0.0.0:4222", format!("127.0.0.1:{port}")),
            ("/run/secrets/", format!("{}/", secrets.display())),
        ] {
            assert!(text.contains(from), "the shipped file has no {from:?}");
            text = text.replace(from, &to);
        }
        let file = folder.join("nats.conf");
        std::fs::write(&file, text).expect("the file can be written");
        let mut recipe = recipe(folder, port.into());
        recipe.arguments = vec!["--config".into(), file.display().to_string()];
        let mut process = Process::start(recipe);
        eventually::within(eventually::START_GUARD, "nats-server listens", async || {
            assert!(process.is_alive(), "nats-server ended at once:\n{}", process.log());
            tokio::net::TcpStream::connect(("127.0.0.1", port)).await.ok()
        })
        .await;
        Self { process, port }
    }

    /// URL for clients that use TLS.
    pub fn tls_url(&self) -> String {
        format!("tls://127.0.0.1:{}", self.port)
    }

    /// URL for clients.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// The log so far.
    pub fn log(&self) -> String {
        self.process.log()
    }

    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts the server again on the same port.
    pub fn revive(&mut self) {
        let log = self.process.recipe().log.clone();
        let folder = log.parent().map(Path::to_path_buf).unwrap_or_default();
        self.process.kill();
        self.process = Process::start(recipe(&folder, self.port.into()));
    }
}

/// Several servers that form one cluster.
#[derive(Debug)]
pub struct NatsCluster {
    nodes: Vec<Node>,
    folder: PathBuf,
}

#[derive(Debug)]
struct Node {
    process: Process,
    port: u16,
    /// URL for the other nodes.
    route: u16,
}

impl NatsCluster {
    /// Starts `count` nodes whose logs go into `folder`.
    pub async fn start(folder: &Path, count: usize) -> Self {
        let mut cluster = Self { nodes: Vec::new(), folder: folder.to_owned() };
        for number in 0..count {
            let node = cluster.begin(number).await;
            cluster.nodes.push(node);
        }
        cluster
    }

    /// URLs of all nodes, separated by commas.
    pub fn urls(&self) -> String {
        let url = |node: &Node| format!("nats://127.0.0.1:{}", node.port);
        self.nodes.iter().map(url).collect::<Vec<_>>().join(",")
    }

    pub fn kill(&mut self, number: usize) {
        self.nodes[number].process.kill();
    }

    /// Starts a node again on the same ports.
    pub fn revive(&mut self, number: usize) {
        let Node { port, route, .. } = self.nodes[number];
        let recipe = self.recipe(number, port.into(), route.into());
        self.nodes[number].process.kill();
        self.nodes[number].process = Process::start(recipe);
    }

    async fn begin(&self, number: usize) -> Node {
        let mut process = Process::start(self.recipe(number, -1, -1));
        let file = self.folder.join(format!("nats-server_{}.ports", process.id()));
        let ports = eventually::within(eventually::START_GUARD, "nats-server tells its ports", async || {
            assert!(process.is_alive(), "nats-server ended at once:\n{}", process.log());
            Some((port_of(&file, "nats")?, port_of(&file, "cluster")?))
        });
        let (port, route) = ports.await;
        Node { process, port, route }
    }

    fn recipe(&self, number: usize, port: i32, route: i32) -> Recipe {
        let mut recipe = recipe(&self.folder, port);
        let others = self.nodes.iter().enumerate().filter(|(other, _)| *other != number);
        let routes = others.map(|(_, node)| format!("nats://127.0.0.1:{}", node.route));
        let cluster =
            ["--cluster_name".into(), "bus".into(), "--cluster".into(), format!("nats://127.0.0.1:{route}")];
        recipe.arguments.extend(cluster);
        let routes = routes.collect::<Vec<_>>().join(",");
        if !routes.is_empty() {
            recipe.arguments.extend(["--routes".into(), routes]);
        }
        recipe.log = self.folder.join(format!("nats-{number}.log"));
        recipe
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

/// Reads the ports file, `{"nats": ["nats://127.0.0.1:4222"], "cluster": […], …}`, once it is complete.
fn port_of(file: &Path, what: &str) -> Option<u16> {
    let ports: serde_json::Value = serde_json::from_slice(&std::fs::read(file).ok()?).ok()?;
    ports[what][0].as_str()?.rsplit(':').next()?.parse().ok()
}
