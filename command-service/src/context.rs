//! The circumstances of one command: who, when, from where, and whether it is the repetition of an earlier request.

use crate::Commands;
use access::Caller;
use axum::{
    body::Body,
    extract::{FromRequest, FromRequestParts, Request},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use event_log::CommandRef;
use events::{AccountId, CommandId, ContactId, EventId, Meta, Personal, SessionId};
use http::{HeaderMap, Method};
use platform::{
    clock::Ids,
    http::{ApiError, FileForm, IDEMPOTENCY_KEY, RawBody, RequestInfo},
};
use protocol::lang::Text;
use secrets::vault::{self, Purpose, Vault};
use uuid::Uuid;

/// Longest `Idempotency-Key`.
const LONGEST_KEY: usize = 128;

/// A command's input with its circumstances. `E` reads the body; it comes behind [`Caller`] in a handler's arguments,
/// since a key belongs to the account that sends it.
pub(crate) struct Command<E> {
    /// What was sent.
    pub(crate) input: E,
    /// The circumstances.
    pub(crate) context: Context,
}

/// The circumstances of a command.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    /// When it came.
    pub(crate) now: DateTime<Utc>,
    /// The request.
    pub(crate) request: RequestInfo,
    /// Whether the client does not want to wait for the read model.
    pub(crate) respond_async: bool,
    /// Whether the client does not want to be shown the result (RFC 7240, `return=minimal`).
    pub(crate) minimal: bool,
    name: &'static str,
    ids: Ids,
    key: Option<CommandRef>,
    causation: Option<EventId>,
    actor: Option<AccountId>,
    contact: Option<ContactId>,
    session: Option<SessionId>,
}

impl<E> FromRequest<Commands> for Command<E>
where
    E: FromRequest<Commands, Rejection = ApiError>,
{
    type Rejection = ApiError;

    async fn from_request(request: Request, commands: &Commands) -> Result<Self, ApiError> {
        let (mut parts, body) = request.into_parts();
        let info = RequestInfo::from_request_parts(&mut parts, commands).await?;
        let caller = parts.extensions.get::<Caller>().cloned();
        let (key, request) = match key(&parts.headers)? {
            None => (None, Request::from_parts(parts, body)),
            Some(key) => {
                let RawBody(bytes) =
                    RawBody::from_request(Request::from_parts(parts.clone(), body), commands).await?;
                let path = parts.uri.path().to_owned();
                let whole: [&[u8]; 3] = [parts.method.as_str().as_bytes(), path.as_bytes(), &bytes];
                let command = command(&commands.vault, caller.as_ref(), &key, whole);
                (Some(command), Request::from_parts(parts, Body::from(bytes)))
            }
        };
        let respond_async = prefers(request.headers(), "respond-async");
        let minimal = prefers(request.headers(), "return=minimal");
        let input = E::from_request(request, commands).await?;
        let context = Context::new(commands, info, caller.as_ref(), key);
        Ok(Self { input, context: Context { respond_async, minimal, ..context } })
    }
}

/// A command with a file that is too large for memory: its circumstances are known once the file is there, since what a
/// key's repetition must equal is the file too.
pub(crate) struct StreamedCommand {
    /// What is being sent.
    pub(crate) form: FileForm,
    /// Who sends what where.
    pub(crate) sender: PendingContext,
}

/// What is known of a command before its body is read.
pub(crate) struct PendingContext {
    request: RequestInfo,
    caller: Option<Caller>,
    key: Option<String>,
    method: Method,
    path: String,
    respond_async: bool,
    minimal: bool,
}

impl FromRequest<Commands> for StreamedCommand {
    type Rejection = ApiError;

    async fn from_request(request: Request, commands: &Commands) -> Result<Self, ApiError> {
        let (mut parts, body) = request.into_parts();
        let sender = PendingContext {
            request: RequestInfo::from_request_parts(&mut parts, commands).await?,
            caller: parts.extensions.get::<Caller>().cloned(),
            key: key(&parts.headers)?,
            method: parts.method.clone(),
            path: parts.uri.to_string(),
            respond_async: prefers(&parts.headers, "respond-async"),
            minimal: prefers(&parts.headers, "return=minimal"),
        };
        Ok(Self { form: FileForm::from_request(Request::from_parts(parts, body), commands).await?, sender })
    }
}

impl PendingContext {
    /// Whether the client may come again with the same command.
    pub(crate) fn has_key(&self) -> bool {
        self.key.is_some()
    }

    /// The circumstances, given what stands for the content.
    pub(crate) fn sent(self, commands: &Commands, content: &[u8]) -> Context {
        let caller = self.caller.as_ref();
        let whole = [self.method.as_str().as_bytes(), self.path.as_bytes(), content];
        let key = self.key.map(|key| command(&commands.vault, caller, &key, whole));
        let context = Context::new(commands, self.request, caller, key);
        Context { respond_async: self.respond_async, minimal: self.minimal, ..context }
    }
}

