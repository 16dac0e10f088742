//! Blobs come back whole, go when deleted, and never leave their folder.

use super::{BlobError, Blobs};
use bytes::Bytes;
use events::BlobId;
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
async fn what_was_put_is_got_until_deleted() {
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
async fn nothing_is_left_aside_and_a_reopened_folder_keeps_its_blobs() {
    let (folder, blobs) = blobs().await;
    blobs.put(id(1), "256.jpg", Bytes::from_static(b"small")).await.unwrap();
    let root = folder.path().join("blobs");
    assert_eq!(std::fs::read_dir(root.join("incoming")).unwrap().count(), 0);
    let again = Blobs::disk(root).await.unwrap();
    assert_eq!(again.get(id(1), "256.jpg").await.unwrap().unwrap(), "small");
}

#[tokio::test]
async fn names_that_could_be_paths_are_refused() {
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
