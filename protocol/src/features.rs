//! `/features.json`: the features and limits of this server, for clients before they log in. The answer has no
//! envelope.

use domain::limits;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// The properties in which installations differ.
#[derive(Clone, Debug)]
pub struct Installation<'a> {
    /// Base address that clients see.
    pub base_url: &'a str,
    /// Version of the program.
    pub version: &'a str,
    /// Largest file that may be uploaded, in MiB.
    pub max_upload_mb: u64,
    /// The installation serves people, not developers.
    pub production: bool,
}

/// Features and limits of the server. Features that are not offered are present and say so.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Features {
    /// Seconds without activity after which a contact counts as away.
    pub afk_age: u32,
    /// Address of the Android client; empty, none is published.
    pub android_app: String,
    /// URL schemes of links that clients open themselves.
    pub app_schemes: Vec<String>,
    /// Title of the product.
    pub app_title: String,
    /// Login by QR code is offered.
    pub auth_by_qr_code: bool,
    /// Login by SMS is offered.
    pub auth_by_sms: bool,
    /// Version of the program.
    pub build: String,
    /// Calls are offered; always `false`.
    pub calls: bool,
    /// Audio calls are offered; always `false`.
    pub calls_audio_enabled: bool,
    /// Calls can be recorded; always `false`.
    pub calls_record: bool,
    /// Version of the call protocol; always 0.
    pub calls_version: u32,
    /// Video calls are offered; always `false`.
    pub calls_video_enabled: bool,
    /// Video calls with several streams are offered; always `false`.
    pub calls_video_multistream_enabled: bool,
    /// Clients may connect to a server of their own choice.
    pub custom_server: bool,
    /// Custom themes are offered; always `false`.
    pub custom_theme: bool,
    /// Version of the desktop client; empty, none is published.
    pub desktop_version: String,
    /// Firebase application id; empty, pushes are not offered.
    pub firebase_app_id: String,
    /// Firebase sender id; empty, pushes are not offered.
    pub firebase_sender_id: String,
    /// Unknown phone numbers may register.
    pub free_registration: bool,
    /// Version of the web client; empty, none is published.
    pub front_version: String,
    /// Base address that clients see.
    pub host: String,
    /// ICE servers for calls; always empty.
    pub ice_servers: Vec<Value>,
    /// Kind of installation; always empty.
    pub installation_type: String,
    /// Address of the iOS client; empty, none is published.
    pub ios_app: String,
    /// Clients must ask for a PIN; always `false`.
    pub is_pin_code_required: bool,
    /// The installation is for developers, not for people.
    pub is_testing: bool,
    /// Maximum length of a group's title, in characters.
    pub max_group_title_length: usize,
    /// Maximum length of an integration's comment, in characters.
    pub max_integration_comment_length: usize,
    /// Maximum number of messages that one message may forward.
    pub max_linked_messages: usize,
    /// Maximum length of a message's text, in characters.
    pub max_message_length: usize,
    /// Maximum number of files of one message.
    pub max_message_uploads: usize,
    /// Maximum length of a contact's status text, in characters.
    pub max_mood_length: usize,
    /// Maximum length of a job title, in characters.
    pub max_role_length: usize,
    /// Maximum length of a section's title, in characters.
    pub max_section_length: usize,
    /// Maximum length of a team's title, in characters.
    pub max_team_title_length: usize,
    /// Maximum number of teams of one account.
    pub max_teams: usize,
    /// Largest file that may be uploaded, in MiB.
    pub max_upload_mb: u64,
    /// Maximum length of an address, in characters.
    pub max_url_length: usize,
    /// Maximum length of each part of a name, in characters.
    pub max_username_part_length: usize,
    /// Messages may have files.
    pub message_uploads: bool,
    /// Id of a statistics service; empty, no statistics are collected.
    pub metrika: String,
    /// Oldest client that may connect; empty, any may.
    pub min_app_version: String,
    /// Minimum length of a search text, in characters.
    pub min_search_length: usize,
    /// Calls on mobile clients are offered; always `false`.
    pub mobile_calls: bool,
    /// Number of PIN attempts; always 0.
    pub pin_code_wrong_limit: u32,
    /// Groups where only admins may post are offered.
    pub readonly_groups: bool,
    /// Seconds after which clients resend an event that was not confirmed.
    pub resend_timeout: u32,
    /// Safari push id; empty, pushes are not offered.
    pub safari_push_id: String,
    /// Address for client error reports; empty, none are collected.
    pub sentry_dsn_js: String,
    /// The server stores drafts.
    pub server_drafts: bool,
    /// Teams that consist of one group are offered; always `false`.
    pub single_group_teams: bool,
    /// E-mail address of the support; always empty.
    pub support_email: String,
    /// Tasks have checklists.
    pub task_checklist: bool,
    /// A task board is offered; always `false`.
    pub task_dashboard: bool,
    /// Tasks have messages.
    pub task_messages: bool,
    /// Tasks can be public.
    pub task_public: bool,
    /// Tasks have tags.
    pub task_tags: bool,
    /// Renamed terms of the interface; always empty.
    pub terms: Map<String, Value>,
    /// Name of the theme.
    pub theme: String,
    /// Base address of pictures and files.
    pub userver: String,
    /// Video conferences are offered; always `false`.
    pub vcs_enabled: bool,
    /// Wiki pages are offered; always `false`.
    pub wiki_pages: bool,
}

