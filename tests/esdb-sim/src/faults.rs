//! What goes wrong on request.

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
    /// What a client asks first.
    Features,
}

/// What goes wrong with a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Answered with a status; nothing is done.
    Refuse(Code),
    /// The connection ends before anything is done.
    CutBefore,
    /// It is carried out, then the connection ends.
    CutAfter,
    /// It is carried out, then answered with a status.
    LoseAnswer(Code),
    /// It is carried out and never answered.
    Hang,
    /// Nothing is done, and it is never answered.
    Ignore,
    /// It takes so long.
    Delay(Duration),
    /// Somebody else leads, at this host and port.
    NotLeader(String, u16),
}

/// When something goes wrong.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Calls of this kind,
    pub call: Call,
    /// whose stream's name contains this,
    pub stream: &'static str,
    /// go wrong like this,
    pub fault: Fault,
    /// so many times.
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

    /// What goes wrong with this call.
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
