//! The product in the test's own process, reached through its router: no socket, no child process, a log in memory and
//! a database that tests take in turns. Answers are not checked against the OpenAPI document, which would take longer
//! than a test; the contract's tests do that.

mod database;

use crate::{
    client::Client,
    person::Person,
    world::{PUBLIC_URL, master_key},
};
use database::PooledDatabase;
use platform::config::{Config, Profile, Secret};
use tempfile::TempDir;
use veche::InProcess;

/// Connections to the database: enough for the projection and a few requests at once.
const CONNECTIONS: u32 = 6;

/// A running product with nobody in it.
pub struct TestApp {
    client: Client,
    _product: InProcess,
    _database: PooledDatabase,
    _folder: TempDir,
}

impl TestApp {
    /// Starts the product with the settings of the dev profile.
    pub async fn start() -> Self {
        Self::start_with(|_| ()).await
    }

    /// Starts the product with other settings.
    pub async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let database = PooledDatabase::take().await;
        let folder = tempfile::Builder::new().prefix("veche-app").tempdir().expect("a folder for files");
        let mut config = Config::defaults(Profile::Dev);
        config.log = Secret::new("memory");
        config.read = Secret::new(database.url());
        config.data_dir = folder.path().to_owned();
        config.master_key = Secret::new(master_key());
        config.public_url = Some(PUBLIC_URL.to_owned());
        config.postgres.max_connections = CONNECTIONS;
        change(&mut config);
        let product = InProcess::start(config).await.unwrap_or_else(|error| panic!("no start: {error}"));
        let client = Client::in_process(product.router().clone());
        Self { client, _product: product, _database: database, _folder: folder }
    }

    /// A client without credentials.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Logs somebody in; an unknown phone becomes an account.
    pub async fn login(&self, phone: &str) -> Person {
        Person::login(&self.client, phone).await
    }
}
