//! Databases that test processes take in turns. Making one takes as long as many tests, emptying one a few milliseconds.

use audit::Ledger;
use event_log::testing::SERVER_VARIABLE;
use read_model::schema;
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, PgConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::{str::FromStr, time::SystemTime};

/// Databases at most; as many tests run at once.
const DATABASES: i32 = 64;
/// The class of the advisory locks that say who has which database.
const LOCK_CLASS: i32 = 0x7665_6368;

/// Keeps the first rows of the tables that are not empty after the migrations.
const KEEP_FIRST_ROWS: &str = "
    CREATE SCHEMA first_rows;
    DO $$ DECLARE t record; filled boolean; BEGIN
        FOR t IN SELECT schemaname AS s, tablename AS n FROM pg_tables WHERE schemaname IN ('read', 'ops', 'past', 'audit') LOOP
            EXECUTE format('SELECT EXISTS (SELECT FROM %I.%I)', t.s, t.n) INTO filled;
            IF filled THEN
                EXECUTE format('CREATE TABLE first_rows.%I AS TABLE %I.%I', t.s || '.' || t.n, t.s, t.n);
            END IF;
        END LOOP;
    END $$";

/// Ends what an earlier test has left running, and takes all rows back to the first ones.
const EMPTY: &str = "
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid();
    SET session_replication_role = replica;
    DO $$ DECLARE t record; BEGIN
        FOR t IN SELECT nspname AS n FROM pg_namespace WHERE nspname LIKE 'past\\_%' LOOP
            EXECUTE format('DROP SCHEMA %I CASCADE', t.n);
        END LOOP;
        FOR t IN SELECT schemaname AS s, tablename AS n, to_regclass(format('first_rows.%I', schemaname || '.' || tablename)) AS first
                FROM pg_tables WHERE schemaname IN ('read', 'ops', 'past', 'audit') LOOP
            EXECUTE format('DELETE FROM %I.%I', t.s, t.n);
            IF t.first IS NOT NULL THEN
                EXECUTE format('INSERT INTO %I.%I SELECT * FROM %s', t.s, t.n, t.first);
            END IF;
        END LOOP;
    END $$";

/// A migrated database without data, this process's own until this value is dropped.
pub(super) struct PooledDatabase {
    url: String,
    /// Its session holds the lock.
    _lock: PgConnection,
}

impl PooledDatabase {
    /// Takes a database that no other test has, and makes one if there is none yet.
    pub(super) async fn take() -> Self {
        let server = std::env::var(SERVER_VARIABLE).unwrap_or_else(|_| {
            panic!("{SERVER_VARIABLE} is not set: `make test` starts a server and sets it")
        });
        let server = PgConnectOptions::from_str(&server).expect("the server's URL is a Postgres URL");
        let mut lock =
            PgConnection::connect_with(&server).await.expect("the test server accepts connections");
        let number = lock_one(&mut lock).await;
        let name = format!("veche_handlers_{number}");
        let options = server.database(&name);
        if is_of_this_build(&mut lock, &name).await {
            let mut database = connect(&options).await;
            execute(&mut database, EMPTY).await;
        } else {
            make(&mut lock, &options, &name).await;
        }
        Self { url: options.to_url_lossy().to_string(), _lock: lock }
    }

    /// Where it is.
    pub(super) fn url(&self) -> &str {
        &self.url
    }
}

async fn lock_one(lock: &mut PgConnection) -> i32 {
    for number in 0..DATABASES {
        let locked: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock($1, $2)")
            .bind(LOCK_CLASS)
            .bind(number)
            .fetch_one(&mut *lock)
            .await
            .expect("the test server answers");
        if locked {
            return number;
        }
    }
    panic!("more than {DATABASES} tests at once");
}

/// The tables of another build may be other ones.
async fn is_of_this_build(server: &mut PgConnection, name: &str) -> bool {
    let made_by: Option<Option<String>> = sqlx::query_scalar(
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = $1",
    )
    .bind(name)
    .fetch_optional(server)
    .await
    .expect("the test server answers");
    made_by.flatten() == Some(build())
}

async fn make(server: &mut PgConnection, options: &PgConnectOptions, name: &str) {
    execute(server, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
    execute(server, &format!("CREATE DATABASE {name} TEMPLATE template0")).await;
    let pool = PgPoolOptions::new().max_connections(2);
    let options = schema::inside(options.clone(), schema::READ_SCHEMA);
    let pool = pool.connect_with(options.clone()).await.expect("a new database accepts connections");
    Ledger::migrate(&pool).await.expect("the chain's tables are made");
    schema::migrate(&pool, 0).await.expect("the read model's tables are made");
    let mut connection = pool.acquire().await.expect("a connection");
    execute(&mut connection, KEEP_FIRST_ROWS).await;
    drop(connection);
    pool.close().await;
    execute(server, &format!("COMMENT ON DATABASE {name} IS '{}'", build())).await;
}

/// Names the build of this test program.
fn build() -> String {
    let modified = || std::fs::metadata(std::env::current_exe()?)?.modified();
    let modified = modified().expect("a test program has a file");
    modified.duration_since(SystemTime::UNIX_EPOCH).expect("it was built after 1970").as_nanos().to_string()
}

async fn connect(options: &PgConnectOptions) -> PgConnection {
    options.connect().await.expect("the test database accepts connections")
}

/// The statements are ours, and so are the names in them.
async fn execute(connection: &mut PgConnection, statements: &str) {
    sqlx::raw_sql(AssertSqlSafe(statements))
        .execute(connection)
        .await
        .unwrap_or_else(|error| panic!("{error}: {statements}"));
}
