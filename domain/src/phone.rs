//! Rules of a phone number: one account owns it; a login code is short-lived, used once, and each client has a few tries.
//!
//! Anybody may request codes for any number and try them, so nothing that a stranger does may lock the owner out:
//!
//! - Requests share the valid code, and each request has its own tries ([`code`]). Clients that cannot prove a request share one
//!   pool of tries, which is exhausted for such clients alone.
//! - Wrong tries are bounded per day and code length ([`guesses`]). A request reserves its tries when it is made, so nobody can
//!   use them up. If the bound leaves no room for the reservation, codes get longer.
//! - Messages are sent at the usual pace up to a quota, and slowly above it. Between messages, a request gets the last code again.

mod clearance;
mod code;
mod guesses;
mod policy;

pub use clearance::Clearance;
pub use code::{Asker, Code};
pub use policy::CodePolicy;

use crate::Aggregate;
use chrono::{DateTime, Duration, Utc};
use code::Standing;
use events::{AccountId, Personal, PhoneEvent, SessionId, phone, value::AskerProof};
use guesses::Guesses;
use std::collections::VecDeque;
use uuid::Uuid;

/// Maximum number of valid codes; with the default settings there are fewer.
const CODES: usize = 8;

/// The state of a phone number.
#[derive(Clone, Debug, Default)]
pub struct Phone {
    owner: Option<AccountId>,
    /// The newest code is the last.
    codes: VecDeque<Code>,
    sent: VecDeque<DateTime<Utc>>,
    guesses: Guesses,
    logged_in: bool,
}

/// The commands.
#[derive(Clone, Debug)]
pub enum Command {
    /// Gives the number to an account, if it has no owner.
    Claim(AccountId),
    /// Releases the number of an erased account.
    Release(AccountId),
    /// Requests a login code.
    RequestCode {
        /// The nonce of the code, if a new one is created.
        nonce: Uuid,
        /// The owner of the number, if it has none.
        account: AccountId,
        phone: String,
        lang: String,
        /// Keyed hash of the request's id, hex.
        request: String,
        asker: Asker,
        policy: CodePolicy,
        clearance: Clearance,
        now: DateTime<Utc>,
    },
    /// Tries a code.
    TryCode {
        /// The valid codes that the entered one equals.
        equal: Vec<Uuid>,
        asker: Asker,
        /// Clients without proof of a request are rejected for now.
        strained: bool,
        /// The session to be opened.
        session: SessionId,
        policy: CodePolicy,
        now: DateTime<Utc>,
    },
}

/// Why a command is rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// No code can be sent now.
    TooManyCodes {
        /// Seconds until a request may succeed.
        retry_after: u64,
    },
    /// There is no valid code: none was requested, or all are used or expired.
    NoCode,
    /// The client has no tries left.
    TooManyTries,
    /// Clients without proof of a request are rejected for now.
    Strained,
}

/// How a request for a code is answered.
enum Next {
    /// With the newest code, sent again or not.
    Same { nonce: Uuid, length: u8, send: bool },
    /// With a new code.
    New { length: u8 },
}

impl Phone {
    pub fn owner(&self) -> Option<AccountId> {
        self.owner
    }

    pub fn code(&self) -> Option<&Code> {
        self.codes.back()
    }

    /// The code with this nonce, if it is still kept.
    pub fn code_of(&self, nonce: Uuid) -> Option<&Code> {
        self.codes.iter().find(|code| code.nonce == nonce)
    }

    /// Whether somebody has logged in with the number since its owner claimed it.
    pub fn has_logged_in(&self) -> bool {
        self.logged_in
    }

    /// Whether a request would send a message, if the budgets allow one.
    pub fn would_send(&self, asker: &Asker, policy: &CodePolicy, now: DateTime<Utc>) -> bool {
        matches!(self.next(asker, policy, now), Ok(Next::New { .. } | Next::Same { send: true, .. }))
    }

    /// The valid codes.
    pub fn good_codes(&self, now: DateTime<Utc>) -> impl Iterator<Item = &Code> {
        self.codes.iter().filter(move |code| code.is_good(now))
    }

    /// The code of a request, and the time at which it expires for that request.
    pub fn requested(&self, hash: &str) -> Option<(&Code, DateTime<Utc>)> {
        self.codes.iter().find_map(|code| Some((code, code.valid_for(hash)?)))
    }

