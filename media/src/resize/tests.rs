//! Valid pictures are resized to both sizes; anything else is refused without harm.

use super::{MAX_BYTES, PictureRefused, Resized, Resizer};
use bytes::Bytes;
use image::{DynamicImage, Frame, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage, codecs::gif::GifEncoder};
use std::{io::Cursor, time::Duration};
use uuid::Uuid;

/// A long timeout, so that a slow machine refuses nothing.
fn patient() -> Resizer {
    Resizer { decoding: Duration::from_secs(300), ..Resizer::default() }
}

async fn resize(upload: impl Into<Bytes>) -> Result<Resized, PictureRefused> {
    let resizer = patient();
    let permit = resizer.permit(Uuid::nil()).await?;
    resizer.resize(permit, upload.into()).await
}

#[tokio::test]
async fn account_decodes_one_picture_at_a_time() {
    let resizer = Resizer { wait: Duration::from_millis(50), ..patient() };
    let (greedy, other, third) = (Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3));
    let held = resizer.permit(greedy).await.unwrap();
    assert!(matches!(resizer.permit(greedy).await, Err(PictureRefused::Busy)), "its second one waits");
    let theirs = resizer.permit(other).await.expect("there is one for another account");
    assert!(matches!(resizer.permit(third).await, Err(PictureRefused::Busy)), "two at once for all");
    drop(theirs);
    resizer.permit(third).await.expect("a permit that is given back");
    drop(held);
    resizer.permit(greedy).await.expect("its own is given back");
}

#[tokio::test]
async fn waiting_account_is_not_overtaken_by_a_busy_one() {
    let resizer = Resizer { wait: Duration::from_secs(300), ..patient() };
    let accounts: Vec<Uuid> = (1..=3).map(Uuid::from_u128).collect();
    let (first, second) =
        (resizer.permit(accounts[0]).await.unwrap(), resizer.permit(accounts[1]).await.unwrap());
    let (greedy, waits) = (resizer.permit(accounts[0]), resizer.permit(accounts[2]));
    let (mut greedy, mut waits) = (Box::pin(greedy), Box::pin(waits));
    assert!(futures::poll!(&mut greedy).is_pending());
    assert!(futures::poll!(&mut waits).is_pending());
    drop(first);
    assert!(futures::poll!(&mut greedy).is_pending(), "it came back behind the one that waited");
    let _third = waits.await.unwrap();
    drop(second);
    greedy.await.unwrap();
}

#[tokio::test]
async fn slow_picture_is_refused_and_its_account_pauses() {
    let slow = Resizer { decoding: Duration::ZERO, ..Resizer::default() };
    let account = Uuid::from_u128(1);
    let permit = slow.permit(account).await.unwrap();
    let picture = written(&halves(2_000, 2_000), ImageFormat::Png);
    assert!(matches!(slow.resize(permit, picture.into()).await, Err(PictureRefused::TooSlow)));
    assert!(matches!(slow.permit(account).await, Err(PictureRefused::Busy)));
    slow.permit(Uuid::from_u128(2)).await.expect("others do not rest");
}

/// Left half red, right half blue.
fn halves(width: u32, height: u32) -> DynamicImage {
    RgbImage::from_fn(width, height, |x, _| if x < width / 2 { Rgb([255, 0, 0]) } else { Rgb([0, 0, 255]) })
        .into()
}

fn written(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn read(jpeg: &Bytes) -> RgbImage {
    image::load_from_memory_with_format(jpeg, ImageFormat::Jpeg).unwrap().into_rgb8()
}

fn is_near(pixel: &Rgb<u8>, wanted: [u8; 3]) -> bool {
    pixel.0.iter().zip(wanted).all(|(&have, want)| have.abs_diff(want) < 24)
}

/// A JPEG with an EXIF block: an orientation, and a location that must be removed.
fn with_exif(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
    exif.extend(b"GPS 55.7558N 37.6173E");
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xff, 0xe1], &length, &exif, &jpeg[2..]].concat()
}

/// The picture's PNG with another size in its header.
fn with_header_size(png: &mut [u8], width: u32, height: u32) {
    png[16..20].copy_from_slice(&width.to_be_bytes());
    png[20..24].copy_from_slice(&height.to_be_bytes());
    let crc = !png[12..29].iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 * (crc & 1)))
    });
    png[29..33].copy_from_slice(&crc.to_be_bytes());
}

#[tokio::test]
async fn both_sizes_are_as_documented() {
    for (size, large) in
        [((400, 200), (400, 200)), ((100, 2_048), (50, 1_024)), ((1, 1), (1, 1)), ((3, 1_500), (2, 1_024))]
    {
        let resized = resize(written(&halves(size.0, size.1), ImageFormat::Png)).await.unwrap();
        assert_eq!((resized.sm.width, resized.sm.height), (256, 256), "{size:?}");
        assert_eq!((resized.lg.width, resized.lg.height), large, "{size:?}");
        assert_eq!(read(&resized.sm.bytes).dimensions(), (256, 256));
        assert_eq!(read(&resized.lg.bytes).dimensions(), large);
    }
}

#[tokio::test]
async fn small_size_is_cropped_to_the_middle() {
    let resized = resize(written(&halves(900, 300), ImageFormat::Jpeg)).await.unwrap();
    let small = read(&resized.sm.bytes);
    assert!(is_near(small.get_pixel(64, 128), [255, 0, 0]));
    assert!(is_near(small.get_pixel(192, 128), [0, 0, 255]));
}

