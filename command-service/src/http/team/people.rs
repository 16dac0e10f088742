//! People who are to be contacts of a team: from what was sent to accounts.

use crate::{Commands, accounts::AccountLookup, context::Context, input::Checks};
use access::{Caller, not_found};
use domain::{limits, phone_number::PhoneNumber, team::NewContact};
use events::{AccountId, ContactId, Position, TeamId, value::ContactStatus};
use futures::{StreamExt, TryStreamExt, stream};
use platform::http::ApiError;
use protocol::{lang::Text, team::AddContact};

/// Statuses that a new team's people may be given.
const GIVEN: [ContactStatus; 3] = [ContactStatus::Guest, ContactStatus::Member, ContactStatus::Admin];
/// Accounts looked up or made at once for one team.
const AT_ONCE: usize = 16;

impl Commands {
    /// The accounts behind phones as contacts to be, and from where on the read model knows them.
    pub(super) async fn contacts(
        &self,
        context: &mut Context,
        team: TeamId,
        people: Vec<Person>,
    ) -> Result<(Vec<NewContact>, Position), ApiError> {
        // Ids first, in order: a repetition under the same key must make the same ones.
        let people: Vec<_> = people.into_iter().map(|person| (person, context.id(), context.id())).collect();
        let without_idempotency_key = context.without_idempotency_key();
        let found: Vec<_> = stream::iter(people)
            .map(|(person, contact, fresh)| {
                self.contact(&without_idempotency_key, team, person, contact, fresh)
            })
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        let known = found.iter().map(|(_, position)| *position).max().unwrap_or(0);
        Ok((found.into_iter().map(|(contact, _)| contact).collect(), known))
    }

    /// The account behind a phone as a contact to be, and from where on the read model knows it.
    pub(in super::super) async fn contact(
        &self,
        context: &Context,
        team: TeamId,
        person: Person,
        contact: ContactId,
        fresh: AccountId,
    ) -> Result<(NewContact, Position), ApiError> {
        let Person { phone, given_name, family_name, role, status } = person;
        let named = AccountLookup { phone: phone.clone(), team: Some(team), fresh };
        let (account, position) = self.account_of(context, named).await?;
        let profile = match account == fresh || !(given_name.is_empty() && family_name.is_empty()) {
            true => None,
            false => self.access.read.accounts().profile(account).await?,
        };
        let (given_name, family_name) =
            profile.map_or((given_name, family_name), |known| (known.given_name, known.family_name));
        let phone = phone.as_str().to_owned();
        Ok((NewContact { contact, account, phone, given_name, family_name, role, status }, position))
    }
}

/// The caller as a contact to be, under the names of the account.
pub(in super::super) async fn as_contact(
    commands: &Commands,
    context: &mut Context,
    caller: &Caller,
    status: ContactStatus,
) -> Result<NewContact, ApiError> {
    let profile = commands.access.read.accounts().profile(caller.account).await?.ok_or_else(not_found)?;
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

/// Somebody to be added.
pub(in super::super) struct Person {
    phone: PhoneNumber,
    given_name: String,
    family_name: String,
    role: String,
    status: ContactStatus,
}

pub(super) fn people(checks: &mut Checks, contacts: &[AddContact]) -> Vec<Person> {
    if contacts.len() > limits::CONTACTS_PER_CALL {
        checks.refuse("contacts", Text::TooMany { max: limits::CONTACTS_PER_CALL });
        return vec![];
    }
    let person = |(index, contact): (usize, &AddContact)| {
        person(checks, &format!("contacts.{index}."), contact, &GIVEN)
    };
    contacts.iter().enumerate().filter_map(person).collect()
}

/// Somebody to be added; `within` stands before the names of the fields.
pub(in super::super) fn person(
    checks: &mut Checks,
    within: &str,
    contact: &AddContact,
    statuses: &[ContactStatus],
) -> Option<Person> {
    let field = |name: &str| format!("{within}{name}");
    let phone = checks.phone(&field("phone"), &contact.phone);
    let mut line = |name: &str, text: &Option<String>, max| {
        text.as_deref().map_or_else(String::new, |text| checks.line(&field(name), text, max))
    };
    let given_name = line("given_name", &contact.given_name, limits::NAME_PART);
    let family_name = line("family_name", &contact.family_name, limits::NAME_PART);
    let role = line("role", &contact.role, limits::ROLE);
    let status = match contact.status.as_deref() {
        None | Some("") => Some(ContactStatus::Member),
        Some(word) => checks.word(&field("status"), word, statuses, ContactStatus::word),
    };
    Some(Person { phone: phone?, given_name, family_name, role, status: status? })
}
