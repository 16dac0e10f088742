//! With the log in EventStoreDB an erased account is found nowhere: not on its server, not in the database with rows, feed
//! and keys, not in auditors' lists and exports; and history stays complete and replayable.

use esdb_sim::Sim;
use serde_json::json;
use veche_tests::{
    person::{Person, Team},
    pii_canaries::{CANARIES, PICTURE, backup, erase_me, forgotten, holds, on_disk, plant},
    stored,
    world::{Layout, Plan, Role, World},
};

const ANNA: &str = "+79081160001";
/// The phone among the canaries.
const BORIS: &str = "+79081110002";

/// Makes a team of Anna's in which Boris leaves all canaries.
async fn team_with_canaries(world: &World, anna: &Person) -> (Person, Team, String) {
    let boris = Person::login_as(world.client(), BORIS, "device-zq").await;
    let contacts = json!([{"phone": BORIS, "given_name": "given-zq", "role": "role-zq"}]);
    let team = anna.make_team_of("Полк", contacts).await;
    let me = boris.jid(&team.uid).await;
    let group = anna.make_group(&team.uid, "Кружок", &[&me]).await;
    plant(&boris, &team, &team.me, &me, &group).await;
    anna.post(&team.uid, &group, "все здесь").await;
    (boris, team, group)
}

/// An auditor's view: values on the screen, as far as there are keys, and stored bytes in an export.
fn history(world: &World) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("history.ndjson");
    let listed = world.run(&["audit", "list", "--json", "--limit", "0"]);
    world.run(&["audit", "export", "--out", &file.display().to_string()]);
    listed + &std::fs::read_to_string(file).expect("the export is there")
}

/// Checks that Boris is found nowhere and history is complete.
async fn is_gone(world: &World, server: &Sim) {
    stored::hashed(&world.pool().await, &server.url()).await;
    for (place, text) in [
        ("on the server", server.everything()),
        ("in the database", backup(world)),
        ("in what auditors see", history(world)),
    ] {
        for value in CANARIES {
            assert!(!holds(&text, value), "{value} is left {place}");
        }
    }
    assert!(!on_disk(&world.blobs(), PICTURE), "the file is left");
    let verified = world.attempt(&["audit", "verify"]);
    // Exit code 3: everything verifies, and nothing was signed yet.
    assert!(matches!(verified.status.code(), Some(0 | 3)), "{verified:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn erased_account_on_eventstoredb_is_found_nowhere() {
    let mut server = Sim::start().await.expect("a port is free");
    let mut world = World::start(Plan::new(Layout::AllInOne).set("VECHE_LOG", server.url())).await;
    let anna = Person::login(world.client(), ANNA).await;

    // Erased by the person, while both sides crash.
    let (boris, team, group) = team_with_canaries(&world, &anna).await;
    stored::hashed(&world.pool().await, &server.url()).await;
    let (rows, shown) = (backup(&world), history(&world));
    for value in CANARIES {
        assert!(holds(&rows, value) && holds(&shown, value), "{value} is not there to be erased");
        assert!(!holds(&server.everything(), value), "{value} is in the log in the clear");
    }
    assert!(on_disk(&world.blobs(), PICTURE));
    erase_me(&boris).await.ok();
    world.process(Role::Serve).kill();
    server.restart().await.expect("the port is still free");
    world.revive(Role::Serve).await;
    forgotten(&world).await;
    is_gone(&world, &server).await;
    let messages = anna.client.get(format!("/api/v4/teams/{}/chats/{group}/messages", team.uid)).await.ok();
    assert!(messages.to_string().contains("все здесь"), "{messages}");

    // Erased by an operator: the phone belongs to another account by now, with the same canaries.
    team_with_canaries(&world, &anna).await;
    stored::hashed(&world.pool().await, &server.url()).await;
    assert!(holds(&history(&world), "direct-zq"));
    let words = world.run(&["audit", "erase", "--phone", BORIS, "--reason", "order", "--yes"]);
    assert!(words.contains("\"receipt\""), "{words}");
    is_gone(&world, &server).await;
    assert!(anna.client.get("/api/v3/me").await.ok()["teams"].to_string().contains("Полк"));

    stored::projected(&world.pool().await, &server.url()).await;
    world.process(Role::Serve).terminate().await;
    stored::is_what_a_rebuild_makes(&world).await;
    is_gone(&world, &server).await;
}
