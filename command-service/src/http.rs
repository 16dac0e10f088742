//! The list of write routes.

mod account;
mod address_book;
mod chat_settings;
mod client_event;
mod command;
mod contact;
mod device;
mod group;
mod icon;
mod integration;
mod integration_message;
mod invitation;
mod message;
mod ping;
mod qr_login;
mod read_mark;
mod remind;
mod section;
mod session;
mod tag;
mod task;
mod team;
mod ui_settings;
mod upload;
mod webhook;
mod write_routes;

use domain::limits::UI_SETTINGS_BYTES;
use platform::{
    http::{AddressFirst, BodyLimit},
    limits::Limit,
};
use write_routes::{Exemption, RouteLimits, WriteRoutes, route};

/// Nobody is authenticated before a login: bodies are small, and an address that has asked too often is not read.
const fn login(limit: Limit) -> RouteLimits {
    RouteLimits { body: Some(BodyLimit(4 << 10)), address: Some(AddressFirst(limit)) }
}

const CODES: RouteLimits = login(Limit::SmsLoginPerAddress);
const ATTEMPTS: RouteLimits = login(Limit::SmsAuthPerAddress);
const QR_ATTEMPTS: RouteLimits = login(Limit::QrAuthPerAddress);
const KEYS: RouteLimits =
    RouteLimits { body: None, address: Some(AddressFirst(Limit::ApiMessageFailuresPerAddress)) };
/// Webhooks about errors carry the values of all variables.
const WEBHOOKS: RouteLimits = RouteLimits { body: Some(BodyLimit(4 << 20)), ..KEYS };
const UI_SETTINGS: RouteLimits = RouteLimits { body: Some(BodyLimit(UI_SETTINGS_BYTES)), address: None };

/// Every write route.
pub(crate) fn routes() -> WriteRoutes {
    exempt(of_teams(of_accounts(WriteRoutes::default())))
}

fn of_accounts(routes: WriteRoutes) -> WriteRoutes {
    routes
        .once(route!(session::sms_auth).limited(ATTEMPTS))
        .once(route!(session::get_token).limited(ATTEMPTS))
        .once(route!(qr_login::qr_auth).limited(QR_ATTEMPTS))
        .removal(route!(session::ending::end_other_sessions))
        .removal(route!(session::ending::end_session))
        .once(route!(account::erase_me))
        .once(route!(ui_settings::replace_ui_settings).limited(UI_SETTINGS))
        .once(route!(device::put_device))
        .once(route!(device::change_device))
        .removal(route!(device::remove_device))
        .once(route!(address_book::replace_address_book))
}

fn of_teams(routes: WriteRoutes) -> WriteRoutes {
    routes
        .once(route!(team::create_team))
        .once(route!(team::change_team))
        .once(route!(team::archive_team))
        .once(route!(team::create_team_v4))
        .once(route!(team::change_team_v4))
        .once(route!(team::archive_team_v4))
        .once(route!(invitation::join_team))
        .once(route!(invitation::join_team_v4))
        .once(route!(icon::remove_team_icon))
        .once(route!(integration::create_integration))
        .once(route!(integration::change_integration))
        .removal(route!(integration::remove_integration))
        .once(route!(invitation::create_invitation))
        .removal(route!(invitation::revoke_invitation))
        .once(route!(invitation::create_invitation_v4))
        .removal(route!(invitation::revoke_invitation_v4))
        .once(route!(contact::create_contact))
        .once(route!(contact::change_contact))
        .once(route!(contact::change_contact_by_post))
        .removal(route!(contact::archive_contact))
        .once(route!(icon::remove_contact_icon))
        .once(route!(contact::confirm_membership))
        .once(route!(section::create_contact_section))
        .once(route!(section::change_contact_section))
        .removal(route!(section::remove_contact_section))
        .once(route!(section::create_group_section))
        .once(route!(section::change_group_section))
        .removal(route!(section::remove_group_section))
        .once(route!(section::create_task_section))
        .once(route!(section::change_task_section))
        .removal(route!(section::remove_task_section))
        .once(route!(group::create_group))
        .once(route!(chat_settings::change_chat))
        .once(route!(chat_settings::change_group))
        .removal(route!(group::archive_group))
        .once(route!(group::set_group_member))
        .removal(route!(group::remove_group_member))
        .removal(route!(upload::remove_upload))
        .once(route!(message::edit_chat_message))
        .once(route!(message::put_chat_message))
        .once(route!(message::delete_chat_message))
        .once(route!(message::reaction::set_reaction))
        .once(route!(message::reaction::remove_reaction))
        .once(route!(task::create_task))
        .once(route!(task::change_task))
        .removal(route!(task::archive_task))
        .once(route!(task::check_task_item))
        .once(route!(tag::create_tag))
        .removal(route!(tag::remove_tag))
        .once(route!(remind::create_remind))
        .removal(route!(remind::remove_remind))
}

/// The routes that the idempotency layer does not see, each with its reason.
fn exempt(routes: WriteRoutes) -> WriteRoutes {
    routes
        .exempt(route!(ping::ping), Exemption::NoChange)
        .exempt(route!(session::sms_login).limited(CODES), Exemption::Secret)
        .exempt(route!(session::send_code).limited(CODES), Exemption::Secret)
        .exempt(route!(session::sms_cookieauth).limited(ATTEMPTS), Exemption::Secret)
        .exempt(route!(qr_login::offer_qr_login), Exemption::Secret)
        .exempt(route!(session::ending::logout), Exemption::Logout)
        .exempt(route!(session::ending::logout_by_get), Exemption::Logout)
        .exempt(route!(icon::set_team_icon), Exemption::Streamed)
        .exempt(route!(icon::set_contact_icon), Exemption::Streamed)
        .exempt(route!(upload::store_upload), Exemption::Streamed)
        .exempt(route!(message::post_chat_message), Exemption::Streamed)
        .exempt(route!(client_event::send_client_event), Exemption::ClientEvent)
        .exempt(route!(integration_message::post_integration_message).limited(KEYS), Exemption::Integration)
        .exempt(route!(webhook::take_webhook).limited(WEBHOOKS), Exemption::Integration)
        .exempt(route!(task::message::post_task_message), Exemption::Integration)
}
