//! `GET /api/v4/teams/{team_uid}/contacts`, `…/{contact_jid}`

use crate::paging;
use access::{Fresh, TeamView, not_found};
use domain::limits;
use events::{ContactId, value::ContactStatus};
use platform::http::{ApiError, Params, Query, Reply};
use protocol::{
    Jid,
    contact::Contact,
    envelope::Success,
    lang::{JsonType, Text},
};
use read_model::contact::ContactFilter;
use serde::Deserialize;
use utoipa::IntoParams;

/// Contacts of a page at most: former ones may be more than those who are in the team.
const LARGEST_PAGE: u32 = 1_000_000;

/// What the path of one contact names.
#[derive(Debug, Deserialize)]
pub(super) struct Path {
    contact_jid: Jid,
}

/// Which contacts are wanted; all who are in the team, if nothing is said.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// `guest`, `member`, `admin` or `owner`.
    status: Option<String>,
    /// Addresses, several with commas.
    id: Option<String>,
    /// A part of the shown name.
    display_name: Option<String>,
    /// `true`: former ones instead.
    is_archived: Option<String>,
    /// `true`: bots alone; `false`: people alone.
    is_bot: Option<String>,
    /// `true`: not oneself.
    without_me: Option<String>,
    /// Maximum number of contacts; all by default.
    #[param(value_type = Option<u32>)]
    limit: Option<String>,
    /// Number of contacts to skip.
    #[param(value_type = Option<u32>)]
    offset: Option<String>,
}

impl Filter {
    fn read(self, me: ContactId) -> Result<ContactFilter, ApiError> {
        let status = self.status.filter(|word| !word.is_empty()).map(|word| status(&word)).transpose()?;
        let ids = self.id.filter(|ids| !ids.is_empty()).map(|ids| addresses(&ids)).transpose()?;
        let display_name = self.display_name.filter(|text| !text.is_empty());
        if display_name.as_deref().is_some_and(|text| text.contains('\0')) {
            return Err(ApiError::field("display_name", Text::BadCharacters));
        }
        let without_me = switch("without_me", self.without_me)?.unwrap_or(false);
        let (limit, offset) = paging::page(self.limit.as_deref(), self.offset.as_deref(), LARGEST_PAGE)?;
        Ok(ContactFilter {
            status,
            ids,
            display_name,
            archived: switch("is_archived", self.is_archived)?.unwrap_or(false),
            bots: switch("is_bot", self.is_bot)?,
            without: without_me.then_some(me),
            limit,
            offset,
        })
    }
}

fn status(word: &str) -> Result<ContactStatus, ApiError> {
    let allowed = || ContactStatus::ALL.iter().map(|status| status.word().to_owned()).collect();
    ContactStatus::from_word(word)
        .ok_or_else(|| ApiError::field("status", Text::NotOneOf { allowed: allowed() }))
}

fn addresses(text: &str) -> Result<Vec<ContactId>, ApiError> {
    let address = |text: &str| match text.trim().parse() {
        Ok(Jid::Direct(contact)) => Ok(contact),
        _ => Err(ApiError::field("id", Text::NotAJid)),
    };
    let ids: Vec<_> = text.split(',').take(limits::CONTACTS + 1).map(address).collect::<Result<_, _>>()?;
    match ids.len() > limits::CONTACTS {
        true => Err(ApiError::field("id", Text::TooMany { max: limits::CONTACTS })),
        false => Ok(ids),
    }
}

fn switch(name: &str, text: Option<String>) -> Result<Option<bool>, ApiError> {
    match text.as_deref().map(str::to_ascii_lowercase).as_deref() {
        None | Some("") => Ok(None),
        Some("true" | "1") => Ok(Some(true)),
        Some("false" | "0") => Ok(Some(false)),
        Some(_) => Err(ApiError::field(name, Text::WrongType { expected: JsonType::Boolean })),
    }
}

/// The team's contacts by shown name, oneself and the bots among them.
#[utoipa::path(get, path = "/api/v4/teams/{team_uid}/contacts", tag = "contacts",
    params(("team_uid" = String, Path), Filter), responses((status = 200, body = Success<Vec<Contact>>)))]
pub(super) async fn list(
    fresh: Fresh,
    scope: TeamView,
    Query(filter): Query<Filter>,
) -> Result<Reply<Vec<Contact>>, ApiError> {
    let filter = filter.read(scope.contact)?;
    let contacts = scope.read.contacts().filtered(&scope, &filter).await;
    Ok(Reply::new(contacts?).at(scope.position(fresh)))
}

/// One contact, a former one too.
#[utoipa::path(get, path = "/api/v4/teams/{team_uid}/contacts/{contact_jid}", tag = "contacts",
    params(("team_uid" = String, Path), ("contact_jid" = Jid, Path)),
    responses((status = 200, body = Success<Contact>)))]
pub(super) async fn one(
    fresh: Fresh,
    scope: TeamView,
    Params(path): Params<Path>,
) -> Result<Reply<Contact>, ApiError> {
    let Jid::Direct(contact) = path.contact_jid else { return Err(not_found()) };
    let found = scope.read.contacts().find(&scope, contact).await?;
    Ok(Reply::new(found.ok_or_else(not_found)?).at(scope.position(fresh)))
}
