//! What the client's errors mean: for the caller, and for the connection. The client tells most of them by text alone,
//! so they are told apart here and nowhere else.

use crate::{AppendError, Cause, ReadError};
use events::Revision;
use eventstore::{CurrentRevision, Error};
use tonic::Code;

/// What a call came to, for the caller.
#[derive(Clone, Debug)]
pub(super) enum Failure {
    /// The stream is at another revision; nothing was written.
    Conflict(Option<Revision>),
    /// There is no such stream.
    Missing,
    /// The stream was deleted for good.
    Deleted,
    /// More than the server takes at once; nothing was written.
    TooLarge,
    /// The server was not reached, or is not the one to ask; nothing was written, and trying again helps.
    Away(Cause),
    /// Nobody knows whether it was carried out; trying again with the same ids tells.
    Lost(Cause),
    /// The server says no, and will say so again.
    Refused(Cause),
}

/// What an error says about the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Health {
    /// It carried an answer.
    Fine,
    /// It may be broken: a client that fails several times in a row is made anew.
    Suspect,
    /// It will never work again.
    Dead,
}

/// Tells what an error means.
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
        // The client moves to the node that it was told by itself.
        Error::NotLeaderException(_) => (Failure::Away(Cause::new(error)), Health::Fine),
        // Its task has ended, and with it every later call.
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
    /// A call that was not answered in time.
    pub(super) fn unanswered(after: std::time::Duration) -> Self {
        Self::Lost(Cause::new(format!("no answer within {after:?}")))
    }

    /// Trying again may help.
    pub(super) fn is_passing(&self) -> bool {
        matches!(self, Self::Away(_) | Self::Lost(_))
    }

    /// What a reader is told.
    pub(super) fn of_reading(self) -> ReadError {
        match self {
            Self::Away(cause) | Self::Lost(cause) | Self::Refused(cause) => ReadError::Unavailable(cause),
            Self::Deleted => ReadError::Corrupt("a stream was deleted"),
            Self::Conflict(_) | Self::Missing | Self::TooLarge => {
                ReadError::Corrupt("an answer that a read cannot have")
            }
        }
    }

    /// What an appender is told where a conflict is no answer. In doubt, something may have been written before.
    pub(super) fn of_appending(self, in_doubt: bool) -> AppendError {
        let cause = match self {
            Self::Lost(cause) => return AppendError::Unknown(cause),
            Self::Away(cause) | Self::Refused(cause) => cause,
            Self::TooLarge => {
                let limit = super::MAX_SERVER_BYTES;
                return AppendError::TooLarge { what: "bytes of an append", size: limit + 1, limit };
            }
            Self::Deleted => Cause::new("the stream was deleted"),
            Self::Conflict(_) | Self::Missing => Cause::new("the stream is fought over"),
        };
        if in_doubt { AppendError::Unknown(cause) } else { AppendError::Unavailable(cause) }
    }
}

#[cfg(test)]
mod tests {
    use super::{Health, classify};
    use eventstore::{CurrentRevision, Error, ExpectedRevision};
    use tonic::{Code, Status};

    /// As a server would say it.
    fn status(code: Code, message: &str) -> Error {
        Error::from_grpc(Status::new(code, message))
    }

    fn conflict(current: CurrentRevision) -> Error {
        Error::WrongExpectedVersion { expected: ExpectedRevision::NoStream, current }
    }

    #[test]
    fn every_error_is_in_its_class() {
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
