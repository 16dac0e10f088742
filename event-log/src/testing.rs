//! Throw-away databases for tests and benches of all crates that need Postgres.

use sqlx::{
    ConnectOptions, Connection, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::str::FromStr;
use uuid::Uuid;

/// Environment variable with the URL of a superuser on a test server.
pub const SERVER_VARIABLE: &str = "VECHE_TEST_DATABASE_URL";

/// An empty database, dropped together with this value, even when the test fails.
#[derive(Debug)]
pub struct TestDatabase {
    /// URL of the database.
    pub url: String,
    name: String,
    server: PgConnectOptions,
}

impl TestDatabase {
    /// Creates a database on the server that [`SERVER_VARIABLE`] names.
    ///
    /// # Panics
    /// The variable is not set: a test that needs the server must not pass without it.
    pub async fn create() -> Self {
        let server = std::env::var(SERVER_VARIABLE).unwrap_or_else(|_| {
            panic!("{SERVER_VARIABLE} is not set: `make test` starts a server and sets it")
        });
        Self::on(&server).await
    }

    /// Creates a database on a server, given the URL of a superuser.
    ///
    /// # Panics
    /// The server cannot be reached.
    pub async fn on(server: &str) -> Self {
        let options = PgConnectOptions::from_str(server).expect("the server's URL is a Postgres URL");
        let name = format!("veche_test_{}", Uuid::new_v4().simple());
        execute(&options, format!("create database {name} template template0")).await;
        let url = options.clone().database(&name).to_url_lossy().to_string();
        Self { url, name, server: options }
    }

    /// Connection options for the database.
    pub fn options(&self) -> PgConnectOptions {
        self.server.clone().database(&self.name)
    }

    /// A small connection pool.
    ///
    /// # Panics
    /// The server cannot be reached.
    pub async fn pool(&self) -> PgPool {
        let pool = PgPoolOptions::new().max_connections(4);
        pool.connect_with(self.options()).await.expect("the test server accepts connections")
    }

    /// Drops the database now, closing all connections to it.
    ///
    /// # Panics
    /// The server cannot be reached.
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
        // A thread of its own: the test's runtime may be shutting down and cannot be blocked on from within.
        let cleaner = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            if let Ok(runtime) = runtime {
                runtime.block_on(drop_database(&server, &name));
            }
        });
        // The thread printed a failure to clean up; the test's own result counts.
        let _ = cleaner.join();
    }
}

async fn drop_database(server: &PgConnectOptions, name: &str) {
    execute(server, format!("drop database if exists {name} with (force)")).await;
}

/// Both the statement and the database name come from this file.
async fn execute(server: &PgConnectOptions, statement: String) {
    let mut connection =
        PgConnection::connect_with(server).await.expect("the test server accepts connections");
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement))
        .execute(&mut connection)
        .await
        .expect("the test server's user may create and drop databases");
    let _ = connection.close().await;
}
