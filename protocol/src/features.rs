//! `/features.json`: what this server offers and how much of it, told to clients before they log in.
//! It has no envelope.

use domain::limits;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// What differs between installations.
#[derive(Clone, Debug)]
pub struct Installation<'a> {
    /// The address that clients see.
    pub base_url: &'a str,
    /// Version of the program.
    pub version: &'a str,
    /// Largest file that may be uploaded, MiB.
    pub max_upload_mb: u64,
    /// Whether it serves people, not developers.
    pub production: bool,
}

/// Everything that clients ask for. What is not offered is there and says so.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Features {
    /// Seconds without a sign of life after which somebody is away.
    pub afk_age: u32,
    /// Address of a client, none of ours.
    pub android_app: String,
    /// Schemes of links that belong to us.
    pub app_schemes: Vec<String>,
    /// Title.
    pub app_title: String,
    /// Logging in by QR code.
    pub auth_by_qr_code: bool,
    /// Logging in by SMS.
    pub auth_by_sms: bool,
    /// Version of the program.
    pub build: String,
    /// Calls are not offered.
    pub calls: bool,
    /// Calls are not offered.
    pub calls_audio_enabled: bool,
    /// Calls are not offered.
    pub calls_record: bool,
    /// Calls are not offered.
    pub calls_version: u32,
    /// Calls are not offered.
    pub calls_video_enabled: bool,
    /// Calls are not offered.
    pub calls_video_multistream_enabled: bool,
    /// A server of one's own.
    pub custom_server: bool,
    /// Themes are not offered.
    pub custom_theme: bool,
    /// Version of a client, none of ours.
    pub desktop_version: String,
    /// Pushes are not offered.
    pub firebase_app_id: String,
    /// Pushes are not offered.
    pub firebase_sender_id: String,
    /// Unknown phones may register.
    pub free_registration: bool,
    /// Version of a client, none of ours.
    pub front_version: String,
    /// The address that clients see.
    pub host: String,
    /// Calls are not offered.
    pub ice_servers: Vec<Value>,
    /// Empty.
    pub installation_type: String,
    /// Address of a client, none of ours.
    pub ios_app: String,
    /// No PIN is asked for.
    pub is_pin_code_required: bool,
    /// For developers, not for people.
    pub is_testing: bool,
    /// Characters.
    pub max_group_title_length: usize,
    /// Characters.
    pub max_integration_comment_length: usize,
    /// Messages that one may forward.
    pub max_linked_messages: usize,
    /// Characters.
    pub max_message_length: usize,
    /// Files of one message.
    pub max_message_uploads: usize,
    /// Characters.
    pub max_mood_length: usize,
    /// Characters.
    pub max_role_length: usize,
    /// Characters.
    pub max_section_length: usize,
    /// Characters.
    pub max_team_title_length: usize,
    /// Teams of one account.
    pub max_teams: usize,
    /// MiB.
    pub max_upload_mb: u64,
    /// Characters.
    pub max_url_length: usize,
    /// Characters of each part of a name.
    pub max_username_part_length: usize,
    /// Messages may bring files.
    pub message_uploads: bool,
    /// No statistics are collected.
    pub metrika: String,
    /// Any client will do.
    pub min_app_version: String,
    /// Characters.
    pub min_search_length: usize,
    /// Calls are not offered.
    pub mobile_calls: bool,
    /// Tries of a PIN.
    pub pin_code_wrong_limit: u32,
    /// Groups where only admins write.
    pub readonly_groups: bool,
    /// Seconds after which clients send an event again that was not confirmed.
    pub resend_timeout: u32,
    /// Pushes are not offered.
    pub safari_push_id: String,
    /// Errors of clients are not collected.
    pub sentry_dsn_js: String,
    /// What is begun to be written is kept by the server.
    pub server_drafts: bool,
    /// No team is one group.
    pub single_group_teams: bool,
    /// Empty.
    pub support_email: String,
    /// Tasks have lists of items to be checked.
    pub task_checklist: bool,
    /// There is no board of tasks.
    pub task_dashboard: bool,
    /// Tasks can be talked about.
    pub task_messages: bool,
    /// Tasks can be public.
    pub task_public: bool,
    /// Tasks have tags.
    pub task_tags: bool,
    /// Other words for things: none.
    pub terms: Map<String, Value>,
    /// Name of the look.
    pub theme: String,
    /// What addresses of pictures and files start with.
    pub userver: String,
    /// Video conferences are not offered.
    pub vcs_enabled: bool,
    /// Pages are not offered.
    pub wiki_pages: bool,
}

impl Features {
    /// What an installation offers.
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

/// `GET /api/v4/releases`: clients to be downloaded. There are none of ours.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Releases {
    /// For Android.
    pub android: Vec<Release>,
    /// For Linux.
    pub linux: Vec<Release>,
    /// For macOS.
    pub mac: Vec<Release>,
    /// For Windows.
    pub win: Vec<Release>,
}

/// A client to be downloaded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// Kind of package.
    #[serde(rename = "type")]
    pub kind: String,
    /// Where.
    pub url: String,
}
