//! Whether a login code may be sent at all, as far as its number's own rules need to know.

use events::codes::Barrier;

/// Whether a message may be sent, by the budgets of all phones together ([`crate::codes`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clearance {
    /// It may.
    Allowed,
    /// It may not, and the number's holder is not told.
    Withheld(Barrier),
    /// Nobody asked, since no message seemed to be due: none goes out.
    NotAsked,
}

impl Clearance {
    /// Whether a message that is or is not due goes out, and what withholds it.
    pub(super) fn applied(self, due: bool) -> (bool, Option<Barrier>) {
        match self {
            Self::Allowed => (due, None),
            Self::Withheld(barrier) => (false, due.then_some(barrier)),
            Self::NotAsked => (false, None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Aggregate,
        phone::{Asker, CodePolicy, Command, Phone, Rejection},
    };
    use chrono::{DateTime, Duration, Utc};
    use events::{AccountId, PhoneEvent, SessionId};
    use uuid::Uuid;

    const POLICY: CodePolicy = CodePolicy {
        length: 6,
        lifetime: Duration::seconds(60),
        resend_after: Duration::seconds(30),
        slow_resend_after: Duration::minutes(15),
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

    fn asker() -> Asker {
        Asker { request: None, address: "203.0.113.5".into() }
    }

    fn ask(n: u128, second: i64, clearance: Clearance) -> Command {
        let (account, phone, lang) = (AccountId(id(1)), "+79166660002".into(), "ru".into());
        let (nonce, request, now) = (id(n), format!("r{n}"), at(second));
        Command::RequestCode {
            nonce,
            account,
            phone,
            lang,
            request,
            asker: asker(),
            policy: POLICY,
            clearance,
            now,
        }
    }

    fn enter(n: u128) -> Command {
        let (equal, asker, session) = (vec![id(n)], asker(), SessionId(id(100)));
        Command::TryCode { equal, asker, strained: false, session, policy: POLICY, now: at(1) }
    }

    /// The answers to requests: when the next one may be made, or why not.
    type Answers = Vec<Result<Option<DateTime<Utc>>, Rejection>>;

    /// Asks every 20 seconds; returns the history and the answers.
    fn asked(clearance: Clearance) -> (Vec<PhoneEvent>, Answers) {
        let (mut history, mut told) = (vec![], vec![]);
        for n in 0..40_u128 {
            let second = i64::try_from(n).unwrap() * 20;
            let decided = Phone::initial().fold(&history).decide(ask(10 + n, second, clearance));
            told.push(decided.map(|events| {
                history.extend(events);
                Phone::initial().fold(&history).next_code_at(&POLICY, at(second))
            }));
        }
        (history, told)
    }

    fn requests(history: &[PhoneEvent]) -> impl Iterator<Item = &events::phone::CodeRequested> {
        history.iter().filter_map(|event| match event {
            PhoneEvent::CodeRequested(requested) => Some(requested),
            _ => None,
        })
    }

    #[test]
    fn a_withheld_code_is_sent_to_nobody_and_looks_like_one_that_was_sent() {
        let (sent, told) = asked(Clearance::Allowed);
        let (withheld, told_too) = asked(Clearance::Withheld(Barrier::Country));
        assert_eq!(told, told_too);
        assert!(requests(&sent).filter(|requested| requested.send).count() > 4);
        assert!(requests(&withheld).all(|requested| !requested.send && requested.phone.is_none()));
        let due =
            |history: &[PhoneEvent]| requests(history).map(|one| one.message_was_due()).collect::<Vec<_>>();
        assert_eq!(due(&sent), due(&withheld), "within the pause nothing is due, so nothing is withheld");
    }

    #[test]
    fn a_message_that_nobody_asked_about_is_not_sent() {
        let (history, _) = asked(Clearance::NotAsked);
        assert!(requests(&history).all(|requested| !requested.message_was_due()));
    }

    #[test]
    fn who_logged_in_is_known_until_the_number_is_free() {
        let story = |commands: &[Command]| {
            let mut history: Vec<PhoneEvent> = vec![];
            for command in commands {
                history.extend(Phone::initial().fold(&history).decide(command.clone()).unwrap());
            }
            Phone::initial().fold(&history)
        };
        let first = ask(7, 0, Clearance::Allowed);
        let state = story(std::slice::from_ref(&first));
        assert!(!state.has_logged_in() && !state.would_send(&asker(), &POLICY, at(10)));
        assert!(state.would_send(&asker(), &POLICY, at(31)));
        let state = story(&[first.clone(), enter(7)]);
        assert!(state.has_logged_in() && state.code_of(id(7)).is_some());
        let state = story(&[first, enter(7), Command::Release(AccountId(id(1)))]);
        assert!(!state.has_logged_in());
    }
}
