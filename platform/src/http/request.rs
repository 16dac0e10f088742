//! The facts that the shell has attached to a request.

use super::{ApiError, client::client_address, headers::REQUEST_ID, rules::Rules, vouched::vouched};
use crate::{
    budget::{Budget, BudgetOwner, Charge},
    limits::{Key, Limit, Limits},
};
use axum::extract::{ConnectInfo, FromRequestParts, MatchedPath};
use events::AccountId;
use http::{
    Extensions, HeaderMap, HeaderName, Uri,
    header::{ORIGIN, USER_AGENT},
    request::Parts,
};
use protocol::{
    envelope::Layout,
    error::ErrorCode,
    lang::{Lang, Text},
};
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    ops::Deref,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use uuid::Uuid;

const LANG: HeaderName = HeaderName::from_static("lang");
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// Maximum length of a request id that is taken over from a client.
const LONGEST_ID: usize = 64;
/// `Retry-After` for a client with too many bytes in flight.
const LATER: Duration = Duration::from_secs(2);
/// Maximum length of a kept `User-Agent`, in characters.
const LONGEST_AGENT: usize = 300;

/// The facts about one request; an extractor. Cheap to clone.
#[derive(Clone, Debug)]
pub struct RequestInfo(Arc<RequestFacts>);

/// See [`RequestInfo`].
#[derive(Debug)]
pub struct RequestFacts {
    /// The client's own id if it is well-formed, otherwise a new one; sent as `X-Request-Id` and written in every
    /// log line.
    pub id: String,
    /// Start of the work on the request.
    pub started: Instant,
    /// The language of texts in the answer.
    pub lang: Lang,
    /// The layout of the answer.
    pub layout: Layout,
    /// The client's address: the one that a gateway vouches for, otherwise see [`client_address`].
    pub client: IpAddr,
    /// The `User-Agent`, cut to 300 characters.
    pub user_agent: Option<String>,
    /// The `Origin` header of a browser.
    pub origin: Option<String>,
    /// The `Sec-Fetch-Site` header of a browser.
    pub sec_fetch_site: Option<String>,
    /// Maximum size of a body in bytes, for routes without a limit of their own.
    pub(super) body_limit: usize,
    /// Timeout for the next bytes of a body.
    pub(super) body_idle: Duration,
    budget: Budget,
    limits: Option<Arc<Limits>>,
    /// The memory charge of its body, held until the answer is complete.
    charge: Mutex<Option<Charge>>,
    /// Time of the last progress, in milliseconds after the start.
    progress: AtomicU64,
    account: OnceLock<AccountId>,
    route: OnceLock<MatchedPath>,
}

impl RequestInfo {
    pub(super) fn read(uri: &Uri, headers: &HeaderMap, extensions: &Extensions, rules: &Rules) -> Self {
        let peer = extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
        let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let owned = |name: HeaderName| text(name).map(str::to_owned);
        let query = Switches::read(uri.query());
        Self(Arc::new(RequestFacts {
            id: text(REQUEST_ID).filter(|id| is_sane(id)).map_or_else(new_id, str::to_owned),
            started: Instant::now(),
            lang: Lang::choose(query.lang, text(LANG), rules.lang),
            layout: query.layout,
            client: rules
                .vault
                .as_ref()
                .and_then(|vault| vouched(vault, uri.path(), headers))
                .unwrap_or_else(|| client_address(peer, headers, &rules.proxies)),
            user_agent: text(USER_AGENT).map(|agent| agent.chars().take(LONGEST_AGENT).collect()),
            origin: owned(ORIGIN),
            sec_fetch_site: owned(SEC_FETCH_SITE),
            body_limit: rules.body_limit,
            body_idle: rules.body_idle,
            budget: rules.budget.clone(),
            limits: rules.limits.clone(),
            charge: Mutex::default(),
            progress: AtomicU64::new(0),
            account: OnceLock::new(),
            route: OnceLock::new(),
        }))
    }

    /// The facts about work that the system starts by itself.
    pub fn system() -> Self {
        Self(Arc::new(RequestFacts {
            id: new_id(),
            started: Instant::now(),
            lang: Lang::default(),
            layout: Layout::default(),
            client: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            user_agent: None,
            origin: None,
            sec_fetch_site: None,
            body_limit: 0,
            body_idle: Duration::ZERO,
            budget: Budget::unlimited(),
            limits: None,
            charge: Mutex::default(),
            progress: AtomicU64::new(0),
            account: OnceLock::new(),
            route: OnceLock::new(),
        }))
    }