impl Context {
    /// Of what the house does by itself.
    pub(crate) fn system(name: &'static str, now: DateTime<Utc>) -> Self {
        Self {
            now,
            request: RequestInfo::of_the_house(),
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

    fn new(
        commands: &Commands,
        request: RequestInfo,
        caller: Option<&Caller>,
        key: Option<CommandRef>,
    ) -> Self {
        Self {
            now: commands.access.clock.now(),
            request,
            respond_async: false,
            minimal: false,
            name: "",
            ids: key.as_ref().map_or(Ids::Random, |key| Ids::derived_from(key.id.0.as_bytes())),
            key,
            causation: None,
            actor: caller.map(|caller| caller.account),
            contact: None,
            session: caller.map(|caller| caller.id),
        }
    }

    /// Gives the command its name in the log, `noun.verb`.
    pub(crate) fn named(mut self, name: &'static str) -> Self {
        self.name = name;
        self
    }

    /// The event that this follows from.
    pub(crate) fn caused_by(mut self, cause: Option<EventId>) -> Self {
        self.causation = cause;
        self
    }

    /// PictureTarget doing it is, once a login has found out.
    pub(crate) fn set_actor(&mut self, account: AccountId) {
        self.actor = Some(account);
    }

    /// PictureTarget doing it is, if that is known.
    pub(crate) fn account(&self) -> Option<AccountId> {
        self.actor
    }

    /// As which member of a team it is done.
    pub(crate) fn as_contact(&mut self, contact: ContactId) {
        self.contact = Some(contact);
    }

    /// The same circumstances without the key: for appends on the way, of which a command may have several; only the one
    /// that decides bears the key.
    pub(crate) fn without_idempotency_key(&self) -> Self {
        Self { key: None, ..self.clone() }
    }

    /// The same circumstances of a client that waits: for answers that are of no use before the read model has them.
    pub(crate) fn waiting(&self) -> Self {
        Self { respond_async: false, ..self.clone() }
    }

    /// The key's reference, if the client named one.
    pub(crate) fn command(&self) -> Option<CommandRef> {
        self.key
    }

    /// A new id; the same one when the command is repeated under its key.
    pub(crate) fn id<T: From<Uuid>>(&mut self) -> T {
        self.ids.make().into()
    }

    /// A new secret of as many random bytes, base64url; the same one when the command is repeated under its key.
    pub(crate) fn secret(&mut self, vault: &Vault, bytes: usize) -> Result<String, ApiError> {
        if self.key.is_none() {
            return vault::token(bytes).map_err(ApiError::internal);
        }
        let seed: Uuid = self.ids.make();
        let derived = vault.keyed_hash(Purpose::CommandId, &[b"secret:", &seed.as_bytes()[..]].concat());
        Ok(URL_SAFE_NO_PAD.encode(&derived[..bytes.min(derived.len())]))
    }

    /// What is kept with every event.
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

fn key(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default();
    if text.is_empty() {
        return Err(ApiError::field("Idempotency-Key", Text::BadCharacters));
    }
    if text.len() > LONGEST_KEY {
        return Err(ApiError::field("Idempotency-Key", Text::TooLong { max: LONGEST_KEY }));
    }
    Ok(Some(text.to_owned()))
}

/// The command that a key names. Keys of different accounts never meet; before a login there is no account, and only
/// equal requests share a key.
fn command(vault: &Vault, caller: Option<&Caller>, key: &str, whole: [&[u8]; 3]) -> CommandRef {
    let fingerprint = vault.keyed_hash(Purpose::Fingerprint, &framed(&whole));
    let scope: &[u8] = match caller {
        Some(caller) => caller.account.0.as_bytes(),
        None => &fingerprint,
    };
    let hash = vault.keyed_hash(Purpose::CommandId, &framed(&[scope, key.as_bytes()]));
    let mut id = [0; 16];
    id.copy_from_slice(&hash[..16]);
    CommandRef { id: CommandId(uuid::Builder::from_random_bytes(id).into_uuid()), fingerprint }
}

/// Parts with their lengths, so that no two lists look alike.
fn framed(parts: &[&[u8]]) -> Vec<u8> {
    parts.iter().flat_map(|part| [&(part.len() as u64).to_be_bytes()[..], part].concat()).collect()
}

fn prefers(headers: &HeaderMap, wanted: &str) -> bool {
    let values = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|preference| preference.trim().eq_ignore_ascii_case(wanted))
}

/// No body is read: for commands that need none.
pub(crate) struct NoInput;

impl FromRequest<Commands> for NoInput {
    type Rejection = ApiError;

    async fn from_request(_: Request, _: &Commands) -> Result<Self, ApiError> {
        Ok(Self)
    }
}
