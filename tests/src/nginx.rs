//! nginx with the shipped nginx.conf, where addresses and folders of the test replace those of a container.

use crate::{
    eventually,
    local_postgres::free_port,
    process::{Process, Recipe, find_program},
    world::{Addresses, Role},
};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

const SHIPPED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/nginx.conf");

#[derive(Debug)]
pub struct Nginx {
    process: Process,
    port: u16,
    folder: PathBuf,
}

/// The place of a proxy in a chain.
#[derive(Clone, Debug)]
pub struct Setting<'a> {
    /// Name of its folder.
    pub name: &'a str,
    /// Upstream addresses: the product's roles, or the next proxy.
    pub before: &'a Addresses,
    /// Local address for connections to the upstream.
    pub from: &'a str,
    /// Addresses of the trusted proxies in front.
    pub hops: &'a [&'a str],
}

impl Nginx {
    /// Starts nginx and waits until it listens.
    pub async fn start(folder: &Path, setting: &Setting<'_>) -> Self {
        let folder = folder.join(setting.name);
        std::fs::create_dir_all(folder.join("hops")).expect("a folder for the proxy");
        let hops = setting.hops.iter().map(|hop| format!("set_real_ip_from {hop}/32;\n"));
        std::fs::write(folder.join("hops/test.conf"), hops.collect::<String>()).expect("a file for the hops");
        let port = free_port();
        let file = folder.join("nginx.conf");
        let shipped = std::fs::read_to_string(SHIPPED).expect("the shipped file");
        std::fs::write(&file, adapted(&shipped, setting, port, &folder)).expect("the file can be written");
        let mut process = Process::start(recipe(&folder, &file, setting.name));
        eventually::within(eventually::START_GUARD, "nginx listens", async || {
            assert!(process.is_alive(), "nginx ended at once:\n{}", process.log());
            tokio::net::TcpStream::connect(("127.0.0.1", port)).await.ok()
        })
        .await;
        Self { process, port, folder }
    }

    /// Addresses for clients of the proxy.
    pub fn addresses(&self) -> Addresses {
        Addresses::one(self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// The access log and the error log so far.
    pub fn logs(&self) -> String {
        let access = std::fs::read_to_string(self.folder.join("access.log")).expect("an access log");
        access + &self.process.log()
    }
}

/// Replaces what belongs to a container. Every replaced piece must be in the file, or the test would cover another file
/// than the shipped one.
fn adapted(shipped: &str, setting: &Setting<'_>, port: u16, folder: &Path) -> String {
    let role = |role| format!("server 127.0.0.1:{};", setting.before.port(role));
    let folder = folder.display();
    let replacements = [
        ("server command:8000;".to_owned(), role(Role::Command)),
        ("server query:8000;".to_owned(), role(Role::Query)),
        ("server gateway:8000;".to_owned(), role(Role::Gateway)),
        ("listen 8080;".to_owned(), format!("listen 127.0.0.1:{port};")),
        ("/etc/nginx/hops/".to_owned(), format!("{folder}/hops/")),
        ("/tmp/nginx".to_owned(), format!("{folder}/nginx")),
        ("access_log /dev/stdout".to_owned(), format!("access_log {folder}/access.log")),
        (
            "proxy_http_version 1.1;".to_owned(),
            format!("proxy_http_version 1.1; proxy_bind {};", setting.from),
        ),
    ];
    replacements.iter().fold(shipped.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "the shipped file has no {from:?}");
        text.replace(from, to)
    })
}

fn recipe(folder: &Path, file: &Path, name: &str) -> Recipe {
    // A single process, so that a kill leaves nothing.
    let mut directives = "daemon off; master_process off;".to_owned();
    if is_root() {
        directives += " user root;";
    }
    let words = ["-e", "stderr", "-c", &file.display().to_string(), "-g", &directives].map(str::to_owned);
    Recipe {
        name: name.to_owned(),
        program: find_program("nginx"),
        arguments: words.to_vec(),
        environment: Vec::new(),
        log: folder.join("words.log"),
        user: None,
    }
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().expect("the program id");
    id.stdout.trim_ascii() == b"0"
}
