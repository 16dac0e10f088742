//! Rules of a phone number: one account owns it; login codes are few, short-lived, tried three times and used once.

use crate::Aggregate;
use chrono::{DateTime, Duration, Utc};
use events::{AccountId, Personal, PhoneEvent, SessionId, phone};
use std::collections::VecDeque;
use uuid::Uuid;

/// What is known of a number.
#[derive(Clone, Debug, Default)]
pub struct Phone {
    owner: Option<AccountId>,
    code: Option<Code>,
    sent: VecDeque<DateTime<Utc>>,
}

/// The newest login code.
#[derive(Clone, Debug)]
pub struct Code {
    /// Its identity, of which the digits are derived.
    pub nonce: Uuid,
    /// Digits.
    pub length: u8,
    valid_until: DateTime<Utc>,
    sent_at: DateTime<Utc>,
    wrong_tries: u32,
    used_by: Option<SessionId>,
}

/// Limits of login codes.
#[derive(Clone, Copy, Debug)]
pub struct CodePolicy {
    /// Digits of a new code.
    pub length: u8,
    /// How long a code is valid after it was last asked for.
    pub lifetime: Duration,
    /// Within this time after sending, asking again sends nothing and keeps the code.
    pub resend_after: Duration,
    /// Wrong tries after which a code is dead.
    pub tries: u32,
    /// Codes sent in an hour.
    pub per_hour: usize,
    /// Codes sent in a day.
    pub per_day: usize,
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
        /// Limits in force.
        policy: CodePolicy,
        /// When.
        now: DateTime<Utc>,
    },
    /// A code was entered.
    TryCode {
        /// The code that it was compared with; `None` when there was none.
        nonce: Option<Uuid>,
        /// Whether it was equal.
        correct: bool,
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
    /// Too many codes were sent; ask again later.
    TooManyCodes {
        /// Seconds until it is worth trying.
        retry_after: u64,
    },
    /// There is no code that could be right: none asked for, used, or expired.
    NoCode,
    /// The code died of wrong tries.
    TooManyTries,
}

impl Phone {
    /// The account that owns the number.
    pub fn owner(&self) -> Option<AccountId> {
        self.owner
    }

    /// The newest code.
    pub fn code(&self) -> Option<&Code> {
        self.code.as_ref()
    }

    /// Until when the newest code is valid.
    pub fn code_valid_until(&self) -> Option<DateTime<Utc>> {
        self.code.as_ref().map(|code| code.valid_until)
    }

    /// From when on asking again sends another code.
    pub fn next_code_at(&self, policy: &CodePolicy) -> Option<DateTime<Utc>> {
        self.code.as_ref().map(|code| code.sent_at + policy.resend_after)
    }

