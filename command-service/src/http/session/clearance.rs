//! Decides whether a login code may be sent to a number before an SMS is paid for (`domain/src/codes.rs`).
//!
//! A code is withheld silently: budgets do not apply to numbers that have logged in before, so an answer that showed them
//! would tell which numbers those are.

use crate::{aggregates::Transacted, context::Context, service::CommandService};
use chrono::{DateTime, Utc};
use domain::{
    codes::{Codes, Command},
    phone::Clearance,
    phone_number::PhoneNumber,
};
use events::{
    CodesEvent, StreamName,
    codes::{Barrier, Destination, Withheld},
};
use platform::http::ApiError;
use protocol::lang::Text;
use secrets::vault::Purpose;
use uuid::Uuid;

/// Checks that codes are sent to numbers of this kind at all.
pub(super) fn check_served(service: &CommandService, phone: &PhoneNumber) -> Result<(), ApiError> {
    let lists = service.access.config.sms_guard.lists().map_err(ApiError::internal)?;
    if lists.serve(phone) {
        return Ok(());
    }
    metrics::counter!("veche_sms_denied_total").increment(1);
    Err(ApiError::field("phone", Text::CodesNotOffered))
}

/// Counts a code that is about to be sent, and says whether it may be sent.
pub(super) async fn clear_to_send(
    service: &CommandService,
    phone: &PhoneNumber,
    nonce: Uuid,
    known: bool,
    now: DateTime<Utc>,
) -> Result<Clearance, ApiError> {
    let leads = phone.destination();
    let prefix = hex::encode(service.vault.keyed_hash(Purpose::PhonePrefix, leads.prefix.as_bytes()));
    let place = Destination { country: leads.country, prefix };
    let policy = service.access.config.sms_guard.policy();
    let done: Transacted<Codes> = service
        .aggregates
        .transact(&counting(now), day(now), |_: &Codes| Command::Allow {
            nonce,
            place: place.clone(),
            known,
            policy,
            now,
        })
        .await?;
    for event in &done.events {
        if let CodesEvent::Withheld(withheld) = event {
            alert(withheld, &leads.prefix);
        }
    }
    if done.state.is_allowed(nonce) {
        return Ok(Clearance::Allowed);
    }
    let barrier = done.state.barrier(&place, &policy, now).map_or(Barrier::All, |(barrier, _)| barrier);
    metrics::counter!("veche_sms_withheld_total", "barrier" => barrier.word()).increment(1);
    Ok(Clearance::Withheld(barrier))
}

/// Counts a code that was entered. A failure does not fail the login.
pub(super) async fn count_entered(service: &CommandService, nonce: Uuid, sent_at: DateTime<Utc>) {
    let counted: Result<Transacted<Codes>, _> = service
        .aggregates
        .transact(&counting(service.access.clock.now()), day(sent_at), |_: &Codes| Command::Enter { nonce })
        .await;
    if counted.is_err() {
        tracing::warn!("login code entered but not counted");
    }
}

/// A command without an actor: the stream of all phones must not tell which account asked.
fn counting(now: DateTime<Utc>) -> Context {
    Context::system("login_codes.count", now)
}

fn day(at: DateTime<Utc>) -> StreamName {
    StreamName::codes(&Codes::day(at))
}

/// Warns of a barrier; the log has one event for each barrier and time span.
fn alert(withheld: &Withheld, prefix: &str) {
    let Withheld { barrier, place, until, .. } = withheld;
    metrics::counter!("veche_sms_alerts_total", "barrier" => barrier.word()).increment(1);
    tracing::warn!(
        barrier = barrier.word(),
        country = place.country,
        prefix,
        until = %until.to_rfc3339(),
        "login codes are withheld"
    );
}
