//! `PUT /api/v3/devices/{device_id}/address-book`: replaces the address book of a device.

use crate::{aggregates::Transacted, answers::Answer, context::Context, service::CommandService};
use access::Caller;
use axum::extract::State;
use domain::{
    account::{self, Account},
    limits,
};
use events::StreamName;
use platform::{
    http::{ApiError, Body, Params},
    limits::{Key, Limit},
};
use protocol::{device::AddressBook, envelope::Success, lang::Text};
use read_model::address_book::numbers;
use std::collections::HashSet;

/// Replace the address book of a device
///
/// An entry whose number belongs to a user comes back with `account`.
#[utoipa::path(put, path = "/api/v3/devices/{device_id}/address-book", tag = "devices", request_body = AddressBook,
    params(("device_id" = String, Path, description = "Id of the device: free text that the client chose")),
    responses((status = 200, body = Success<AddressBook>)))]
pub(crate) async fn replace_address_book(
    State(service): State<CommandService>,
    caller: Caller,
    Params(device_id): Params<String>,
    context: Context,
    Body(book): Body<AddressBook>,
) -> Result<Answer, ApiError> {
    let context = context.named("address_book.replace");
    service.access.limits.check(Limit::AddressBookPerAccount, &Key::Account(caller.account.0))?;
    let named: HashSet<String> = book.contacts.iter().flat_map(numbers).collect();
    if named.len() > limits::ADDRESS_BOOK_NUMBERS {
        return Err(ApiError::field("contacts", Text::TooMany { max: limits::ADDRESS_BOOK_NUMBERS }));
    }
    let read = &service.access.read;
    let known: HashSet<String> =
        read.address_books().known_numbers(caller.account).await?.into_iter().collect();
    let new_numbers = u32::try_from(named.difference(&known).count()).unwrap_or(u32::MAX);
    let contacts = serde_json::to_string(&book.contacts).map_err(ApiError::internal)?;
    let now = context.now;
    let done: Transacted<Account> = service
        .aggregates
        .transact(&context, StreamName::account(caller.account), |_: &Account| {
            let (device_id, contacts) = (device_id.clone(), contacts.clone());
            account::Command::ReplaceAddressBook { device_id, contacts, new_numbers, now }
        })
        .await?;
    let book = || async {
        let contacts = read.address_books().of_device(caller.account, &device_id).await?;
        Ok(contacts.map(|contacts| AddressBook { contacts }))
    };
    service.answers.show(&context, done.position, book).await
}
