//! Rights of the services' database roles, which `deploy/postgres/roles.sh` creates. `veche migrate` grants them from the files
//! under `rights/`, one a schema: granting is repeatable, and a right that left its file is revoked.

use crate::failure::Failure;
use sqlx::{AssertSqlSafe, PgPool};

/// Suffixes of the services' role names.
const ROLES: [&str; 5] = ["append", "read", "live", "project", "serve"];

/// Schemas in the order in which rights are granted, each with its statements.
const RIGHTS: [(&str, &str); 6] = [
    ("log", include_str!("rights/log.sql")),
    ("keys", include_str!("rights/keys.sql")),
    ("audit", include_str!("rights/audit.sql")),
    ("ops", include_str!("rights/ops.sql")),
    ("past", include_str!("rights/past.sql")),
    ("read", include_str!("rights/read.sql")),
];
const DATABASE_RIGHTS: &str = include_str!("rights/database.sql");

/// Refuses a role that does not own the database, before it can create a schema that it would then own. Applies only where
/// the services' roles exist: without them any role may migrate.
///
/// # Errors
/// The services' roles exist, and the connected role is not a member of the database's owner.
pub(crate) async fn require_owner(pool: &PgPool, roles: &str) -> Result<(), Failure> {
    const IS_OWNER: &str =
        "SELECT pg_has_role(datdba, 'MEMBER') FROM pg_database WHERE datname = current_database()";
    if existing(pool, roles).await?.is_empty() || sqlx::query_scalar(IS_OWNER).fetch_one(pool).await? {
        return Ok(());
    }
    Err("only the owner of the database may change its schemas and grant rights: run `veche migrate` as their owner".into())
}

/// Grants the services' roles, named `{roles}_append` and so on, their rights in this database; `false` if none of the roles
/// exists.
///
/// # Errors
/// Only some of the roles exist, or the connected role may not grant.
pub(crate) async fn grant(pool: &PgPool, roles: &str) -> Result<bool, Failure> {
    let found = existing(pool, roles).await?;
    if found.is_empty() {
        return Ok(false);
    }
    if let Some(missing) = names(roles).find(|role| !found.contains(role)) {
        return Err(format!("the database has the roles {}, but not {missing}", found.join(", ")).into());
    }
    let mut transaction = pool.begin().await?;
    let mut run = DATABASE_RIGHTS.to_owned();
    for (schema, rights) in RIGHTS {
        let exists: bool = sqlx::query_scalar("SELECT to_regnamespace($1) IS NOT NULL")
            .bind(schema)
            .fetch_one(&mut *transaction)
            .await?;
        if exists {
            run.push_str(rights);
        }
    }
    // The prefix is safe to insert: the configuration admits only letters, digits and underscores.
    sqlx::raw_sql(AssertSqlSafe(run.replace("{role}", roles))).execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(true)
}

/// The full names of the services' roles.
fn names(roles: &str) -> impl Iterator<Item = String> {
    ROLES.iter().map(move |role| format!("{roles}_{role}"))
}

/// The services' roles that exist in this database cluster.
async fn existing(pool: &PgPool, roles: &str) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar("SELECT rolname::text FROM pg_roles WHERE rolname = ANY($1)")
        .bind(names(roles).collect::<Vec<_>>())
        .fetch_all(pool)
        .await
}
