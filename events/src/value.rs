//! Enumerations shared by several events, with the words that the log stores.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum $name {
            $($(#[$vdoc])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// All values, in the order of the API.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word in the log and in the API.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// The value of a word.
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }
    )+};
}

words! {
    /// Status of a contact in its team, weakest first (`seed`: `changeable_statuses`).
    ContactStatus {
        /// Guest: sees only the chats it was added to.
        Guest = "guest",
        /// An ordinary member.
        Member = "member",
        /// Manages people, groups and integrations.
        Admin = "admin",
        /// Owns the team.
        Owner = "owner",
    }
    /// Status of a member in a group.
    GroupStatus {
        /// An ordinary member.
        Member = "member",
        /// Manages the group.
        Admin = "admin",
    }
    /// Kind of client (`seed`, devices).
    DeviceKind {
        /// Android application.
        Android = "android",
        /// iOS application.
        Ios = "ios",
        /// Every browser but Safari.
        Web = "web",
        /// Safari.
        Safari = "safari",
    }
    /// How a session was opened.
    SessionKind {
        /// By `sms-auth`: a token in a header.
        Token = "token",
        /// By `sms-cookieauth`: a cookie.
        Cookie = "cookie",
        /// By `qr-auth`: a token in a header.
        Qr = "qr",
        /// By `get-token`: a token in a header, without a device.
        GetToken = "get-token",
    }
    /// Evidence that the client entering a code is the one that requested it: the request id and the IP address.
    AskerProof {
        /// Both match.
        Whole = "whole",
        /// One of them matches.
        Half = "half",
        /// Neither matches.
        None = "none",
    }
    /// Reason why a session ended.
    SessionEnd {
        /// The user logged out.
        Logout = "logout",
        /// The device it belonged to was removed.
        DeviceRemoved = "device_removed",
        /// The last of the account's devices was removed.
        DevicesRemoved = "devices_removed",
        /// The user ended it from another session.
        Ended = "ended",
        /// It reached its maximum age.
        Expired = "expired",
        /// It was unused for too long.
        Idle = "idle",
        /// The person was erased.
        Erased = "erased",
    }
    /// Party that asked for an erasure.
    ErasureAsker {
        /// The person themself.
        Person = "person",
        /// An operator of the installation.
        Operator = "operator",
    }
    /// Reason of an erasure: a fixed word, since free text about the person would stay for ever.
    ErasureReason {
        /// Wish of the person.
        Wish = "wish",
        /// Order of a court or an authority.
        Order = "order",
        /// End of the retention period.
        Retention = "retention",
    }
    /// Kinds of integrations, in the order of the seed.
    IntegrationKind {
        /// Sentry.
        Sentry = "sentry",
        /// Bitbucket.
        Bitbucket = "bitbucket",
        /// API and webhook.
        Raw = "raw",
    }
    /// Kind of an uploaded file.
    UploadKind {
        /// A file for download.
        File = "file",
        /// A picture with previews.
        Image = "image",
        /// A video.
        Video = "video",
        /// An audio recording.
        Audio = "audio",
        /// A picture without previews, because none could be made.
        ImageFile = "imagefile",
    }
    /// Kind of things that a section sorts, named like their chats.
    SectionKind {
        /// Contacts.
        Contacts = "direct",
        /// Groups.
        Groups = "group",
        /// Tasks.
        Tasks = "task",
    }
    /// How a person became a contact of a team.
    ContactOrigin {
        /// Founded the team.
        Founder = "founder",
        /// Was added by phone number.
        Added = "added",
        /// Joined with an invitation.
        Invited = "invited",
    }
}
