//! The process and Postgres are killed at random moments under load, round after round, and no acknowledged command is lost
//! or duplicated.

use fastrand::Rng;
use http::Method;
use std::time::Duration;
use veche_tests::{
    exchange::{Body, Call},
    load::Load,
    local_postgres::LocalPostgres,
    person::Person,
    soak, stored,
    world::{Layout, Plan, Role, World},
};

const DEFAULT_ROUNDS: u64 = 3;
const ANNA: &str = "+79070000001";
const BORIS: &str = "+79070000002";

/// Longest time in a round before a kill, milliseconds.
const LONGEST: u64 = 1_500;

/// The target of a round's kill.
#[derive(Clone, Copy, Debug)]
enum Victim {
    Process,
    Postgres,
    Both,
}

async fn kill(world: &mut World, victim: Victim, rng: &mut Rng) {
    let moment = Duration::from_millis(rng.u64(..LONGEST));
    tokio::time::sleep(moment).await;
    if matches!(victim, Victim::Process | Victim::Both) {
        world.process(Role::Serve).kill();
    }
    if matches!(victim, Victim::Postgres | Victim::Both) {
        world.postgres().kill().await;
        world.postgres().revive().await;
    }
    if matches!(victim, Victim::Process | Victim::Both) {
        world.revive(Role::Serve).await;
    }
}

#[tokio::test]
async fn soak_loses_and_duplicates_no_command() {
    let mut world = World::start(Plan::new(Layout::AllInOne).on(LocalPostgres::start().await)).await;
    let anna = Person::login(world.client(), ANNA).await;
    let team = anna.make_team("двое", &[BORIS]).await;
    let group = anna.make_group(&team.uid, "г", &[&team.jid_of(BORIS)]).await;
    let load = Load::start(std::iter::repeat_n(anna.client.clone(), 8), &team.uid, &group);
    let acknowledged = soak::run(load, DEFAULT_ROUNDS, async |round, rng| {
        let victim = [Victim::Process, Victim::Postgres, Victim::Both][round % 3];
        kill(&mut world, victim, rng).await;
    })
    .await;
    acknowledged.is_in_the_log(&world).await;
    is_what_a_rebuild_makes(&mut world, &anna).await;
}

/// Checks that the read model that survived all this equals a rebuilt one in all rows and columns.
async fn is_what_a_rebuild_makes(world: &mut World, witness: &Person) {
    let head = stored::head(world).await;
    let call = Call::new(Method::GET, "/api/v3/me", Body::Empty);
    witness.client.send(call.header("Min-Event-Position", head.to_string())).await.ok();
    world.process(Role::Serve).terminate().await;
    stored::is_what_a_rebuild_makes(world).await;
}
