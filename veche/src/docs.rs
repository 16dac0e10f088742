//! The OpenAPI document, made from the handlers, and the pages that show it.

mod examples;
mod failures;
mod operation_ids;
mod operations;

use axum::{Router, middleware, routing::get};
use http::{
    HeaderValue,
    header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE},
};
use std::sync::LazyLock;
use utoipa::{
    OpenApi,
    openapi::{
        ContentBuilder, Info, ObjectBuilder, OpenApi as Document, Ref, RefOr, Required, ResponseBuilder,
        SecurityRequirement,
        path::{Operation, ParameterBuilder, ParameterIn},
        schema::Type,
        security::{ApiKey, ApiKeyValue, SecurityScheme},
    },
};
use utoipa_swagger_ui::{Config, SwaggerUi};

/// Content security policy of the page: its own scripts and styles only.
const PAGE_POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    frame-ancestors 'none'";

/// Pattern of `as_of`: a position, or an RFC 3339 time.
const AS_OF: &str = r"^([0-9]{1,18}|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2}))$";

/// Schemas that no single handler names.
#[derive(OpenApi)]
#[openapi(components(schemas(
    protocol::envelope::Failed,
    protocol::envelope::Success<protocol::envelope::Nothing>,
    protocol::error::ErrorCode
)))]
struct Common;

/// The document with the operations of all roles, whichever of them this process runs.
pub fn openapi() -> Document {
    let mut document = Common::openapi();
    let mut queries = query_service::openapi();
    add_as_of(&mut queries);
    for part in [command_service::openapi(), queries, gateway_service::openapi()] {
        document.merge(part);
    }
    document.info = Info::builder()
        .title("Veche")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "HTTP API of a team messenger. Every answer under /api is an envelope; every failure has a stable code.",
        ))
        .build();
    document.servers = None;
    let components = document.components.get_or_insert_default();
    let token = ApiKeyValue::with_description("Token", "Session token from `sms-auth` or `qr-auth`");
    let cookie = ApiKeyValue::with_description(
        "tada_session",
        "Session cookie from `sms-cookieauth`; named `__Host-tada_session` over HTTPS",
    );
    components.add_security_scheme("token", SecurityScheme::ApiKey(ApiKey::Header(token)));
    components.add_security_scheme("cookie", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    document.security =
        Some(["token", "cookie"].map(|name| SecurityRequirement::new(name, Vec::<String>::new())).to_vec());
    for item in document.paths.paths.values_mut() {
        [&mut item.post, &mut item.put, &mut item.delete]
            .into_iter()
            .filter_map(Option::as_mut)
            .for_each(add_accepted);
    }
    failures::describe(&mut document);
    operation_ids::set(&mut document);
    examples::attach(&mut document);
    document
}

/// Adds `as_of` to the queries of a team, which can also be asked of its past.
fn add_as_of(queries: &mut Document) {
    let of_teams = |path: &str| path.contains("/teams/{team_uid}") && !path.starts_with("/api/audit/");
    let of_teams = queries.paths.paths.iter_mut().filter(|(path, _)| of_teams(path));
    for operation in of_teams.filter_map(|(_, item)| item.get.as_mut()) {
        let as_of = ParameterBuilder::new()
            .name("as_of")
            .parameter_in(ParameterIn::Query)
            .required(Required::False)
            .description(Some(
                "The team as it was then: a position of an event, or an RFC 3339 time. The caller must be in the team \
                 now, and sees what they could see then.",
            ))
            .schema(Some(ObjectBuilder::new().schema_type(Type::String).pattern(Some(AS_OF))))
            .build();
        operation.parameters.get_or_insert_default().push(RefOr::T(as_of));
    }
}

/// Adds the answers of the header `Prefer`: with `respond-async` a command is answered before the read model shows it;
/// with `return=minimal` when it does, without a body.
fn add_accepted(operation: &mut Operation) {
    let body =
        ContentBuilder::new().schema(Some(RefOr::Ref(Ref::from_schema_name("Success_Nothing")))).build();
    let accepted = ResponseBuilder::new()
        .description("With `Prefer: respond-async`: taken; `Event-Position` says from where on it is shown")
        .content("application/json", body)
        .build();
    let unshown = ResponseBuilder::new()
        .description("With `Prefer: return=minimal`: done; `Event-Position` says where")
        .build();
    let responses = &mut operation.responses.responses;
    responses.entry("202".to_owned()).or_insert(RefOr::T(accepted));
    responses.entry("204".to_owned()).or_insert(RefOr::T(unshown));
}

/// The document as JSON, built at its first request, so that no start waits for it.
static DOCUMENT: LazyLock<String> = LazyLock::new(|| openapi().to_json().unwrap_or_default());

/// Routes of `/openapi.json` and of `/docs`, which shows it.
pub(crate) fn routes() -> Router {
    let document = async || ([(CONTENT_TYPE, "application/json")], DOCUMENT.as_str());
    let viewer: Router = SwaggerUi::new("/docs").config(Config::from("/openapi.json")).into();
    let pages = viewer.route("/openapi.json", get(document));
    // On routes only: a layer would also apply to the fallback, and an unknown path would be answered without an
    // envelope.
    pages.route_layer(middleware::map_response(async |mut response: axum::response::Response| {
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY));
        platform::http::Bare(response)
    }))
}

#[cfg(test)]
mod tests {
    use super::openapi;

    #[test]
    fn document_is_openapi_3_1_without_default_responses() {
        let document = serde_json::to_value(openapi()).unwrap();
        assert_eq!(document["openapi"], "3.1.0");
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                assert!(operation["responses"]["default"].is_null(), "{method} {path}");
                assert!(
                    operation["summary"].is_string() || operation["description"].is_string(),
                    "{method} {path}"
                );
            }
        }
    }
}