    /// The time from which a request sends another message.
    pub fn next_code_at(&self, policy: &CodePolicy, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.code().map(|code| code.sent_at + self.pause(policy, now))
    }

    /// The pause between two messages.
    fn pause(&self, policy: &CodePolicy, now: DateTime<Utc>) -> Duration {
        let sent = |window| self.sent.iter().filter(|at| **at > now - window).count();
        let many = sent(Duration::hours(1)) >= policy.per_hour || sent(Duration::days(1)) >= policy.per_day;
        if many { policy.slow_resend_after.max(policy.resend_after) } else { policy.resend_after }
    }

    /// The remaining wrong tries at codes of this length, without those reserved for requests.
    fn room(&self, length: u8, policy: &CodePolicy, now: DateTime<Utc>) -> u64 {
        let of_length = self.codes.iter().filter(|code| code.length == length);
        let set_aside = of_length.map(|code| code.set_aside(policy, now)).fold(0, u64::saturating_add);
        let made = self.guesses.of_a_day(length, now);
        policy.guesses(length).saturating_sub(made).saturating_sub(set_aside)
    }

    fn has_room(&self, length: u8, policy: &CodePolicy, now: DateTime<Utc>) -> bool {
        self.room(length, policy, now) >= policy.set_aside()
    }

    /// The length of a new code: the shortest with enough tries left, but for an hour not shorter than the previous code.
    fn length(&self, policy: &CodePolicy, now: DateTime<Utc>) -> Option<u8> {
        let recent = self.code().filter(|code| now < code.sent_at + Duration::hours(1));
        let longest = policy.lengths().last()?;
        let least = recent.map_or(0, |code| code.length).min(longest);
        policy.lengths().find(|length| *length >= least && self.has_room(*length, policy, now))
    }

    fn next(&self, asker: &Asker, policy: &CodePolicy, now: DateTime<Utc>) -> Result<Next, Rejection> {
        let wait = |until: DateTime<Utc>| Rejection::TooManyCodes {
            retry_after: (until - now).num_seconds().max(1).unsigned_abs(),
        };
        let length = self.length(policy, now).ok_or_else(|| wait(now + policy.lifetime));
        let Some(newest) = self.code() else { return Ok(Next::New { length: length? }) };
        let pause = self.pause(policy, now);
        if newest.takes(asker, policy, now) && self.has_room(newest.length, policy, now) {
            let (nonce, length) = (newest.nonce, newest.length);
            return Ok(Next::Same { nonce, length, send: now >= newest.sent_at + pause });
        }
        let length = length?;
        let usual = policy.resend_after;
        let pause = match (newest.used_by, length > newest.length) {
            // A client that has used the code gets a new one at once, within the quota.
            (Some(_), _) if pause == usual => Duration::zero(),
            // A guesser who makes longer codes necessary does not delay the owner's next one.
            (None, true) => usual,
            _ => pause,
        };
        if now < newest.sent_at + pause {
            return Err(wait(newest.sent_at + pause));
        }
        Ok(Next::New { length })
    }

    fn try_code(
        &self,
        equal: &[Uuid],
        asker: &Asker,
        strained: bool,
        session: SessionId,
        (policy, now): (&CodePolicy, DateTime<Utc>),
    ) -> Result<Vec<PhoneEvent>, Rejection> {
        if self.codes.iter().any(|code| code.used_by == Some(session)) {
            return Ok(vec![]); // a repeated try
        }
        let good: Vec<&Code> = self.good_codes(now).collect();
        if good.is_empty() {
            return Err(Rejection::NoCode);
        }
        let standings = good.iter().map(|code| (*code, code.standing(asker, policy.tries, now)));
        let (mut open, mut unheard) = (vec![], false);
        for (code, standing) in standings {
            let heard = match standing {
                Standing::Shut => false,
                Standing::Asker(..) => true,
                Standing::Stranger if strained => {
                    unheard = true;
                    false
                }
                // A guess without proof may hit any valid code, and counts once for each.
                Standing::Stranger => self.room(code.length, policy, now) >= good.len() as u64,
            };
            if heard {
                open.push((code, standing));
            }
        }
        if open.is_empty() {
            return Err(if unheard { Rejection::Strained } else { Rejection::TooManyTries });
        }
        if let Some((code, _)) = open.iter().find(|(code, _)| equal.contains(&code.nonce)) {
            return Ok(vec![phone::CodeUsed { nonce: code.nonce, session }.into()]);
        }
        let rejected = |(code, standing): (&Code, Standing)| {
            let (proof, request_hash) = match standing {
                Standing::Asker(proof, hash) => (proof, hash),
                Standing::Stranger | Standing::Shut => (AskerProof::None, None),
            };
            phone::CodeRejected { nonce: code.nonce, at: Some(now), proof: Some(proof), request_hash }.into()
        };
        Ok(open.into_iter().map(rejected).collect())
    }

