//! Codes by SMS: asked for, and tried.

use super::{
    OpenedSession,
    login_request::{IssuedRequestId, ReturnedRequestId},
};
use crate::{
    Commands,
    accounts::AccountLookup,
    context::Context,
    input::{Checks, checked},
    transact::{InitialState, TransactError, Transacted},
};
use access::not_found;
use chrono::TimeDelta;
use domain::{
    account::NamedDevice,
    phone::{self, Clearance, CodePolicy, Phone},
    phone_number::PhoneNumber,
};
use events::{AccountId, Position, SessionId, StreamName, value::SessionKind};
use platform::{
    http::ApiError,
    limits::{Key, Limit},
};
use protocol::{
    error::ErrorCode,
    lang::{Lang, Text},
    session::CodeSentV4,
};
use secrets::vault;
use std::time::Duration;
use uuid::Uuid;

/// What somebody entered to log in.
pub(super) struct CodeAttempt {
    pub(super) phone: PhoneNumber,
    pub(super) code: String,
    pub(super) kind: SessionKind,
    pub(super) device: Option<NamedDevice>,
    pub(super) sent_back: ReturnedRequestId,
}

impl Commands {
    /// Asks for a code to be sent, within what an address and a phone may ask for.
    pub(super) async fn send_code(
        &self,
        context: &mut Context,
        phone: &str,
        given: &IssuedRequestId,
        sent_back: &ReturnedRequestId,
    ) -> Result<(CodeSentV4, Position), ApiError> {
        let mut checks = Checks::default();
        let phone = checks.phone("phone", phone);
        checks.done()?;
        let phone = checked(phone)?;
        self.serves(&phone)?;
        let address = Key::Address(context.request.client);
        self.access.limits.check(Limit::SmsLoginPerAddress, &address)?;
        self.access.limits.check(Limit::SmsLoginPerNetwork, &address)?;

        let stream = StreamName::phone(&hex::encode(self.phone_hash(&phone)));
        let known: Phone = self.current(&stream).await?;
        let account = known.owner().unwrap_or_else(|| context.id());
        context.set_actor(account);
        // A number that nobody has gets an account's key here; whoever measures must not learn of it.
        self.ensure_key_evenly(account).await?;
        let nonce = context.id();
        let lang = if context.request.lang == Lang::En { "en" } else { "ru" };
        let policy = code_policy(self);
        let (request, asker) = (given.hash(self), sent_back.asker(self, context));
        let clearance = match known.would_send(&asker, &policy, context.now) {
            true => self.clear(&phone, nonce, known.has_logged_in(), context.now).await?,
            false => Clearance::NotAsked,
        };
        let done: Transacted<Phone> = self
            .transact(context, stream, InitialState::Cached, |_: &Phone| phone::Command::RequestCode {
                nonce,
                account,
                phone: phone.as_str().to_owned(),
                lang: lang.to_owned(),
                request: request.clone(),
                asker: asker.clone(),
                policy,
                clearance,
                now: context.now,
            })
            .await
            .map_err(|stop| stop.or(code_refused))?;
        // A repetition may come when the request is over.
        let newest = || Some((done.state.code()?, context.now));
        let (code, until) = done.state.requested(&request).or_else(newest).ok_or_else(not_found)?;
        let sent = CodeSentV4 {
            code_length: code.length,
            code_valid_until: until.into(),
            next_code_at: done.state.next_code_at(&policy, context.now).unwrap_or(context.now).into(),
            phone: phone.as_str().to_owned(),
        };
        Ok((sent, done.position))
    }

