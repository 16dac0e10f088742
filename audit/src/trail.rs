//! Who looks into history leaves a trace in it: an event, durable before anything is shown.
//!
//! It is appended here and not where commands are: nothing is decided on, so nothing can conflict.

use crate::Auditor;
use chrono::{DateTime, Utc};
use event_log::Expected;
use events::{AccountId, AuditEvent, Meta, Personal, Position, SessionId, StreamName, audit::Read};
use platform::http::RequestInfo;
use secrets::journal::{Entry, WriteError};

/// The command's name in metadata.
const COMMAND: &str = "audit.read";

impl Auditor {
    /// Records that somebody reads, and returns where.
    ///
    /// # Errors
    /// It could not be recorded: then nothing may be shown.
    pub async fn record(
        &self,
        read: Read,
        session: SessionId,
        request: &RequestInfo,
        at: DateTime<Utc>,
    ) -> Result<Position, WriteError> {
        let meta = meta(read.account, session, request, at);
        let entry = Entry {
            stream: StreamName::audit(read.account),
            expected: Expected::Any,
            events: vec![AuditEvent::from(read).into()],
            meta,
            command: None,
        };
        Ok(self.journal().append(entry).await?.position)
    }
}

fn meta(account: AccountId, session: SessionId, request: &RequestInfo, at: DateTime<Utc>) -> Meta {
    let own = |text: String| Personal::of_account(account, text);
    Meta {
        request_id: Some(request.id.clone()),
        correlation: Some(request.id.clone()),
        actor: Some(account),
        session: Some(session),
        address: Some(own(request.client.to_string())),
        user_agent: request.user_agent.clone().map(own),
        ..Meta::new(at, COMMAND)
    }
}
