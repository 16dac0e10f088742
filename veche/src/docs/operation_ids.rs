//! Operation ids. Handlers have short names within their modules; the document needs names that are unique and say what
//! the operation does.

use super::operations::operations_mut;
use std::collections::BTreeMap;
use utoipa::openapi::OpenApi as Document;

/// `method path id`, one operation a line.
const IDS: &str = include_str!("operation_ids.txt");

/// Sets the id of every operation.
pub(super) fn set(document: &mut Document) {
    let ids: BTreeMap<(&str, &str), &str> = IDS.lines().filter_map(line).collect();
    for (method, path, operation) in operations_mut(document) {
        if let Some(id) = ids.get(&(method, path)) {
            operation.operation_id = Some((*id).to_owned());
        }
    }
}

fn line(line: &str) -> Option<((&str, &str), &str)> {
    let mut words = line.split(' ');
    Some(((words.next()?, words.next()?), words.next()?))
}

#[cfg(test)]
mod tests {
    use super::{IDS, line};
    use crate::docs::openapi;
    use std::collections::BTreeSet;

    #[test]
    fn operation_ids_list_every_operation_and_no_other() {
        let document = serde_json::to_value(openapi()).unwrap();
        let paths = document["paths"].as_object().unwrap();
        let operations: BTreeSet<String> = paths
            .iter()
            .flat_map(|(path, item)| {
                item.as_object().unwrap().keys().map(move |method| format!("{method} {path}"))
            })
            .collect();
        let listed = IDS.lines().filter_map(line).map(|((method, path), _)| format!("{method} {path}"));
        assert_eq!(listed.collect::<BTreeSet<String>>(), operations, "docs/operation_ids.txt");
    }
}
