//! The read model as text, to compare it with another read model of the same log.

use serde_json::Value;
use sqlx::PgPool;
use std::collections::BTreeMap;

/// Dumps all rows of the schema `read` by table, sorted.
pub async fn read_model(pool: &PgPool) -> BTreeMap<String, Vec<String>> {
    let tables = sqlx::query_scalar::<_, String>(
        "select table_name::text from information_schema.tables where table_schema = 'read' order by 1",
    );
    let tables = tables.fetch_all(pool).await.expect("the catalogue can be read");
    let mut dump = BTreeMap::new();
    for table in tables {
        // The name comes from the catalogue, not from input.
        let rows =
            sqlx::AssertSqlSafe(format!("select to_jsonb(t)::text from read.\"{table}\" as t order by 1"));
        let rows: Vec<String> = sqlx::query_scalar(rows).fetch_all(pool).await.expect("a table can be read");
        dump.insert(table, rows.iter().map(|row| legible(row)).collect());
    }
    dump
}

/// Decodes the columns of a row that hold text as bytes.
fn legible(row: &str) -> String {
    let mut row: Value = serde_json::from_str(row).unwrap_or_default();
    for column in row.as_object_mut().into_iter().flat_map(|row| row.values_mut()) {
        let bytes =
            column.as_str().and_then(|text| text.strip_prefix("\\x")).and_then(|text| hex::decode(text).ok());
        if let Some(text) = bytes.and_then(|bytes| String::from_utf8(bytes).ok()) {
            *column = Value::String(text);
        }
    }
    row.to_string()
}

/// Lists the tables in which two dumps differ, with up to two rows of each.
pub fn differences(
    left: &BTreeMap<String, Vec<String>>,
    right: &BTreeMap<String, Vec<String>>,
) -> Vec<String> {
    let missing = |here: &[String], there: &[String]| {
        let only = here.iter().filter(|row| !there.contains(row));
        only.take(2).cloned().collect::<Vec<_>>()
    };
    let empty = Vec::new();
    let compare = |table: &String| {
        let (left, right) = (left.get(table).unwrap_or(&empty), right.get(table).unwrap_or(&empty));
        (left != right).then(|| {
            let (gone, new) = (missing(left, right), missing(right, left));
            format!(
                "{table}: {} rows against {}\n  only before: {gone:#?}\n  only after: {new:#?}",
                left.len(),
                right.len()
            )
        })
    };
    left.keys().chain(right.keys().filter(|table| !left.contains_key(*table))).filter_map(compare).collect()
}
