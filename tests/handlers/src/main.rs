//! Tests of the HTTP handlers, in process: a module a noun, each with the happy path, rights, invalid fields,
//! repetition and what is not found.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod account;
mod address_book;
mod audit;
mod chat;
mod contact;
mod device;
mod fixture;
mod group;
mod integration;
mod invitation;
mod login;
mod message;
mod picture;
mod qr_login;
mod reaction;
mod remind;
mod section;
mod session;
mod tag;
mod task;
mod team;
mod ui_settings;
mod upload;
