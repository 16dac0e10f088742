//! Resizes uploaded pictures safely: checks limits before decoding, and encodes the result again.
//!
//! Nothing else of the upload survives: an appended file, a location in its metadata, a decompression bomb. Results
//! are JPEG: `sm` is 256×256, cropped to the middle; `lg` keeps its proportions with a height of 1024, or less if
//! the original is smaller: nothing but a tiny `sm` is enlarged. Animated pictures are represented by their first
//! frame.

use bytes::Bytes;
use image::{
    DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, Rgb, RgbImage,
    codecs::jpeg::JpegEncoder, imageops::FilterType,
};
use moka::sync::Cache;
use std::{io::Cursor, sync::Arc, time::Duration};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, error::Elapsed, timeout, timeout_at},
};
use uuid::Uuid;

/// Maximum size of an upload, in bytes.
pub const MAX_BYTES: usize = 10 * 1024 * 1024;
/// Maximum width and height, in pixels.
pub const MAX_SIDE: u32 = 10_000;
/// Maximum number of pixels.
pub const MAX_PIXELS: u64 = 40_000_000;
/// Width and height of `sm`, in pixels.
pub const SMALL_SIDE: u32 = 256;
/// Maximum height of `lg`, in pixels.
pub const LARGE_HEIGHT: u32 = 1_024;

/// Side of the square that a preview fits into, in pixels; the second preview is twice as large.
pub const PREVIEW_SIDE: u32 = 400;

/// Maximum number of pictures decoded at once: each may take some hundred megabytes for a moment. An account
/// decodes one at a time, so every account has at most one place in the queue.
const AT_ONCE: usize = 2;
/// Maximum number of accounts with a queue of their own.
const REMEMBERED: u64 = 10_000;
/// Pause after which an account whose picture took too long may decode again.
const REST: Duration = Duration::from_secs(60);
/// Memory limit of a decoder, in bytes. 40 million pixels of 8 bytes exceed it: such depth is for smaller pictures.
const MAX_ALLOCATION: u64 = 256 * 1024 * 1024;
const WAIT: Duration = Duration::from_secs(10);
const DECODING: Duration = Duration::from_secs(5);
const QUALITY: u8 = 85;

/// Why an upload is refused.
#[derive(Debug, thiserror::Error)]
pub enum PictureRefused {
    /// The file is not a JPEG, PNG, WebP or GIF picture.
    #[error("not a JPEG, PNG, WebP or GIF picture")]
    NotAPicture,
    /// The upload is larger than [`MAX_BYTES`].
    #[error("an upload of {0} bytes is too large")]
    TooLarge(usize),
    /// The picture exceeds [`MAX_SIDE`], [`MAX_PIXELS`] or the memory limit.
    #[error("the picture has too many pixels")]
    TooManyPixels,
    /// The file has the signature of a picture, but cannot be decoded.
    #[error("the picture is damaged: {0}")]
    Damaged(#[source] ImageError),
    /// Decoding takes too long.
    #[error("the picture takes too long to decode")]
    TooSlow,
    /// Too many pictures are being decoded, or the account's last one took too long; the upload can be retried.
    #[error("too many pictures at once")]
    Busy,
    /// The result cannot be encoded.
    #[error("the picture cannot be written: {0}")]
    Internal(String),
}

impl PictureRefused {
    /// Whether the data is not a readable picture of the type it claims.
    pub fn is_unreadable(&self) -> bool {
        match self {
            Self::NotAPicture => true,
            Self::Damaged(error) => !matches!(error, ImageError::Unsupported(_)),
            _ => false,
        }
    }
}

/// Both sizes of a resized picture.
#[derive(Clone, Debug)]
pub struct Resized {
    /// 256×256 px.
    pub sm: Jpeg,
    /// The original proportions, at most 1024 px high.
    pub lg: Jpeg,
}

/// Previews of a picture in its proportions: within [`PREVIEW_SIDE`], and within twice that. Nothing is enlarged.
#[derive(Clone, Debug)]
pub struct Previews {
    /// The smaller preview.
    pub one: Jpeg,
    /// The larger preview.
    pub two: Jpeg,
}

/// The right to decode one picture, taken before its bytes are loaded into memory.
#[derive(Debug)]
pub struct DecodePermit {
    account: Uuid,
    _held: [OwnedSemaphorePermit; 2],
}

/// A picture as JPEG.
#[derive(Clone, Debug)]
pub struct Jpeg {
    /// The file's content.
    pub bytes: Bytes,
    /// Width, px.
    pub width: u32,
    /// Height, px.
    pub height: u32,
}

/// Resizes uploads, a few at a time. Cheap to clone; clones share the limit.
#[derive(Clone, Debug)]
pub struct Resizer {
    places: Arc<Semaphore>,
    own: Cache<Uuid, Arc<Semaphore>>,
    /// Accounts whose last picture took too long.
    slow: Cache<Uuid, ()>,
    wait: Duration,
    decoding: Duration,
}

impl Default for Resizer {
    fn default() -> Self {
        Self {
            places: Arc::new(Semaphore::new(AT_ONCE)),
            own: Cache::new(REMEMBERED),
            slow: Cache::builder().max_capacity(REMEMBERED).time_to_live(REST).build(),
            wait: WAIT,
            decoding: DECODING,
        }
    }
}

impl Resizer {
    /// Makes both sizes of an uploaded picture.
    ///
    /// # Errors
    /// [`PictureRefused`].
    pub async fn resize(&self, permit: DecodePermit, upload: Bytes) -> Result<Resized, PictureRefused> {
        if upload.len() > MAX_BYTES {
            return Err(PictureRefused::TooLarge(upload.len()));
        }
        let format = format_of(&upload)?;
        self.decoded(permit, upload, format, |picture| {
            Ok(Resized { sm: small(&picture)?, lg: large(picture)? })
        })
        .await
    }

