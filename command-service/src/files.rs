//! Files of teams: from the upload to the blob store, then by an event into the team's stream; attached and removed.
//!
//! The content is stored before the event, so that every reader of the event finds the file. Until then the blob is marked
//! (`blob_gc.rs`).

mod attachments;
mod cleaning;
mod receiver;

pub(crate) use attachments::Attachments;
pub(crate) use receiver::{FIELD, ReceivedFile, UploadPurpose, UploadReceiver};

use crate::{
    aggregates::{Aggregates, TransactError, Transacted},
    blob_gc::BlobGc,
    context::Context,
    rejections::Rejection,
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
    blobs::{BlobError, Blobs},
    resize::{MAX_BYTES, PictureRefused, Previews, Resizer},
};
use platform::http::ApiError;
use protocol::{error::ErrorCode, lang::Text};
use read_model::upload::{FILE, PREVIEW, PREVIEW_2X};
use std::{sync::Arc, time::Duration};

/// Files of teams. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Files {
    aggregates: Aggregates,
    blobs: Blobs,
    gc: BlobGc,
    resizer: Arc<Resizer>,
}

/// The result of decoding an uploaded picture.
enum Decoded {
    /// The previews, and whether the picture is animated.
    Previews(Previews, bool),
    /// The picture is too large or too slow to decode.
    TooCostly,
    /// The content is no picture.
    Unreadable,
}

impl Files {
    pub(crate) fn new(aggregates: Aggregates, blobs: Blobs, gc: BlobGc, resizer: Arc<Resizer>) -> Self {
        Self { aggregates, blobs, gc, resizer }
    }

    /// Stores a received file and adds it to the team. A file that the rules refuse is deleted again.
    pub(crate) async fn store(
        &self,
        context: &mut Context,
        scope: &TeamScope,
        received: ReceivedFile,
    ) -> Result<(UploadId, Position), ApiError> {
        let (upload, blob): (UploadId, BlobId) = (context.id(), context.id());
        let quota = receiver::quota(&self.aggregates, scope.team).await?;
        self.gc.mark_file(scope.team, upload, blob).await?;
        let stored = match self.put(context, scope, received, (upload, blob)).await {
            Ok(stored) => stored,
            Err(failed) => {
                self.gc.collect_file(scope.team, upload, blob).await;
                return Err(failed);
            }
        };
        let done: Result<Transacted<Uploads>, _> = self
            .aggregates
            .transact(context, StreamName::uploads(scope.team), |_: &Uploads| upload::Command::Store {
                stored: stored.clone(),
                room: quota,
            })
            .await;
        match done {
            Ok(done) => {
                self.gc.unmark(blob).await;
                Ok((upload, done.position))
            }
            Err(TransactError::Rejected(rejection)) => {
                self.gc.collect_file(scope.team, upload, blob).await;
                Err(rejection.answer())
            }
            // The event may be in the log or not: the marker stays.
            Err(TransactError::Failed(error)) => Err(error),
        }
    }

    /// Stores the content and its previews.
    async fn put(
        &self,
        context: &Context,
        scope: &TeamScope,
        received: ReceivedFile,
        (upload, blob): (UploadId, BlobId),
    ) -> Result<Stored, ApiError> {
        let ReceivedFile { incoming, name, size, head, texts: _, permit: _permit } = received;
        context.request.note_progress();
        let (incoming, size, mut media) = cleaning::cleaned(incoming, size, &head, &name).await?;
        context.request.note_progress();
        incoming.keep(blob, FILE).await.map_err(ApiError::unavailable)?;
        let (mut animated, mut preview) = (false, None);
        if media.kind == UploadKind::Image {
            match self.decode(scope.caller.account, blob, size).await? {
                Decoded::Previews(previews, is_animated) => {
                    animated = is_animated;
                    preview = Some(self.put_previews(blob, previews).await.map_err(ApiError::unavailable)?);
                }
                Decoded::TooCostly => media.kind = UploadKind::ImageFile,
                Decoded::Unreadable => media = Media::OPAQUE,
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
    async fn decode(&self, account: AccountId, blob: BlobId, size: u64) -> Result<Decoded, ApiError> {
        if size > MAX_BYTES as u64 {
            return Ok(Decoded::TooCostly);
        }
        let decoded = async {
            let permit = self.resizer.permit(account.0).await?;
            // Read only now: requests that wait for a permit hold no picture in memory.
            let stored = self.blobs.get(blob, FILE).await;
            let picture: Bytes = match stored {
                Ok(Some(picture)) => picture,
                Ok(None) => {
                    return Err(PictureRefused::Internal("a file that was just stored is gone".into()));
                }
                Err(error) => return Err(PictureRefused::Internal(error.to_string())),
            };
            let is_animated = media::is_animated(&picture);
            Ok(Decoded::Previews(self.resizer.previews(permit, picture).await?, is_animated))
        };
        match decoded.await {
            Ok(decoded) => Ok(decoded),
            Err(PictureRefused::Busy) => Err(ApiError::new(ErrorCode::Unavailable)
                .because(Text::Unavailable)
                .retry_after(Duration::from_secs(5))),
            Err(error @ PictureRefused::Internal(_)) => Err(ApiError::internal(error)),
            Err(error) if error.is_unreadable() => Ok(Decoded::Unreadable),
            Err(_) => Ok(Decoded::TooCostly),
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
