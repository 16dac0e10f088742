//! The list of rate limits. A new limit is one line here.

use super::{KeyKind, Quota};
use crate::profile::Profile;
use std::collections::BTreeMap;

/// Factor of the quotas in dev: tests and load from one machine must not trip them; a test that needs a limit sets
/// it.
const DEV_FACTOR: u32 = 1_000;

macro_rules! limits {
    ($($(#[doc = $about:literal])+ $variant:ident = $name:literal: $count:literal in $seconds:literal by $kind:ident,)+) => {
        /// A named rate limit.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Limit {
            $($(#[doc = $about])+ $variant,)+
        }

        impl Limit {
            /// Every limit.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Name in the configuration, in metrics and in the header `RateLimit-Policy`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// The kind of key that it counts by.
            pub const fn key_kind(self) -> KeyKind {
                match self { $(Self::$variant => KeyKind::$kind),+ }
            }

            /// A description of the counted requests, with the reason.
            pub fn about(self) -> &'static str {
                match self { $(Self::$variant => concat!($($about),+).trim()),+ }
            }

            const fn production(self) -> Quota {
                match self { $(Self::$variant => Quota { count: $count, seconds: $seconds }),+ }
            }
        }
    };
}

limits! {
    /// Requests for a login code from one address: each may cost an SMS.
    SmsLoginPerAddress = "sms_login_per_address": 10 in 3600 by Address,
    /// Requests for a login code from one network.
    SmsLoginPerNetwork = "sms_login_per_network": 30 in 3600 by Network,
    /// Tries of login codes from one address.
    SmsAuthPerAddress = "sms_auth_per_address": 30 in 3600 by Address,
    /// Wrong login codes in total: a circuit breaker against guessing at many phones.
    SmsAuthGlobalFailures = "sms_auth_global_failures": 300 in 60 by Global,
    /// QR codes for logging in on another device.
    QrLoginPerAccount = "qr_login_per_account": 10 in 3600 by Account,
    /// Tries of QR tokens from one address.
    QrAuthPerAddress = "qr_auth_per_address": 30 in 3600 by Address,
    /// Tries of invitation tokens.
    JoinPerAccount = "join_per_account": 20 in 3600 by Account,
    /// Invitation tokens looked up from one address.
    JoinPerAddress = "join_per_address": 60 in 3600 by Address,
    /// Teams created by one account.
    TeamsPerAccount = "teams_per_account": 20 in 86400 by Account,
    /// Contacts added by phone by one account.
    InvitesPerAccount = "invites_per_account": 500 in 86400 by Account,
    /// Changes by one account.
    CommandsPerAccount = "commands_per_account": 600 in 60 by Account,
    /// Reads by one account.
    QueriesPerAccount = "queries_per_account": 1200 in 60 by Account,
    /// Queries with `as_of`: each may replay a team's history.
    PastPerAccount = "past_per_account": 60 in 60 by Account,
    /// Requests without a valid session from one address.
    UnauthenticatedPerAddress = "unauthenticated_per_address": 300 in 60 by Address,
    /// Messages posted with one integration's key.
    ApiMessagePerKey = "api_message_per_key": 120 in 60 by ApiKey,
    /// Unknown integration keys from one address.
    ApiMessageFailuresPerAddress = "api_message_failures_per_address": 30 in 600 by Address,
    /// Address books stored: each reveals which contacts have an account.
    AddressBookPerAccount = "address_book_per_account": 60 in 3600 by Account,
    /// Pictures uploaded by one account: decoding costs memory and time.
    PicturesPerAccount = "pictures_per_account": 60 in 3600 by Account,
    /// Files uploaded by one account.
    UploadsPerAccount = "uploads_per_account": 600 in 3600 by Account,
    /// Placeholder pictures and QR codes drawn for one address.
    DrawingsPerAddress = "drawings_per_address": 600 in 60 by Address,
    /// Sockets opened from one address.
    SocketsPerAddress = "sockets_per_address": 120 in 60 by Address,
    /// Audit reads: each is an event, and its filter may be expensive.
    AuditReadsPerAccount = "audit_reads_per_account": 120 in 60 by Account,
    /// Frames sent by one account over its sockets.
    FramesPerAccount = "frames_per_account": 1200 in 60 by Account,
}

impl Limit {
    /// Finds a limit by name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|limit| limit.name() == name)
    }
}

/// The quotas of a profile, by name.
pub fn quotas(profile: Profile) -> BTreeMap<String, Quota> {
    let quota = |limit: &Limit| {
        let Quota { count, seconds } = limit.production();
        let factor = if profile == Profile::Dev { DEV_FACTOR } else { 1 };
        (limit.name().to_owned(), Quota { count: count.saturating_mul(factor), seconds })
    };
    Limit::ALL.iter().map(quota).collect()
}
