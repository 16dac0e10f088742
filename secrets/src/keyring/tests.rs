//! The contract of every keyring, run on each implementation; and what the database adds.

use super::{KeyState, Keyring, KeyringError};
use crate::vault::{Vault, cipher::Version};
use event_log::testing::TestDatabase;
use events::{AccountId, Subject, TeamId};
use sqlx::PgPool;
use uuid::Uuid;

fn account(number: u128) -> Subject {
    Subject::Account(AccountId(Uuid::from_u128(number)))
}

fn team(number: u128) -> Subject {
    Subject::Team(TeamId(Uuid::from_u128(number)))
}

fn vault() -> Vault {
    Vault::new(&[7; 32])
}

/// Whether two keyrings have the same key: one opens what the other sealed.
async fn agree(one: &Keyring, other: &Keyring, subject: Subject) -> bool {
    let one = one.get(&[subject]).await.unwrap();
    let other = other.get(&[subject]).await.unwrap();
    match (one.of(&subject), other.of(&subject)) {
        (Some(KeyState::Live(one)), Some(KeyState::Live(other))) => {
            let sealed = one.seal(Version::V2, b"text", b"here").unwrap();
            other.open(Version::V2, &sealed, b"here").is_ok_and(|plain| plain == b"text")
        }
        _ => false,
    }
}

fn is_destroyed(state: Option<&KeyState>) -> bool {
    matches!(state, Some(KeyState::Destroyed))
}

async fn conforms(keyring: Keyring) {
    let subjects = [account(1), team(1), account(2), account(1)];
    assert!(keyring.get(&subjects).await.unwrap().of(&account(1)).is_none());

    let made = keyring.ensure(&subjects).await.unwrap();
    for subject in subjects {
        let Some(KeyState::Live(key)) = made.of(&subject) else { panic!("{subject} has no key") };
        let sealed = key.seal(Version::V2, b"text", b"").unwrap();
        let found = keyring.ensure(&[subject, account(3)]).await.unwrap();
        let Some(KeyState::Live(key)) = found.of(&subject) else { panic!("{subject} lost its key") };
        assert_eq!(key.open(Version::V2, &sealed, b"").unwrap(), b"text");
        keyring.ensure_evenly(subject).await.unwrap();
        let found = keyring.get(&[subject]).await.unwrap();
        let Some(KeyState::Live(key)) = found.of(&subject) else { panic!("{subject} lost its key") };
        assert_eq!(key.open(Version::V2, &sealed, b"").unwrap(), b"text");
    }
    keyring.ensure_evenly(team(2)).await.unwrap();
    assert!(matches!(keyring.get(&[team(2)]).await.unwrap().of(&team(2)), Some(KeyState::Live(_))));
    let (Some(KeyState::Live(one)), Some(KeyState::Live(other))) = (made.of(&account(1)), made.of(&team(1)))
    else {
        panic!("keys were made");
    };
    assert!(
        other.open(Version::V2, &one.seal(Version::V2, b"text", b"").unwrap(), b"").is_err(),
        "a key for each"
    );

    for _ in 0..2 {
        keyring.destroy(&account(1)).await.unwrap();
        let found = keyring.get(&[account(1), account(2)]).await.unwrap();
        assert!(is_destroyed(found.of(&account(1))));
        assert!(matches!(found.of(&account(2)), Some(KeyState::Live(_))));
        let refused = keyring.ensure(&[account(4), account(1)]).await;
        assert!(matches!(refused, Err(KeyringError::Destroyed(subject)) if subject == account(1)));
        assert!(keyring.get(&[account(4)]).await.unwrap().of(&account(4)).is_none(), "all or none");
    }
    keyring.destroy(&account(5)).await.unwrap();
    assert!(matches!(keyring.ensure(&[account(5)]).await, Err(KeyringError::Destroyed(_))));
    assert!(matches!(keyring.ensure_evenly(account(5)).await, Err(KeyringError::Destroyed(_))));
    assert!(is_destroyed(keyring.get(&[account(5)]).await.unwrap().of(&account(5))));
    assert!(keyring.ensure(&[]).await.is_ok());
}

async fn database() -> (TestDatabase, PgPool) {
    let database = TestDatabase::create().await;
    let pool = database.pool().await;
    Keyring::migrate(&pool).await.unwrap();
    (database, pool)
}

#[tokio::test]
async fn memory_conforms() {
    conforms(Keyring::memory()).await;
}

#[tokio::test]
async fn postgres_conforms() {
    let (database, pool) = database().await;
    conforms(Keyring::postgres(pool.clone(), vault())).await;
    pool.close().await;
    database.drop_now().await;
}

#[tokio::test]
async fn concurrent_and_repeated_migration_succeeds() {
    let database = TestDatabase::create().await;
    let pool = database.pool().await;
    let all = futures::future::join_all((0..4).map(|_| Keyring::migrate(&pool))).await;
    assert!(all.iter().all(Result::is_ok), "{all:?}");
    Keyring::migrate(&pool).await.unwrap();
    pool.close().await;
    database.drop_now().await;
}

#[tokio::test]
async fn racing_processes_get_the_same_keys() {
    let (database, pool) = database().await;
    let keyrings: Vec<_> = (0..8).map(|_| Keyring::postgres(pool.clone(), vault())).collect();
    let forward: Vec<_> = (0..20).map(account).collect();
    let backward: Vec<_> = forward.iter().rev().copied().collect();
    let order = |index: usize| if index.is_multiple_of(2) { &forward } else { &backward };
    let all = futures::future::join_all(
        keyrings.iter().enumerate().map(|(index, keyring)| keyring.ensure(order(index))),
    )
    .await;
    assert!(all.iter().all(Result::is_ok), "{all:?}");
    for keyring in &keyrings[1..] {
        for subject in &forward {
            assert!(agree(&keyrings[0], keyring, *subject).await);
        }
    }
    pool.close().await;
    database.drop_now().await;
}

#[tokio::test]
async fn destroyed_key_stays_cached_in_another_process_until_removed() {
    let (database, pool) = database().await;
    let (here, there) = (Keyring::postgres(pool.clone(), vault()), Keyring::postgres(pool.clone(), vault()));
    here.ensure(&[account(1)]).await.unwrap();
    assert!(agree(&here, &there, account(1)).await);
    here.destroy(&account(1)).await.unwrap();
    assert!(matches!(there.get(&[account(1)]).await.unwrap().of(&account(1)), Some(KeyState::Live(_))));
    there.forget_cached(&account(1));
    assert!(is_destroyed(there.get(&[account(1)]).await.unwrap().of(&account(1))));
    pool.close().await;
    database.drop_now().await;
}

#[tokio::test]
async fn keys_are_stored_wrapped_and_bound_to_their_row() {
    let (database, pool) = database().await;
    Keyring::postgres(pool.clone(), vault()).ensure(&[account(1), account(2)]).await.unwrap();
    let other_master = Keyring::postgres(pool.clone(), Vault::new(&[8; 32]));
    assert!(matches!(other_master.get(&[account(1)]).await, Err(KeyringError::Unreadable(..))));

    let swap = "UPDATE keys.data_keys AS mine SET wrapped = other.wrapped
                FROM keys.data_keys AS other WHERE other.subject <> mine.subject";
    sqlx::query(swap).execute(&pool).await.unwrap();
    let swapped = Keyring::postgres(pool.clone(), vault());
    assert!(matches!(swapped.get(&[account(1)]).await, Err(KeyringError::Unreadable(..))));
    pool.close().await;
    database.drop_now().await;
}
