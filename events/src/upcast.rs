//! Old stored names and payloads → new ones: a chain of pure steps, one for each version that was superseded.
//!
//! The log is never rewritten. An event keeps the name and shape it was stored with, and is lifted on its way out, step by
//! step, to the newest version of its name. What a chain must look like is checked when a program starts, by
//! [`check`]: a hole in it would else be found by the one event that falls into it.

use crate::Event;
use serde_json::Value;
use std::{borrow::Cow, collections::BTreeSet};
use thiserror::Error;

/// From one version of a stored name to the next.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// The name that nobody writes any more.
    pub from: &'static str,
    /// The name of the next version.
    pub to: &'static str,
    /// What becomes of a payload. It gets every payload that was ever stored under `from`, and must not fail.
    pub lift: fn(Value) -> Value,
}

/// All steps, oldest first. Nothing has been superseded yet.
pub const STEPS: &[Step] = &[];

/// What is wrong with a chain.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum BrokenChain {
    /// Not `noun.past_tense.vN`.
    #[error("{0:?} is not a versioned name")]
    Unversioned(&'static str),
    /// A step leads to another event, or not to the next version.
    #[error("the step from {0:?} leads to {1:?}, which is not its next version")]
    NotNext(&'static str, &'static str),
    /// Two steps begin at one name.
    #[error("two steps begin at {0:?}")]
    Twice(&'static str),
    /// A name is written and superseded.
    #[error("{0:?} is still written, so it cannot have been superseded")]
    StillWritten(&'static str),
    /// A step leads to a name that nobody reads.
    #[error("the step from {0:?} leads to {1:?}, which is neither read nor lifted further")]
    DeadEnd(&'static str, &'static str),
}

/// Lifts a stored event to the newest version of its name; newest ones pass through unchanged.
pub fn lift(kind: &str, payload: Value) -> (Cow<'_, str>, Value) {
    lift_by(STEPS, kind, payload)
}

/// Whether the chain of this program is whole.
///
/// # Errors
/// [`BrokenChain`]: the program must not start.
pub fn check() -> Result<(), BrokenChain> {
    check_chain(STEPS, Event::KINDS)
}

fn lift_by<'k>(steps: &[Step], kind: &'k str, payload: Value) -> (Cow<'k, str>, Value) {
    let (mut kind, mut payload) = (Cow::Borrowed(kind), payload);
    while let Some(step) = steps.iter().find(|step| step.from == kind) {
        (kind, payload) = (Cow::Borrowed(step.to), (step.lift)(payload));
    }
    (kind, payload)
}

fn check_chain(steps: &[Step], written: &[&'static str]) -> Result<(), BrokenChain> {
    let mut begun = BTreeSet::new();
    for step in steps {
        let (name, version) = versioned(step.from)?;
        // Versions only grow, so no chain can run in a circle.
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
        Step { from: "team.sung.v1", to: "team.sung.v2", lift: |song| json!({"song": song["name"]}) };
    const LONG: Step = Step {
        from: "team.sung.v2",
        to: "team.sung.v3",
        lift: |mut song| {
            song["seconds"] = json!(0);
            song
        },
    };
    const WRITTEN: &[&str] = &["team.sung.v3"];

    #[test]
    fn the_chain_of_this_program_is_whole() {
        assert_eq!(check(), Ok(()));
    }

    #[test]
    fn an_old_event_is_lifted_step_by_step_from_wherever_it_is() {
        let steps = [NAMED, LONG];
        let lifted = lift_by(&steps, "team.sung.v1", json!({"name": "пыщ"}));
        assert_eq!(lifted, ("team.sung.v3".into(), json!({"song": "пыщ", "seconds": 0})));
        let lifted = lift_by(&steps, "team.sung.v2", json!({"song": "пыщ"}));
        assert_eq!(lifted, ("team.sung.v3".into(), json!({"song": "пыщ", "seconds": 0})));
        let newest = json!({"song": "пыщ", "seconds": 7});
        assert_eq!(lift_by(&steps, "team.sung.v3", newest.clone()), ("team.sung.v3".into(), newest));
    }

    #[test]
    fn a_chain_with_a_fault_is_found_out() {
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
