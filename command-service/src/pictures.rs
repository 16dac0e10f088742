//! Sets and removes the pictures of teams and contacts.
//!
//! An uploaded picture is resized and stored, then an event references it. Blobs that were replaced, removed or never
//! referenced are collected.

use crate::{
    aggregates::{Aggregates, TransactError, Transacted},
    blob_gc::BlobGc,
    context::Context,
    files::{FIELD, ReceivedFile},
};
use access::TeamScope;
use domain::team::{self, Team};
use events::{BlobId, ContactId, Position, StreamName, icon};
use media::{
    blobs::Blobs,
    resize::{PictureRefused, Resizer},
};
use platform::http::ApiError;
use protocol::{error::ErrorCode, lang::Text};
use read_model::icon::{LARGE_FILE, SMALL_FILE};
use std::{sync::Arc, time::Duration};

/// The owner of a picture.
#[derive(Clone, Copy, Debug)]
pub(crate) enum PictureTarget {
    Team,
    Contact(ContactId),
}

impl PictureTarget {
    fn picture(self, team: &Team) -> Option<BlobId> {
        match self {
            Self::Team => team.picture(),
            Self::Contact(contact) => team.picture_of(contact),
        }
    }

    fn command(self, actor: ContactId, icon: Option<icon::Changed>) -> team::Command {
        match (self, icon) {
            (Self::Team, Some(icon)) => team::Command::SetIcon { actor, icon },
            (Self::Team, None) => team::Command::RemoveIcon { actor },
            (Self::Contact(contact), Some(icon)) => team::Command::SetContactIcon { actor, contact, icon },
            (Self::Contact(contact), None) => team::Command::RemoveContactIcon { actor, contact },
        }
    }
}

/// Pictures of teams and contacts. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Pictures {
    aggregates: Aggregates,
    blobs: Blobs,
    gc: BlobGc,
    resizer: Arc<Resizer>,
}

impl Pictures {
    pub(crate) fn new(aggregates: Aggregates, blobs: Blobs, gc: BlobGc, resizer: Arc<Resizer>) -> Self {
        Self { aggregates, blobs, gc, resizer }
    }

    /// Sets or replaces a picture by an uploaded one. The caller's right to do so is checked before.
    pub(crate) async fn set(
        &self,
        context: &mut Context,
        scope: &TeamScope,
        target: PictureTarget,
        received: ReceivedFile,
    ) -> Result<Position, ApiError> {
        context.request.note_progress();
        let permit = self.resizer.permit(scope.caller.account.0).await.map_err(refused)?;
        // Read only now: requests that wait for a permit hold no picture in memory.
        let picture = received.incoming.into_bytes().await.map_err(ApiError::unavailable)?;
        let sizes = self.resizer.resize(permit, picture).await.map_err(refused)?;
        context.request.note_progress();
        let blob: BlobId = context.id();
        let stored = icon::Changed {
            blob,
            lg_width: sizes.lg.width,
            lg_height: sizes.lg.height,
            size: (sizes.lg.bytes.len() + sizes.sm.bytes.len()) as u64,
        };
        self.gc.mark_picture(scope.team, blob).await?;
        for (name, bytes) in [(LARGE_FILE, sizes.lg.bytes), (SMALL_FILE, sizes.sm.bytes)] {
            if let Err(error) = self.blobs.put(blob, name, bytes).await {
                self.gc.collect_picture(scope.team, blob).await;
                return Err(ApiError::unavailable(error));
            }
        }
        self.change(context, scope, target, Some(stored)).await
    }

    /// Removes a picture, if there is one.
    pub(crate) async fn remove(
        &self,
        context: &Context,
        scope: &TeamScope,
        target: PictureTarget,
    ) -> Result<Position, ApiError> {
        self.change(context, scope, target, None).await
    }

    async fn change(
        &self,
        context: &Context,
        scope: &TeamScope,
        target: PictureTarget,
        new: Option<icon::Changed>,
    ) -> Result<Position, ApiError> {
        let stream = StreamName::team(scope.team);
        let earlier = target.picture(&self.aggregates.current(&stream).await?);
        if let Some(earlier) = earlier {
            self.gc.mark_picture(scope.team, earlier).await?;
        }
        // A concurrent command may have replaced the picture meanwhile.
        let mut replaced = None;
        let done: Result<Transacted<Team>, _> = self
            .aggregates
            .transact(context, stream, |team: &Team| {
                replaced = target.picture(team);
                target.command(scope.contact, new.clone())
            })
            .await;
        if let Err(TransactError::Failed(error)) = done {
            return Err(error); // the event may be in the log or not: the markers stay
        }
        let mut marked: Vec<BlobId> =
            [earlier, replaced, new.map(|icon| icon.blob)].into_iter().flatten().collect();
        marked.sort_unstable();
        marked.dedup();
        for blob in marked {
            self.gc.collect_picture(scope.team, blob).await;
        }
        Ok(done?.position)
    }
}

/// A bad picture is answered with 422, a busy server with 503.
fn refused(refused: PictureRefused) -> ApiError {
    match refused {
        PictureRefused::TooManyPixels | PictureRefused::TooLarge(_) => {
            ApiError::field(FIELD, Text::PictureTooLarge)
        }
        PictureRefused::NotAPicture | PictureRefused::Damaged(_) => ApiError::field(FIELD, Text::NotAPicture),
        PictureRefused::Busy => busy(Text::Unavailable, Duration::from_secs(5)),
        PictureRefused::TooSlow => busy(Text::PictureTooSlow, Duration::from_secs(60)),
        PictureRefused::Internal(_) => ApiError::internal(refused),
    }
}

fn busy(reason: Text, wait: Duration) -> ApiError {
    ApiError::new(ErrorCode::Unavailable).because(reason).retry_after(wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn picture_that_is_bad_is_answered_422_and_one_that_takes_too_long_503() {
        for (kind, status) in [
            (PictureRefused::TooSlow, 503),
            (PictureRefused::Busy, 503),
            (PictureRefused::NotAPicture, 422),
            (PictureRefused::TooManyPixels, 422),
            (PictureRefused::TooLarge(1), 422),
            (PictureRefused::Internal("a disk".into()), 500),
        ] {
            let name = format!("{kind:?}");
            assert_eq!(refused(kind).failure().code.status(), status, "{name}");
        }
    }
}
