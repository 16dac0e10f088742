//! Wraps a router: request facts, envelope, headers, CORS, access log and metrics around it.

use super::{
    envelope, guard, headers,
    headers::{EVENT_POSITION, IDEMPOTENCY_KEY, LOGIN_REQUEST, MIN_EVENT_POSITION, REQUEST_ID, TOKEN},
    leftover, observe,
    request::RequestInfo,
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
use ipnet::IpNet;
use protocol::lang::Lang;
use secrets::vault::Vault;
use std::{sync::Arc, time::Duration};
use tower_http::cors::{AllowOrigin, CorsLayer};

/// What the configuration says about requests in general.
#[derive(Clone)]
pub(super) struct Rules {
    pub(super) proxies: Vec<IpNet>,
    /// Knows the word of a process of ours, which passes a client's command on.
    pub(super) vault: Option<Vault>,
    pub(super) lang: Lang,
    pub(super) body_limit: usize,
    pub(super) body_idle: Duration,
    pub(super) budget: Budget,
    pub(super) limits: Option<Arc<Limits>>,
    pub(super) timeout: Duration,
    pub(super) https: bool,
}

/// The shell around a service's router.
pub struct Shell {
    rules: Arc<Rules>,
    cors: CorsLayer,
}

impl Shell {
    /// A shell as the configuration wants it.
    pub fn new(config: &Config) -> Self {
        Self::of(config, None)
    }

    /// One that also believes a gateway with the same master key about the address of the client whose command it passes on.
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

    /// The same shell, which counts bodies in a budget, and reads none of an address that a limit of the route refuses; see
    /// [`AddressFirst`](super::AddressFirst).
    #[must_use]
    pub fn within(self, budget: Budget, limits: Arc<Limits>) -> Self {
        let mut rules = Arc::unwrap_or_clone(self.rules);
        (rules.budget, rules.limits) = (budget, Some(limits));
        Self { rules: rules.into(), ..self }
    }

    /// The router with all of the shell around it. Slashes at the end of paths under `/api` and `/messaging` are ignored.
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
    let (request, leftover) = leftover::lend(request);
    let response = next.run(request).await;
    leftover.discard().await;
    let (mut response, kind) = envelope::finish(response, &method, &info);
    headers::add(response.headers_mut(), rules.https);
    if let Ok(id) = HeaderValue::from_str(&info.id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    observe::done(&method, response.status(), kind, &info);
    response
}

/// `/api/v3/me/` → `/api/v3/me`, and so for sockets; other paths keep their slash, since document viewers redirect to theirs.
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

/// Foreign origins of the list may call with cookies; all others get no permission from us.
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
