//! The cost of a long history in one table: writing, rebuild, verification, export, queries of the past.
//!
//! A seed determines the history, see `generator.rs`. Needs a server: `VECHE_BENCH_DATABASE_URL` names a superuser's
//! database on it. `VECHE_BENCH_EVENTS` sets the number of events (default 1,000,000), `VECHE_BENCH_SEED` the seed
//! (default 1). Rebuilds are timed at a quarter, a half and the whole history, to show whether they are linear in the
//! number of events.

mod generator;
mod measure;
mod population;
mod writer;

use event_log::testing::TestDatabase;
use generator::Generator;
use measure::{Table, ask, timed};
use population::Population;
use std::error::Error;
use veche_tests::{
    env::number,
    world::{Layout, Plan, Role, World, master_key},
};

/// A failure ends the measurement.
pub(crate) type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Outcome<()> {
    let Ok(server) = std::env::var("VECHE_BENCH_DATABASE_URL") else {
        println!("VECHE_BENCH_DATABASE_URL is not set: nothing was measured");
        return Ok(());
    };
    let events = number("VECHE_BENCH_EVENTS").unwrap_or(1_000_000);
    let seed = number("VECHE_BENCH_SEED").unwrap_or(1);
    let database = TestDatabase::on(&server).await;
    let outcome = tell(&database.url, events, seed).await;
    database.drop_now().await;
    outcome
}

async fn tell(url: &str, events: u64, seed: u64) -> Outcome<()> {
    let plan = Plan::new(Layout::AllInOne)
        .on_database(url)
        .set("VECHE_LOG_LEVEL", "warn")
        .set("VECHE_AUDIT_CHECKPOINT_SEC", "1")
        .set("VECHE_POSTGRES_STATEMENT_TIMEOUT_SEC", "600");
    let mut world = World::start(plan).await;
    let population = Population::enter(&world).await?;
    world.process(Role::Serve).terminate().await;
    let writer = writer::Writer::open(url, &master_key()).await?;
    let mut generator = Generator::new(&population, seed);
    let mut table = Table::default();
    let began = writer.head().await?;
    println!(
        "{} people in {} teams have said nothing yet; seed {seed}",
        population.people(),
        population.teams.len()
    );
    for part in [4, 2, 1] {
        let wanted = events / part;
        let (written, took) = writer.write(&mut generator, (began + wanted) - writer.head().await?).await?;
        table.rate(&format!("write, up to {wanted} events"), written, took);
        let ((), took) = timed(|| ask(&world, &["rebuild"]))?;
        table.rate(&format!("rebuild of {wanted} events"), writer.head().await?, took);
    }
    let head = writer.head().await?;
    writer.close().await;
    prove(&mut world, &mut table, head).await?;
    look_back(&population, &mut table, head).await?;
    table.print();
    Ok(())
}

/// The chain over the whole history, and its commands.
async fn prove(world: &mut World, table: &mut Table, head: u64) -> Outcome<()> {
    let began = std::time::Instant::now();
    world.revive(Role::Serve).await;
    measure::until_signed(world, head).await?;
    table.rate("hash, index and sign", head, began.elapsed());
    let ((), took) = timed(|| ask(world, &["audit", "verify"]))?;
    table.rate("audit verify, online", head, took);
    let file = world.data().join("history.ndjson");
    let name = file.to_string_lossy().into_owned();
    let ((), took) = timed(|| ask(world, &["audit", "export", "--out", &name]))?;
    table.rate("audit export", head, took);
    let key = String::from_utf8(world.attempt(&["audit", "key"]).stdout)?;
    let ((), took) = timed(|| ask(world, &["audit", "verify", "--file", &name, "--key", key.trim()]))?;
    table.rate("audit verify of the export", head, took);
    Ok(())
}

/// A team as of half of its history.
async fn look_back(population: &Population, table: &mut Table, head: u64) -> Outcome<()> {
    let team = &population.teams[0];
    let path = format!("/api/v4/teams/{}/messages/{}?as_of={}", team.uid, team.groups[0].jid(), head / 2);
    let (first, took) = measure::answer(&team.owner, &path).await?;
    table.time("as_of: a page of messages, first question", took);
    let (again, took) = measure::answer(&team.owner, &path).await?;
    table.time("as_of: the same again", took);
    if first != again {
        return Err("the past has changed".into());
    }
    Ok(())
}
