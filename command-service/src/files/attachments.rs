//! References to files: messages and tasks attach them, and a file that nothing attaches may be removed.

use crate::{
    aggregates::{Aggregates, TransactError, Transacted},
    blob_gc::BlobGc,
    context::Context,
    rejections::Rejection,
};
use access::TeamScope;
use domain::{
    message::Message,
    policy::{self, Action},
    task::Task,
    upload::{self, AttachmentTarget, Uploads},
};
use events::{GroupId, MessageId, MessageKey, Position, StreamName, TeamId, UploadId};
use platform::http::ApiError;
use protocol::lang::Text;

/// Attachments of a team's files to messages and tasks. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Attachments {
    aggregates: Aggregates,
    gc: BlobGc,
}

impl Attachments {
    pub(crate) fn new(aggregates: Aggregates, gc: BlobGc) -> Self {
        Self { aggregates, gc }
    }

    /// Attaches files to a message that is about to be posted. A message that is posted keeps the files it has.
    pub(crate) async fn attach_to_message(
        &self,
        context: &Context,
        scope: &TeamScope,
        message: MessageId,
        uploads: &[UploadId],
    ) -> Result<(), ApiError> {
        if uploads.is_empty() {
            return Ok(());
        }
        let stream = self.aggregates.message_stream(MessageKey { team: scope.team, message }).await?;
        let known: Message = self.aggregates.current(&stream).await?;
        match known.attachments() {
            Some(brought) if brought == uploads => return Ok(()),
            Some(_) => return Err(ApiError::field("uploads", Text::ReadOnly)),
            None => {}
        }
        let context = context.without_idempotency_key().named("upload.attach");
        self.attach(&context, scope, uploads, AttachmentTarget::Message(message)).await
    }

    /// Attaches files to a task. Files that are attached to it already may be named again by anybody.
    pub(crate) async fn attach_to_task(
        &self,
        context: &Context,
        scope: &TeamScope,
        task: GroupId,
        uploads: &[UploadId],
    ) -> Result<(), ApiError> {
        if uploads.is_empty() {
            return Ok(());
        }
        let context = context.without_idempotency_key().named("upload.attach_to_task");
        self.attach(&context, scope, uploads, AttachmentTarget::Task(task)).await
    }

    async fn attach(
        &self,
        context: &Context,
        scope: &TeamScope,
        uploads: &[UploadId],
        target: AttachmentTarget,
    ) -> Result<(), ApiError> {
        let actor = scope.contact;
        self.aggregates
            .transact(context, StreamName::uploads(scope.team), |_: &Uploads| upload::Command::Attach {
                actor,
                uploads: uploads.to_vec(),
                target,
            })
            .await
            .map(drop)
            .map_err(|error| error.or(|_| ApiError::field("uploads", Text::DoesNotExist)))
    }

    /// Whether a message or task that attached a file shows it.
    async fn is_used(
        &self,
        team: TeamId,
        upload: UploadId,
        target: AttachmentTarget,
    ) -> Result<bool, ApiError> {
        Ok(match target {
            // A message that was never posted does not count as a user of the file; nor does a deleted one.
            AttachmentTarget::Message(message) => {
                let stream = self.aggregates.message_stream(MessageKey { team, message }).await?;
                let message: Message = self.aggregates.current(&stream).await?;
                message.attachments().is_some() && !message.is_deleted()
            }
            AttachmentTarget::Task(task) => {
                self.aggregates.current::<Task>(&StreamName::task(task)).await?.has_attachment(upload)
            }
        })
    }

    /// Removes a file of the caller's own, or anybody's if the caller may delete anybody's messages. The blob is collected
    /// after the event.
    pub(crate) async fn remove(
        &self,
        context: &Context,
        scope: &TeamScope,
        upload: UploadId,
    ) -> Result<Position, ApiError> {
        let stream = StreamName::uploads(scope.team);
        let files: Uploads = self.aggregates.current(&stream).await?;
        let actor = upload::Actor {
            contact: scope.contact,
            any: policy::may(scope.status, Action::DeleteAnyMessage),
        };
        let (blob, used) = files.of(actor, upload).ok_or_else(|| upload::Rejection::NoUpload.answer())?;
        for target in used {
            if self.is_used(scope.team, upload, *target).await? {
                return Err(upload::Rejection::InUse.answer());
            }
        }
        let over = used.to_vec();
        self.gc.mark_file(scope.team, upload, blob).await?;
        let done: Result<Transacted<Uploads>, _> = self
            .aggregates
            .transact(context, stream, |_: &Uploads| upload::Command::Remove {
                actor,
                upload,
                over: over.clone(),
            })
            .await;
        match done {
            Ok(done) => {
                self.gc.collect_file(scope.team, upload, blob).await;
                Ok(done.position)
            }
            Err(TransactError::Rejected(rejection)) => {
                self.gc.unmark(blob).await;
                Err(rejection.answer())
            }
            // The event may be in the log or not: the marker stays.
            Err(TransactError::Failed(error)) => Err(error),
        }
    }
}