impl Features {
    /// The features of an installation.
    pub fn of(installation: &Installation<'_>) -> Self {
        Self {
            afk_age: 30,
            android_app: String::new(),
            app_schemes: vec!["otv".to_owned()],
            app_title: "Veche".to_owned(),
            auth_by_qr_code: true,
            auth_by_sms: true,
            build: installation.version.to_owned(),
            calls: false,
            calls_audio_enabled: false,
            calls_record: false,
            calls_version: 0,
            calls_video_enabled: false,
            calls_video_multistream_enabled: false,
            custom_server: true,
            custom_theme: false,
            desktop_version: String::new(),
            firebase_app_id: String::new(),
            firebase_sender_id: String::new(),
            free_registration: true,
            front_version: String::new(),
            host: installation.base_url.to_owned(),
            ice_servers: vec![],
            installation_type: String::new(),
            ios_app: String::new(),
            is_pin_code_required: false,
            is_testing: !installation.production,
            max_group_title_length: limits::GROUP_NAME,
            max_integration_comment_length: limits::COMMENT,
            max_linked_messages: limits::LINKED_MESSAGES,
            max_message_length: limits::MESSAGE,
            max_message_uploads: limits::MESSAGE_UPLOADS,
            max_mood_length: limits::MOOD,
            max_role_length: limits::ROLE,
            max_section_length: limits::SECTION_NAME,
            max_team_title_length: limits::TEAM_NAME,
            max_teams: limits::TEAMS,
            max_upload_mb: installation.max_upload_mb,
            max_url_length: limits::URL,
            max_username_part_length: limits::NAME_PART,
            message_uploads: true,
            metrika: String::new(),
            min_app_version: String::new(),
            min_search_length: 1,
            mobile_calls: false,
            pin_code_wrong_limit: 0,
            readonly_groups: true,
            resend_timeout: 30,
            safari_push_id: String::new(),
            sentry_dsn_js: String::new(),
            server_drafts: true,
            single_group_teams: false,
            support_email: String::new(),
            task_checklist: true,
            task_dashboard: false,
            task_messages: true,
            task_public: true,
            task_tags: true,
            terms: Map::new(),
            theme: "classic".to_owned(),
            userver: installation.base_url.to_owned(),
            vcs_enabled: false,
            wiki_pages: false,
        }
    }
}

/// Downloadable clients by platform; all lists are empty, none are published.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Releases {
    /// Clients for Android.
    pub android: Vec<Release>,
    /// Clients for Linux.
    pub linux: Vec<Release>,
    /// Clients for macOS.
    pub mac: Vec<Release>,
    /// Clients for Windows.
    pub win: Vec<Release>,
}

/// A downloadable client.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// Kind of package.
    #[serde(rename = "type")]
    pub kind: String,
    /// Address of the download.
    pub url: String,
}
