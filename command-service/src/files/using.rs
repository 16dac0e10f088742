//! Files as messages and tasks use them, and their end: what is in use stays.

use super::refused;
use crate::{
    Commands,
    context::Context,
    transact::{InitialState, TransactError, Transacted},
};
use access::TeamScope;
use domain::{
    message::Message,
    policy::{self, Action},
    task::Task,
    upload::{self, Bearer, Uploads},
};
use events::{GroupId, MessageId, Position, StreamName, UploadId};
use platform::http::ApiError;
use protocol::lang::Text;

impl Commands {
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
        let context = context.without_idempotency_key().named("upload.attach");
        self.give(&context, scope, uploads, Bearer::Message(message)).await
    }

    /// Says that a task is about to bring files. Those that were given to it before it may go on bringing.
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
        self.give(&context, scope, uploads, Bearer::Task(task)).await
    }

    async fn give(
        &self,
        context: &Context,
        scope: &TeamScope,
        uploads: &[UploadId],
        bearer: Bearer,
    ) -> Result<(), ApiError> {
        let actor = scope.contact;
        let given: Result<Transacted<Uploads>, TransactError<upload::Rejection>> = self
            .transact(context, StreamName::uploads(scope.team), InitialState::Cached, |_: &Uploads| {
                upload::Command::Attach { actor, uploads: uploads.to_vec(), bearer }
            })
            .await;
        let refused = |_| ApiError::field("uploads", Text::DoesNotExist);
        given.map(drop).map_err(|stop| stop.or(refused))
    }

    /// Whether what was to bring a file does so.
    async fn is_brought(&self, upload: UploadId, bearer: Bearer) -> Result<bool, ApiError> {
        Ok(match bearer {
            // One that was to bring it and was never posted needs it as little as one that is deleted.
            Bearer::Message(message) => {
                let message: Message = self.current(&StreamName::message(message)).await?;
                message.brings().is_some() && !message.is_deleted()
            }
            Bearer::Task(task) => self.current::<Task>(&StreamName::task(task)).await?.brings(upload),
        })
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
        for bearer in used {
            if self.is_brought(upload, *bearer).await? {
                return Err(refused(upload::Rejection::InUse));
            }
        }
        let over = used.to_vec();
        self.mark_file(scope.team, upload, blob).await?;
        let done: Result<Transacted<Uploads>, TransactError<upload::Rejection>> = self
            .transact(context, stream, InitialState::Cached, |_: &Uploads| upload::Command::Remove {
                actor,
                upload,
                over: over.clone(),
            })
            .await;
        match done {
            Ok(done) => {
                self.collect_file(scope.team, upload, blob).await;
                Ok(done.position)
            }
            Err(TransactError::Rejected(rejection)) => {
                self.unmark(blob).await;
                Err(refused(rejection))
            }
            // The log may say so or not: the doubt stays.
            Err(TransactError::Failed(error)) => Err(error),
        }
    }
}
