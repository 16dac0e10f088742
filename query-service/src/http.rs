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
        .routes(routes!(server::show_time))
        .routes(routes!(server::list_countries))
        .routes(routes!(server::ping_v4))
        .routes(routes!(server::show_time_v4))
        .routes(routes!(server::show_client_address))
        .routes(routes!(server::list_countries_v4))
        .routes(routes!(server::list_emoji))
        .routes(routes!(server::list_time_zones))
        .routes(routes!(server::list_releases))
        .routes(routes!(features::show_features))
        .routes(routes!(features::show_features_script))
        .routes(routes!(features::ping_text))
        .routes(routes!(account::show_own_account))
        .routes(routes!(account::show_ui_settings))
        .routes(routes!(session::list_sessions))
        .routes(routes!(device::list_devices))
        .routes(routes!(device::show_device))
        .routes(routes!(device::show_address_book))
        .routes(routes!(team::list_teams))
        .routes(routes!(team::show_team))
        .routes(routes!(team::list_teams_v4))
        .routes(routes!(team::show_team_v4))
        .routes(routes!(team::show_team_usage))
        .routes(routes!(integration::list_integrations))
        .routes(routes!(integration::show_integration))
        .routes(routes!(invitation::list_invitations))
        .routes(routes!(invitation::show_invitation))
        .routes(routes!(invitation::list_invitations_v4))
        .routes(routes!(invitation::show_invitation_v4))
        .routes(routes!(invitation::preview_invitation))
        .routes(routes!(invitation::preview_invitation_link))
        .routes(routes!(chat::list_chats))
        .routes(routes!(chat::show_chat))
        .routes(routes!(chat::count_unread_messages))
        .routes(routes!(contact::list_contacts))
        .routes(routes!(contact::show_contact))
        .routes(routes!(section::list_contact_sections))
        .routes(routes!(section::list_group_sections))
        .routes(routes!(section::list_task_sections))
        .routes(routes!(group::list_groups))
        .routes(routes!(group::show_group))
        .routes(routes!(group::list_group_members))
        .routes(routes!(integration::list_group_integrations))
        .routes(routes!(upload::show_upload))
        .routes(routes!(upload::download_upload))
        .routes(routes!(message::list_chat_messages))
        .routes(routes!(message::list_messages_by_chat_address))
        .routes(routes!(message::search_messages))
        .routes(routes!(message::show_message))
        .routes(routes!(message::list_reactions))
        .routes(routes!(task::list_tasks))
        .routes(routes!(task::list_task_tabs))
        .routes(routes!(task::show_task))
        .routes(routes!(tag::list_tags))
        .routes(routes!(remind::list_reminders))
        .routes(routes!(picture::draw_placeholder))
        .routes(routes!(picture::download_picture))
        .routes(routes!(audit::list_audit_events))
        .routes(routes!(audit::show_audit_event))
        .routes(routes!(audit::show_audit_proof))
        .routes(routes!(audit::list_team_audit_events))
        .routes(routes!(audit::show_team_audit_event))
}
