//! Roles apart on EventStoreDB with a NATS between them, while NATS, server, projection and commands fail at random moments
//! under load, alone and together: no acknowledged command is lost or duplicated, and every socket receives all of them in
//! order.

use esdb_sim::{Call, Code, Fault, Rule, Sim};
use fastrand::Rng;
use std::time::Duration;
use tokio::time::sleep;
use veche_tests::{
    listening_group::ListeningGroup,
    soak, stored,
    world::{Layout, Plan, Role, World},
};

const PHONES: &str = "+7906000001";

/// Longest time in a round before a failure, and longest outage, milliseconds.
const LONGEST: u64 = 300;
const AWAY: u64 = 600;

/// The failure of a round.
#[derive(Clone, Copy, Debug)]
enum Failure {
    /// NATS stops, and restarts under load.
    Nats,
    /// `kill -9` of the projection.
    Projection,
    /// Both NATS and the projection.
    ProjectionWithoutNats,
    /// `kill -9` of the command role, amid appends of which some were stored and never answered.
    CommandAmidLostAnswers,
    /// The server restarts while NATS is away.
    ServerWithoutNats,
    /// `kill -9` of the projection while the server is away.
    ProjectionWithoutServer,
}

const FAILURES: [Failure; 6] = [
    Failure::Nats,
    Failure::Projection,
    Failure::ProjectionWithoutNats,
    Failure::CommandAmidLostAnswers,
    Failure::ServerWithoutNats,
    Failure::ProjectionWithoutServer,
];

async fn fail(world: &mut World, server: &mut Sim, failure: Failure, rng: &mut Rng) {
    let mut pause = async |longest: u64| sleep(Duration::from_millis(rng.u64(..longest))).await;
    pause(LONGEST).await;
    match failure {
        Failure::Nats => {
            world.nats().kill();
            pause(AWAY).await;
            world.nats().revive();
        }
        Failure::Projection => {
            world.process(Role::Projection).kill();
            pause(AWAY).await;
            world.revive(Role::Projection).await;
        }
        Failure::ProjectionWithoutNats => {
            world.nats().kill();
            world.process(Role::Projection).kill();
            pause(AWAY).await;
            world.nats().revive();
            world.revive(Role::Projection).await;
        }
        Failure::CommandAmidLostAnswers => {
            for fault in [Fault::LoseAnswer(Code::Unavailable), Fault::CutAfter, Fault::CutBefore] {
                server.fail(Rule { call: Call::Append, stream: "", fault, times: 2 });
            }
            pause(LONGEST).await;
            world.process(Role::Command).kill();
            server.heal();
            world.revive(Role::Command).await;
        }
        Failure::ServerWithoutNats => {
            world.nats().kill();
            server.stop().await;
            pause(AWAY).await;
            server.restart().await.expect("the port is still free");
            world.nats().revive();
        }
        Failure::ProjectionWithoutServer => {
            server.stop().await;
            world.process(Role::Projection).kill();
            pause(AWAY).await;
            server.restart().await.expect("the port is still free");
            world.revive(Role::Projection).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn soak_of_roles_apart_on_eventstoredb_misses_and_duplicates_nothing() {
    let mut server = Sim::start().await.expect("a port is free");
    // Answers wait for the read model only briefly, which may be away here for longer than a client waits.
    let plan =
        Plan::new(Layout::RolesApart).set("VECHE_LOG", server.url()).set("VECHE_WAIT_COMMAND_MS", "1500");
    let mut world = World::start(plan).await;
    let room = ListeningGroup::create(&world, PHONES).await;
    let load = room.load();
    let acknowledged = soak::run(load, FAILURES.len() as u64, async |round, rng| {
        fail(&mut world, &mut server, FAILURES[round % FAILURES.len()], rng).await;
    })
    .await;
    acknowledged.is_among(&stored::everything(&server.url()).await);
    room.has_received(&acknowledged).await;
    for role in [Role::Gateway, Role::Command, Role::Query] {
        world.process(role).kill();
    }
    stored::projected(&world.pool().await, &server.url()).await;
    world.process(Role::Projection).kill();
    stored::is_what_a_rebuild_makes(&world).await;
}
