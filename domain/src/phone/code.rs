//! A login code, the requests that share it, and the tries of each.
//!
//! All requests of a number within some time share one code. Each request has its own tries, which no other client can use
//! up.

use super::CodePolicy;
use chrono::{DateTime, Utc};
use events::{SessionId, phone::CodeRequested, value::AskerProof};
use uuid::Uuid;

/// Maximum requests that share one code.
const MOST_REQUESTS: usize = 512;

/// A login code.
#[derive(Clone, Debug)]
pub struct Code {
    /// The digits are derived from this.
    pub nonce: Uuid,
    /// Number of digits.
    pub length: u8,
    made: DateTime<Utc>,
    /// When a message with the code was last due.
    pub sent_at: DateTime<Utc>,
    pub(super) valid_until: DateTime<Utc>,
    /// Wrong tries in events of earlier versions, which counted for all clients.
    wrong_tries: u32,
    /// Wrong tries of clients without proof of a request.
    by_strangers: u32,
    requests: Vec<Request>,
    pub(super) used_by: Option<SessionId>,
}

/// A request for the code.
#[derive(Clone, Debug)]
struct Request {
    hash: Option<String>,
    address: Option<String>,
    valid_until: DateTime<Utc>,
    whole: u32,
    half: u32,
}

/// A client's proof that it made a request.
#[derive(Clone, Debug)]
pub struct Asker {
    /// Keyed hash of the request id that the client sends back, hex.
    pub request: Option<String>,
    /// The client's address.
    pub address: String,
}

/// The count that a try uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// The count of a request, by the kind of proof.
    Asker(AskerProof, Option<String>),
    /// The common count of clients without proof.
    Stranger,
    /// No tries are left.
    Shut,
}

impl Code {
    pub(super) fn new(requested: &CodeRequested) -> Self {
        Self {
            nonce: requested.nonce,
            length: requested.code_length,
            made: requested.at,
            sent_at: requested.at,
            valid_until: requested.valid_until,
            wrong_tries: 0,
            by_strangers: 0,
            requests: vec![],
            used_by: None,
        }
    }

    /// Whether the code is valid: unused and not expired.
    pub(super) fn is_good(&self, now: DateTime<Utc>) -> bool {
        self.used_by.is_none() && now < self.valid_until
    }

    /// When the code expires for a request.
    pub(super) fn valid_for(&self, hash: &str) -> Option<DateTime<Utc>> {
        self.requests.iter().find(|request| request.has(hash)).map(|request| request.valid_until)
    }

    /// Whether one more request may share the code, apart from the bound on guesses.
    pub(super) fn takes(&self, asker: &Asker, policy: &CodePolicy, now: DateTime<Utc>) -> bool {
        let young = now + policy.lifetime <= self.made + policy.oldest();
        // A client without tries left gets a new code, not more tries at this one.
        let burnt = self.of_now(now).any(|request| {
            let same = request.is_from(&asker.address)
                || asker.request.as_deref().is_some_and(|hash| request.has(hash));
            same && request.whole.max(request.half) >= policy.tries
        });
        let few = self.of_now(now).count() < MOST_REQUESTS;
        self.used_by.is_none() && young && !burnt && few && self.wrong_tries < policy.tries
    }

    /// Wrong tries reserved for the code's requests.
    pub(super) fn set_aside(&self, policy: &CodePolicy, now: DateTime<Utc>) -> u64 {
        if !self.is_good(now) {
            return 0;
        }
        let left = |request: &Request| {
            policy.set_aside().saturating_sub(u64::from(request.whole) + u64::from(request.half))
        };
        self.of_now(now).map(left).fold(0, u64::saturating_add)
    }

    /// The count that a try of this client uses.
    pub(super) fn standing(&self, asker: &Asker, tries: u32, now: DateTime<Utc>) -> Standing {
        if self.wrong_tries >= tries {
            return Standing::Shut;
        }
        let known = asker.request.as_deref().and_then(|hash| self.of_now(now).find(|one| one.has(hash)));
        if let Some(request) = known {
            let (proof, spent) = match request.is_from(&asker.address) {
                true => (AskerProof::Whole, request.whole),
                false => (AskerProof::Half, request.half),
            };
            return if spent < tries { Standing::Asker(proof, request.hash.clone()) } else { Standing::Shut };
        }
        let mut from_there = self.of_now(now).filter(|request| request.is_from(&asker.address)).peekable();
        if from_there.peek().is_some() {
            let left = from_there.find(|request| request.half < tries);
            return left.map_or(Standing::Shut, |one| Standing::Asker(AskerProof::Half, one.hash.clone()));
        }
        if self.by_strangers < tries { Standing::Stranger } else { Standing::Shut }
    }

    /// Adds a request.
    pub(super) fn share(&mut self, requested: &CodeRequested) {
        self.requests.retain(|request| request.valid_until > requested.at);
        self.valid_until = self.valid_until.max(requested.valid_until);
        if requested.message_was_due() {
            self.sent_at = requested.at;
        }
        self.requests.push(Request {
            hash: requested.request_hash.clone(),
            address: requested.address.as_ref().and_then(|address| address.value.clone()),
            valid_until: requested.valid_until,
            whole: 0,
            half: 0,
        });
    }

    /// Removes a request.
    pub(super) fn forget(&mut self, hash: &str) {
        self.requests.retain(|request| !request.has(hash));
    }

    /// Counts a wrong try.
    pub(super) fn count(&mut self, proof: Option<AskerProof>, hash: Option<&str>) {
        let request = self.requests.iter_mut().find(|one| hash.is_some_and(|hash| one.has(hash)));
        match (proof, request) {
            (None, _) => self.wrong_tries += 1,
            (Some(AskerProof::None), _) => self.by_strangers += 1,
            (Some(AskerProof::Whole), Some(request)) => request.whole += 1,
            (Some(AskerProof::Half), Some(request)) => request.half += 1,
            (Some(_), None) => {} // the request has expired
        }
    }

    fn of_now(&self, now: DateTime<Utc>) -> impl Iterator<Item = &Request> {
        self.requests.iter().filter(move |request| now < request.valid_until)
    }
}

impl Request {
    fn has(&self, hash: &str) -> bool {
        self.hash.as_deref() == Some(hash)
    }

    fn is_from(&self, address: &str) -> bool {
        self.address.as_deref() == Some(address)
    }
}
