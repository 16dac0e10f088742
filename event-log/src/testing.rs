//! A database of one's own, for the tests and benches of every crate that needs Postgres.

use sqlx::{
    ConnectOptions, Connection, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::str::FromStr;
use uuid::Uuid;

/// The variable that names the server: the URL of a superuser on a server whose data nobody needs.
pub const SERVER_VARIABLE: &str = "VECHE_TEST_DATABASE_URL";

/// An empty database that is dropped together with this value, also when the test fails.
#[derive(Debug)]
pub struct TestDatabase {
    /// Where it is.
    pub url: String,
    name: String,
    server: PgConnectOptions,
}

impl TestDatabase {
    /// Creates a database on the server that [`SERVER_VARIABLE`] names.
    ///
    /// # Panics
    /// There is no server: the test that asked for it cannot run, and must not look as if it had.
    pub async fn create() -> Self {
        let server = std::env::var(SERVER_VARIABLE).unwrap_or_else(|_| {
            panic!("{SERVER_VARIABLE} is not set: `make test` starts a server and sets it")
        });
        Self::on(&server).await
    }

    /// Creates a database on a server, by the URL of a superuser.
    ///
    /// # Panics
    /// There is no such server.
    pub async fn on(server: &str) -> Self {
        let options = PgConnectOptions::from_str(server).expect("the server's URL is a Postgres URL");
        let name = format!("veche_test_{}", Uuid::new_v4().simple());
        execute(&options, format!("create database {name} template template0")).await;
        let url = options.clone().database(&name).to_url_lossy().to_string();
        Self { url, name, server: options }
    }

    /// How to connect to it.
    pub fn options(&self) -> PgConnectOptions {
        self.server.clone().database(&self.name)
    }

    /// A small pool on it.
    ///
    /// # Panics
    /// The server is gone.
    pub async fn pool(&self) -> PgPool {
        let pool = PgPoolOptions::new().max_connections(4);
        pool.connect_with(self.options()).await.expect("the test server accepts connections")
    }

    /// Drops it now, whoever is still connected.
    ///
    /// # Panics
    /// The server is gone.
    pub async fn drop_now(mut self) {
        let name = std::mem::take(&mut self.name);
        drop_database(&self.server, &name).await;
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if self.name.is_empty() {
            return;
        }
        let (server, name) = (self.server.clone(), std::mem::take(&mut self.name));
        // The test's runtime may be the one that drops us, and cannot be waited on from within.
        let cleaner = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            if let Ok(runtime) = runtime {
                runtime.block_on(drop_database(&server, &name));
            }
        });
        // A failure to clean up was printed by the thread; the test's own result is what counts.
        let _ = cleaner.join();
    }
}

async fn drop_database(server: &PgConnectOptions, name: &str) {
    execute(server, format!("drop database if exists {name} with (force)")).await;
}

/// The statement is ours, and so is the name in it.
async fn execute(server: &PgConnectOptions, statement: String) {
    let mut connection =
        PgConnection::connect_with(server).await.expect("the test server accepts connections");
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement))
        .execute(&mut connection)
        .await
        .expect("the test server's user may create and drop databases");
    let _ = connection.close().await;
}
