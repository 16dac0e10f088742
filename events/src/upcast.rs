//! Upcasting of old stored names and payloads to new ones: a chain of pure steps, one per superseded version.
//!
//! The log is never rewritten. An event keeps the name and schema it was stored with and is upcast on reading, step by
//! step, to the newest version of its name. [`check`] verifies the chain when a program starts; otherwise the first
//! event that meets a gap would find it.

use crate::Event;
use serde_json::Value;
use std::{borrow::Cow, collections::BTreeSet};
use thiserror::Error;

/// Step from one version of a stored name to the next.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// Superseded name, which is no longer written.
    pub from: &'static str,
    /// Name of the next version.
    pub to: &'static str,
    /// Conversion of a payload. It gets every payload that was ever stored under `from`, and must not fail.
    pub convert: fn(Value) -> Value,
}

/// All steps, oldest first. Nothing has been superseded yet.
pub const STEPS: &[Step] = &[];

/// Faults of a chain of steps.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum BrokenChain {
    /// A name is not of the form `noun.past_tense.vN`.
    #[error("{0:?} is not a versioned name")]
    Unversioned(&'static str),
    /// A step leads to another name, or not to the next version.
    #[error("the step from {0:?} leads to {1:?}, which is not its next version")]
    NotNext(&'static str, &'static str),
    /// Two steps begin at one name.
    #[error("two steps begin at {0:?}")]
    Twice(&'static str),
    /// A name is both written and superseded.
    #[error("{0:?} is still written, so it cannot have been superseded")]
    StillWritten(&'static str),
    /// A step leads to a name that is neither read nor superseded.
    #[error("the step from {0:?} leads to {1:?}, which is neither read nor superseded")]
    DeadEnd(&'static str, &'static str),
}

/// Upcasts a stored event to the newest version of its name; an event of the newest version is returned unchanged.
pub fn upcast(kind: &str, payload: Value) -> (Cow<'_, str>, Value) {
    upcast_by(STEPS, kind, payload)
}

/// Checks the chain of this program.
///
/// # Errors
/// The first fault: the program must not start.
pub fn check() -> Result<(), BrokenChain> {
    check_chain(STEPS, Event::KINDS)
}

fn upcast_by<'k>(steps: &[Step], kind: &'k str, payload: Value) -> (Cow<'k, str>, Value) {
    let (mut kind, mut payload) = (Cow::Borrowed(kind), payload);
    while let Some(step) = steps.iter().find(|step| step.from == kind) {
        (kind, payload) = (Cow::Borrowed(step.to), (step.convert)(payload));
    }
    (kind, payload)
}

fn check_chain(steps: &[Step], written: &[&'static str]) -> Result<(), BrokenChain> {
    let mut begun = BTreeSet::new();
    for step in steps {
        let (name, version) = versioned(step.from)?;
        // Versions only grow, so a chain cannot be circular.
        if versioned(step.to)? != (name, version + 1) {
            return Err(BrokenChain::NotNext(step.from, step.to));
        }
        if !begun.insert(step.from) {
            return Err(BrokenChain::Twice(step.from));
        }
        if written.contains(&step.from) {
            return Err(BrokenChain::StillWritten(step.from));
        }
        if !written.contains(&step.to) && !steps.iter().any(|next| next.from == step.to) {
            return Err(BrokenChain::DeadEnd(step.from, step.to));
        }
    }
    Ok(())
}

fn versioned(kind: &'static str) -> Result<(&'static str, u32), BrokenChain> {
    let parts = kind.rsplit_once(".v").and_then(|(name, version)| Some((name, version.parse().ok()?)));
    parts.ok_or(BrokenChain::Unversioned(kind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NAMED: Step =
        Step { from: "team.sung.v1", to: "team.sung.v2", convert: |song| json!({"song": song["name"]}) };
    const LONG: Step = Step {
        from: "team.sung.v2",
        to: "team.sung.v3",
        convert: |mut song| {
            song["seconds"] = json!(0);
            song
        },
    };
    const WRITTEN: &[&str] = &["team.sung.v3"];

    #[test]
    fn chain_of_this_program_has_no_fault() {
        assert_eq!(check(), Ok(()));
    }

    #[test]
    fn old_event_is_upcast_step_by_step() {
        let steps = [NAMED, LONG];
        let upcasted = upcast_by(&steps, "team.sung.v1", json!({"name": "пыщ"}));
        assert_eq!(upcasted, ("team.sung.v3".into(), json!({"song": "пыщ", "seconds": 0})));
        let upcasted = upcast_by(&steps, "team.sung.v2", json!({"song": "пыщ"}));
        assert_eq!(upcasted, ("team.sung.v3".into(), json!({"song": "пыщ", "seconds": 0})));
        let newest = json!({"song": "пыщ", "seconds": 7});
        assert_eq!(upcast_by(&steps, "team.sung.v3", newest.clone()), ("team.sung.v3".into(), newest));
    }

    #[test]
    fn check_finds_each_fault() {
        let broken = |steps: &[Step], written| check_chain(steps, written).unwrap_err();
        assert_eq!(check_chain(&[NAMED, LONG], WRITTEN), Ok(()));
        assert_eq!(broken(&[NAMED], WRITTEN), BrokenChain::DeadEnd("team.sung.v1", "team.sung.v2"));
        assert_eq!(broken(&[NAMED, NAMED, LONG], WRITTEN), BrokenChain::Twice("team.sung.v1"));
        assert_eq!(
            broken(&[LONG], &["team.sung.v2", "team.sung.v3"]),
            BrokenChain::StillWritten("team.sung.v2")
        );
        let skips = Step { to: "team.sung.v3", ..NAMED };
        assert_eq!(broken(&[skips], WRITTEN), BrokenChain::NotNext("team.sung.v1", "team.sung.v3"));
        let other = Step { to: "team.danced.v2", ..NAMED };
        assert_eq!(broken(&[other], WRITTEN), BrokenChain::NotNext("team.sung.v1", "team.danced.v2"));
        let bare = Step { from: "team.sung", ..NAMED };
        assert_eq!(broken(&[bare], WRITTEN), BrokenChain::Unversioned("team.sung"));
    }
}
