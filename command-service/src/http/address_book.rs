//! `PUT /api/v3/devices/{device_id}/address-book`

use crate::{
    Commands,
    accounts::refused,
    context::Command,
    idempotency::Answer,
    transact::{InitialState, Transacted},
};
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

/// Stores a device's address book. An entry with a number that belongs to a user comes back with `account`.
#[utoipa::path(put, path = "/api/v3/devices/{device_id}/address-book", tag = "devices", request_body = AddressBook,
    params(("device_id" = String, Path, description = "Chosen by the client; free text")),
    responses((status = 200, body = Success<AddressBook>)))]
pub(super) async fn replace(
    State(commands): State<Commands>,
    caller: Caller,
    Params(device_id): Params<String>,
    command: Command<Body<AddressBook>>,
) -> Result<Answer, ApiError> {
    let context = command.context.named("address_book.replace");
    if let Some(answer) = commands.repeated(&context).await? {
        return Ok(answer);
    }
    commands.access.limits.check(Limit::AddressBookPerAccount, &Key::Account(caller.account.0))?;
    let Body(book) = command.input;
    let named: HashSet<String> = book.contacts.iter().flat_map(numbers).collect();
    if named.len() > limits::ADDRESS_BOOK_NUMBERS {
        return Err(ApiError::field("contacts", Text::TooMany { max: limits::ADDRESS_BOOK_NUMBERS }));
    }
    let read = &commands.access.read;
    let known: HashSet<String> =
        read.address_books().known_numbers(caller.account).await?.into_iter().collect();
    let new_numbers = u32::try_from(named.difference(&known).count()).unwrap_or(u32::MAX);
    let contacts = serde_json::to_string(&book.contacts).map_err(ApiError::internal)?;
    let now = context.now;
    let done: Transacted<Account> = commands
        .transact(&context, StreamName::account(caller.account), InitialState::Cached, |_: &Account| {
            let (device_id, contacts) = (device_id.clone(), contacts.clone());
            account::Command::ReplaceAddressBook { device_id, contacts, new_numbers, now }
        })
        .await
        .map_err(|stop| stop.or(refused))?;
    let book = || async {
        let contacts = read.address_books().of_device(caller.account, &device_id).await?;
        Ok(contacts.map(|contacts| AddressBook { contacts }))
    };
    commands.show(&context, done.position, book).await
}
