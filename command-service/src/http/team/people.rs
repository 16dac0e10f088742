//! Reads people who are to become contacts of a team, and finds or registers their accounts.

use crate::{accounts::AccountLookup, context::Context, input::Fields, service::CommandService};
use access::{Caller, not_found};
use domain::{limits, phone_number::PhoneNumber, team::NewContact};
use events::{AccountId, ContactId, Position, TeamId, value::ContactStatus};
use futures::{StreamExt, TryStreamExt, stream};
use platform::http::{ApiError, FieldErrors};
use protocol::{lang::Text, team::AddContact};

/// The statuses that the people of a new team may have.
const GIVEN: [ContactStatus; 3] = [ContactStatus::Guest, ContactStatus::Member, ContactStatus::Admin];
/// Accounts that are looked up or registered concurrently for one team.
const CONCURRENCY: usize = 16;

/// Finds or registers the accounts of people; returns the new contacts, and the position from which the read model shows
/// their accounts.
pub(super) async fn new_contacts(
    service: &CommandService,
    context: &mut Context,
    team: TeamId,
    people: Vec<Person>,
) -> Result<(Vec<NewContact>, Position), ApiError> {
    // Ids first, in order: a repetition under the same key must make the same ids.
    let people: Vec<_> = people.into_iter().map(|person| (person, context.id(), context.id())).collect();
    let auxiliary = context.without_idempotency_key();
    let found: Vec<_> = stream::iter(people)
        .map(|(person, contact, fresh)| new_contact(service, &auxiliary, team, person, contact, fresh))
        .buffered(CONCURRENCY)
        .try_collect()
        .await?;
    let known = found.iter().map(|(_, position)| *position).max().unwrap_or(0);
    Ok((found.into_iter().map(|(contact, _)| contact).collect(), known))
}

/// Finds or registers the account of a person; returns the new contact, and the position from which the read model shows
/// the account.
pub(in super::super) async fn new_contact(
    service: &CommandService,
    context: &Context,
    team: TeamId,
    person: Person,
    contact: ContactId,
    fresh: AccountId,
) -> Result<(NewContact, Position), ApiError> {
    let Person { phone, given_name, family_name, role, status } = person;
    let lookup = AccountLookup { phone: phone.clone(), team: Some(team), fresh };
    let (account, position) = service.accounts.find_or_register(context, lookup).await?;
    let profile = match account == fresh || !(given_name.is_empty() && family_name.is_empty()) {
        true => None,
        false => service.access.read.accounts().profile(account).await?,
    };
    let (given_name, family_name) =
        profile.map_or((given_name, family_name), |known| (known.given_name, known.family_name));
    let phone = phone.as_str().to_owned();
    Ok((NewContact { contact, account, phone, given_name, family_name, role, status }, position))
}

/// The caller as a new contact, with the account's names.
pub(in super::super) async fn caller_as_contact(
    service: &CommandService,
    context: &mut Context,
    caller: &Caller,
    status: ContactStatus,
) -> Result<NewContact, ApiError> {
    let profile = service.access.read.accounts().profile(caller.account).await?.ok_or_else(not_found)?;
    Ok(NewContact {
        contact: context.id(),
        account: caller.account,
        phone: profile.phone,
        given_name: profile.given_name,
        family_name: profile.family_name,
        role: String::new(),
        status,
    })
}

/// A person who is added by phone number.
pub(in super::super) struct Person {
    phone: PhoneNumber,
    given_name: String,
    family_name: String,
    role: String,
    status: ContactStatus,
}

pub(super) fn read_people(errors: &mut FieldErrors, contacts: &[AddContact]) -> Vec<Person> {
    if contacts.len() > limits::CONTACTS_PER_CALL {
        errors.add("contacts", Text::TooMany { max: limits::CONTACTS_PER_CALL });
        return vec![];
    }
    let person = |(index, contact): (usize, &AddContact)| {
        read_person(errors, &format!("contacts.{index}."), contact, &GIVEN)
    };
    contacts.iter().enumerate().filter_map(person).collect()
}

/// Reads a person; `prefix` goes before the names of the fields in errors.
pub(in super::super) fn read_person(
    errors: &mut FieldErrors,
    prefix: &str,
    contact: &AddContact,
    statuses: &[ContactStatus],
) -> Option<Person> {
    let field = |name: &str| format!("{prefix}{name}");
    let phone = errors.phone(&field("phone"), &contact.phone);
    let mut line = |name: &str, text: &Option<String>, max| {
        text.as_deref().map_or_else(String::new, |text| errors.line(&field(name), text, max))
    };
    let given_name = line("given_name", &contact.given_name, limits::NAME_PART);
    let family_name = line("family_name", &contact.family_name, limits::NAME_PART);
    let role = line("role", &contact.role, limits::ROLE);
    let status = match contact.status.as_deref() {
        None | Some("") => Some(ContactStatus::Member),
        Some(word) => errors.word(&field("status"), word, statuses, ContactStatus::word),
    };
    Some(Person { phone: phone?, given_name, family_name, role, status: status? })
}
