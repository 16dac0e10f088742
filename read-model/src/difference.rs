//! Compares two read models in one database, row by row, in Postgres.

use futures::TryStreamExt;
use serde::Serialize;
use serde_json::{Map, Value};
use sqlx::{AssertSqlSafe, PgConnection, Row, postgres::PgRow};
use std::collections::BTreeMap;

/// Columns that do not follow from the log, by table.
const NOT_FROM_LOG: [(&str, &str); 1] = [("parked", "since")];

/// A row that differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// The table.
    pub table: String,
    /// The row's key.
    pub key: Map<String, Value>,
    /// The read models that have the row.
    pub found: Found,
    /// The columns that differ; all columns if only one read model has the row.
    pub columns: BTreeMap<String, Change>,
    /// The row in the second read model, or else in the first.
    #[serde(skip)]
    pub row: Map<String, Value>,
}

/// The read models that have a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    /// Both, with different values.
    InBoth,
    /// Only the first.
    OnlyBefore,
    /// Only the second.
    OnlyAfter,
}

/// The values of a column.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    pub before: Value,
    pub after: Value,
}

/// Columns of a table to compare.
struct Table {
    name: String,
    /// The primary key, or all columns without one.
    key: Vec<String>,
    columns: Vec<String>,
}

/// Reports every row that differs between two schemas, table by table in the order of the keys. Tables and columns that only
/// one of them has are not compared, nor is the feed below the higher floor.
///
/// # Errors
/// Postgres or `report` failed.
pub async fn compare<E: From<sqlx::Error>>(
    db: &mut PgConnection,
    (before, after): (&str, &str),
    mut report: impl AsyncFnMut(Difference) -> Result<(), E>,
) -> Result<(), E> {
    let floor = floor(db, before, after).await?;
    for table in tables(db, before, after).await? {
        let sql = query(&table, before, after, floor);
        let mut rows = sqlx::query(AssertSqlSafe(sql)).fetch(&mut *db);
        while let Some(row) = rows.try_next().await? {
            report(difference(&table, &row)).await?;
        }
    }
    Ok(())
}

/// The higher feed floor of the two.
async fn floor(db: &mut PgConnection, before: &str, after: &str) -> Result<i64, sqlx::Error> {
    let sql = format!(
        "SELECT greatest((SELECT position FROM {before}.feed_floor), (SELECT position FROM {after}.feed_floor))"
    );
    sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(db).await
}

/// The tables and columns that both have, without generated columns.
async fn tables(db: &mut PgConnection, before: &str, after: &str) -> Result<Vec<Table>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT b.table_name::text AS name, \
             array_agg(b.column_name::text ORDER BY b.ordinal_position) AS columns, \
             (SELECT array_agg(a.attname::text ORDER BY array_position(i.indkey::int2[], a.attnum)) \
                 FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey) \
                 WHERE i.indisprimary AND i.indrelid = to_regclass(format('%I.%I', $1::text, b.table_name))) AS key \
         FROM information_schema.columns b JOIN information_schema.columns a \
             ON a.table_schema = $2 AND a.table_name = b.table_name AND a.column_name = b.column_name \
         WHERE b.table_schema = $1 AND b.is_generated = 'NEVER' AND b.table_name <> 'feed_floor' \
         GROUP BY b.table_name ORDER BY b.table_name",
    )
    .bind(before)
    .bind(after)
    .fetch_all(db)
    .await?;
    let table = |row: &PgRow| {
        let name: String = row.get("name");
        let mut columns: Vec<String> = row.get("columns");
        columns.retain(|column| !NOT_FROM_LOG.contains(&(name.as_str(), column.as_str())));
        let key = row.get::<Option<Vec<String>>, _>("key").unwrap_or_else(|| columns.clone());
        Table { name, key, columns }
    };
    Ok(rows.iter().map(table).collect())
}

fn query(table: &Table, before: &str, after: &str, floor: i64) -> String {
    let columns = list(&table.columns, |column| format!("\"{column}\""));
    let kept = match table.name.as_str() {
        "feed" | "retold" => format!("WHERE position > {floor}"),
        "feed_member" => format!("WHERE until_position IS NULL OR until_position > {floor}"),
        _ => String::new(),
    };
    let rows = |schema: &str| format!("(SELECT {columns} FROM {schema}.\"{}\" {kept})", table.name);
    let whole = table.key == table.columns;
    // Without a key, rows are the same if all their columns are equal, nulls included.
    let same = match whole {
        true => "to_jsonb(b) = to_jsonb(a)".to_owned(),
        false => table
            .key
            .iter()
            .map(|column| format!("b.\"{column}\" = a.\"{column}\""))
            .collect::<Vec<_>>()
            .join(" AND "),
    };
    let order = list(&table.key, |column| format!("coalesce(b.\"{column}\", a.\"{column}\")"));
    format!(
        "SELECT to_jsonb(b) AS before, to_jsonb(a) AS after FROM {} b FULL JOIN {} a ON {same} \
         WHERE to_jsonb(b) IS DISTINCT FROM to_jsonb(a) ORDER BY {order}",
        rows(before),
        rows(after)
    )
}

fn list(columns: &[String], each: impl Fn(&String) -> String) -> String {
    columns.iter().map(each).collect::<Vec<_>>().join(", ")
}

fn difference(table: &Table, row: &PgRow) -> Difference {
    let side = |name: &str| match row.get::<Option<Value>, _>(name) {
        Some(Value::Object(row)) => Some(row),
        _ => None,
    };
    let (before, after) = (side("before"), side("after"));
    let found = match (&before, &after) {
        (Some(_), None) => Found::OnlyBefore,
        (None, _) => Found::OnlyAfter,
        _ => Found::InBoth,
    };
    let value = |row: &Option<Map<String, Value>>, column: &str| {
        row.as_ref().and_then(|row| row.get(column)).cloned().unwrap_or_default()
    };
    let columns = table.columns.iter().filter_map(|column| {
        let change = Change { before: value(&before, column), after: value(&after, column) };
        (change.before != change.after).then(|| (column.clone(), change))
    });
    let columns = columns.collect();
    let row = after.or(before).unwrap_or_default();
    let key = table.key.iter().map(|column| (column.clone(), row.get(column).cloned().unwrap_or_default()));
    Difference { table: table.name.clone(), key: key.collect(), found, columns, row }
}
