//! Values that several facts share: closed sets with the words the log stores.

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
            /// Every value, in the order the API lists them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word that the log and the API use.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// The value that a word names.
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }
    )+};
}

words! {
    /// What a contact is in its team, weakest first (`seed`: `changeable_statuses`).
    ContactStatus {
        /// Sees what it was let into.
        Guest = "guest",
        /// An ordinary member.
        Member = "member",
        /// Manages people, groups and integrations.
        Admin = "admin",
        /// Owns the team.
        Owner = "owner",
    }
    /// What a contact is in a group.
    GroupStatus {
        /// An ordinary member.
        Member = "member",
        /// Manages the group.
        Admin = "admin",
    }
    /// A client's kind (`seed`, devices).
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
        /// By `get-token`: a token in a header, of no device.
        GetToken = "get-token",
    }
    /// How much shows that a code is tried by the client that asked for it: the id of its request, and its address.
    AskerProof {
        /// Both.
        Whole = "whole",
        /// One of them.
        Half = "half",
        /// Neither.
        None = "none",
    }
    /// Why a session ended.
    SessionEnd {
        /// The user logged out.
        Logout = "logout",
        /// The device it belonged to was removed.
        DeviceRemoved = "device_removed",
        /// The last of the account's devices was removed.
        DevicesRemoved = "devices_removed",
        /// The user ended it from another one.
        Ended = "ended",
        /// It was as old as a session may get.
        Expired = "expired",
        /// Nobody had used it for as long as one may be left.
        Idle = "idle",
        /// The person was erased.
        Erased = "erased",
    }
    /// Who wanted somebody erased.
    ErasureAsker {
        /// The person.
        Person = "person",
        /// Whoever runs the house.
        Operator = "operator",
    }
    /// Why somebody is erased: a word, since a free text would tell of them for ever.
    ErasureReason {
        /// They wish so.
        Wish = "wish",
        /// A court or an authority ordered it.
        Order = "order",
        /// It was kept as long as it may be.
        Retention = "retention",
    }
    /// Kinds of integrations, in the seed's order.
    IntegrationKind {
        /// Sentry.
        Sentry = "sentry",
        /// Bitbucket.
        Bitbucket = "bitbucket",
        /// API and webhook.
        Raw = "raw",
    }
    /// What an uploaded file is to those who see it.
    UploadKind {
        /// A file, to be kept.
        File = "file",
        /// A picture with previews.
        Image = "image",
        /// A film.
        Video = "video",
        /// Sound.
        Audio = "audio",
        /// A picture of which no previews could be made.
        ImageFile = "imagefile",
    }
    /// What a section sorts, named like the chats that it stands for.
    SectionKind {
        /// Contacts.
        Contacts = "direct",
        /// Groups.
        Groups = "group",
        /// Tasks.
        Tasks = "task",
    }
    /// How somebody became a contact of a team.
    ContactOrigin {
        /// Created the team.
        Founder = "founder",
        /// Was added by phone.
        Added = "added",
        /// Joined with an invitation.
        Invited = "invited",
    }
}