    /// What a request for a code leads to: which nonce, and whether it is sent.
    fn next_code(
        &self,
        nonce: Uuid,
        policy: &CodePolicy,
        now: DateTime<Utc>,
    ) -> Result<(Uuid, bool), Rejection> {
        if let Some(code) = &self.code
            && code.used_by.is_none()
            && now < code.sent_at + policy.resend_after
        {
            let retry_after = (code.sent_at + policy.resend_after - now).num_seconds().max(1) as u64;
            // A code that was guessed at to death must not be revived before the pause is over.
            return if code.wrong_tries < policy.tries {
                Ok((code.nonce, false))
            } else {
                Err(Rejection::TooManyCodes { retry_after })
            };
        }
        let limit = |window: Duration, most: usize| {
            let within: Vec<_> = self.sent.iter().filter(|at| **at > now - window).collect();
            let over = within.len().checked_sub(most)?;
            let freed_at = **within.get(over)? + window;
            Some((freed_at - now).num_seconds().max(1).unsigned_abs())
        };
        match limit(Duration::hours(1), policy.per_hour).max(limit(Duration::days(1), policy.per_day)) {
            Some(retry_after) => Err(Rejection::TooManyCodes { retry_after }),
            None => Ok((nonce, true)),
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
            Command::RequestCode { nonce, account, phone, lang, policy, now } => {
                if self.code.as_ref().is_some_and(|code| code.nonce == nonce) {
                    return Ok(vec![]); // the same request again
                }
                let (nonce, send) = self.next_code(nonce, &policy, now)?;
                let valid_until = now + policy.lifetime;
                if !send && self.code_valid_until() == Some(valid_until) {
                    return Ok(vec![]);
                }
                let owner = self.owner.unwrap_or(account);
                let requested = phone::CodeRequested {
                    nonce,
                    code_length: policy.length,
                    valid_until,
                    at: now,
                    send,
                    phone: send.then(|| Personal::of_account(owner, phone)),
                    lang,
                };
                let claimed = self.owner.is_none().then(|| phone::Claimed { account }.into());
                Ok(claimed.into_iter().chain([requested.into()]).collect())
            }
            Command::TryCode { nonce, correct, session, policy, now } => {
                let code =
                    self.code.as_ref().filter(|code| Some(code.nonce) == nonce).ok_or(Rejection::NoCode)?;
                match code.used_by {
                    Some(by) if by == session => return Ok(vec![]), // the same try again
                    Some(_) => return Err(Rejection::NoCode),
                    None => {}
                }
                if code.wrong_tries >= policy.tries {
                    return Err(Rejection::TooManyTries);
                }
                if now >= code.valid_until {
                    return Err(Rejection::NoCode);
                }
                Ok(vec![match correct {
                    true => phone::CodeUsed { nonce: code.nonce, session }.into(),
                    false => phone::CodeRejected { nonce: code.nonce }.into(),
                }])
            }
        }
    }

