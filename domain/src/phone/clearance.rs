//! Whether the budgets of all phones allow a login code to be sent.

use events::codes::Barrier;

/// The decision of the budgets ([`crate::codes`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clearance {
    /// The message may be sent.
    Allowed,
    /// The message is withheld; the client is not answers.
    Withheld(Barrier),
    /// The budgets were not asked, because no message seemed to be due; none is sent.
    NotAsked,
}

impl Clearance {
    /// Whether a message is sent, given whether it is due, and the barrier that withholds it.
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

    /// The answers to requests: when the next message is possible, or the rejection.
    type Answers = Vec<Result<Option<DateTime<Utc>>, Rejection>>;

    /// Requests a code every 20 seconds; returns the history and the answers.
    fn asked(clearance: Clearance) -> (Vec<PhoneEvent>, Answers) {
        let (mut history, mut answers) = (vec![], vec![]);
        for n in 0..40_u128 {
            let second = i64::try_from(n).unwrap() * 20;
            let decided = Phone::initial().fold(&history).decide(ask(10 + n, second, clearance));
            answers.push(decided.map(|events| {
                history.extend(events);
                Phone::initial().fold(&history).next_code_at(&POLICY, at(second))
            }));
        }
        (history, answers)
    }

    fn requests(history: &[PhoneEvent]) -> impl Iterator<Item = &events::phone::CodeRequested> {
        history.iter().filter_map(|event| match event {
            PhoneEvent::CodeRequested(requested) => Some(requested),
            _ => None,
        })
    }

    #[test]
    fn withheld_code_is_not_sent_and_answers_like_a_sent_one() {
        let (sent, answers) = asked(Clearance::Allowed);
        let (withheld, withheld_answers) = asked(Clearance::Withheld(Barrier::Country));
        assert_eq!(answers, withheld_answers);
        assert!(requests(&sent).filter(|requested| requested.send).count() > 4);
        assert!(requests(&withheld).all(|requested| !requested.send && requested.phone.is_none()));
        let due =
            |history: &[PhoneEvent]| requests(history).map(|one| one.message_was_due()).collect::<Vec<_>>();
        assert_eq!(due(&sent), due(&withheld), "within the pause nothing is due, so nothing is withheld");
    }

    #[test]
    fn message_without_clearance_is_not_sent() {
        let (history, _) = asked(Clearance::NotAsked);
        assert!(requests(&history).all(|requested| !requested.message_was_due()));
    }

    #[test]
    fn login_is_remembered_until_the_number_is_released() {
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
