//! A shadow read model is switched to while roles are apart and two projection processes run, of which one or the other is
//! killed, and sometimes the switching process too: no client misses anything.

use fastrand::Rng;
use std::{
    process::{Command, Stdio},
    time::Duration,
};
use tokio::{task::block_in_place, time::sleep};
use veche_tests::{
    dump,
    env::number,
    listening_group::ListeningGroup,
    world::{Layout, Plan, Role, World, program},
};

const PHONES: &str = "+7906000002";

/// Longest time until a kill, milliseconds.
const LONGEST: u64 = 400;

/// Starts a switch and kills it midway.
async fn die_at_the_switch(world: &World, rng: &mut Rng) {
    let mut command = Command::new(program());
    command.args(["rebuild", "--shadow", "--switch"]).stdout(Stdio::null()).stderr(Stdio::null());
    command.envs(world.environment().iter().map(|(name, value)| (name, value)));
    let mut switching = command.spawn().expect("the product starts");
    sleep(Duration::from_millis(rng.u64(..LONGEST))).await;
    // It may be complete already.
    let _ = switching.kill();
    switching.wait().expect("it ends");
}

fn switch(world: &World) {
    let told = block_in_place(|| world.run(&["rebuild", "--shadow", "--switch"]));
    assert!(told.contains("is served from position"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn roles_apart_survive_a_shadow_switch_between_two_projections() {
    let seed = number("VECHE_TEST_SEED").unwrap_or(1);
    println!("VECHE_TEST_SEED={seed}");
    let mut rng = Rng::with_seed(seed);
    // Answers wait for the read model only briefly, which may be away here for longer than a client waits.
    let mut world = World::start(Plan::new(Layout::RolesApart).set("VECHE_WAIT_COMMAND_MS", "4000")).await;
    let mut second = world.second(Role::Projection).await;
    let room = ListeningGroup::create(&world, PHONES).await;
    let load = room.load();

    load.more(20).await;
    switch(&world);
    load.more(20).await;
    world.process(Role::Projection).kill();
    switch(&world);
    load.more(20).await;
    world.revive(Role::Projection).await;
    die_at_the_switch(&world, &mut rng).await;
    load.more(20).await;
    second.process.kill();
    switch(&world);
    load.more(20).await;
    second.process.restart();
    die_at_the_switch(&world, &mut rng).await;
    switch(&world);
    load.more(20).await;

    let acknowledged = load.finish().await;
    let pool = world.pool().await;
    acknowledged.is_in_the_log(&world).await;
    room.has_received(&acknowledged).await;
    let told = block_in_place(|| world.run(&["rebuild", "diff"]));
    assert!(told.contains("0 rows differ"), "{told}");
    let words = world.logs() + &second.process.log();
    assert!(!words.contains("ERROR"), "{words}");
    let left: Vec<String> =
        sqlx::query_scalar("select nspname::text from pg_namespace where nspname like 'read%' order by 1")
            .fetch_all(&pool)
            .await
            .expect("the catalogue can be read");
    assert_eq!(left, ["read", "read_next"], "`rebuild diff` leaves its own");
    for process in [world.process(Role::Projection), &mut second.process] {
        process.kill();
    }
    let before = dump::read_model(&pool).await;
    world.run(&["rebuild"]);
    let differences = dump::differences(&before, &dump::read_model(&pool).await);
    assert!(differences.is_empty(), "a rebuild makes another read model:\n{}", differences.join("\n"));
}
