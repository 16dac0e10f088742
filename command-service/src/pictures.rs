//! Pictures of teams and of people, on their way in and out.
//!
//! What was uploaded is resized and stored, then an event names it. The bytes of one that was replaced or removed go, and so
//! do those of one that no event came to name.

use crate::{
    Commands,
    context::Context,
    files::ReceivedFile,
    http::team_refused,
    transact::{InitialState, TransactError, Transacted},
};
use access::TeamScope;
use domain::team::{self, Team};
use events::{BlobId, ContactId, Position, StreamName, icon};
use media::resize::PictureRefused;
use platform::http::ApiError;
use protocol::{error::ErrorCode, lang::Text};
use read_model::icon::{LARGE_FILE, SMALL_FILE};
use std::time::Duration;

/// The form's field.
const FIELD: &str = "file";

/// PictureTarget picture.
#[derive(Clone, Copy, Debug)]
pub(crate) enum PictureTarget {
    /// The team's own.
    Team,
    /// That of somebody in it.
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

impl Commands {
    /// Sets or replaces a picture by the one of a form. Whether the caller may is known already.
    pub(crate) async fn set_picture(
        &self,
        context: &mut Context,
        scope: &TeamScope,
        target: PictureTarget,
        arrived: ReceivedFile,
    ) -> Result<Position, ApiError> {
        context.request.note_progress();
        let decoding = self.resizer.place(scope.caller.account.0).await.map_err(refused)?;
        // Only now: those who wait hold no pictures in memory.
        let picture = arrived.incoming.into_bytes().await.map_err(ApiError::unavailable)?;
        let sizes = self.resizer.resize(decoding, picture).await.map_err(refused)?;
        context.request.note_progress();
        let blob: BlobId = context.id();
        let stored = icon::Changed {
            blob,
            lg_width: sizes.lg.width,
            lg_height: sizes.lg.height,
            size: (sizes.lg.bytes.len() + sizes.sm.bytes.len()) as u64,
        };
        self.mark_picture(scope.team, blob).await?;
        for (name, bytes) in [(LARGE_FILE, sizes.lg.bytes), (SMALL_FILE, sizes.sm.bytes)] {
            if let Err(error) = self.blobs.put(blob, name, bytes).await {
                self.collect_picture(scope.team, blob).await;
                return Err(ApiError::unavailable(error));
            }
        }
        self.change_picture(context, scope, target, Some(stored)).await
    }

    /// Removes a picture, if there is one.
    pub(crate) async fn remove_picture(
        &self,
        context: &Context,
        scope: &TeamScope,
        target: PictureTarget,
    ) -> Result<Position, ApiError> {
        self.change_picture(context, scope, target, None).await
    }

    async fn change_picture(
        &self,
        context: &Context,
        scope: &TeamScope,
        target: PictureTarget,
        new: Option<icon::Changed>,
    ) -> Result<Position, ApiError> {
        let stream = StreamName::team(scope.team);
        let earlier = target.picture(&self.current(&stream).await?);
        if let Some(earlier) = earlier {
            self.mark_picture(scope.team, earlier).await?;
        }
        // Somebody else may be faster: what is replaced in the end may be another one.
        let mut replaced = None;
        let done: Result<Transacted<Team>, _> = self
            .transact(context, stream, InitialState::Cached, |team: &Team| {
                replaced = target.picture(team);
                target.command(scope.contact, new.clone())
            })
            .await;
        if let Err(TransactError::Failed(error)) = done {
            return Err(error); // it may have come into the log or not: the doubts stay
        }
        let mut doubted: Vec<BlobId> =
            [earlier, replaced, new.map(|icon| icon.blob)].into_iter().flatten().collect();
        doubted.sort_unstable();
        doubted.dedup();
        for blob in doubted {
            self.collect_picture(scope.team, blob).await;
        }
        Ok(done.map_err(|stop| stop.or(team_refused))?.position)
    }
}

/// Maps a failure: 422 for a bad picture, 503 for a busy server.
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

fn busy(told: Text, wait: Duration) -> ApiError {
    ApiError::new(ErrorCode::Unavailable).because(told).retry_after(wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_that_takes_too_long_is_not_called_none() {
        for (kind, status) in [
            (PictureRefused::TooSlow, 503),
            (PictureRefused::Busy, 503),
            (PictureRefused::NotAPicture, 422),
            (PictureRefused::TooManyPixels, 422),
            (PictureRefused::TooLarge(1), 422),
            (PictureRefused::Internal("a disk".into()), 500),
        ] {
            let told = format!("{kind:?}");
            assert_eq!(refused(kind).failure().code.status(), status, "{told}");
        }
    }
}
