//! Classification of the client's errors, for the caller and for the connection. Most of them differ by their text
//! only, and only this file reads it.

use crate::{AppendError, Cause, ReadError};
use events::Revision;
use eventstore::{CurrentRevision, Error};
use tonic::Code;

/// Outcome of a failed call, for the caller.
#[derive(Clone, Debug)]
pub(super) enum Failure {
    /// The stream has another revision; nothing was written.
    Conflict(Option<Revision>),
    /// The stream does not exist.
    Missing,
    /// The stream was deleted permanently.
    Deleted,
    /// The append exceeds the server's maximum; nothing was written.
    TooLarge,
    /// The server was not reached, or is not the leader; nothing was written, and a retry helps.
    Away(Cause),
    /// The outcome is unknown; a retry with the same ids tells it.
    Lost(Cause),
    /// The server refuses the call, and will refuse a retry.
    Refused(Cause),
}

/// State of the connection after an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Health {
    /// It carried an answer.
    Fine,
    /// It may be broken: a client that fails several times in a row is replaced.
    Suspect,
    /// It will never work again.
    Dead,
}

/// Classifies an error.
pub(super) fn classify(error: Error) -> (Failure, Health) {
    match error {
        Error::WrongExpectedVersion { current: CurrentRevision::Current(revision), .. } => {
            (Failure::Conflict(Some(revision)), Health::Fine)
        }
        Error::WrongExpectedVersion { current: CurrentRevision::NoStream, .. } => {
            (Failure::Conflict(None), Health::Fine)
        }
        Error::ResourceNotFound => (Failure::Missing, Health::Fine),
        Error::ResourceDeleted => (Failure::Deleted, Health::Fine),
        Error::Grpc { code: Code::InvalidArgument, message } if is_too_large(&message) => {
            (Failure::TooLarge, Health::Fine)
        }
        // The client moves to the leader that the server named by itself.
        Error::NotLeaderException(_) => (Failure::Away(Cause::new(error)), Health::Fine),
        // The client's task has ended: every later call will fail too.
        Error::ConnectionClosed | Error::GrpcConnectionError(_) | Error::InitializationError(_) => {
            (Failure::Away(Cause::new(error)), Health::Dead)
        }
        Error::ServerError(_) | Error::DeadlineExceeded => {
            (Failure::Lost(Cause::new(error)), Health::Suspect)
        }
        Error::Grpc { code: Code::Cancelled | Code::Aborted | Code::ResourceExhausted, .. } => {
            (Failure::Lost(Cause::new(error)), Health::Suspect)
        }
        Error::AccessDenied
        | Error::UnsupportedFeature
        | Error::ResourceAlreadyExists
        | Error::InternalParsingError(_)
        | Error::IllegalStateError(_)
        | Error::Grpc { code: Code::InvalidArgument | Code::FailedPrecondition | Code::OutOfRange, .. } => {
            (Failure::Refused(Cause::new(error)), Health::Fine)
        }
        Error::InternalClientError | Error::Grpc { .. } => {
            (Failure::Lost(Cause::new(error)), Health::Suspect)
        }
    }
}

fn is_too_large(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    message.contains("maximum append size") || message.contains("too large")
}

impl Failure {
    /// A call that missed its deadline.
    pub(super) fn unanswered(after: std::time::Duration) -> Self {
        Self::Lost(Cause::new(format!("no answer within {after:?}")))
    }

    /// Whether a retry may help.
    pub(super) fn is_passing(&self) -> bool {
        matches!(self, Self::Away(_) | Self::Lost(_))
    }

    /// The error for a reader.
    pub(super) fn of_reading(self) -> ReadError {
        match self {
            Self::Away(cause) | Self::Lost(cause) | Self::Refused(cause) => ReadError::Unavailable(cause),
            Self::Deleted => ReadError::Corrupt("a stream was deleted"),
            Self::Conflict(_) | Self::Missing | Self::TooLarge => {
                ReadError::Corrupt("the server gave an answer that a read cannot have")
            }
        }
    }

