//! Wraps a router: request facts, envelope, headers, CORS, access log and metrics around it.

use super::{
    body_drain, envelope, guard, headers,
    headers::{EVENT_POSITION, IDEMPOTENCY_KEY, LOGIN_REQUEST, MIN_EVENT_POSITION, REQUEST_ID, TOKEN},
    observe,
    request::RequestInfo,
    rules::Rules,
};
use crate::{budget::Budget, config::Config, limits::Limits};
use axum::{
    Router,
    extract::{Request, State},
    middleware::{self, Next},
    response::Response,
};
use http::{
    HeaderName, HeaderValue, Method, Uri,
    header::{
        ACCEPT, ACCEPT_LANGUAGE, ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_RANGE, CONTENT_TYPE, ETAG,
        IF_NONE_MATCH, IF_RANGE, RANGE, RETRY_AFTER,
    },
    uri::PathAndQuery,
};
use secrets::vault::Vault;
use std::{sync::Arc, time::Duration};
use tower_http::cors::{AllowOrigin, CorsLayer};

/// The shell around a service's router.
pub struct Shell {
    rules: Arc<Rules>,
    cors: CorsLayer,
}

impl Shell {
    /// The configured shell.
    pub fn new(config: &Config) -> Self {
        Self::of(config, None)
    }

    /// A shell that also trusts gateways with the same master key about the address of the client whose command
    /// they pass on.
    pub fn believing(config: &Config, vault: Vault) -> Self {
        Self::of(config, Some(vault))
    }

    fn of(config: &Config, vault: Option<Vault>) -> Self {
        let rules = Rules {
            proxies: config.trusted_proxies.clone(),
            vault,
            lang: config.default_lang(),
            body_limit: config.http.body_limit,
            body_idle: Duration::from_secs(config.http.body_idle_sec),
            budget: Budget::unlimited(),
            limits: None,
            timeout: config.request_timeout(),
            https: config.is_https(),
        };
        Self { rules: rules.into(), cors: cors(&config.allowed_origins) }
    }

    /// Adds a memory budget for bodies, and limits that refuse a body unread, see
    /// [`AddressFirst`](super::AddressFirst).
    #[must_use]
    pub fn within(self, budget: Budget, limits: Arc<Limits>) -> Self {
        let mut rules = Arc::unwrap_or_clone(self.rules);
        (rules.budget, rules.limits) = (budget, Some(limits));
        Self { rules: rules.into(), ..self }
    }

    /// Wraps a router. Trailing slashes of paths under `/api` and `/messaging` are ignored.
    pub fn wrap(&self, router: Router) -> Router {
        let rules = Arc::clone(&self.rules);
        let guarded = router.layer(middleware::from_fn_with_state(Arc::clone(&rules), guard::guard));
        // The inner router is a fallback, so that the outer layers run before routing and may change the path.
        let inside = Router::new().fallback_service(guarded).layer(self.cors.clone());
        inside.layer(middleware::from_fn_with_state(rules, around))
    }
}

async fn around(State(rules): State<Arc<Rules>>, mut request: Request, next: Next) -> Response {
    let info = RequestInfo::read(request.uri(), request.headers(), request.extensions(), &rules);
    request.extensions_mut().insert(info.clone());
    if let Some(uri) = without_slash(request.uri()) {
        *request.uri_mut() = uri;
    }
    let method = request.method().clone();
    let (request, body_drain) = body_drain::lend(request);
    let response = next.run(request).await;
    body_drain.discard().await;
    let (mut response, kind) = envelope::finish(response, &method, &info);
    headers::add(response.headers_mut(), rules.https);
    if let Ok(id) = HeaderValue::from_str(&info.id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    observe::done(&method, response.status(), kind, &info);
    response
}

/// `/api/v3/me/` → `/api/v3/me`; paths outside the API keep their slash, because document viewers redirect to it.
fn without_slash(uri: &Uri) -> Option<Uri> {
    let path = uri.path();
    if !path.ends_with('/') || !["/api/", "/messaging/"].iter().any(|known| path.starts_with(known)) {
        return None;
    }
    let short = path.trim_end_matches('/');
    let whole = uri.query().map_or_else(|| short.to_owned(), |query| format!("{short}?{query}"));
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(whole).ok()?);
    Uri::from_parts(parts).ok()
}

/// The listed origins may call with cookies; others get no CORS headers.
fn cors(origins: &[String]) -> CorsLayer {
    let lang = HeaderName::from_static("lang");
    let allowed = origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok());
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(allowed))
        .allow_credentials(true)
        .allow_methods([Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE])
        .allow_headers([
            ACCEPT,
            ACCEPT_LANGUAGE,
            CONTENT_TYPE,
            IF_NONE_MATCH,
            IF_RANGE,
            RANGE,
            TOKEN,
            IDEMPOTENCY_KEY,
            MIN_EVENT_POSITION,
            LOGIN_REQUEST,
            REQUEST_ID,
            HeaderName::from_static("prefer"),
            HeaderName::from_static("x-supported-features"),
            lang,
        ])
        .expose_headers([
            EVENT_POSITION,
            LOGIN_REQUEST,
            REQUEST_ID,
            ACCEPT_RANGES,
            CONTENT_DISPOSITION,
            CONTENT_RANGE,
            ETAG,
            RETRY_AFTER,
            HeaderName::from_static("ratelimit"),
            HeaderName::from_static("ratelimit-policy"),
        ])
        .max_age(Duration::from_secs(600))
}
