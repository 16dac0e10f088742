//! `DELETE /api/v3/me`: erases the caller's account.

use crate::{
    answers::Answer,
    context::Context,
    input::{Fields, checked},
    service::CommandService,
};
use access::{Caller, not_found};
use axum::extract::State;
use platform::http::{ApiError, Body, FieldErrors};
use protocol::{
    account::{EraseMe, Erased},
    envelope::Success,
    error::ErrorCode,
    lang::Text,
};

/// Erase the caller's account
///
/// Sessions end, the phone number becomes free, and within a while no personal data is left. `ACCESS_DENIED` if the caller is
/// the only owner of a team with other members: make somebody else an owner first.
#[utoipa::path(delete, path = "/api/v3/me", tag = "account", request_body = EraseMe,
    responses((status = 200, body = Success<Erased>)))]
pub(crate) async fn erase_me(
    State(service): State<CommandService>,
    caller: Caller,
    context: Context,
    Body(input): Body<EraseMe>,
) -> Result<Answer, ApiError> {
    let mut context = context.named("account.erase");
    let mut errors = FieldErrors::default();
    let phone = errors.phone("phone", &input.phone);
    errors.finish()?;
    let own = service.access.read.accounts().profile(caller.account).await?.ok_or_else(not_found)?;
    if checked(phone)?.as_str() != own.phone {
        return Err(ApiError::field("phone", Text::NotYourPhone));
    }
    if service.erasure.only_owner_of(caller.account).await?.is_some() {
        return Err(ApiError::new(ErrorCode::AccessDenied).because(Text::LastOwner));
    }
    let erasure = service.erasure.request_own(&mut context, caller.account).await?;
    service.answers.settle(&context, erasure.position).await?;
    service.answers.answer(&context, erasure.position, &Erased { receipt: erasure.receipt.0 })
}
