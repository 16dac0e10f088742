//! The list of write routes.

mod account;
mod address_book;
mod api_message;
mod chat;
mod contact;
mod device;
mod group;
mod icon;
mod inbound;
mod integration;
mod invitation;
mod message;
mod ping;
mod qr_login;
mod remind;
mod section;
mod session;
mod tag;
mod task;
mod team;
mod ui_settings;
mod upload;
mod ws;

pub(crate) use team::refused as team_refused;

use crate::Commands;
use axum::Extension;
use domain::limits::UI_SETTINGS_BYTES;
use platform::{
    http::{AddressFirst, BodyLimit},
    limits::Limit,
};
use utoipa_axum::{
    router::{OpenApiRouter, UtoipaMethodRouterExt},
    routes,
};

/// Largest webhook of another service: errors come with the values of all variables.
const WEBHOOK: BodyLimit = BodyLimit(4 << 20);
/// Nobody is known before a login: what is read of it is small, and nothing of an address that has asked too often.
const LOGIN: BodyLimit = BodyLimit(4 << 10);
const CODES: AddressFirst = AddressFirst(Limit::SmsLoginPerAddress);
const TRIES: AddressFirst = AddressFirst(Limit::SmsAuthPerAddress);
const QR_TRIES: AddressFirst = AddressFirst(Limit::QrAuthPerAddress);
const BAD_KEYS: AddressFirst = AddressFirst(Limit::ApiMessageFailuresPerAddress);

pub(crate) fn router() -> OpenApiRouter<Commands> {
    OpenApiRouter::new()
        .routes(routes!(ping::ping))
        .routes(routes!(session::sms_login).layer((Extension(LOGIN), Extension(CODES))))
        .routes(routes!(session::sms_auth).layer((Extension(LOGIN), Extension(TRIES))))
        .routes(routes!(session::sms_cookieauth).layer((Extension(LOGIN), Extension(TRIES))))
        .routes(routes!(session::ending::logout))
        .routes(routes!(session::ending::logout_by_get))
        .routes(routes!(session::ending::end_others))
        .routes(routes!(session::ending::end_one))
        .routes(routes!(session::send_code).layer((Extension(LOGIN), Extension(CODES))))
        .routes(routes!(session::get_token).layer((Extension(LOGIN), Extension(TRIES))))
        .routes(routes!(account::erase))
        .routes(routes!(qr_login::offer))
        .routes(routes!(qr_login::qr_auth).layer((Extension(LOGIN), Extension(QR_TRIES))))
        .routes(routes!(ui_settings::replace).layer(Extension(BodyLimit(UI_SETTINGS_BYTES))))
        .routes(routes!(device::put))
        .routes(routes!(device::change, device::remove))
        .routes(routes!(address_book::replace))
        .routes(routes!(team::create))
        .routes(routes!(team::change, team::archive))
        .routes(routes!(team::create_v4))
        .routes(routes!(team::change_v4, team::archive_v4))
        .routes(routes!(invitation::join))
        .routes(routes!(invitation::join_v4))
        .routes(routes!(icon::set, icon::remove))
        .routes(routes!(integration::create))
        .routes(routes!(integration::change, integration::remove))
        .routes(routes!(invitation::create))
        .routes(routes!(invitation::revoke))
        .routes(routes!(invitation::create_v4))
        .routes(routes!(invitation::revoke_v4))
        .routes(routes!(contact::create))
        .routes(routes!(contact::change, contact::change_by_post, contact::archive))
        .routes(routes!(icon::set_of_contact, icon::remove_of_contact))
        .routes(routes!(contact::confirm))
        .routes(routes!(section::contacts::create))
        .routes(routes!(section::contacts::change, section::contacts::remove))
        .routes(routes!(section::groups::create))
        .routes(routes!(section::groups::change, section::groups::remove))
        .routes(routes!(section::tasks::create))
        .routes(routes!(section::tasks::change, section::tasks::remove))
        .routes(routes!(group::create))
        .routes(routes!(chat::change))
        .routes(routes!(group::archive, chat::change_group))
        .routes(routes!(group::set_member))
        .routes(routes!(group::remove_member))
        .routes(routes!(upload::store))
        .routes(routes!(upload::remove))
        .routes(routes!(message::chat::post))
        .routes(routes!(message::chat::edit, message::chat::put, message::chat::delete))
        .routes(routes!(message::reaction::set, message::reaction::remove))
        .routes(routes!(task::create))
        .routes(routes!(task::change, task::archive))
        .routes(routes!(task::check_item))
        .routes(routes!(task::message::post))
        .routes(routes!(tag::create))
        .routes(routes!(tag::remove))
        .routes(routes!(remind::create))
        .routes(routes!(remind::remove))
        .routes(routes!(ws::event))
        .routes(routes!(api_message::post).layer(Extension(BAD_KEYS)))
        .routes(routes!(inbound::post).layer((Extension(WEBHOOK), Extension(BAD_KEYS))))
}
