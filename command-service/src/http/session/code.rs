//! Sends login codes, and compares the codes that clients enter.

use crate::{
    accounts::AccountLookup,
    aggregates::{TransactError, Transacted},
    context::Context,
    http::session::{
        clearance::{check_served, clear_to_send, count_entered},
        login_request::{IssuedRequestId, ReturnedRequestId},
        opened_session::{OpenedSession, open_session},
    },
    input::{Fields, checked},
    service::CommandService,
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
    http::{ApiError, FieldErrors},
    limits::{Key, Limit},
};
use protocol::{
    lang::{Lang, Text},
    session::CodeSentV4,
};
use secrets::vault;
use uuid::Uuid;

/// A code that a client has entered.
pub(super) struct CodeAttempt {
    pub(super) phone: PhoneNumber,
    pub(super) code: String,
    pub(super) kind: SessionKind,
    pub(super) device: Option<NamedDevice>,
    pub(super) returned: ReturnedRequestId,
}

/// Requests a code, within the limits of the address and of the phone number.
pub(super) async fn send_code(
    service: &CommandService,
    context: &mut Context,
    phone: &str,
    issued: &IssuedRequestId,
    returned: &ReturnedRequestId,
) -> Result<(CodeSentV4, Position), ApiError> {
    let mut errors = FieldErrors::default();
    let phone = errors.phone("phone", phone);
    errors.finish()?;
    let phone = checked(phone)?;
    check_served(service, &phone)?;
    let address = Key::Address(context.request.client);
    service.access.limits.check(Limit::SmsLoginPerAddress, &address)?;
    service.access.limits.check(Limit::SmsLoginPerNetwork, &address)?;

    let stream = StreamName::phone(&hex::encode(service.accounts.phone_hash(&phone)));
    let known: Phone = service.aggregates.current(&stream).await?;
    let account = known.owner().unwrap_or_else(|| context.id());
    context.set_actor(account);
    // A number without an account gets the account's key here; the time that takes must not tell so.
    service.aggregates.ensure_key_evenly(account).await?;
    let nonce = context.id();
    let lang = if context.request.lang == Lang::En { "en" } else { "ru" };
    let policy = code_policy(service);
    let (request, asker) = (issued.hash(service), returned.asker(service, context));
    let clearance = match known.would_send(&asker, &policy, context.now) {
        true => clear_to_send(service, &phone, nonce, known.has_logged_in(), context.now).await?,
        false => Clearance::NotAsked,
    };
    let done: Transacted<Phone> = service
        .aggregates
        .transact(context, stream, |_: &Phone| phone::Command::RequestCode {
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
        .await?;
    // A repetition may come after the request has expired.
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
    service: &CommandService,
    context: &mut Context,
    attempt: CodeAttempt,
) -> Result<OpenedSession, ApiError> {
    // Before the code is used: during a rebuild of the read model the login could not be answered.
    service.access.read.ensure_complete().await?;
    let limits = &service.access.limits;
    limits.check(Limit::SmsAuthPerAddress, &Key::Address(context.request.client))?;
    let (session, account_id): (SessionId, AccountId) = (context.id(), context.id());
    let account = try_code(service, context, &attempt, session).await?.unwrap_or(account_id);
    context.set_actor(account);
    let lookup = AccountLookup { phone: attempt.phone.clone(), team: None, fresh: account };
    let hash = hex::encode(service.accounts.phone_hash(&attempt.phone));
    service.accounts.register(&context.without_idempotency_key(), account, hash, lookup).await?;
    open_session(service, context, account, session, attempt.kind, attempt.device).await
}

/// Compares the code with those that were sent, counts the attempt, and returns the owner of the phone number.
async fn try_code(
    service: &CommandService,
    context: &Context,
    attempt: &CodeAttempt,
    session: SessionId,
) -> Result<Option<AccountId>, ApiError> {
    let hash = service.accounts.phone_hash(&attempt.phone);
    let stream = StreamName::phone(&hex::encode(hash));
    let policy = code_policy(service);
    let fixed = &service.access.config.auth.fixed_code;
    let asker = attempt.returned.asker(service, context);
    // During a wave of wrong codes only clients that requested a code may try it.
    let strain = service.access.limits.allowed(Limit::SmsAuthGlobalFailures, &Key::Global).err();
    let equal = |phone: &Phone| -> Vec<Uuid> {
        let digits = |code: &phone::Code| match fixed.is_empty() {
            true => service.vault.login_code(&hash, code.nonce, code.length),
            false => fixed.clone(),
        };
        let good = phone.good_codes(context.now);
        let same =
            |code: &&phone::Code| vault::equal(digits(code).as_bytes(), attempt.code.trim().as_bytes());
        good.filter(same).map(|code| code.nonce).collect()
    };
    let done: Result<Transacted<Phone>, _> = service
        .aggregates
        .transact(&context.without_idempotency_key(), stream, |phone: &Phone| {
            let (equal, asker, now) = (equal(phone), asker.clone(), context.now);
            phone::Command::TryCode { equal, asker, strained: strain.is_some(), session, policy, now }
        })
        .await;
    let done = match (done, strain) {
        (Err(TransactError::Rejected(phone::Rejection::Strained)), Some(strain)) => {
            return Err(strain.into());
        }
        (done, _) => done?,
    };
    if done.events.iter().any(|event| matches!(event, events::PhoneEvent::CodeRejected(_))) {
        service.access.limits.failed(Limit::SmsAuthGlobalFailures, &Key::Global);
        return Err(ApiError::field("code", Text::WrongCode));
    }
    let used = done.events.iter().find_map(|event| match event {
        events::PhoneEvent::CodeUsed(used) => done.state.code_of(used.nonce),
        _ => None,
    });
    if let Some(code) = used {
        count_entered(service, code.nonce, code.sent_at).await;
    }
    Ok(done.state.owner())
}

fn code_policy(service: &CommandService) -> CodePolicy {
    let auth = &service.access.config.auth;
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
