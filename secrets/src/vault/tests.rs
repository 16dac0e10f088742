//! Purposes are separate, changed text does not open, debug output shows no secret.

use super::{Place, Purpose, Vault, VaultError, create_key_file, divide_by_ten, equal, token};
use crate::vault::cipher::Version;
use events::{CommandId, IntegrationId, InvitationId, MessageId, MessageKey, TeamId};
use std::collections::BTreeMap;
use uuid::Uuid;

const HERE: Place<'_> = Place::Answer(CommandId(Uuid::from_u128(7)));

fn vault() -> Vault {
    Vault::new(&[7; 32])
}

#[test]
fn stored_hashes_and_codes_never_change_their_derivation() {
    let hash = hex::encode(vault().keyed_hash(Purpose::Phone, b"+79161234567"));
    assert_eq!(hash, "733b22052bc5a66525c8f46faa699adaf61a37115de194baa4b37fb65837d2a9");
    assert_eq!(vault().login_code(&[1; 32], Uuid::nil(), 6), "289887");
}

#[test]
fn keyed_hash_differs_by_purpose_and_key() {
    let one = vault().keyed_hash(Purpose::SessionToken, b"secret");
    assert_eq!(one, vault().keyed_hash(Purpose::SessionToken, b"secret"));
    assert_ne!(one, vault().keyed_hash(Purpose::QrToken, b"secret"));
    assert_ne!(one, Vault::new(&[8; 32]).keyed_hash(Purpose::SessionToken, b"secret"));
}

#[test]
fn sealed_text_opens_only_with_its_key_and_place() {
    let (id, other) = (Uuid::from_u128(7), Uuid::from_u128(8));
    let (team, place) = (TeamId(other), Place::Integration(TeamId(other), IntegrationId(id)));
    let sealed = vault().seal("Вася".as_bytes(), place).unwrap();
    assert_eq!(vault().open(&sealed, place).unwrap(), "Вася".as_bytes());
    let others = [
        Place::Integration(TeamId(id), IntegrationId(id)),
        Place::Integration(team, IntegrationId(other)),
        Place::Invitation(team, InvitationId(id)),
        Place::Answer(CommandId(id)),
        Place::Withdrawn(MessageKey { team, message: MessageId(id) }),
        Place::Effect { kind: "sms", key: "7" },
    ];
    for other in others {
        assert!(matches!(vault().open(&sealed, other), Err(VaultError::Tampered)), "{other:?}");
    }
    assert!(matches!(Vault::new(&[8; 32]).open(&sealed, place), Err(VaultError::Tampered)));
    assert_ne!(sealed, vault().seal("Вася".as_bytes(), place).unwrap());
}

#[test]
fn version_1_text_opens() {
    let old = vault().wrap(b"key", Uuid::from_u128(7).as_bytes()).unwrap();
    assert!(old.starts_with("v1."));
    assert_eq!(vault().open(&old, HERE).unwrap(), b"key");
    assert_eq!(HERE.context(Version::V1), Uuid::from_u128(7).as_bytes());
    let renamed = old.replacen("v1.", "v2.", 1);
    assert!(matches!(vault().open(&renamed, HERE), Err(VaultError::Tampered)));
    let new = vault().seal(b"key", HERE).unwrap();
    assert!(new.starts_with("v2."));
    assert!(matches!(vault().open(&new.replacen("v2.", "v1.", 1), HERE), Err(VaultError::Tampered)));
}

#[test]
fn changed_sealed_text_does_not_open() {
    let sealed = vault().seal(b"text", HERE).unwrap();
    for index in 0..sealed.len() {
        let mut changed = sealed.clone().into_bytes();
        changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        assert!(vault().open(&changed, HERE).is_err(), "{changed}");
    }
    for broken in ["", "v1.", "v2.", "v3.AAAA", "v2.AAAA", "v1.AAAA", "v2.ы"] {
        assert!(matches!(vault().open(broken, HERE), Err(VaultError::Malformed)), "{broken}");
    }
}

#[test]
fn tokens_have_their_length_and_never_repeat() {
    for (bytes, characters) in [(24, 32), (20, 27), (16, 22)] {
        assert_eq!(token(bytes).unwrap().len(), characters);
    }
    assert_ne!(token(24).unwrap(), token(24).unwrap());
}

#[test]
fn login_codes_differ_by_request_and_use_every_digit() {
    let code = |nonce| vault().login_code(&[1; 32], Uuid::from_u128(nonce), 6);
    assert_eq!(code(1), code(1));
    assert_ne!(code(1), code(2));
    let mut digits = BTreeMap::<char, usize>::new();
    for digit in (0..1_000).flat_map(|nonce| code(nonce).chars().collect::<Vec<_>>()) {
        *digits.entry(digit).or_default() += 1;
    }
    assert_eq!(digits.len(), 10);
    assert!(digits.values().all(|&count| (450..750).contains(&count)), "{digits:?}");
}

#[test]
fn division_by_ten_agrees_with_arithmetic() {
    let mut number = [0; 32];
    number[24..].copy_from_slice(&12_345_678_901_234_567_u64.to_be_bytes());
    assert_eq!(divide_by_ten(&mut number), 7);
    assert_eq!(number[24..], 1_234_567_890_123_456_u64.to_be_bytes());
}

#[test]
fn key_file_is_private_and_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("master.key");
    create_key_file(&path).unwrap();
    let first = Vault::from_file(&path).unwrap();
    assert!(matches!(create_key_file(&path), Err(VaultError::File(_))));
    let sealed = first.seal(b"x", HERE).unwrap();
    assert_eq!(Vault::from_file(&path).unwrap().open(&sealed, HERE).unwrap(), b"x");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn key_of_wrong_length_is_refused_and_never_shown() {
    assert!(matches!(Vault::from_hex("abcd"), Err(VaultError::BadKey)));
    assert!(matches!(Vault::from_hex(&"zz".repeat(32)), Err(VaultError::BadKey)));
    assert!(Vault::from_hex(&format!(" {}\n", "07".repeat(32))).is_ok());
    assert_eq!(format!("{:?}", vault()), "Vault(…)");
}

#[test]
fn secrets_are_compared_whole() {
    assert!(equal(b"token", b"token"));
    assert!(!equal(b"token", b"tokeN"));
    assert!(!equal(b"token", b"token2"));
}