#[tokio::test]
async fn supported_formats_are_decoded() {
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP, ImageFormat::Gif] {
        let resized = resize(written(&halves(64, 32), format)).await.unwrap();
        let large = read(&resized.lg.bytes);
        assert!(is_near(large.get_pixel(8, 16), [255, 0, 0]), "{format:?}");
    }
    for format in [ImageFormat::Bmp, ImageFormat::Tiff] {
        let magic: &[u8] = if format == ImageFormat::Bmp { b"BM\0\0\0\0" } else { b"II*\0\x08\0\0\0" };
        assert!(matches!(resize(magic.to_vec()).await, Err(PictureRefused::NotAPicture)), "{format:?}");
    }
}

#[tokio::test]
async fn orientation_is_applied_and_metadata_removed() {
    let upload = with_exif(&written(&halves(64, 32), ImageFormat::Jpeg), 6);
    let resized = resize(upload).await.unwrap();
    let large = read(&resized.lg.bytes);
    assert_eq!(large.dimensions(), (32, 64));
    assert!(is_near(large.get_pixel(16, 8), [255, 0, 0]));
    assert!(is_near(large.get_pixel(16, 56), [0, 0, 255]));
    for jpeg in [&resized.sm.bytes, &resized.lg.bytes] {
        assert!(!contains(jpeg, b"Exif") && !contains(jpeg, b"GPS"));
    }
}

#[tokio::test]
async fn transparent_parts_become_white() {
    let clear = RgbaImage::from_pixel(32, 32, Rgba([10, 20, 30, 0]));
    let resized = resize(written(&clear.into(), ImageFormat::Png)).await.unwrap();
    assert!(is_near(read(&resized.lg.bytes).get_pixel(16, 16), [255; 3]));
    let half = RgbaImage::from_pixel(32, 32, Rgba([0, 0, 0, 128]));
    let resized = resize(written(&half.into(), ImageFormat::WebP)).await.unwrap();
    assert!(is_near(read(&resized.lg.bytes).get_pixel(16, 16), [127; 3]));
}

#[tokio::test]
async fn animation_is_resized_by_its_first_frame() {
    let mut gif = Vec::new();
    let mut encoder = GifEncoder::new(&mut gif);
    for colour in [[255, 0, 0, 255], [0, 255, 0, 255], [0, 0, 255, 255]] {
        encoder.encode_frame(Frame::new(RgbaImage::from_pixel(20, 10, Rgba(colour)))).unwrap();
    }
    drop(encoder);
    let resized = resize(gif).await.unwrap();
    assert!(is_near(read(&resized.lg.bytes).get_pixel(10, 5), [255, 0, 0]));
}

#[tokio::test]
async fn appended_content_is_removed() {
    let mut polyglot = written(&halves(64, 32), ImageFormat::Jpeg);
    polyglot.extend(b"<script>alert(1)</script>PK\x03\x04");
    let resized = resize(polyglot).await.unwrap();
    for jpeg in [&resized.sm.bytes, &resized.lg.bytes] {
        assert!(!contains(jpeg, b"script") && !contains(jpeg, b"PK\x03\x04"));
    }
    for fake in [
        &b"GIF89a<script>alert(1)</script>"[..],
        b"\xff\xd8\xff<html>",
        b"\x89PNG\r\n\x1a\n",
        b"RIFF\x10\0\0\0WEBPVP8 ",
    ] {
        assert!(resize(fake.to_vec()).await.is_err(), "{fake:?}");
    }
}

#[tokio::test]
async fn file_that_is_not_a_picture_is_refused() {
    for upload in [
        &b""[..],
        b"text",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.7",
        b"PK\x03\x04",
        b"\0\0\0\x20ftypavif",
    ] {
        assert!(matches!(resize(upload.to_vec()).await, Err(PictureRefused::NotAPicture)), "{upload:?}");
    }
    assert!(matches!(resize(vec![0; MAX_BYTES + 1]).await, Err(PictureRefused::TooLarge(_))));
}

#[tokio::test]
async fn small_file_with_a_huge_picture_is_refused_by_its_header() {
    let mut png = written(&halves(4, 4), ImageFormat::Png);
    for (width, height) in
        [(65_535, 65_535), (10_001, 1), (1, 10_001), (9_000, 9_000), (u32::MAX >> 1, u32::MAX >> 1)]
    {
        with_header_size(&mut png, width, height);
        let refused = resize(png.clone()).await;
        assert!(matches!(refused, Err(PictureRefused::TooManyPixels)), "{width}×{height}: {refused:?}");
    }
    let mut gif = written(&halves(4, 4), ImageFormat::Gif);
    gif[6..10].copy_from_slice(&[0xff; 4]);
    assert!(matches!(resize(gif).await, Err(PictureRefused::TooManyPixels)));
}

#[tokio::test]
async fn truncated_files_never_panic() {
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP, ImageFormat::Gif] {
        let whole = written(&halves(40, 40), format);
        for length in (0..whole.len()).step_by(7) {
            let result = resize(whole[..length].to_vec()).await;
            let told =
                matches!(result, Ok(_) | Err(PictureRefused::Damaged(_) | PictureRefused::NotAPicture));
            assert!(told, "{format:?} cut at {length}: {result:?}");
        }
    }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(bytes, part).is_some()
}
