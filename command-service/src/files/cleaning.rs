//! Removes metadata from an uploaded file before it is stored.

use super::receiver::FIELD;
use media::{
    Media,
    blobs::Incoming,
    clean::{CleanError, Format, Outcome},
};
use platform::http::ApiError;
use protocol::lang::Text;

/// Returns the file to store, its size and its type. `head` holds the first bytes, `name` is the client's file name.
pub(super) async fn cleaned(
    mut incoming: Incoming,
    size: u64,
    head: &[u8],
    name: &str,
) -> Result<(Incoming, u64, Media), ApiError> {
    let media = media::sniff(head);
    let Some(format) = Format::of(media.content_type) else {
        // A photograph with a damaged beginning has no known type, but its name claims that it is one.
        let is_one = media == Media::OPAQUE && media::is_called_picture(name);
        if is_one && incoming.hides_metadata().await.map_err(ApiError::unavailable)? {
            return Err(ApiError::field(FIELD, Text::PictureNotCleanable));
        }
        return Ok((incoming, size, media));
    };
    match incoming.clean(format).await {
        Ok((incoming, Outcome::NotReadableAsClaimed, size)) => Ok((incoming, size, Media::OPAQUE)),
        Ok((incoming, Outcome::NothingToClean | Outcome::Cleaned, size)) => Ok((incoming, size, media)),
        Err(CleanError::Hidden) => Err(ApiError::field(FIELD, Text::PictureNotCleanable)),
        Err(error @ CleanError::Storage(_)) => Err(ApiError::unavailable(error)),
    }
}
