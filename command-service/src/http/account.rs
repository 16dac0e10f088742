//! `DELETE /api/v3/me`

use crate::{
    Commands,
    context::Command,
    idempotency::Answer,
    input::{Checks, checked},
};
use access::{Caller, not_found};
use axum::extract::State;
use events::value::{ErasureAsker, ErasureReason};
use platform::http::{ApiError, Body};
use protocol::{
    account::{EraseMe, Erased},
    envelope::Success,
    error::ErrorCode,
    lang::Text,
};

/// Forgets the caller for good: sessions end, the number is free again, and within a while nothing personal is left.
/// `ACCESS_DENIED` to the only owner of a team that others are in: make somebody else an owner first.
#[utoipa::path(delete, path = "/api/v3/me", tag = "account", request_body = EraseMe,
    responses((status = 200, body = Success<Erased>)))]
pub(super) async fn erase(
    State(commands): State<Commands>,
    caller: Caller,
    command: Command<Body<EraseMe>>,
) -> Result<Answer, ApiError> {
    let mut context = command.context.named("account.erase");
    if let Some(answer) = commands.repeated(&context).await? {
        return Ok(answer);
    }
    let mut checks = Checks::default();
    let phone = checks.phone("phone", &command.input.0.phone);
    checks.done()?;
    let own = commands.access.read.accounts().profile(caller.account).await?.ok_or_else(not_found)?;
    if checked(phone)?.as_str() != own.phone {
        return Err(ApiError::field("phone", Text::NotYourPhone));
    }
    if commands.team_that_needs(caller.account).await?.is_some() {
        return Err(ApiError::new(ErrorCode::AccessDenied).because(Text::LastOwner));
    }
    let (asker, reason) = (ErasureAsker::Person, ErasureReason::Wish);
    let asked = commands.erase_account(&mut context, caller.account, asker, reason).await?;
    commands.settle(&context, asked.position).await?;
    commands.answer(&context, asked.position, &Erased { receipt: asked.receipt.0 }).await
}