    fn evolve(&mut self, event: &PhoneEvent) {
        match event {
            PhoneEvent::Claimed(claimed) => self.owner = Some(claimed.account),
            // Its code opens nothing any more; how many were sent stays, since it costs the same whoever asks.
            PhoneEvent::Released(_) => (self.owner, self.code) = (None, None),
            PhoneEvent::CodeRequested(requested) => {
                let earlier = self.code.take().filter(|code| code.nonce == requested.nonce);
                self.code = Some(Code {
                    nonce: requested.nonce,
                    length: requested.code_length,
                    valid_until: requested.valid_until,
                    sent_at: earlier.as_ref().map_or(requested.at, |code| code.sent_at),
                    wrong_tries: earlier.as_ref().map_or(0, |code| code.wrong_tries),
                    used_by: earlier.and_then(|code| code.used_by),
                });
                if requested.send {
                    let at = requested.at;
                    self.sent.push_back(at);
                    while self.sent.front().is_some_and(|first| *first < at - Duration::days(1)) {
                        self.sent.pop_front();
                    }
                }
            }
            PhoneEvent::CodeRejected(rejected) => {
                if let Some(code) = self.code.as_mut().filter(|code| code.nonce == rejected.nonce) {
                    code.wrong_tries += 1;
                }
            }
            PhoneEvent::CodeUsed(used) => {
                if let Some(code) = self.code.as_mut().filter(|code| code.nonce == used.nonce) {
                    code.used_by = Some(used.session);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::given;

    const POLICY: CodePolicy = CodePolicy {
        length: 6,
        lifetime: Duration::seconds(60),
        resend_after: Duration::seconds(30),
        tries: 3,
        per_hour: 5,
        per_day: 10,
    };

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + second, 0).unwrap()
    }

    fn id(n: u128) -> Uuid {
        Uuid::from_u128(n)
    }

    fn request(nonce: u128, second: i64) -> Command {
        let (account, phone, lang) = (AccountId(id(1)), "+79166660002".into(), "ru".into());
        Command::RequestCode { nonce: id(nonce), account, phone, lang, policy: POLICY, now: at(second) }
    }

    fn enter(nonce: u128, correct: bool, session: u128, second: i64) -> Command {
        let session = SessionId(id(session));
        Command::TryCode { nonce: Some(id(nonce)), correct, session, policy: POLICY, now: at(second) }
    }

    /// A history made by deciding, so that the tests read as a story.
    fn story(commands: impl IntoIterator<Item = Command>) -> Vec<PhoneEvent> {
        let mut history = vec![];
        for command in commands {
            history.extend(given::<Phone>(&history).when(command).unwrap());
        }
        history
    }

    #[test]
    fn the_first_request_claims_the_number_and_sends() {
        let events = story([request(7, 0)]);
        assert!(matches!(&events[..], [PhoneEvent::Claimed(_), PhoneEvent::CodeRequested(r)] if r.send));
    }

    #[test]
    fn a_number_is_free_again_when_its_owner_is_erased_and_only_then() {
        let owner = AccountId(id(1));
        let history = story([request(7, 0), Command::Release(AccountId(id(2))), Command::Release(owner)]);
        assert!(matches!(history.last(), Some(PhoneEvent::Released(_))));
        assert_eq!(given::<Phone>(&history).when(Command::Release(owner)), Ok(vec![]));
        assert_eq!(given::<Phone>(&history).when(enter(7, true, 9, 10)), Err(Rejection::NoCode));
        let claimed = given::<Phone>(&history).when(Command::Claim(AccountId(id(3)))).unwrap();
        assert!(
            matches!(&claimed[..], [PhoneEvent::Claimed(claimed)] if claimed.account == AccountId(id(3)))
        );
    }

    #[test]
    fn asking_again_within_the_pause_keeps_the_code_and_sends_nothing() {
        let events = story([request(7, 0), request(8, 10)]);
        let Some(PhoneEvent::CodeRequested(last)) = events.last() else { panic!("{events:?}") };
        assert_eq!((last.nonce, last.send, last.valid_until), (id(7), false, at(70)));
    }

    #[test]
    fn a_used_code_makes_way_for_a_new_one_at_once() {
        let events = story([request(7, 0), enter(7, true, 100, 1), request(8, 2)]);
        let Some(PhoneEvent::CodeRequested(last)) = events.last() else { panic!("{events:?}") };
        assert_eq!((last.nonce, last.send), (id(8), true));
    }

    #[test]
    fn a_code_is_used_once() {
        let history = story([request(7, 0), enter(7, true, 100, 1)]);
        assert_eq!(given::<Phone>(&history).when(enter(7, true, 101, 2)), Err(Rejection::NoCode));
    }

    #[test]
    fn the_third_wrong_try_kills_the_code_and_asking_again_does_not_revive_it() {
        let mut history = story([request(7, 0)]);
        for _ in 0..3 {
            history.push(phone::CodeRejected { nonce: id(7) }.into());
        }
        assert_eq!(given::<Phone>(&history).when(enter(7, true, 100, 4)), Err(Rejection::TooManyTries));
        assert_eq!(
            given::<Phone>(&history).when(request(8, 10)),
            Err(Rejection::TooManyCodes { retry_after: 20 })
        );
        assert!(given::<Phone>(&history).when(request(8, 31)).is_ok());
    }

    #[test]
    fn an_expired_code_opens_nothing() {
        let history = story([request(7, 0)]);
        assert_eq!(given::<Phone>(&history).when(enter(7, true, 100, 60)), Err(Rejection::NoCode));
        assert_eq!(given::<Phone>(&[]).when(enter(7, true, 100, 0)), Err(Rejection::NoCode));
    }

    #[test]
    fn codes_sent_in_an_hour_are_counted() {
        let history = story((0..5).map(|n| request(10 + n, n as i64 * 40)));
        let refused = given::<Phone>(&history).when(request(99, 300));
        assert_eq!(refused, Err(Rejection::TooManyCodes { retry_after: 3_300 }));
        assert!(given::<Phone>(&history).when(request(99, 3_601)).is_ok());
    }
}