    /// Restarts the request's timeout, for bodies that arrive piece by piece and make progress.
    pub fn note_progress(&self) {
        let since = u64::try_from(self.0.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.0.progress.store(since, Ordering::Relaxed);
    }

    /// Charges its body, `bytes` in all, to the memory budgets.
    pub(super) fn cover(&self, bytes: usize) -> Result<(), ApiError> {
        let mut held = self.0.charge.lock().unwrap_or_else(PoisonError::into_inner);
        let covered = match held.as_mut() {
            Some(charge) => charge.cover(bytes),
            None => {
                let purse = self.0.budget.purse(self.account().map(|account| account.0), self.0.client);
                purse.charge(bytes).map(|charge| *held = Some(charge))
            }
        };
        covered.map_err(too_much)
    }

    /// Checks a limit of the client's address without counting.
    pub(super) fn allowed(&self, limit: Limit) -> Result<(), ApiError> {
        let Some(limits) = &self.0.limits else { return Ok(()) };
        Ok(limits.allowed(limit, &Key::Address(self.0.client))?)
    }

    /// Time of the last progress.
    pub(super) fn progressed(&self) -> Instant {
        self.0.started + Duration::from_millis(self.0.progress.load(Ordering::Relaxed))
    }

    /// Records the authenticated account, for the access log.
    pub fn note_account(&self, account: AccountId) {
        // The first one stays: a request has one caller.
        let _ = self.0.account.set(account);
    }

    /// The authenticated account.
    pub fn account(&self) -> Option<AccountId> {
        self.0.account.get().copied()
    }

    pub(super) fn note_route(&self, route: MatchedPath) {
        let _ = self.0.route.set(route);
    }

    /// The route's pattern, with names in place of values: it contains no secret from the path.
    pub fn route(&self) -> &str {
        self.0.route.get().map_or("unmatched", MatchedPath::as_str)
    }
}

impl Deref for RequestInfo {
    type Target = RequestFacts;
    fn deref(&self) -> &RequestFacts {
        &self.0
    }
}

impl<S: Sync> FromRequestParts<S> for RequestInfo {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        of(&parts.extensions)
    }
}

/// The facts that the shell has left with a request.
pub(super) fn of(extensions: &Extensions) -> Result<RequestInfo, ApiError> {
    let found = extensions.get::<RequestInfo>().cloned();
    found.ok_or_else(|| ApiError::internal("the router is not wrapped in the shell"))
}

fn too_much(whose: BudgetOwner) -> ApiError {
    let (code, text) = match whose {
        BudgetOwner::Account | BudgetOwner::Address => (ErrorCode::RateLimit, Text::TooManyBytesInFlight),
        BudgetOwner::All => (ErrorCode::Unavailable, Text::Unavailable),
    };
    let whose = match whose {
        BudgetOwner::Account => "account",
        BudgetOwner::Address => "address",
        BudgetOwner::All => "all",
    };
    metrics::counter!("veche_memory_refused_total", "whose" => whose).increment(1);
    ApiError::new(code).because(text).retry_after(LATER)
}

/// Query parameters of the shell; the rest belongs to the handler.
#[derive(Default)]
struct Switches<'a> {
    lang: Option<&'a str>,
    layout: Layout,
}

impl<'a> Switches<'a> {
    fn read(query: Option<&'a str>) -> Self {
        let mut switches = Self::default();
        for (name, value) in
            query.into_iter().flat_map(|query| query.split('&')).filter_map(|pair| pair.split_once('='))
        {
            match name {
                "lang" => switches.lang = Some(value),
                "debug" if value == "1" || value.eq_ignore_ascii_case("true") => {
                    switches.layout = Layout::Pretty
                }
                _ => {}
            }
        }
        switches
    }
}

fn is_sane(id: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    !id.is_empty() && id.len() <= LONGEST_ID && id.bytes().all(known)
}

#[expect(clippy::disallowed_methods, reason = "a request id is not an id of the product")]
fn new_id() -> String {
    Uuid::now_v7().to_string()
}
