//! The fixed SQL statements in the sources: string literals that begin as a statement does, with the constants that they
//! name put in. What is put together of anything but constants is left out.

use std::{collections::HashMap, fs, path::Path};

/// A statement, and the file that has it.
pub(crate) struct Statement {
    pub(crate) file: String,
    pub(crate) sql: String,
}

const BEGINNINGS: [&str; 5] = ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH "];

/// Constants of other files that statements name: the file, the constant, the file that has it.
const IMPORTED: [(&str, &str, &str); 8] = [
    ("projections/message/attachments.rs", "COLUMNS", "read-model/src/upload.rs"),
    ("projections/message/update.rs", "COLUMNS", "read-model/src/message.rs"),
    ("message/refer.rs", "COLUMNS", "read-model/src/message.rs"),
    ("message/list.rs", "VISIBLE", "read-model/src/message.rs"),
    ("read-model/src/team.rs", "COLUMNS", "read-model/src/contact.rs"),
    ("read-model/src/team.rs", "SOURCE", "read-model/src/contact.rs"),
    ("task/list.rs", "SOURCE", "read-model/src/task_view.rs"),
    ("task_view/parts.rs", "SOURCE", "read-model/src/task_view.rs"),
];

/// Beginnings of statements that cannot be prepared as they stand.
const LEFT_OUT: [&str; 7] = [
    // A query builder continues them.
    "WITH page AS (SELECT f.uid FROM chat c CROSS JOIN LATERAL",
    "SELECT count(*) FROM (SELECT 1 FROM chat c JOIN",
    // The types of their parameters are known when these are bound: such queries are executed.
    "SELECT v.uid AS viewer",
    "SELECT old.uid FROM chat c CROSS JOIN LATERAL",
    // Their functions exist where services have database roles of their own.
    "SELECT set_config('role', ops.maker_of",
    "SELECT ops.admit",
    // The end of a statement that defines `placed`.
    "SELECT count(*) FROM placed",
];

/// Every fixed statement of the read model and of the projection.
pub(crate) fn statements() -> Vec<Statement> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut files = vec![];
    for folder in ["read-model/src", "projection-service/src"] {
        collect(&root.join(folder), root, &mut files);
    }
    let literals: Vec<_> = files.iter().map(|(name, source)| (name, literals(source))).collect();
    let constants: HashMap<(String, String), String> = literals
        .iter()
        .flat_map(|(file, found)| {
            found.iter().filter_map(|literal| {
                Some(((file.to_string(), literal.constant.clone()?), literal.text.clone()))
            })
        })
        .collect();
    let mut statements = vec![];
    for (file, found) in &literals {
        for literal in found {
            let is_statement = BEGINNINGS.iter().any(|beginning| literal.text.starts_with(beginning));
            let left_out = LEFT_OUT.iter().any(|beginning| literal.text.starts_with(beginning));
            // Constants are parts of statements, or are prepared where they are whole.
            if is_statement
                && !left_out
                && let Some(sql) = resolved(file, &literal.text, &constants)
            {
                statements.push(Statement { file: file.to_string(), sql });
            }
        }
    }
    statements
}

fn collect(folder: &Path, root: &Path, files: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, root, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = fs::read_to_string(&path).unwrap();
            let source = source.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
            files.push((path.strip_prefix(root).unwrap().display().to_string(), source));
        }
    }
}

/// The statement with its constants put in; `None` if it names anything else.
fn resolved(file: &str, text: &str, constants: &HashMap<(String, String), String>) -> Option<String> {
    let mut sql = text.replace("PAST.", "read.");
    while let Some(start) = sql.find('{') {
        let end = start + sql[start..].find('}')?;
        let name = sql[start + 1..end].to_owned();
        let home = IMPORTED.iter().find(|(from, imported, _)| file.ends_with(from) && *imported == name);
        let home = home.map_or(file, |(_, _, home)| home);
        let shared = ["PLACES", "STANDING", "UNREAD", "MENTIONS"].contains(&name.as_str());
        let home = if shared { "read-model/src/reading.rs" } else { home };
        let value = match name.as_str() {
            "READ_SCHEMA" | "schema" => "read".to_owned(),
            _ => constants.get(&(home.to_owned(), name)).cloned()?,
        };
        sql.replace_range(start..=end, &value);
    }
    Some(sql)
}

struct Literal {
    text: String,
    /// The constant whose value it is.
    constant: Option<String>,
}

/// The string literals of a source, without comments.
fn literals(source: &str) -> Vec<Literal> {
    let characters: Vec<char> = source.chars().collect();
    let (mut found, mut at) = (vec![], 0);
    while at < characters.len() {
        match characters[at] {
            '/' if characters.get(at + 1) == Some(&'/') => {
                while at < characters.len() && characters[at] != '\n' {
                    at += 1;
                }
            }
            '\'' if characters.get(at + 2) == Some(&'\'') => at += 3,
            '\'' if characters.get(at + 1) == Some(&'\\') => at += 4,
            '"' => {
                let (text, end) = literal(&characters, at + 1);
                let before: String = characters[..at].iter().collect();
                found.push(Literal { text, constant: constant(&before) });
                at = end;
            }
            _ => at += 1,
        }
    }
    found
}

/// The text of a literal, and where the source goes on.
fn literal(characters: &[char], mut at: usize) -> (String, usize) {
    let mut text = String::new();
    while at < characters.len() && characters[at] != '"' {
        if characters[at] != '\\' {
            text.push(characters[at]);
            at += 1;
            continue;
        }
        match characters[at + 1] {
            // The next line goes on where its text begins.
            '\n' => {
                at += 2;
                while characters[at].is_whitespace() {
                    at += 1;
                }
            }
            'n' => (text.push('\n'), at += 2).1,
            other => (text.push(other), at += 2).1,
        }
    }
    (text, at + 1)
}

/// The name of the constant that the text before a literal declares.
fn constant(before: &str) -> Option<String> {
    let declared = before.trim_end().strip_suffix('=')?.trim_end();
    let (_, declared) = declared.rsplit_once("const ")?;
    let (name, kind) = declared.split_once(':')?;
    kind.trim().ends_with("str").then(|| name.trim().to_owned())
}
