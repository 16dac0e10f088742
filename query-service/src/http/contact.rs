//! `GET /api/v4/teams/{team_uid}/contacts`, `…/{contact_jid}`

use crate::paging;
use access::{Fresh, TeamView, not_found};
use domain::limits;
use events::{ContactId, value::ContactStatus};
use platform::http::{
    ApiError, FieldErrors, Params, Query, Reply,
    fields::{boolean, not_one_of},
};
use protocol::{Jid, contact::Contact, envelope::Success, lang::Text};
use read_model::contact::ContactFilter;
use serde::Deserialize;
use utoipa::IntoParams;

/// Contacts of a page at most; former contacts are not bounded by the size of a team.
const MAX_PAGE: u32 = 1_000_000;

#[derive(Debug, Deserialize)]
pub(super) struct Path {
    contact_jid: Jid,
}

/// The query string of a list of contacts.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListParams {
    /// `guest`, `member`, `admin` or `owner`.
    status: Option<String>,
    /// Addresses of contacts, separated by commas.
    id: Option<String>,
    /// Part of the display name.
    display_name: Option<String>,
    /// `true`: former contacts instead of present ones.
    is_archived: Option<String>,
    /// `true`: only bots; `false`: only people.
    is_bot: Option<String>,
    /// `true`: without the caller.
    without_me: Option<String>,
    /// Maximum number of contacts; all by default.
    #[param(value_type = Option<u32>)]
    limit: Option<String>,
    /// Number of contacts to skip.
    #[param(value_type = Option<u32>)]
    offset: Option<String>,
}

impl ListParams {
    fn filter(self, caller: ContactId) -> Result<ContactFilter, ApiError> {
        let mut errors = FieldErrors::default();
        let without_me = errors.read("without_me", self.without_me.as_deref(), boolean);
        let display_name = self.display_name.filter(|text| !text.is_empty());
        if display_name.as_deref().is_some_and(|text| text.contains('\0')) {
            errors.add("display_name", Text::BadCharacters);
        }
        let filter = ContactFilter {
            status: errors.read("status", self.status.as_deref(), status),
            ids: errors.read("id", self.id.as_deref(), addresses),
            display_name,
            archived: errors.read("is_archived", self.is_archived.as_deref(), boolean).unwrap_or(false),
            bots: errors.read("is_bot", self.is_bot.as_deref(), boolean),
            without: without_me.unwrap_or(false).then_some(caller),
            limit: paging::limit(&mut errors, self.limit.as_deref(), MAX_PAGE),
            offset: paging::offset(&mut errors, self.offset.as_deref()),
        };
        errors.finish()?;
        Ok(filter)
    }
}

fn status(word: &str) -> Result<ContactStatus, Text> {
    let allowed = || ContactStatus::ALL.iter().map(|status| status.word());
    ContactStatus::from_word(word).ok_or_else(|| not_one_of(allowed()))
}

fn addresses(text: &str) -> Result<Vec<ContactId>, Text> {
    let address = |text: &str| match text.trim().parse() {
        Ok(Jid::Direct(contact)) => Ok(contact),
        _ => Err(Text::NotAJid),
    };
    let ids: Vec<_> = text.split(',').take(limits::CONTACTS + 1).map(address).collect::<Result<_, _>>()?;
    match ids.len() > limits::CONTACTS {
        true => Err(Text::TooMany { max: limits::CONTACTS }),
        false => Ok(ids),
    }
}

/// List the contacts of a team
///
/// Present contacts by display name, the caller and bots included.
#[utoipa::path(get, path = "/api/v4/teams/{team_uid}/contacts", tag = "contacts",
    params(("team_uid" = String, Path, description = "Uid of the team"), ListParams),
    responses((status = 200, body = Success<Vec<Contact>>)))]
pub(super) async fn list_contacts(
    fresh: Fresh,
    scope: TeamView,
    Query(params): Query<ListParams>,
) -> Result<Reply<Vec<Contact>>, ApiError> {
    let filter = params.filter(scope.contact)?;
    Ok(Reply::new(scope.read.contacts().filtered(&scope, &filter).await?).at(scope.position(fresh)))
}

/// Show a contact
///
/// Present or former.
#[utoipa::path(get, path = "/api/v4/teams/{team_uid}/contacts/{contact_jid}", tag = "contacts",
    params(("team_uid" = String, Path, description = "Uid of the team"),
        ("contact_jid" = Jid, Path, description = "Address of the contact")),
    responses((status = 200, body = Success<Contact>)))]
pub(super) async fn show_contact(
    fresh: Fresh,
    scope: TeamView,
    Params(path): Params<Path>,
) -> Result<Reply<Contact>, ApiError> {
    let Jid::Direct(contact) = path.contact_jid else { return Err(not_found()) };
    let found = scope.read.contacts().find(&scope, contact).await?;
    Ok(Reply::new(found.ok_or_else(not_found)?).at(scope.position(fresh)))
}