    /// Waits for permission to decode: first behind the account's own pictures, then behind those of others.
    ///
    /// # Errors
    /// [`PictureRefused::Busy`].
    pub async fn permit(&self, account: Uuid) -> Result<DecodePermit, PictureRefused> {
        if self.slow.contains_key(&account) {
            return Err(PictureRefused::Busy);
        }
        let deadline = Instant::now() + self.wait;
        let own = self.own.get_with(account, || Arc::new(Semaphore::new(1)));
        let own = held(own, deadline).await?;
        Ok(DecodePermit { account, _held: [own, held(Arc::clone(&self.places), deadline).await?] })
    }

    /// Makes previews of an uploaded picture.
    ///
    /// # Errors
    /// [`PictureRefused`].
    pub async fn previews(&self, permit: DecodePermit, upload: Bytes) -> Result<Previews, PictureRefused> {
        if upload.len() > MAX_BYTES {
            return Err(PictureRefused::TooLarge(upload.len()));
        }
        let format = format_of(&upload)?;
        self.decoded(permit, upload, format, |picture| {
            let two = within(picture, 2 * PREVIEW_SIDE);
            Ok(Previews { one: encode(within(two.clone(), PREVIEW_SIDE))?, two: encode(two)? })
        })
        .await
    }

    #[expect(clippy::disallowed_methods, reason = "picture codecs block; permits bound how many run")]
    async fn decoded<T: Send + 'static>(
        &self,
        permit: DecodePermit,
        upload: Bytes,
        format: ImageFormat,
        make: impl FnOnce(RgbImage) -> Result<T, PictureRefused> + Send + 'static,
    ) -> Result<T, PictureRefused> {
        let account = permit.account;
        let work = tokio::task::spawn_blocking(move || {
            // Held until the work really ends: a thread that outlives its timeout still counts.
            let _permit = permit;
            make(decode(&upload, format)?)
        });
        match timeout(self.decoding, work).await {
            Ok(done) => done.map_err(|error| PictureRefused::Internal(error.to_string()))?,
            Err(Elapsed { .. }) => {
                self.slow.insert(account, ());
                Err(PictureRefused::TooSlow)
            }
        }
    }
}

async fn held(places: Arc<Semaphore>, deadline: Instant) -> Result<OwnedSemaphorePermit, PictureRefused> {
    let permit = timeout_at(deadline, places.acquire_owned()).await;
    let permit = permit.map_err(|Elapsed { .. }| PictureRefused::Busy)?;
    permit.map_err(|error| PictureRefused::Internal(error.to_string()))
}

