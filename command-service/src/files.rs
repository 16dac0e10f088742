//! Files of teams: from the wire to the blob store, then, with the event, into the team's stream; into messages, and out.
//!
//! The content is stored first and the event says so after: whoever reads the event finds the file. In between the blob is
//! doubted, so that what no event came to name is removed, at once when it is refused, else by [`Commands::sweep_blobs`].

mod arriving;
mod cleaning;
mod using;

pub(crate) use arriving::{ReceivedFile, UploadPurpose, UploadSlots};

use crate::{
    Commands,
    context::Context,
    transact::{InitialState, TransactError, Transacted},
};
use access::TeamScope;
use bytes::Bytes;
use domain::upload::{self, Uploads};
use events::{
    AccountId, BlobId, Personal, Position, StreamName, UploadId,
    upload::{Preview, Stored},
    value::UploadKind,
};
use media::{
    Media,
    blobs::BlobError,
    resize::{MAX_BYTES, PictureRefused, Previews},
};
use platform::http::ApiError;
use protocol::{error::ErrorCode, lang::Text};
use read_model::upload::{FILE, PREVIEW, PREVIEW_2X};
use std::time::Duration;

/// The form's field.
const FIELD: &str = "file";
/// The result of decoding an uploaded picture.
enum Made {
    /// The previews, and whether the picture is animated.
    Previews(Previews, bool),
    /// A picture that is not decoded: too large or too slow.
    Nothing,
    /// No picture can be read from it.
    Unreadable,
}

impl Commands {
    /// Makes a file the team's. What the rules refuse is removed again.
    pub(crate) async fn store_file(
        &self,
        context: &mut Context,
        scope: &TeamScope,
        arrived: ReceivedFile,
    ) -> Result<(UploadId, Position), ApiError> {
        let (upload, blob): (UploadId, BlobId) = (context.id(), context.id());
        let room = self.room(scope.team).await?;
        self.mark_file(scope.team, upload, blob).await?;
        let stored = match self.put(context, scope, arrived, (upload, blob)).await {
            Ok(stored) => stored,
            Err(failed) => {
                self.collect_file(scope.team, upload, blob).await;
                return Err(failed);
            }
        };
        let done: Result<Transacted<Uploads>, _> = self
            .transact(context, StreamName::uploads(scope.team), InitialState::Cached, |_: &Uploads| {
                upload::Command::Store { stored: stored.clone(), room }
            })
            .await;
        match done {
            Ok(done) => {
                self.unmark(blob).await;
                Ok((upload, done.position))
            }
            Err(TransactError::Rejected(rejection)) => {
                self.collect_file(scope.team, upload, blob).await;
                Err(refused(rejection))
            }
            // It may have come into the log or not: the doubt stays.
            Err(TransactError::Failed(error)) => Err(error),
        }
    }

    /// Stores the content and what is made of it.
    async fn put(
        &self,
        context: &Context,
        scope: &TeamScope,
        arrived: ReceivedFile,
        (upload, blob): (UploadId, BlobId),
    ) -> Result<Stored, ApiError> {
        let ReceivedFile { incoming, name, size, head, texts: _, place: _place } = arrived;
        context.request.note_progress();
        let (incoming, size, mut media) = cleaning::cleaned(incoming, size, &head, &name).await?;
        context.request.note_progress();
        incoming.keep(blob, FILE).await.map_err(ApiError::unavailable)?;
        let (mut animated, mut preview) = (false, None);
        if media.kind == UploadKind::Image {
            match self.made_of(scope.caller.account, blob, size).await? {
                Made::Previews(previews, moves) => {
                    animated = moves;
                    preview = Some(self.put_previews(blob, previews).await.map_err(ApiError::unavailable)?);
                }
                Made::Nothing => media.kind = UploadKind::ImageFile,
                Made::Unreadable => media = Media::OPAQUE,
            }
            context.request.note_progress();
        }
        let Media { content_type, kind } = media;
        Ok(Stored {
            upload,
            team: scope.team,
            owner: scope.contact,
            blob,
            name: Personal::in_team(scope.team, scope.caller.account, name),
            size,
            content_type: content_type.to_owned(),
            kind,
            animated,
            preview,
        })
    }

    /// Decodes a picture that is cleaned and stored.
    async fn made_of(&self, account: AccountId, blob: BlobId, size: u64) -> Result<Made, ApiError> {
        if size > MAX_BYTES as u64 {
            return Ok(Made::Nothing);
        }
        let made = async {
            let place = self.resizer.place(account.0).await?;
            // Only now: those who wait hold no pictures in memory.
            let stored = self.blobs.get(blob, FILE).await;
            let picture: Bytes = match stored {
                Ok(Some(picture)) => picture,
                Ok(None) => {
                    return Err(PictureRefused::Internal("a file is gone that was just stored".into()));
                }
                Err(error) => return Err(PictureRefused::Internal(error.to_string())),
            };
            let moves = media::is_animated(&picture);
            Ok(Made::Previews(self.resizer.previews(place, picture).await?, moves))
        };
        match made.await {
            Ok(made) => Ok(made),
            Err(PictureRefused::Busy) => Err(ApiError::new(ErrorCode::Unavailable)
                .because(Text::Unavailable)
                .retry_after(Duration::from_secs(5))),
            Err(error @ PictureRefused::Internal(_)) => Err(ApiError::internal(error)),
            Err(error) if error.is_unreadable() => Ok(Made::Unreadable),
            Err(_) => Ok(Made::Nothing),
        }
    }

    async fn put_previews(&self, blob: BlobId, previews: Previews) -> Result<Preview, BlobError> {
        let Previews { one, two } = previews;
        let size = (one.bytes.len() + two.bytes.len()) as u64;
        let (width, height) = (one.width, one.height);
        self.blobs.put(blob, PREVIEW, one.bytes).await?;
        self.blobs.put(blob, PREVIEW_2X, two.bytes).await?;
        Ok(Preview { width, height, size })
    }
}

/// What a rejection means to clients.
pub(crate) fn refused(rejection: upload::Rejection) -> ApiError {
    match rejection {
        upload::Rejection::NoUpload => ApiError::new(ErrorCode::NotFound),
        upload::Rejection::QuotaExceeded { left } => ApiError::field(FIELD, Text::QuotaExceeded { left }),
        upload::Rejection::TooMany { max } => ApiError::field(FIELD, Text::TooMany { max }),
        upload::Rejection::InUse => ApiError::field("upload_uid", Text::InUse),
    }
}
