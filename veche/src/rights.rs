//! The rights of each role of the database: granted by `veche migrate`, where the roles are (`deploy/postgres/roles.sh` makes them). A file
//! a schema below `rights/` says it; all of it may be repeated, and a right that is no longer in a file is taken away.

use crate::cli::Failure;
use sqlx::{AssertSqlSafe, PgPool};

/// The services' roles, by the ends of their names.
const ROLES: [&str; 5] = ["append", "read", "live", "project", "serve"];

/// Schemas in the order in which rights are granted, with the files that say them.
const RIGHTS: [(&str, &str); 6] = [
    ("log", include_str!("rights/log.sql")),
    ("keys", include_str!("rights/keys.sql")),
    ("audit", include_str!("rights/audit.sql")),
    ("ops", include_str!("rights/ops.sql")),
    ("past", include_str!("rights/past.sql")),
    ("read", include_str!("rights/read.sql")),
];
const OF_THE_DATABASE: &str = include_str!("rights/database.sql");

/// Grants the roles whose names begin so what they may in this database; false if there are none.
///
/// # Errors
/// Only some of the roles are there, or the caller does not own what is in the database.
pub(crate) async fn grant(pool: &PgPool, roles: &str) -> Result<bool, Failure> {
    let wanted: Vec<String> = ROLES.iter().map(|role| format!("{roles}_{role}")).collect();
    let found: Vec<String> = sqlx::query_scalar("SELECT rolname::text FROM pg_roles WHERE rolname = ANY($1)")
        .bind(&wanted)
        .fetch_all(pool)
        .await?;
    if found.is_empty() {
        return Ok(false);
    }
    if let Some(missing) = wanted.iter().find(|role| !found.contains(role)) {
        return Err(format!("the database role {missing} is missing beside {}", found.join(", ")).into());
    }
    let is_owner = "SELECT pg_has_role(datdba, 'MEMBER') FROM pg_database WHERE datname = current_database()";
    let is_owner: bool = sqlx::query_scalar(is_owner).fetch_one(pool).await?;
    if !is_owner {
        return Err(
            "the owner of the database grants its roles what they may: run `veche migrate` as their owner"
                .into(),
        );
    }
    let mut transaction = pool.begin().await?;
    let mut run = OF_THE_DATABASE.to_owned();
    for (schema, rights) in RIGHTS {
        let there: bool = sqlx::query_scalar("SELECT to_regnamespace($1) IS NOT NULL")
            .bind(schema)
            .fetch_one(&mut *transaction)
            .await?;
        if there {
            run.push_str(rights);
        }
    }
    // The name's letters are checked with the settings.
    sqlx::raw_sql(AssertSqlSafe(run.replace("{role}", roles))).execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(true)
}