    fn note_request(&mut self, requested: &phone::CodeRequested) {
        let at = requested.at;
        if let Some(replaced) = &requested.replaces {
            self.codes.iter_mut().for_each(|code| code.forget(replaced));
        }
        self.codes.retain(|code| code.nonce == requested.nonce || code.is_good(at));
        match self.codes.iter_mut().find(|code| code.nonce == requested.nonce) {
            Some(code) => code.share(requested),
            None => {
                let mut code = Code::new(requested);
                code.share(requested);
                self.codes.push_back(code);
            }
        }
        while self.codes.len() > CODES {
            self.codes.pop_front();
        }
        if requested.message_was_due() {
            self.sent.push_back(at);
            while self.sent.front().is_some_and(|first| *first < at - Duration::days(1)) {
                self.sent.pop_front();
            }
        }
    }
}

impl Aggregate for Phone {
    type Command = Command;
    type Event = PhoneEvent;
    type Rejection = Rejection;

    fn initial() -> Self {
        Self::default()
    }

    fn decide(&self, command: Command) -> Result<Vec<PhoneEvent>, Rejection> {
        match command {
            Command::Claim(account) => Ok(match self.owner {
                Some(_) => vec![],
                None => vec![phone::Claimed { account }.into()],
            }),
            Command::Release(account) => Ok(match self.owner {
                Some(owner) if owner == account => vec![phone::Released { account }.into()],
                _ => vec![],
            }),
            Command::RequestCode { nonce, account, phone, lang, request, asker, policy, clearance, now } => {
                if self.requested(&request).is_some() {
                    return Ok(vec![]); // a repeated request
                }
                let (nonce, code_length, due) = match self.next(&asker, &policy, now)? {
                    Next::Same { nonce, length, send } => (nonce, length, send),
                    Next::New { length } => (nonce, length, true),
                };
                let owner = self.owner.unwrap_or(account);
                let (send, withheld) = clearance.applied(due);
                let replaces = asker.request.filter(|hash| self.requested(hash).is_some());
                let requested = phone::CodeRequested {
                    nonce,
                    code_length,
                    valid_until: now + policy.lifetime,
                    at: now,
                    send,
                    phone: send.then(|| Personal::of_account(owner, phone)),
                    lang,
                    request_hash: Some(request),
                    replaces,
                    address: Some(Personal::of_account(owner, asker.address)),
                    withheld,
                };
                let claimed = self.owner.is_none().then(|| phone::Claimed { account }.into());
                Ok(claimed.into_iter().chain([requested.into()]).collect())
            }
            Command::TryCode { equal, asker, strained, session, policy, now } => {
                self.try_code(&equal, &asker, strained, session, (&policy, now))
            }
        }
    }

    fn evolve(&mut self, event: &PhoneEvent) {
        match event {
            PhoneEvent::Claimed(claimed) => self.owner = Some(claimed.account),
            // The codes become invalid; the count of messages stays, because each one costs money.
            PhoneEvent::Released(_) => {
                self.owner = None;
                self.logged_in = false;
                self.codes.clear();
            }
            PhoneEvent::CodeRequested(requested) => self.note_request(requested),
            PhoneEvent::CodeRejected(rejected) => {
                if let Some(code) = self.codes.iter_mut().find(|code| code.nonce == rejected.nonce) {
                    code.count(rejected.proof, rejected.request_hash.as_deref());
                    self.guesses.count(code.length, rejected.at.unwrap_or(code.sent_at));
                }
            }
            PhoneEvent::CodeUsed(used) => {
                self.logged_in = true;
                if let Some(code) = self.codes.iter_mut().find(|code| code.nonce == used.nonce) {
                    code.used_by = Some(used.session);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
