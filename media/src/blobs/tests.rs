//! The contract of every storage: blobs are read whole or in part, disappear when deleted, and never leave their
//! folder.

use super::{BlobError, Blobs};
use crate::clean::{Format, Outcome};
use bytes::Bytes;
use events::BlobId;
use futures::TryStreamExt;
use std::{ops::Range, time::Duration};
use uuid::Uuid;

async fn blobs() -> (tempfile::TempDir, Blobs) {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::disk(folder.path().join("blobs")).await.unwrap();
    (folder, blobs)
}

fn id(number: u128) -> BlobId {
    BlobId(Uuid::from_u128(number))
}

#[tokio::test]
async fn stored_blob_is_readable_until_deleted() {
    let (_folder, blobs) = blobs().await;
    blobs.put(id(1), "256.jpg", Bytes::from_static(b"small")).await.unwrap();
    blobs.put(id(1), "1x.jpg", Bytes::from_static(b"large")).await.unwrap();
    blobs.put(id(2), "256.jpg", Bytes::from_static(b"other")).await.unwrap();
    assert_eq!(blobs.get(id(1), "256.jpg").await.unwrap().unwrap(), "small");
    assert_eq!(blobs.get(id(1), "1x.jpg").await.unwrap().unwrap(), "large");
    blobs.put(id(1), "256.jpg", Bytes::from_static(b"newer")).await.unwrap();
    assert_eq!(blobs.get(id(1), "256.jpg").await.unwrap().unwrap(), "newer");
    blobs.delete(id(1)).await.unwrap();
    blobs.delete(id(1)).await.unwrap();
    assert_eq!(blobs.get(id(1), "256.jpg").await.unwrap(), None);
    assert_eq!(blobs.get(id(2), "256.jpg").await.unwrap().unwrap(), "other");
}

#[tokio::test]
async fn reopened_folder_keeps_blobs_and_no_temporary_files() {
    let (folder, blobs) = blobs().await;
    blobs.put(id(1), "256.jpg", Bytes::from_static(b"small")).await.unwrap();
    let root = folder.path().join("blobs");
    assert_eq!(std::fs::read_dir(root.join("incoming")).unwrap().count(), 0);
    let again = Blobs::disk(root).await.unwrap();
    assert_eq!(again.get(id(1), "256.jpg").await.unwrap().unwrap(), "small");
}

async fn part(blobs: &Blobs, blob: BlobId, range: Range<u64>) -> Vec<u8> {
    let content = blobs.open(blob, "file").await.unwrap().unwrap();
    content.pieces(range).try_collect::<Vec<_>>().await.unwrap().concat()
}

#[tokio::test]
async fn file_is_received_and_read_in_pieces() {
    let (folder, blobs) = blobs().await;
    let whole: Vec<u8> = (0..700_000u32).map(|n| (n % 251) as u8).collect();
    let mut incoming = blobs.receive().await.unwrap();
    for piece in whole.chunks(10_007) {
        incoming.write(piece).await.unwrap();
    }
    assert!(blobs.open(id(1), "file").await.unwrap().is_none(), "not there before it is whole");
    incoming.keep(id(1), "file").await.unwrap();
    assert_eq!(blobs.open(id(1), "file").await.unwrap().unwrap().size(), 700_000);
    assert_eq!(part(&blobs, id(1), 0..700_000).await, whole);
    assert_eq!(part(&blobs, id(1), 5..5).await, Vec::<u8>::new());
    assert_eq!(part(&blobs, id(1), 299_999..600_001).await, whole[299_999..600_001]);
    assert_eq!(part(&blobs, id(1), 699_999..800_000).await, whole[699_999..]);
    assert_eq!(std::fs::read_dir(folder.path().join("blobs/incoming")).unwrap().count(), 0);
    blobs.receive().await.unwrap().keep(id(2), "file").await.unwrap();
    assert_eq!(part(&blobs, id(2), 0..1).await, Vec::<u8>::new(), "a file may be empty");
}

#[tokio::test]
async fn dropped_incoming_file_leaves_nothing() {
    let (folder, blobs) = blobs().await;
    let mut incoming = blobs.receive().await.unwrap();
    incoming.write(&[7; 500_000]).await.unwrap();
    drop(incoming);
    let mut named_badly = blobs.receive().await.unwrap();
    named_badly.write(b"x").await.unwrap();
    assert!(matches!(named_badly.keep(id(1), "../x").await, Err(BlobError::BadName(_))));
    assert_eq!(std::fs::read_dir(folder.path().join("blobs/incoming")).unwrap().count(), 0);
}

#[tokio::test]
async fn cleaned_picture_is_stored_without_metadata() {
    let (folder, blobs) = blobs().await;
    let head = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0";
    let (plain, comment) = ([&head[..], b";"].concat(), b"\x21\xfe\x03GPS\0");
    for (sent, outcome) in
        [([&head[..], comment, b";"].concat(), Outcome::Cleaned), (plain.clone(), Outcome::NothingToClean)]
    {
        let mut incoming = blobs.receive().await.unwrap();
        incoming.write(&sent).await.unwrap();
        assert!(!incoming.hides_metadata().await.unwrap(), "a comment has no marks");
        let (incoming, found, size) = incoming.clean(Format::Gif).await.unwrap();
        assert_eq!((found, size), (outcome, plain.len() as u64));
        incoming.keep(id(1), "file").await.unwrap();
        assert_eq!(blobs.get(id(1), "file").await.unwrap().unwrap(), plain);
    }
    let mut incoming = blobs.receive().await.unwrap();
    incoming.write(b"small").await.unwrap();
    assert_eq!(incoming.into_bytes().await.unwrap(), "small");
    assert_eq!(std::fs::read_dir(folder.path().join("blobs/incoming")).unwrap().count(), 0);
}

#[tokio::test]
async fn marks_are_kept_until_removed() {
    let (folder, blobs) = blobs().await;
    blobs.mark(id(1), "one").await.unwrap();
    blobs.mark(id(2), "two").await.unwrap();
    blobs.mark(id(2), "two again").await.unwrap();
    assert_eq!(blobs.marked(Duration::from_secs(3_600)).await.unwrap(), []);
    let again = Blobs::disk(folder.path().join("blobs")).await.unwrap();
    let mut marked = again.marked(Duration::ZERO).await.unwrap();
    marked.sort();
    assert_eq!(marked, [(id(1), "one".to_owned()), (id(2), "two again".to_owned())]);
    again.unmark(id(1)).await.unwrap();
    again.unmark(id(1)).await.unwrap();
    assert_eq!(again.marked(Duration::ZERO).await.unwrap().len(), 1);
}

#[tokio::test]
async fn name_that_could_be_a_path_is_refused() {
    let (_folder, blobs) = blobs().await;
    let long = "a".repeat(33);
    for name in
        ["", ".", "..", "../x", "a/b", "a\\b", "a..b", ".a", "a.", "A.jpg", "a b", "a\0b", "é", long.as_str()]
    {
        let put = blobs.put(id(1), name, Bytes::new()).await;
        assert!(matches!(put, Err(BlobError::BadName(_))), "{name:?}");
        assert!(matches!(blobs.get(id(1), name).await, Err(BlobError::BadName(_))), "{name:?}");
    }
}