    pub(super) async fn log_in_by_sms(
        &self,
        context: &mut Context,
        attempt: CodeAttempt,
    ) -> Result<OpenedSession, ApiError> {
        // Before the code is used up: while the read model is made anew, nobody could be told who they are.
        self.access.read.ensure_complete().await?;
        let limits = &self.access.limits;
        limits.check(Limit::SmsAuthPerAddress, &Key::Address(context.request.client))?;
        let (session, account_id): (SessionId, AccountId) = (context.id(), context.id());
        let account = self.try_code(context, &attempt, session).await?.unwrap_or(account_id);
        context.set_actor(account);
        let named = AccountLookup { phone: attempt.phone.clone(), team: None, fresh: account };
        let hash = hex::encode(self.phone_hash(&attempt.phone));
        self.register(&context.without_idempotency_key(), account, hash, named).await?;
        self.open_session(context, account, session, attempt.kind, attempt.device).await
    }

    /// Compares the code with the one that was sent, counts the try, and says whose phone it is.
    async fn try_code(
        &self,
        context: &Context,
        attempt: &CodeAttempt,
        session: SessionId,
    ) -> Result<Option<AccountId>, ApiError> {
        let hash = self.phone_hash(&attempt.phone);
        let stream = StreamName::phone(&hex::encode(hash));
        let policy = code_policy(self);
        let fixed = &self.access.config.auth.fixed_code;
        let asker = attempt.sent_back.asker(self, context);
        // While everybody guesses, only those are listened to who have asked for the code.
        let strain = self.access.limits.allowed(Limit::SmsAuthGlobalFailures, &Key::Global).err();
        let equal = |phone: &Phone| -> Vec<Uuid> {
            let digits = |code: &phone::Code| match fixed.is_empty() {
                true => self.vault.login_code(&hash, code.nonce, code.length),
                false => fixed.clone(),
            };
            let good = phone.good_codes(context.now);
            let same =
                |code: &&phone::Code| vault::equal(digits(code).as_bytes(), attempt.code.trim().as_bytes());
            good.filter(same).map(|code| code.nonce).collect()
        };
        let done: Result<Transacted<Phone>, TransactError<_>> = self
            .transact(&context.without_idempotency_key(), stream, InitialState::Cached, |phone: &Phone| {
                let (equal, asker, now) = (equal(phone), asker.clone(), context.now);
                phone::Command::TryCode { equal, asker, strained: strain.is_some(), session, policy, now }
            })
            .await;
        let done = done.map_err(|stop| {
            stop.or(|rejection| match (rejection, strain) {
                (phone::Rejection::Strained, Some(strain)) => strain.into(),
                (rejection, _) => code_refused(rejection),
            })
        })?;
        if done.events.iter().any(|event| matches!(event, events::PhoneEvent::CodeRejected(_))) {
            self.access.limits.failed(Limit::SmsAuthGlobalFailures, &Key::Global);
            return Err(ApiError::field("code", Text::WrongCode));
        }
        let used = done.events.iter().find_map(|event| match event {
            events::PhoneEvent::CodeUsed(used) => done.state.code_of(used.nonce),
            _ => None,
        });
        if let Some(code) = used {
            self.count_entered(code.nonce, code.sent_at).await;
        }
        Ok(done.state.owner())
    }
}

fn code_policy(commands: &Commands) -> CodePolicy {
    let auth = &commands.access.config.auth;
    CodePolicy {
        length: auth.code_length,
        lifetime: TimeDelta::seconds(auth.code_ttl_sec.into()),
        resend_after: TimeDelta::seconds(auth.resend_after_sec.into()),
        slow_resend_after: TimeDelta::seconds(auth.slow_resend_after_sec.into()),
        tries: auth.code_tries,
        per_hour: auth.codes_per_hour as usize,
        per_day: auth.codes_per_day as usize,
    }
}

/// The same answer for known and unknown phones.
fn code_refused(rejection: phone::Rejection) -> ApiError {
    match rejection {
        phone::Rejection::TooManyCodes { retry_after } => ApiError::new(ErrorCode::RateLimit)
            .because(Text::RateLimited { seconds: retry_after })
            .retry_after(Duration::from_secs(retry_after)),
        phone::Rejection::NoCode => ApiError::field("code", Text::CodeExpired),
        phone::Rejection::TooManyTries | phone::Rejection::Strained => {
            ApiError::field("code", Text::TooManyTries)
        }
    }
}
