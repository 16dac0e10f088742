//! The key that wraps data keys is replaced under load; afterwards the old one opens nothing.

use serde_json::json;
use veche_tests::{
    dump,
    load::Load,
    person::Person,
    world::{Layout, Plan, Role, World},
};

/// The fingerprint of the key that wrapped a data key, as in its row.
const KEYS: &str =
    "select distinct split_part(wrapped, ':', 2) from keys.data_keys where wrapped is not null";

async fn names(pool: &sqlx::PgPool) -> Vec<String> {
    sqlx::query_scalar(KEYS).fetch_all(pool).await.expect("keys can be read")
}

#[tokio::test]
async fn wrapping_key_replaced_under_load_loses_no_value() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("wrapping.keys");
    let setting = file.display().to_string();
    let old = "0d".repeat(32);
    std::fs::write(&file, &old).expect("a file");
    let plan = Plan::new(Layout::AllInOne).set("VECHE_WRAPPING_KEYS_FILE", setting);
    let mut world = World::start(plan).await;
    let anna = Person::login(world.client(), "+79081140001").await;
    let team = anna.make_team("Полк", &[]).await;
    let group = anna.make_group(&team.uid, "г", &[]).await;
    anna.post(&team.uid, &group, "до смены ключа").await;
    let pool = world.pool().await;
    let before = names(&pool).await;
    assert_eq!(before.len(), 1);

    let load = Load::start([anna.client.clone(), anna.client.clone()], &team.uid, &group);
    world.run(&["keys", "add"]);
    let added = Person::login(world.client(), "+79081140002").await;
    let words = world.run(&["keys", "rotate"]);
    assert!(words.contains("You may remove all keys but the first"), "{words}");
    let later = Person::login(world.client(), "+79081140003").await;
    load.finish().await.is_in_the_log(&world).await;
    let after = names(&pool).await;
    assert_eq!(after.len(), 1, "one key wraps all: {after:?}");
    assert_ne!(after, before);

    let keys = std::fs::read_to_string(&file).expect("the file");
    assert!(keys.lines().count() == 2 && keys.contains(&old));
    std::fs::write(&file, keys.lines().next().expect("a key")).expect("a file");
    world.process(Role::Serve).kill();
    world.revive(Role::Serve).await;
    for person in [&anna, &added, &later] {
        assert_eq!(person.client.get("/api/v3/me").await.ok()["phone"], json!(person.phone));
    }
    let live = dump::read_model(&pool).await;
    world.run(&["rebuild"]);
    let rebuilt = dump::read_model(&pool).await;
    let differences = dump::differences(&live, &rebuilt);
    assert!(differences.is_empty(), "{differences:#?}");
    assert!(rebuilt["message"].iter().any(|row| row.contains("до смены ключа")), "everything opens");
}
