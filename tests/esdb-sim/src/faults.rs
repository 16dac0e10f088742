//! Faults on request.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tonic::Code;

/// A kind of call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// A write.
    Append,
    /// A read, of a stream or of all.
    Read,
    /// The client's first call.
    Features,
}

/// The fault of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Answers with a status and does nothing.
    Refuse(Code),
    /// Ends the connection and does nothing.
    CutBefore,
    /// Carries the call out, then ends the connection.
    CutAfter,
    /// Carries the call out, then answers with a status.
    LoseAnswer(Code),
    /// Carries the call out and never answers.
    Hang,
    /// Does nothing and never answers.
    Ignore,
    /// Delays the call by this time.
    Delay(Duration),
    /// Says that another node leads, at this host and port.
    NotLeader(String, u16),
}

/// Rule for when a fault occurs.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Kind of the affected calls.
    pub call: Call,
    /// Part of the stream's name.
    pub stream: &'static str,
    /// The fault.
    pub fault: Fault,
    /// Number of affected calls.
    pub times: u32,
}

/// The rules in force.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<Vec<Rule>>);

impl Faults {
    pub(crate) fn add(&self, rule: Rule) {
        self.lock().push(rule);
    }

    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    /// The fault of this call, if any.
    pub(crate) fn strike(&self, call: Call, stream: &str) -> Option<Fault> {
        let mut rules = self.lock();
        let index = rules.iter().position(|rule| rule.call == call && stream.contains(rule.stream))?;
        let fault = rules[index].fault.clone();
        rules[index].times = rules[index].times.saturating_sub(1);
        if rules[index].times == 0 {
            rules.remove(index);
        }
        Some(fault)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Rule>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
