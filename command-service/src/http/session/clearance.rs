//! May a login code be sent there? What is asked before a message is paid for (`domain/src/codes.rs`).
//!
//! A withheld code is withheld in silence: a number with which somebody logged in before is not held up by budgets, so an
//! answer that told of them would tell whose number it is.

use crate::{
    Commands,
    context::Context,
    transact::{InitialState, Transacted},
};
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

impl Commands {
    /// Whether codes are sent to numbers of this sort at all.
    pub(super) fn serves(&self, phone: &PhoneNumber) -> Result<(), ApiError> {
        let lists = self.access.config.sms_guard.lists().map_err(ApiError::internal)?;
        if lists.serve(phone) {
            return Ok(());
        }
        metrics::counter!("veche_sms_denied_total").increment(1);
        Err(ApiError::field("phone", Text::CodesNotOffered))
    }

    /// Counts a code that is to be sent, and says whether it may be.
    pub(super) async fn clear(
        &self,
        phone: &PhoneNumber,
        nonce: Uuid,
        known: bool,
        now: DateTime<Utc>,
    ) -> Result<Clearance, ApiError> {
        let leads = phone.destination();
        let prefix = hex::encode(self.vault.keyed_hash(Purpose::PhonePrefix, leads.prefix.as_bytes()));
        let place = Destination { country: leads.country, prefix };
        let policy = self.access.config.sms_guard.policy();
        let done: Transacted<Codes> = self
            .transact(&counting(now), day(now), InitialState::Cached, |_: &Codes| Command::Allow {
                nonce,
                place: place.clone(),
                known,
                policy,
                now,
            })
            .await
            .map_err(|stop| stop.or(|never| match never {}))?;
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

    /// Tells the guard that a code was entered. A login does not fail for it.
    pub(super) async fn count_entered(&self, nonce: Uuid, sent_at: DateTime<Utc>) {
        let counted: Result<Transacted<Codes>, _> = self
            .transact(&counting(self.access.clock.now()), day(sent_at), InitialState::Cached, |_: &Codes| {
                Command::Enter { nonce }
            })
            .await;
        if counted.is_err() {
            tracing::warn!("login code entered but not counted");
        }
    }
}

/// Nobody's doing: the stream of all phones says of no account that it asked.
fn counting(now: DateTime<Utc>) -> Context {
    Context::system("login_codes.count", now)
}

fn day(at: DateTime<Utc>) -> StreamName {
    StreamName::codes(&Codes::day(at))
}

/// Said once for each barrier and span of time: the log remembers that it was.
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
