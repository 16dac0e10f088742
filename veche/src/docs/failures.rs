//! Failures in the OpenAPI document: each operation names the statuses that its shape makes possible, and each status
//! describes its codes once, under `components/responses`.

use protocol::error::ErrorCode;
use std::collections::{BTreeMap, BTreeSet};
use utoipa::openapi::{
    ContentBuilder, OpenApi as Document, Ref, RefOr, Response, ResponseBuilder,
    path::{Operation, ParameterIn},
};

/// Operations without a session that answer 401, because they exchange a secret for a session.
const LOGINS: [&str; 5] = [
    "/api/v3/qr-auth",
    "/api/v3/sms-auth",
    "/api/v3/sms-cookieauth",
    "/api/v4/auth/sms/get-token",
    "/api/v3/cookieauth-logout",
];

/// Adds the possible failure statuses to every operation, and describes each status once.
pub(super) fn describe(document: &mut Document) {
    for (path, item) in &mut document.paths.paths {
        let operations = [
            (item.get.as_mut(), false),
            (item.post.as_mut(), true),
            (item.put.as_mut(), true),
            (item.delete.as_mut(), true),
        ];
        for (operation, writes) in operations {
            if let Some(operation) = operation {
                add(operation, &statuses(path, operation, writes));
            }
        }
    }
    let components = document.components.get_or_insert_default();
    for (status, codes) in by_status() {
        components.responses.insert(component(status), RefOr::T(response(&codes)));
    }
}

/// Adds statuses to an operation. A default response that the handler declares has a body of its own, which all of
/// them then get.
fn add(operation: &mut Operation, statuses: &BTreeSet<u16>) {
    let codes = by_status();
    let own = operation.responses.responses.remove("default");
    for status in statuses {
        let failure = match &own {
            Some(RefOr::T(own)) => {
                let mut failure = own.clone();
                failure.description = format!("{} {}", own.description, described(&codes[status]));
                RefOr::T(failure)
            }
            Some(RefOr::Ref(_)) | None => RefOr::Ref(Ref::from_response_name(component(*status))),
        };
        operation.responses.responses.entry(status.to_string()).or_insert(failure);
    }
}

/// Failure statuses of one operation. 405 is missing: it answers methods without an operation.
fn statuses(path: &str, operation: &Operation, writes: bool) -> BTreeSet<u16> {
    use ErrorCode::{
        AccessDenied, BadRequest, Conflict, IdempotencyKeyReused, InternalServerError, InvalidData,
        InvalidToken, NotFound, RateLimit, RequestTooLarge, Timeout, Unavailable, UnsupportedMediaType,
    };
    let parameters = operation.parameters.iter().flatten();
    let parameters: Vec<_> = parameters
        .filter_map(|parameter| match parameter {
            RefOr::T(parameter) => Some(&parameter.parameter_in),
            RefOr::Ref(_) => None,
        })
        .collect();
    let is_public = operation.security.as_ref().is_some_and(|needed| needed.iter().all(is_nothing));
    let has_body = operation.request_body.is_some();
    // Headers are values too: `Min-Event-Position`, `Idempotency-Key`.
    let mut codes = vec![BadRequest, InvalidData, RateLimit, InternalServerError, Unavailable, Timeout];
    if !is_public {
        codes.extend([InvalidToken, AccessDenied]);
    }
    if LOGINS.contains(&path) || path.contains("{api_key}") || path == "/api/message" {
        codes.extend([InvalidToken, AccessDenied]);
    }
    if parameters.contains(&&ParameterIn::Path) {
        codes.push(NotFound);
    }
    if has_body {
        codes.extend([RequestTooLarge, UnsupportedMediaType, NotFound]);
    }
    if writes {
        codes.extend([Conflict, IdempotencyKeyReused, AccessDenied]);
    }
    codes.into_iter().map(ErrorCode::status).collect()
}

/// Whether a security requirement is empty: `{}`.
fn is_nothing(requirement: &utoipa::openapi::SecurityRequirement) -> bool {
    serde_json::to_value(requirement)
        .is_ok_and(|json| json.as_object().is_some_and(serde_json::Map::is_empty))
}