    /// The error for an appender that cannot be informed of a conflict. With `in_doubt` an earlier attempt may have
    /// written something.
    pub(super) fn of_appending(self, in_doubt: bool) -> AppendError {
        let cause = match self {
            Self::Lost(cause) => return AppendError::Unknown(cause),
            Self::Away(cause) | Self::Refused(cause) => cause,
            Self::TooLarge => {
                let limit = super::settings::MAX_SERVER_BYTES;
                return AppendError::TooLarge { what: "bytes of an append", size: limit + 1, limit };
            }
            Self::Deleted => Cause::new("the stream was deleted"),
            Self::Conflict(_) | Self::Missing => Cause::new("too many writers compete for the stream"),
        };
        if in_doubt { AppendError::Unknown(cause) } else { AppendError::Unavailable(cause) }
    }
}

#[cfg(test)]
mod tests {
    use super::{Health, classify};
    use eventstore::{CurrentRevision, Error, ExpectedRevision};
    use tonic::{Code, Status};

    /// An error as a server would send it.
    fn status(code: Code, message: &str) -> Error {
        Error::from_grpc(Status::new(code, message))
    }

    fn conflict(current: CurrentRevision) -> Error {
        Error::WrongExpectedVersion { expected: ExpectedRevision::NoStream, current }
    }

    #[test]
    fn classify_maps_each_error_to_its_failure_and_health() {
        let not_leader = {
            let mut status = Status::new(Code::NotFound, "Leader info available");
            let pairs = [
                ("exception", "not-leader"),
                ("leader-endpoint-host", "b"),
                ("leader-endpoint-port", "2113"),
            ];
            for (name, value) in pairs {
                status.metadata_mut().insert(name, value.parse().expect("ascii"));
            }
            Error::from_grpc(status)
        };
        let deleted = {
            let mut status = Status::new(Code::FailedPrecondition, "Event stream 'a' is deleted.");
            status.metadata_mut().insert("exception", "stream-deleted".parse().expect("ascii"));
            Error::from_grpc(status)
        };
        use Health::{Dead, Fine, Suspect};
        let table = [
            (conflict(CurrentRevision::Current(3)), "Conflict(Some(3))", Fine),
            (conflict(CurrentRevision::NoStream), "Conflict(None)", Fine),
            (not_leader, "Away", Fine),
            (deleted, "Deleted", Fine),
            (Error::ConnectionClosed, "Away", Dead),
            (Error::InitializationError("x".into()), "Away", Dead),
            (status(Code::Unavailable, "gone"), "Lost", Suspect),
            (status(Code::Internal, "h2 protocol error"), "Lost", Suspect),
            (status(Code::Unknown, "transport error"), "Lost", Suspect),
            (status(Code::DataLoss, ""), "Lost", Suspect),
            (status(Code::DeadlineExceeded, ""), "Lost", Suspect),
            (status(Code::Cancelled, "Timeout expired"), "Lost", Suspect),
            (status(Code::Cancelled, "closed"), "Lost", Suspect),
            (status(Code::Aborted, ""), "Lost", Suspect),
            (status(Code::ResourceExhausted, ""), "Lost", Suspect),
            (status(Code::InvalidArgument, "Maximum Append Size of 1048576 Exceeded."), "TooLarge", Fine),
            (status(Code::InvalidArgument, "bad"), "Refused", Fine),
            (status(Code::FailedPrecondition, "bad"), "Refused", Fine),
            (status(Code::OutOfRange, "bad"), "Refused", Fine),
            (status(Code::AlreadyExists, "WrongExpectedVersion"), "Refused", Fine),
            (status(Code::NotFound, ""), "Missing", Fine),
            (status(Code::PermissionDenied, ""), "Refused", Fine),
            (status(Code::Unauthenticated, ""), "Refused", Fine),
            (status(Code::Unimplemented, ""), "Refused", Fine),
        ];
        for (error, class, expected) in table {
            let told = error.to_string();
            let (failure, health) = classify(error);
            assert!(format!("{failure:?}").starts_with(class), "{told}: {failure:?} is not {class}");
            assert_eq!(health, expected, "{told}");
        }
    }
}
