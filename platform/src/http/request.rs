//! What the shell knows of a request before any handler sees it.

use super::{ApiError, client::client_address, headers::REQUEST_ID, shell::Rules, vouched::vouched};
use crate::{
    budget::{Budget, Charge, Whose},
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
/// Longest request id that is taken over from a client.
const LONGEST_ID: usize = 64;
/// When somebody with too much in flight should try again.
const LATER: Duration = Duration::from_secs(2);
/// Longest `User-Agent` that is kept, in characters.
const LONGEST_AGENT: usize = 300;

/// The facts about one request; an extractor. Cheap to clone.
#[derive(Clone, Debug)]
pub struct RequestInfo(Arc<RequestFacts>);

/// See [`RequestInfo`].
#[derive(Debug)]
pub struct RequestFacts {
    /// The client's own id if it is sane, else a new one; in the answer's `X-Request-Id` and in every log line.
    pub id: String,
    /// When the first byte of the handler's work began.
    pub started: Instant,
    /// The language of texts in the answer.
    pub lang: Lang,
    /// The layout of the answer.
    pub layout: Layout,
    /// The client's address: the one that a process of ours vouches for, else see [`client_address`].
    pub client: IpAddr,
    /// The client's program, cut to 300 characters.
    pub user_agent: Option<String>,
    /// The page's origin, as a browser tells.
    pub origin: Option<String>,
    /// `Sec-Fetch-Site`, as a browser tells.
    pub sec_fetch_site: Option<String>,
    /// Most bytes of a body, where the route says nothing else.
    pub(super) body_limit: usize,
    /// Longest wait for the next bytes of a body.
    pub(super) body_idle: Duration,
    budget: Budget,
    limits: Option<Arc<Limits>>,
    /// The charge for its body in memory, held until the answer is there.
    charge: Mutex<Option<Charge>>,
    /// When something last came of it, milliseconds after the start.
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

    /// Of work that nobody asked for over the network.
    pub fn of_the_house() -> Self {
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

    /// Work that comes on may take longer: its time is counted anew from here. For bodies that come in piece by piece.
    pub fn note_progress(&self) {
        let since = u64::try_from(self.0.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.0.progress.store(since, Ordering::Relaxed);
    }

    /// Counts so many bytes of its body in all, out of what the account, the address and all together may have in flight.
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

    /// Whether the client's address still has something of a limit; nothing is counted.
    pub(super) fn allowed(&self, limit: Limit) -> Result<(), ApiError> {
        let Some(limits) = &self.0.limits else { return Ok(()) };
        Ok(limits.allowed(limit, &Key::Address(self.0.client))?)
    }

    /// When something last came of it.
    pub(super) fn progressed(&self) -> Instant {
        self.0.started + Duration::from_millis(self.0.progress.load(Ordering::Relaxed))
    }

    /// Whose request it is, once authentication has found out: for the access log.
    pub fn note_account(&self, account: AccountId) {
        // Whoever is found first stays: a request has one caller.
        let _ = self.0.account.set(account);
    }

    /// Whose request it is, if authenticated.
    pub fn account(&self) -> Option<AccountId> {
        self.0.account.get().copied()
    }

    pub(super) fn note_route(&self, route: MatchedPath) {
        let _ = self.0.route.set(route);
    }

    /// The path as the router knows it, with names in place of values: no secret that a path carries is in it.
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

fn too_much(whose: Whose) -> ApiError {
    let (code, text) = match whose {
        Whose::Account | Whose::Address => (ErrorCode::RateLimit, Text::TooManyBytesInFlight),
        Whose::All => (ErrorCode::Unavailable, Text::Unavailable),
    };
    let whose = match whose {
        Whose::Account => "account",
        Whose::Address => "address",
        Whose::All => "all",
    };
    metrics::counter!("veche_memory_refused_total", "whose" => whose).increment(1);
    ApiError::new(code).because(text).retry_after(LATER)
}

/// The words of the query that concern the shell; the rest is the handler's.
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
