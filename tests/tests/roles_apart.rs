//! Roles as separate processes: a connection or process between them breaks under load, and nothing is lost.

use veche_tests::{
    listening_group::ListeningGroup,
    load::Load,
    nats::NatsCluster,
    recording_socket::RecordingSocket,
    stored,
    world::{Layout, Plan, Role, World},
};

const PHONES: &str = "+7906000000";

/// Checks that all sockets received everything once and in order, and that log and counters agree.
async fn is_complete(room: &ListeningGroup, world: &World, load: Load) {
    let acknowledged = load.finish().await;
    acknowledged.is_in_the_log(world).await;
    room.has_received(&acknowledged).await;
}

fn plan() -> Plan {
    // Answers wait for the read model only briefly, which may be away here for longer than a client waits.
    Plan::new(Layout::RolesApart).set("VECHE_WAIT_COMMAND_MS", "4000")
}

async fn world() -> World {
    World::start(plan()).await
}

#[tokio::test]
async fn roles_apart_without_nats_lose_no_message() {
    let mut world = world().await;
    let room = ListeningGroup::create(&world, PHONES).await;
    let load = room.load();
    load.more(50).await;
    world.nats().kill();
    load.more(50).await;
    world.nats().revive();
    load.more(50).await;
    is_complete(&room, &world, load).await;
}

/// Kills each server of the cluster once, whichever a role is connected to.
#[tokio::test]
async fn roles_apart_with_a_failing_nats_cluster_lose_no_message() {
    let folder = tempfile::tempdir().expect("a folder for the bus");
    let mut bus = NatsCluster::start(folder.path(), 3).await;
    let world = World::start(plan().set("VECHE_BUS", bus.urls())).await;
    let room = ListeningGroup::create(&world, PHONES).await;
    let load = room.load();
    for server in 0..3 {
        load.more(30).await;
        bus.kill(server);
        load.more(30).await;
        bus.revive(server);
    }
    load.more(30).await;
    is_complete(&room, &world, load).await;
}

#[tokio::test]
async fn roles_apart_without_the_projection_lose_no_message() {
    let mut world = world().await;
    let room = ListeningGroup::create(&world, PHONES).await;
    let load = room.load();
    load.more(50).await;
    world.process(Role::Projection).kill();
    load.more(10).await;
    world.revive(Role::Projection).await;
    load.more(50).await;
    is_complete(&room, &world, load).await;
}

#[tokio::test]
async fn roles_apart_killed_in_turn_lose_no_message() {
    let mut world = world().await;
    let room = ListeningGroup::create(&world, PHONES).await;
    let load = room.load();
    for role in [Role::Command, Role::Projection, Role::Query] {
        load.more(20).await;
        world.process(role).kill();
        world.nats().kill();
        world.revive(role).await;
        world.nats().revive();
    }
    load.more(20).await;
    is_complete(&room, &world, load).await;
    world.process(Role::Projection).kill();
    stored::is_what_a_rebuild_makes(&world).await;
}

/// A gateway that dies takes its sockets along; clients that reconnect see missed messages in their counters and receive
/// new ones.
#[tokio::test]
async fn roles_apart_after_a_gateway_restart_receive_new_messages() {
    let mut world = world().await;
    let mut room = ListeningGroup::create(&world, PHONES).await;
    world.process(Role::Gateway).kill();
    let missed = room.anna.post(&room.team.uid, &room.group, "пока вас не было").await;
    world.revive(Role::Gateway).await;
    room.sockets.clear();
    for person in &room.others {
        room.sockets.push(RecordingSocket::open(person, &room.team.uid, &room.group).await);
    }
    let received = room.anna.post(&room.team.uid, &room.group, "снова вместе").await;
    assert_eq!(received["prev"], missed["message_id"]);
    for socket in &room.sockets {
        socket.has_received(&[received["message_id"].as_str().unwrap_or_default().to_owned()]).await;
        assert_eq!(socket.received().len(), 1);
    }
}
