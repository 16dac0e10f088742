//! The product on EventStoreDB while its server, its connections and the product itself fail at random moments under load:
//! no acknowledged command is lost or duplicated.

use esdb_sim::{Call, Code, Fault, Rule, Sim};
use fastrand::Rng;
use std::time::Duration;
use veche_tests::{
    load::Load,
    person::Person,
    soak, stored,
    world::{Layout, Plan, Role, World},
};

const DEFAULT_ROUNDS: u64 = 6;
const ANNA: &str = "+79070000011";
const BORIS: &str = "+79070000012";

/// Longest time in a round before a failure, milliseconds.
const LONGEST: u64 = 400;

/// The failure of a round.
#[derive(Clone, Copy, Debug)]
enum Failure {
    /// The connection ends before an append is stored.
    CutBefore,
    /// The connection ends after an append was stored: its outcome is unknown.
    CutAfter,
    /// The append was stored, and the answer says that the server is unavailable.
    LostAnswer,
    /// The server stops and restarts.
    Restart,
    /// `kill -9` of the product.
    Process,
    /// Both at once.
    Both,
}

const FAILURES: [Failure; 6] = [
    Failure::CutBefore,
    Failure::CutAfter,
    Failure::LostAnswer,
    Failure::Restart,
    Failure::Process,
    Failure::Both,
];

async fn fail(world: &mut World, server: &mut Sim, failure: Failure, rng: &mut Rng) {
    tokio::time::sleep(Duration::from_millis(rng.u64(..LONGEST))).await;
    let times = u32::try_from(1 + rng.u64(..3)).expect("a small number");
    let strike = |fault| Rule { call: Call::Append, stream: "", fault, times };
    match failure {
        Failure::CutBefore => server.fail(strike(Fault::CutBefore)),
        Failure::CutAfter => server.fail(strike(Fault::CutAfter)),
        Failure::LostAnswer => server.fail(strike(Fault::LoseAnswer(Code::Unavailable))),
        Failure::Restart => server.restart().await.expect("the port is still free"),
        Failure::Process => {
            world.process(Role::Serve).kill();
            world.revive(Role::Serve).await;
        }
        Failure::Both => {
            world.process(Role::Serve).kill();
            server.restart().await.expect("the port is still free");
            world.revive(Role::Serve).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn soak_on_eventstoredb_loses_and_duplicates_no_command() {
    let mut server = Sim::start().await.expect("a port is free");
    let mut world = World::start(Plan::new(Layout::AllInOne).set("VECHE_LOG", server.url())).await;
    let anna = Person::login(world.client(), ANNA).await;
    let team = anna.make_team("двое", &[BORIS]).await;
    let group = anna.make_group(&team.uid, "г", &[&team.jid_of(BORIS)]).await;
    let load = Load::start(std::iter::repeat_n(anna.client.clone(), 4), &team.uid, &group);
    let acknowledged = soak::run(load, DEFAULT_ROUNDS, async |round, rng| {
        fail(&mut world, &mut server, FAILURES[round % FAILURES.len()], rng).await;
    })
    .await;
    acknowledged.is_among(&stored::everything(&server.url()).await);
    stored::projected(&world.pool().await, &server.url()).await;
    anna.client.get("/api/v3/me").await.ok();
    world.process(Role::Serve).terminate().await;
    stored::is_what_a_rebuild_makes(&world).await;
}
