//! `veche audit receipt` and `check-receipt`: the signed receipt of an erasure, and the check of its signature.

use super::subject::Who;
use crate::{failure::Failure, runtime::Runtime};
use chrono::{DateTime, Utc};
use clap::Args;
use events::{
    AccountEvent, Event, EventId, Position, ReceiptId, Recorded, StreamName, Subject, TeamEvent,
    value::{ErasureAsker, ErasureReason},
};
use platform::config::Config;
use secrets::signing::PublicKey;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, path::PathBuf};

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// File with a receipt
    file: PathBuf,
    /// Public key of the signer, 64 hexadecimal digits
    #[arg(long, value_name = "HEX")]
    key: PublicKey,
}

/// A receipt with its signature.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Signed {
    receipt: Receipt,
    /// Public key of the signer, to choose among several known keys; the check never trusts it.
    key: String,
    /// Ed25519 signature over the receipt as JSON without white space, fields in this order.
    signature: String,
}

/// Facts of an erasure: subject, time, reason.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Receipt {
    receipt: ReceiptId,
    subject: Subject,
    asked_by: ErasureAsker,
    reason: ErasureReason,
    asked: Place,
    done: Place,
    purged: BTreeMap<String, u64>,
}

/// Coordinates of an event of the erasure.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    at: DateTime<Utc>,
    position: Position,
    event: EventId,
}

pub(super) fn check(check: &Check) -> Result<(), Failure> {
    let signed: Signed = serde_json::from_slice(&std::fs::read(&check.file)?)?;
    signed.check(&check.key)?;
    println!("The receipt {} of {} is genuine.", signed.receipt.receipt, signed.receipt.subject);
    Ok(())
}

pub(super) async fn again(config: Config, who: Who) -> Result<(), Failure> {
    let runtime = Runtime::open_without_migrating(config).await?;
    let subject = who.subject(&runtime.commands().erasure()).await?;
    println!("{}", serde_json::to_string_pretty(&issue(&runtime, subject).await?)?);
    runtime.close().await;
    Ok(())
}

/// Issues the receipt of a complete erasure.
pub(super) async fn issue(runtime: &Runtime, subject: Subject) -> Result<Signed, Failure> {
    let stream = match subject {
        Subject::Account(account) => StreamName::account(account),
        Subject::Team(team) => StreamName::team(team),
    };
    let events = runtime.journal.stream(&stream, 0).await?;
    let receipt = Receipt::found(subject, &events).ok_or("the log contains no erasure of this subject")?;
    let key = runtime.vault.signing_key();
    let signature = key.sign(&serde_json::to_vec(&receipt)?);
    Ok(Signed { receipt, key: key.public().to_string(), signature })
}

impl Signed {
    fn check(&self, key: &PublicKey) -> Result<(), Failure> {
        match key.verifies(&serde_json::to_vec(&self.receipt)?, &self.signature) {
            true => Ok(()),
            false => Err("the signature of the receipt does not match this key".into()),
        }
    }
}

impl Receipt {
    fn found(subject: Subject, events: &[Recorded<Event>]) -> Option<Self> {
        let place = |recorded: &Recorded<Event>| Place {
            at: recorded.meta.at,
            position: recorded.position,
            event: recorded.id,
        };
        let asked = events.iter().find_map(|recorded| match &recorded.event {
            Event::AccountEvent(AccountEvent::Erased(erased)) => {
                Some((erased.receipt, erased.asked_by, erased.reason, place(recorded)))
            }
            Event::TeamEvent(TeamEvent::Erased(erased)) => {
                Some((erased.receipt, erased.asked_by, erased.reason, place(recorded)))
            }
            _ => None,
        });
        let done = events.iter().find_map(|recorded| {
            let counts = match &recorded.event {
                Event::AccountEvent(AccountEvent::Purged(purged)) => {
                    [("teams", purged.teams), ("messages", purged.messages), ("files", purged.files)]
                }
                Event::TeamEvent(TeamEvent::Purged(purged)) => {
                    [("contacts", purged.contacts), ("messages", purged.messages), ("files", purged.files)]
                }
                _ => return None,
            };
            let counts = counts.into_iter().map(|(what, count)| (what.to_owned(), count)).collect();
            Some((counts, place(recorded)))
        });
        let ((receipt, asked_by, reason, asked), (purged, done)) = (asked?, done?);
        Some(Self { receipt, subject, asked_by, reason, asked, done, purged })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use events::AccountId;
    use secrets::vault::Vault;
    use uuid::Uuid;

    #[test]
    fn changed_receipt_fails_the_check() {
        let key = Vault::new(&[7; 32]).signing_key();
        let place = |position| Place {
            at: DateTime::from_timestamp(1_700_000_000, 0).unwrap(),
            position,
            event: EventId(Uuid::from_u128(position.into())),
        };
        let receipt = Receipt {
            receipt: ReceiptId(Uuid::from_u128(1)),
            subject: Subject::Account(AccountId(Uuid::from_u128(2))),
            asked_by: ErasureAsker::Operator,
            reason: ErasureReason::Order,
            asked: place(3),
            done: place(4),
            purged: BTreeMap::from([("messages".to_owned(), 5)]),
        };
        let signature = key.sign(&serde_json::to_vec(&receipt).unwrap());
        let signed = Signed { receipt, key: key.public().to_string(), signature };
        let text = serde_json::to_string_pretty(&signed).unwrap();
        let read: Signed = serde_json::from_str(&text).unwrap();
        assert!(read.check(&key.public()).is_ok());
        let forged: Signed =
            serde_json::from_str(&text.replace("\"messages\": 5", "\"messages\": 6")).unwrap();
        assert!(forged.check(&key.public()).is_err());
        assert!(read.check(&Vault::new(&[8; 32]).signing_key().public()).is_err());
    }
}
