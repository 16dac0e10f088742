//! The circumstances of one command: time, request, actor and idempotency key.

use crate::command_key;
use access::Caller;
use axum::extract::FromRequestParts;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use event_log::CommandRef;
use events::{AccountId, ContactId, EventId, Meta, Personal, SessionId};
use http::{HeaderMap, Method, request::Parts};
use platform::{
    clock::Ids,
    http::{ApiError, RequestInfo},
};
use secrets::vault::{self, Purpose, Vault};
use uuid::Uuid;

/// The circumstances of a command.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    pub(crate) now: DateTime<Utc>,
    pub(crate) request: RequestInfo,
    /// The client does not wait for the read model (RFC 7240, `respond-async`).
    pub(crate) respond_async: bool,
    /// The client wants no body in the answer (RFC 7240, `return=minimal`).
    pub(crate) minimal: bool,
    name: &'static str,
    ids: Ids,
    key: Option<CommandRef>,
    causation: Option<EventId>,
    actor: Option<AccountId>,
    contact: Option<ContactId>,
    session: Option<SessionId>,
}

impl Context {
    /// The circumstances of a command that the system issues by itself.
    pub(crate) fn system(name: &'static str, now: DateTime<Utc>) -> Self {
        Self {
            now,
            request: RequestInfo::system(),
            respond_async: false,
            minimal: false,
            name,
            ids: Ids::Random,
            key: None,
            causation: None,
            actor: None,
            contact: None,
            session: None,
        }
    }

    /// Gives the command its name in the log, `noun.verb`.
    pub(crate) fn named(mut self, name: &'static str) -> Self {
        self.name = name;
        self
    }

    /// Names the team member who acts.
    pub(crate) fn by_member(mut self, contact: ContactId) -> Self {
        self.contact = Some(contact);
        self
    }

    /// Names the event that caused the command.
    pub(crate) fn caused_by(mut self, cause: Option<EventId>) -> Self {
        self.causation = cause;
        self
    }

    /// Names the acting account, once a login has found it.
    pub(crate) fn set_actor(&mut self, account: AccountId) {
        self.actor = Some(account);
    }

    /// The acting account, if it is known.
    pub(crate) fn account(&self) -> Option<AccountId> {
        self.actor
    }

    /// A copy for the auxiliary appends of a command: only the append that decides carries the key.
    pub(crate) fn without_idempotency_key(&self) -> Self {
        Self { key: None, ..self.clone() }
    }

    /// A copy that waits for the read model, for answers that are useless before it has caught up.
    pub(crate) fn waiting(&self) -> Self {
        Self { respond_async: false, ..self.clone() }
    }

    /// The command that the client's key names, if it sent one.
    pub(crate) fn command(&self) -> Option<CommandRef> {
        self.key
    }

    /// A new id; a repetition under the same key gets the same one.
    pub(crate) fn id<T: From<Uuid>>(&mut self) -> T {
        self.ids.make().into()
    }

    /// A new secret of so many random bytes, in base64url; a repetition under the same key gets the same one.
    pub(crate) fn secret(&mut self, vault: &Vault, bytes: usize) -> Result<String, ApiError> {
        if self.key.is_none() {
            return vault::token(bytes).map_err(ApiError::internal);
        }
        let seed: Uuid = self.ids.make();
        let derived = vault.keyed_hash(Purpose::CommandId, &[b"secret:", &seed.as_bytes()[..]].concat());
        Ok(URL_SAFE_NO_PAD.encode(&derived[..bytes.min(derived.len())]))
    }

    /// The metadata that is stored with every event.
    pub(crate) fn meta(&self) -> Meta {
        let own = |text: String| self.actor.map(|actor| Personal::of_account(actor, text));
        Meta {
            command_id: self.key.map(|key| key.id),
            request_id: Some(self.request.id.clone()),
            correlation: Some(self.request.id.clone()),
            causation: self.causation,
            actor: self.actor,
            contact: self.contact,
            session: self.session,
            address: own(self.request.client.to_string()),
            user_agent: self.request.user_agent.clone().and_then(own),
            ..Meta::new(self.now, self.name)
        }
    }
}

/// The circumstances of a command whose body is not read yet: the body belongs to the key's fingerprint.
pub(crate) struct PendingContext {
    request: RequestInfo,
    caller: Option<Caller>,
    key: Option<String>,
    method: Method,
    target: String,
    respond_async: bool,
    minimal: bool,
}

impl PendingContext {
    /// Reads the circumstances from a request's head; `target` is the part of the URI that belongs to the fingerprint.
    ///
    /// A key belongs to the account that sends it, so the [`Caller`] has to be extracted before, if the route wants one.
    pub(crate) async fn read(parts: &mut Parts, target: String) -> Result<Self, ApiError> {
        Ok(Self {
            request: RequestInfo::from_request_parts(parts, &()).await?,
            caller: parts.extensions.get::<Caller>().cloned(),
            key: command_key::read(&parts.headers)?,
            method: parts.method.clone(),
            target,
            respond_async: prefers(&parts.headers, "respond-async"),
            minimal: prefers(&parts.headers, "return=minimal"),
        })
    }

    /// Whether the client may send the same command again.
    pub(crate) fn has_key(&self) -> bool {
        self.key.is_some()
    }

    /// The whole circumstances, given what stands for the content in the key's fingerprint.
    pub(crate) fn complete(self, vault: &Vault, now: DateTime<Utc>, content: &[u8]) -> Context {
        let caller = self.caller.as_ref();
        let request = [self.method.as_str().as_bytes(), self.target.as_bytes(), content];
        let key = self.key.map(|key| command_key::command(vault, caller, &key, request));
        Context {
            now,
            request: self.request,
            respond_async: self.respond_async,
            minimal: self.minimal,
            name: "",
            ids: key.as_ref().map_or(Ids::Random, |key| Ids::derived_from(key.id.0.as_bytes())),
            key,
            causation: None,
            actor: caller.map(|caller| caller.account),
            contact: None,
            session: caller.map(|caller| caller.id),
        }
    }
}

fn prefers(headers: &HeaderMap, wanted: &str) -> bool {
    let values = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|preference| preference.trim().eq_ignore_ascii_case(wanted))
}
