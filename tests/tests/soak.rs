//! The process and Postgres are killed at random moments under load, round after round, and nothing that was
//! acknowledged is lost or doubled. `VECHE_TEST_SOAK_ROUNDS` says how many rounds, `VECHE_TEST_SEED` repeats a run.

use fastrand::Rng;
use http::Method;
use std::time::Duration;
use veche_tests::{
    env::number,
    exchange::{Body, Call},
    load::Load,
    local_postgres::LocalPostgres,
    person::Person,
    stored,
    world::{Layout, Plan, Role, World},
};

const DEFAULT_ROUNDS: u64 = 3;
const ANNA: &str = "+79070000001";
const BORIS: &str = "+79070000002";

/// Longest time in a round before something is killed.
const LONGEST: u64 = 1_500;

/// What is killed in a round.
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
async fn soak_loses_and_doubles_nothing() {
    let rounds = number("VECHE_TEST_SOAK_ROUNDS").unwrap_or(DEFAULT_ROUNDS);
    let seed = number("VECHE_TEST_SEED").unwrap_or(1);
    println!("{rounds} rounds, VECHE_TEST_SEED={seed}");
    let mut rng = Rng::with_seed(seed);
    let mut world = World::start(Plan::new(Layout::AllInOne).on(LocalPostgres::start().await)).await;
    let anna = Person::login(world.client(), ANNA).await;
    let team = anna.make_team("двое", &[BORIS]).await;
    let group = anna.make_group(&team.uid, "г", &[&team.jid_of(BORIS)]).await;
    let load = Load::start(std::iter::repeat_n(anna.client.clone(), 8), &team.uid, &group);
    for round in 0..rounds {
        load.more(1).await;
        let victim = [Victim::Process, Victim::Postgres, Victim::Both][(round % 3) as usize];
        kill(&mut world, victim, &mut rng).await;
    }
    load.more(10).await;
    let acknowledged = load.finish().await;
    println!(
        "{} messages and {} invitations acknowledged",
        acknowledged.messages.len(),
        acknowledged.invitations.len()
    );
    acknowledged.is_in_the_log(&world).await;
    is_what_a_rebuild_makes(&mut world, &anna).await;
}

/// The read model that came through all that is the one that the log makes from nothing, in all rows and columns.
async fn is_what_a_rebuild_makes(world: &mut World, witness: &Person) {
    let head = stored::head(world).await;
    let call = Call::new(Method::GET, "/api/v3/me", Body::Empty);
    witness.client.send(call.header("Min-Event-Position", head.to_string())).await.ok();
    world.process(Role::Serve).terminate().await;
    stored::is_what_a_rebuild_makes(world).await;
}