/// Detects the format from the first bytes; name and declared type are ignored.
fn format_of(upload: &[u8]) -> Result<ImageFormat, PictureRefused> {
    match image::guess_format(upload) {
        Ok(format @ (ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP | ImageFormat::Gif)) => {
            Ok(format)
        }
        Ok(_) | Err(_) => Err(PictureRefused::NotAPicture),
    }
}

fn decode(upload: &[u8], format: ImageFormat) -> Result<RgbImage, PictureRefused> {
    let mut limits = Limits::no_limits();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_ALLOCATION);
    let mut reader = ImageReader::with_format(Cursor::new(upload), format);
    reader.limits(limits);
    // Reads only the header.
    let mut decoder = reader.into_decoder().map_err(refused)?;
    let (width, height) = decoder.dimensions();
    if width > MAX_SIDE || height > MAX_SIDE || u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(PictureRefused::TooManyPixels);
    }
    let orientation = decoder.orientation().map_err(refused)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(refused)?;
    picture.apply_orientation(orientation);
    Ok(flatten(picture))
}

/// Replaces transparency by white: JPEG has none.
fn flatten(picture: DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.into_rgb8();
    }
    let source = picture.into_rgba8();
    let mut flat = RgbImage::new(source.width(), source.height());
    for (from, to) in source.pixels().zip(flat.pixels_mut()) {
        let [red, green, blue, alpha] = from.0;
        let over_white = |channel: u8| {
            let (channel, alpha) = (u32::from(channel), u32::from(alpha));
            ((channel * alpha + 255 * (255 - alpha) + 127) / 255) as u8
        };
        *to = Rgb([over_white(red), over_white(green), over_white(blue)]);
    }
    flat
}

fn small(picture: &RgbImage) -> Result<Jpeg, PictureRefused> {
    let (width, height) = picture.dimensions();
    let side = width.min(height);
    let square = image::imageops::crop_imm(picture, (width - side) / 2, (height - side) / 2, side, side);
    encode(scale(square.to_image(), SMALL_SIDE, SMALL_SIDE))
}

fn large(picture: RgbImage) -> Result<Jpeg, PictureRefused> {
    let (width, height) = picture.dimensions();
    if height <= LARGE_HEIGHT {
        return encode(picture);
    }
    let scaled = u64::from(width) * u64::from(LARGE_HEIGHT) / u64::from(height);
    // Narrower than the original, so it fits.
    encode(scale(picture, scaled.max(1) as u32, LARGE_HEIGHT))
}

/// Shrinks a picture to fit into a square, in its proportions.
fn within(picture: RgbImage, side: u32) -> RgbImage {
    let (width, height) = picture.dimensions();
    let longest = width.max(height);
    if longest <= side {
        return picture;
    }
    let scaled = |length: u32| (u64::from(length) * u64::from(side) / u64::from(longest)).max(1) as u32;
    scale(picture, scaled(width), scaled(height))
}

/// Averages down to twice the target size, which is fast, then filters, which is sharp.
fn scale(mut picture: RgbImage, width: u32, height: u32) -> RgbImage {
    let (twice_width, twice_height) = (2 * width, 2 * height);
    if picture.width() > twice_width && picture.height() > twice_height {
        picture = DynamicImage::from(picture).thumbnail_exact(twice_width, twice_height).into_rgb8();
    }
    DynamicImage::from(picture).resize_exact(width, height, FilterType::Lanczos3).into_rgb8()
}

fn encode(picture: RgbImage) -> Result<Jpeg, PictureRefused> {
    let mut bytes = Vec::new();
    picture
        .write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, QUALITY))
        .map_err(|error| PictureRefused::Internal(error.to_string()))?;
    Ok(Jpeg { bytes: bytes.into(), width: picture.width(), height: picture.height() })
}

fn refused(error: ImageError) -> PictureRefused {
    match error {
        ImageError::Limits(_) => PictureRefused::TooManyPixels,
        other => PictureRefused::Damaged(other),
    }
}

#[cfg(test)]
mod tests;
