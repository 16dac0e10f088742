//! Files of teams: from the wire to the blob store, then, with the event, into the team's stream; into messages, and out.
//!
//! The content is stored first and the event says so after: whoever reads the event finds the file. In between the blob is
//! doubted, so that what no event came to name is removed, at once when it is refused, else by [`Commands::sweep_blobs`].

mod arriving;

pub(crate) use arriving::{Arrivals, Arrived};

use crate::{
    Commands,
    context::Context,
    transact::{Done, Start, Stop},
};
use access::TeamScope;
use bytes::Bytes;
use domain::{
    message::Message,
    policy::{self, Action},
    upload::{self, Uploads},
};
use events::{
    BlobId, MessageId, Personal, Position, StreamName, UploadId,
    upload::{Preview, Stored},
    value::UploadKind,
};
use platform::{
    blobs::BlobError,
    http::ApiError,
    media::{self, Media},
    picture::bare::bare,
    picture::resize::{MAX_BYTES, PictureRefused, Previews},
};
use protocol::{error::ErrorCode, lang::Text};
use read_model::upload::{FILE, PREVIEW, PREVIEW_2X};
use std::time::Duration;

/// The form's field.
const FIELD: &str = "file";
/// What is made of a picture that has come in.
#[derive(Default)]
struct Made {
    previews: Option<Previews>,
    /// It is animated.
    moves: bool,
    /// The picture itself without what it told of its owner, if it told anything.
    bare: Option<Bytes>,
}

impl Commands {
    /// Makes a file the team's. What the rules refuse is removed again.
    pub(crate) async fn store_file(
        &self,
        context: &mut Context,
        scope: &TeamScope,
        arrived: Arrived,
    ) -> Result<(UploadId, Position), ApiError> {
        let (upload, blob): (UploadId, BlobId) = (context.id(), context.id());
        let room = self.room(scope.team).await?;
        self.doubt(scope.team, upload, blob).await?;
        let stored = match self.put(context, scope, arrived, (upload, blob)).await {
            Ok(stored) => stored,
            Err(failed) => {
                self.let_go(scope.team, upload, blob).await;
                return Err(failed);
            }
        };
        let done: Result<Done<Uploads>, _> = self
            .transact(context, StreamName::uploads(scope.team), Start::Known, |_: &Uploads| {
                upload::Command::Store { stored: stored.clone(), room }
            })
            .await;
        match done {
            Ok(done) => {
                self.settled_blob(blob).await;
                Ok((upload, done.position))
            }
            Err(Stop::Rejected(rejection)) => {
                self.let_go(scope.team, upload, blob).await;
                Err(refused(rejection))
            }
            // It may have come into the log or not: the doubt stays.
            Err(Stop::Failed(error)) => Err(error),
        }
    }

    /// Stores the content and what is made of it.
    async fn put(
        &self,
        context: &Context,
        scope: &TeamScope,
        arrived: Arrived,
        (upload, blob): (UploadId, BlobId),
    ) -> Result<Stored, ApiError> {
        let Arrived { incoming, name, mut size, head, texts: _, places: _places } = arrived;
        incoming.keep(blob, FILE).await.map_err(ApiError::unavailable)?;
        let Media { content_type, mut kind } = media::sniff(&head);
        let (mut animated, mut preview) = (false, None);
        if kind == UploadKind::Image {
            context.request.note_progress();
            let Made { previews, moves, bare } = self.made_of(blob, size).await?;
            if let Some(bare) = bare {
                size = bare.len() as u64;
                self.blobs.put(blob, FILE, bare).await.map_err(ApiError::unavailable)?;
            }
            match previews {
                Some(previews) => {
                    animated = moves;
                    preview = Some(self.put_previews(blob, previews).await.map_err(ApiError::unavailable)?);
                }
                None => kind = UploadKind::ImageFile,
            }
            context.request.note_progress();
        }
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

    /// What is made of a picture. One that cannot or may not be decoded stays a file as it is.
    async fn made_of(&self, blob: BlobId, size: u64) -> Result<Made, ApiError> {
        if size > MAX_BYTES as u64 {
            return Ok(Made::default());
        }
        let made = async {
            let place = self.resizer.place().await?;
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
            let bare = bare(&picture).map(Bytes::from);
            let previews = Some(self.resizer.previews(place, picture).await?);
            Ok(Made { previews, moves, bare })
        };
        match made.await {
            Ok(made) => Ok(made),
            Err(PictureRefused::Busy) => Err(ApiError::new(ErrorCode::Unavailable)
                .because(Text::TryLater)
                .retry_after(Duration::from_secs(5))),
            Err(error @ PictureRefused::Internal(_)) => Err(ApiError::internal(error)),
            Err(_) => Ok(Made::default()),
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

    /// Says that a message which is about to be posted brings files. One that is there already brings those it has.
    pub(crate) async fn attach(
        &self,
        context: &Context,
        scope: &TeamScope,
        message: MessageId,
        uploads: &[UploadId],
    ) -> Result<(), ApiError> {
        if uploads.is_empty() {
            return Ok(());
        }
        let known: Message = self.current(&StreamName::message(message)).await?;
        match known.brings() {
            Some(brought) if brought == uploads => return Ok(()),
            Some(_) => return Err(ApiError::field("uploads", Text::ReadOnly)),
            None => {}
        }
        let context = context.on_the_way().named("upload.attach");
        let actor = scope.contact;
        let attached: Result<Done<Uploads>, Stop<upload::Rejection>> = self
            .transact(&context, StreamName::uploads(scope.team), Start::Known, |_: &Uploads| {
                upload::Command::Attach { actor, uploads: uploads.to_vec(), message }
            })
            .await;
        let refused = |_| ApiError::field("uploads", Text::DoesNotExist);
        attached.map(drop).map_err(|stop| stop.or(refused))
    }

    /// Makes a file of one's own, or anybody's for those who run the team, nobody's; its content goes once the log says so.
    pub(crate) async fn remove_file(
        &self,
        context: &Context,
        scope: &TeamScope,
        upload: UploadId,
    ) -> Result<Position, ApiError> {
        let stream = StreamName::uploads(scope.team);
        let files: Uploads = self.current(&stream).await?;
        let actor = upload::Actor {
            contact: scope.contact,
            any: policy::may(scope.status, Action::DeleteAnyMessage),
        };
        let (blob, used) = files.of(actor, upload).ok_or_else(|| refused(upload::Rejection::NoUpload))?;
        let mut deleted = vec![];
        for message in used {
            let message_now: Message = self.current(&StreamName::message(*message)).await?;
            // One that was to bring it and was never posted needs it as little as one that is deleted.
            if message_now.brings().is_some() && !message_now.is_deleted() {
                return Err(refused(upload::Rejection::InUse));
            }
            deleted.push(*message);
        }
        self.doubt(scope.team, upload, blob).await?;
        let done: Result<Done<Uploads>, Stop<upload::Rejection>> = self
            .transact(context, stream, Start::Known, |_: &Uploads| upload::Command::Remove {
                actor,
                upload,
                deleted: deleted.clone(),
            })
            .await;
        match done {
            Ok(done) => {
                self.let_go(scope.team, upload, blob).await;
                Ok(done.position)
            }
            Err(Stop::Rejected(rejection)) => {
                self.settled_blob(blob).await;
                Err(refused(rejection))
            }
            // The log may say so or not: the doubt stays.
            Err(Stop::Failed(error)) => Err(error),
        }
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
