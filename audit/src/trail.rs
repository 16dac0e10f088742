//! Records that somebody reads history: an event, durable before anything is shown.
//!
//! It is appended here and not in the command service, since nothing is decided and so nothing can conflict.

use crate::Auditor;
use chrono::{DateTime, Utc};
use event_log::Expected;
use events::{AccountId, AuditEvent, Meta, Personal, Position, SessionId, StreamName, audit::Read};
use platform::http::RequestInfo;
use secrets::journal::{Entry, WriteError};

/// Name of the command in the metadata.
const COMMAND: &str = "audit.read";

impl Auditor {
    /// Records a read of history and returns its position.
    ///
    /// # Errors
    /// The read could not be recorded: nothing may be shown.
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