fn by_status() -> BTreeMap<u16, Vec<ErrorCode>> {
    let mut all = BTreeMap::<u16, Vec<ErrorCode>>::new();
    for code in ErrorCode::ALL {
        all.entry(code.status()).or_default().push(code);
    }
    all
}

fn component(status: u16) -> String {
    format!("Failed{status}")
}

fn response(codes: &[ErrorCode]) -> Response {
    let body = ContentBuilder::new().schema(Some(RefOr::Ref(Ref::from_schema_name("Failed")))).build();
    ResponseBuilder::new().description(described(codes)).content("application/json", body).build()
}

fn described(codes: &[ErrorCode]) -> String {
    let lines: Vec<_> = codes.iter().map(|code| format!("`{code}`: {}.", meaning(*code))).collect();
    lines.join(" ")
}

/// When the server answers with a code, and what a client can do about it.
const fn meaning(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::BadRequest => {
            "the request cannot be parsed: invalid JSON, or invalid characters in a header or in the path"
        }
        ErrorCode::EmptyToken => "the request carries neither the header `Token` nor a session cookie",
        ErrorCode::InvalidToken => "the token, the code or the session is invalid or expired; log in again",
        ErrorCode::AccessDenied => "the caller is authenticated but lacks the right that the call needs",
        ErrorCode::NotFound => "the object does not exist, or the caller may not see it",
        ErrorCode::InvalidMethod => {
            "the path does not have this method; the header `Allow` lists its methods"
        }
        ErrorCode::Conflict => "concurrent changes of the object won several times in a row; repeat the call",
        ErrorCode::RequestTooLarge => "the body exceeds the size limit of the call",
        ErrorCode::UnsupportedMediaType => {
            "the call does not support the `Content-Type` or the `Content-Encoding` of the body"
        }
        ErrorCode::InvalidData => {
            "a value is refused although its type fits: too long, blank, out of range, not an address or a number of \
             its kind, twice in a list, naming an object that is not there, or not allowed in the object's present \
             state; `details` names each field with a sentence that says why"
        }
        ErrorCode::IdempotencyKeyReused => "the `Idempotency-Key` was used with another request",
        ErrorCode::RateLimit => {
            "too many requests; retry after the number of seconds in the header `Retry-After`"
        }
        ErrorCode::InternalServerError => "internal error; report the request id in `reason`",
        ErrorCode::NotCaughtUp => {
            "the read model has not reached the `Min-Event-Position` of the request yet; retry after `Retry-After` seconds"
        }
        ErrorCode::Unavailable => "a part of the server is unavailable; retry after `Retry-After` seconds",
        ErrorCode::Timeout => {
            "the server took too long; a command may still take effect, repeat it with its \
             `Idempotency-Key`"
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::docs::openapi;

    fn responses(path: &str, method: &str) -> Vec<String> {
        let document = serde_json::to_value(openapi()).unwrap();
        let responses = document["paths"][path][method]["responses"].as_object().unwrap();
        responses.keys().cloned().collect()
    }

    #[test]
    fn operation_names_the_statuses_of_its_shape() {
        let read = responses("/api/v3/time", "get");
        assert!(
            ["400", "422", "429", "500", "503", "504"]
                .iter()
                .all(|status| read.iter().any(|it| it == status)),
            "{read:?}"
        );
        assert!(!read.iter().any(|it| ["401", "403", "404", "409"].contains(&it.as_str())), "{read:?}");
        let written = responses("/api/v3/teams/{team_uid}", "put");
        let wanted = ["400", "401", "403", "404", "409", "413", "415", "422", "429", "500", "503", "504"];
        assert!(wanted.iter().all(|status| written.iter().any(|it| it == status)), "{written:?}");
    }

    #[test]
    fn status_describes_all_of_its_codes() {
        let document = serde_json::to_value(openapi()).unwrap();
        for code in protocol::error::ErrorCode::ALL {
            let description =
                &document["components"]["responses"][super::component(code.status())]["description"];
            assert!(description.as_str().unwrap().contains(&format!("`{code}`")), "{code}: {description}");
        }
    }
}
