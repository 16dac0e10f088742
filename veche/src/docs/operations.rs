//! Iteration over the operations of the OpenAPI document.

use utoipa::openapi::{OpenApi as Document, path::Operation};

/// All operations, each with its method in lower case and its path.
pub(super) fn operations_mut(
    document: &mut Document,
) -> impl Iterator<Item = (&'static str, &str, &mut Operation)> {
    document.paths.paths.iter_mut().flat_map(|(path, item)| {
        let operations = [
            ("get", item.get.as_mut()),
            ("post", item.post.as_mut()),
            ("put", item.put.as_mut()),
            ("delete", item.delete.as_mut()),
        ];
        operations
            .into_iter()
            .filter_map(move |(method, operation)| Some((method, path.as_str(), operation?)))
    })
}
