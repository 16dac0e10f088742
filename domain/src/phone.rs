//! Rules of a phone number: one account owns it; login codes are short-lived, used once, and tried a few times by each client.
//!
//! Anybody may ask for codes of any number and try them, so nothing that a stranger does may keep the owner out:
//!
//! - Requests share the code that is good, and each has tries of its own ([`code`]). Whoever cannot show to have asked shares the
//!   tries of strangers, which end for strangers alone.
//! - Wrong tries are bounded over a day, by the codes' length ([`guesses`]). A request sets its tries aside when it is made, so
//!   nobody can use them up for it. Where there is no room for that, codes get longer.
//! - Messages go out at the usual pace up to a quota, above it slowly. In between the code that was sent last may be asked for again.

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

/// Codes that are kept while they are good. At the usual settings fewer of them ever are.
const CODES: usize = 8;

/// What is known of a number.
#[derive(Clone, Debug, Default)]
pub struct Phone {
    owner: Option<AccountId>,
    /// The newest is the last.
    codes: VecDeque<Code>,
    sent: VecDeque<DateTime<Utc>>,
    guesses: Guesses,
    logged_in: bool,
}

/// What may be asked.
#[derive(Clone, Debug)]
pub enum Command {
    /// The number shall belong to this account, if it belongs to none.
    Claim(AccountId),
    /// The number shall be nobody's, if it is this account's, which was erased.
    Release(AccountId),
    /// Send a login code.
    RequestCode {
        /// Identity of the code, should a new one be made.
        nonce: Uuid,
        /// Owner of the number, should it have none.
        account: AccountId,
        /// The number itself.
        phone: String,
        /// Language of the message.
        lang: String,
        /// Keyed hash of this request's id, hex.
        request: String,
        /// The asker.
        asker: Asker,
        /// Limits in force.
        policy: CodePolicy,
        /// Whether the message may be sent.
        clearance: Clearance,
        /// When.
        now: DateTime<Utc>,
    },
    /// A code was entered.
    TryCode {
        /// Those of the codes that are good to which it is equal.
        equal: Vec<Uuid>,
        /// The client that tries it.
        asker: Asker,
        /// Strangers are not listened to just now.
        strained: bool,
        /// The session that it shall open.
        session: SessionId,
        /// Limits in force.
        policy: CodePolicy,
        /// When.
        now: DateTime<Utc>,
    },
}

/// Why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// No code for now; ask again later.
    TooManyCodes {
        /// Seconds until it is worth trying.
        retry_after: u64,
    },
    /// There is no code that could be right: none asked for, used, or expired.
    NoCode,
    /// Whoever tries has no tries left.
    TooManyTries,
    /// Strangers are not listened to just now.
    Strained,
}

/// The outcome of a request for a code.
enum Next {
    /// The newest code, with or without another message.
    Same { nonce: Uuid, length: u8, send: bool },
    /// Another code.
    New { length: u8 },
}

impl Phone {
    /// The account that owns the number.
    pub fn owner(&self) -> Option<AccountId> {
        self.owner
    }

    /// The newest code.
    pub fn code(&self) -> Option<&Code> {
        self.codes.back()
    }

    /// The code of this identity, while it is kept.
    pub fn code_of(&self, nonce: Uuid) -> Option<&Code> {
        self.codes.iter().find(|code| code.nonce == nonce)
    }

    /// Whether somebody logged in with the number since it belongs to its owner.
    pub fn has_logged_in(&self) -> bool {
        self.logged_in
    }

    /// Whether a request would send a message, were it allowed to.
    pub fn would_send(&self, asker: &Asker, policy: &CodePolicy, now: DateTime<Utc>) -> bool {
        matches!(self.next(asker, policy, now), Ok(Next::New { .. } | Next::Same { send: true, .. }))
    }

    /// The codes that open the door now.
    pub fn good_codes(&self, now: DateTime<Utc>) -> impl Iterator<Item = &Code> {
        self.codes.iter().filter(move |code| code.is_good(now))
    }

    /// Until when the request of this hash opens the door, and with which code.
    pub fn requested(&self, hash: &str) -> Option<(&Code, DateTime<Utc>)> {
        self.codes.iter().find_map(|code| Some((code, code.valid_for(hash)?)))
    }

    /// From when on asking again sends another message.
    pub fn next_code_at(&self, policy: &CodePolicy, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.code().map(|code| code.sent_at + self.pause(policy, now))
    }

    /// The pause between two messages.
    fn pause(&self, policy: &CodePolicy, now: DateTime<Utc>) -> Duration {
        let sent = |window| self.sent.iter().filter(|at| **at > now - window).count();
        let many = sent(Duration::hours(1)) >= policy.per_hour || sent(Duration::days(1)) >= policy.per_day;
        if many { policy.slow_resend_after.max(policy.resend_after) } else { policy.resend_after }
    }

    /// Wrong tries at codes of this length for which there is still room.
    fn room(&self, length: u8, policy: &CodePolicy, now: DateTime<Utc>) -> u64 {
        let of_length = self.codes.iter().filter(|code| code.length == length);
        let set_aside = of_length.map(|code| code.set_aside(policy, now)).fold(0, u64::saturating_add);
        let made = self.guesses.of_a_day(length, now);
        policy.guesses(length).saturating_sub(made).saturating_sub(set_aside)
    }

    fn has_room(&self, length: u8, policy: &CodePolicy, now: DateTime<Utc>) -> bool {
        self.room(length, policy, now) >= policy.set_aside()
    }

    /// How long a new code is: as short as there is room for, but for an hour no shorter than the one before.
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
            // Whoever could read the code gets another one at once, within the quota.
            (Some(_), _) if pause == usual => Duration::zero(),
            // The step to a longer code is not delayed by those who made it necessary.
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
            return Ok(vec![]); // the same try again
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
                // A stranger's guess may hit any of the codes, and counts as many times.
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
                    return Ok(vec![]); // the same request again
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
            // Its codes open nothing any more; the count of sent codes stays, since each costs the same.
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
