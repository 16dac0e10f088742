//! The answers to the rules' rejections: one table for each noun.

use crate::aggregates::TransactError;
use access::not_found;
use domain::{account, chat, codes, limits, message, phone, reading, remind, tag, task, team, upload};
use platform::http::ApiError;
use protocol::{
    error::{ErrorCode, Failure},
    lang::Text,
};
use std::time::Duration;

/// Seconds after which a daily budget is full again at the latest.
const DAY: u64 = 86_400;

/// A rejection of the rules that has an answer.
pub(crate) trait Rejection {
    /// The answer to the client.
    fn answer(self) -> ApiError;
}

impl<R: Rejection> From<TransactError<R>> for ApiError {
    fn from(error: TransactError<R>) -> Self {
        error.or(Rejection::answer)
    }
}

fn forbidden(reason: Text) -> ApiError {
    ApiError::new(ErrorCode::AccessDenied).because(reason)
}

impl Rejection for account::Rejection {
    fn answer(self) -> ApiError {
        match self {
            Self::NoAccount | Self::NoSession => ApiError::new(ErrorCode::InvalidToken),
            Self::NoDevice => not_found(),
            Self::TooManyDevices => ApiError::field("device_id", Text::TooMany { max: limits::DEVICES }),
            Self::TooManyNumbers => ApiError::new(ErrorCode::RateLimit)
                .because(Text::RateLimited { seconds: DAY })
                .retry_after(Duration::from_secs(DAY)),
            Self::NoOffer => ApiError::field("temp_token", Text::BadToken),
        }
    }
}

/// Known and unknown numbers get the same answers.
impl Rejection for phone::Rejection {
    fn answer(self) -> ApiError {
        match self {
            Self::TooManyCodes { retry_after } => ApiError::new(ErrorCode::RateLimit)
                .because(Text::RateLimited { seconds: retry_after })
                .retry_after(Duration::from_secs(retry_after)),
            Self::NoCode => ApiError::field("code", Text::CodeExpired),
            Self::TooManyTries | Self::Strained => ApiError::field("code", Text::TooManyTries),
        }
    }
}

impl Rejection for codes::Never {
    fn answer(self) -> ApiError {
        match self {}
    }
}

impl Rejection for team::Rejection {
    fn answer(self) -> ApiError {
        match self {
            Self::NoTeam
            | Self::NotAMember
            | Self::NoInvitation
            | Self::NoIntegration
            | Self::NoContact
            | Self::NoSection => not_found(),
            Self::UnknownSections => ApiError::field("sections", Text::DoesNotExist),
            Self::Fields(fields) => {
                let failure = Failure::new(ErrorCode::InvalidData);
                fields
                    .into_iter()
                    .fold(failure, |failure, field| failure.and(field, Text::RoleForbids))
                    .into()
            }
            Self::LastOwner => forbidden(Text::LastOwner),
            Self::NotAllowed => forbidden(Text::RoleForbids),
            Self::NotInGroup => forbidden(Text::NotInGroup),
            Self::TooMany { what, max } => ApiError::field(what, Text::TooMany { max }),
            Self::QuotaExceeded => ApiError::field(
                "file",
                Text::TooLarge { max: usize::try_from(limits::UPLOADS_SIZE).unwrap_or(usize::MAX) },
            ),
        }
    }
}

impl Rejection for chat::Rejection {
    fn answer(self) -> ApiError {
        match self {
            Self::NoGroup | Self::NoMember => not_found(),
            Self::NotAllowed => forbidden(Text::RoleForbids),
            Self::TooManyMembers => ApiError::field("members", Text::TooMany { max: limits::GROUP_MEMBERS }),
        }
    }
}

impl Rejection for reading::Rejection {
    fn answer(self) -> ApiError {
        match self {}
    }
}

impl Rejection for message::Rejection {
    fn answer(self) -> ApiError {
        match self {
            Self::NoMessage => not_found(),
            Self::IdTaken => ApiError::field("message_id", Text::Duplicate),
            Self::NotAllowed => forbidden(Text::RoleForbids),
            Self::TooManyReactions => ApiError::field("name", Text::TooMany { max: limits::REACTIONS }),
            Self::TooOld => forbidden(Text::TooLate),
        }
    }
}

impl Rejection for task::Rejection {
    fn answer(self) -> ApiError {
        match self {
            Self::NoTask | Self::NoSuchLine => not_found(),
            Self::NotAllowed => forbidden(Text::RoleForbids),
            Self::NoItem => ApiError::field("items", Text::DoesNotExist),
            Self::Reference => ApiError::field("checked", Text::ReadOnly),
        }
    }
}

impl Rejection for tag::Rejection {
    fn answer(self) -> ApiError {
        match self {
            Self::NotAllowed => forbidden(Text::RoleForbids),
            Self::NoTag => not_found(),
            Self::TooMany => ApiError::field("tags", Text::TooMany { max: limits::TAGS }),
        }
    }
}

impl Rejection for remind::Rejection {
    fn answer(self) -> ApiError {
        match self {
            Self::NoRemind => not_found(),
            Self::Past => ApiError::field("fire_at", Text::NotInTheFuture),
        }
    }
}

impl Rejection for upload::Rejection {
    fn answer(self) -> ApiError {
        match self {
            Self::NoUpload => not_found(),
            Self::QuotaExceeded { left } => ApiError::field("file", Text::QuotaExceeded { left }),
            Self::TooMany { max } => ApiError::field("file", Text::TooMany { max }),
            Self::InUse => ApiError::field("upload_uid", Text::InUse),
        }
    }
}
