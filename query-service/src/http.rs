//! The list of read routes.

mod account;
mod audit;
mod chat;
mod contact;
mod device;
mod features;
mod group;
mod integration;
mod invitation;
mod message;
mod picture;
mod remind;
mod section;
mod server;
mod session;
mod tag;
mod task;
mod team;
mod upload;

use crate::Queries;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) fn router() -> OpenApiRouter<Queries> {
    OpenApiRouter::new()
        .routes(routes!(server::ping))
        .routes(routes!(server::time))
        .routes(routes!(server::countries_and_codes))
        .routes(routes!(server::ping_v4))
        .routes(routes!(server::time_v4))
        .routes(routes!(server::addr))
        .routes(routes!(server::countries_v4))
        .routes(routes!(server::emoji_v4))
        .routes(routes!(server::time_zones))
        .routes(routes!(server::releases))
        .routes(routes!(features::json))
        .routes(routes!(features::script))
        .routes(routes!(features::ping))
        .routes(routes!(account::me))
        .routes(routes!(account::ui_settings))
        .routes(routes!(session::list))
        .routes(routes!(device::list))
        .routes(routes!(device::one))
        .routes(routes!(device::address_book))
        .routes(routes!(team::list))
        .routes(routes!(team::one))
        .routes(routes!(team::list_v4))
        .routes(routes!(team::one_v4))
        .routes(routes!(team::usage))
        .routes(routes!(integration::list))
        .routes(routes!(integration::one))
        .routes(routes!(invitation::list))
        .routes(routes!(invitation::one))
        .routes(routes!(invitation::list_v4))
        .routes(routes!(invitation::one_v4))
        .routes(routes!(invitation::preview))
        .routes(routes!(invitation::link))
        .routes(routes!(chat::list))
        .routes(routes!(chat::one))
        .routes(routes!(chat::badge))
        .routes(routes!(contact::list))
        .routes(routes!(contact::one))
        .routes(routes!(section::list_of_contacts))
        .routes(routes!(section::list_of_groups))
        .routes(routes!(section::list_of_tasks))
        .routes(routes!(group::list))
        .routes(routes!(group::one))
        .routes(routes!(group::members))
        .routes(routes!(integration::of_group))
        .routes(routes!(upload::one))
        .routes(routes!(upload::content))
        .routes(routes!(message::list))
        .routes(routes!(message::list_by_address))
        .routes(routes!(message::search))
        .routes(routes!(message::one))
        .routes(routes!(message::reactions))
        .routes(routes!(task::list))
        .routes(routes!(task::tabs))
        .routes(routes!(task::one))
        .routes(routes!(tag::list))
        .routes(routes!(remind::list))
        .routes(routes!(picture::stub))
        .routes(routes!(picture::stored))
        .routes(routes!(audit::events))
        .routes(routes!(audit::event))
        .routes(routes!(audit::verify))
        .routes(routes!(audit::team_events))
        .routes(routes!(audit::team_event))
}
