//! The product on the simulated EventStoreDB: it runs, restarts, and its history moves to Postgres and to another server.

use esdb_sim::Sim;
use serde_json::Value;
use sqlx::PgPool;
use std::collections::BTreeMap;
use veche_tests::{
    dump,
    person::{Person, Team},
    world::{Layout, Plan, Role, World},
};

const ANNA: &str = "+79070000001";
const BORIS: &str = "+79070000002";

/// Two members of a team and a group with messages.
struct Fixture {
    anna: Person,
    boris: Person,
    team: Team,
    group: String,
}

impl Fixture {
    async fn start(world: &World) -> Self {
        let anna = Person::login(world.client(), ANNA).await;
        let boris = Person::login(world.client(), BORIS).await;
        let team = anna.make_team("двое", &[BORIS]).await;
        let group = anna.make_group(&team.uid, "г", &[team.jid_of(BORIS).as_str()]).await;
        let fixture = Self { anna, boris, team, group };
        fixture.say(5).await;
        fixture
    }

    async fn say(&self, messages: usize) {
        for number in 0..messages {
            self.anna.post(&self.team.uid, &self.group, &format!("раз {number}")).await;
        }
    }

    /// Boris marks his messages as read.
    async fn unread(&self) -> Value {
        let team = self.boris.client.get(format!("/api/v3/teams/{}", self.team.uid)).await.ok();
        team["unread"]["group"]["messages"].clone()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eventstoredb_log_serves_the_product_and_copies_to_postgres() {
    let mut server = Sim::start().await.expect("a port is free");
    let url = server.url();
    let plan = Plan::new(Layout::AllInOne).set("VECHE_LOG", url.as_str());
    let mut world = World::start(plan).await;
    let fixture = Fixture::start(&world).await;
    world.process(Role::Serve).kill();
    world.revive(Role::Serve).await;
    fixture.say(5).await;
    server.restart().await.expect("the port is still free");
    fixture.say(5).await;
    assert_eq!(fixture.unread().await, 15);
    assert!(server.calls("Append") > 15, "it was the log");

    let pool = world.pool().await;
    world.process(Role::Serve).terminate().await;
    let before = dump::read_model(&pool).await;
    world.run(&["rebuild"]);
    same(&before, &dump::read_model(&pool).await, "a rebuild");

    let planned = effects(&pool).await;

    // Copies to Postgres in two runs; the second one resumes and switches.
    let postgres = world.database_url().to_owned();
    let first = world.run(&["log", "copy", "--to", &postgres]);
    let second = world.run(&["log", "copy", "--to", &postgres, "--switch"]);
    assert!(first.contains("Found 0 events") && second.contains("copied 0 events"), "{first}{second}");
    let on_postgres = ["--set", &format!("log={postgres}"), "rebuild"].map(str::to_owned);
    world.run(&on_postgres.each_ref().map(String::as_str));
    same(
        &without_positions(&before),
        &without_positions(&dump::read_model(&pool).await),
        "a move to Postgres",
    );
    assert_eq!(effects(&pool).await, planned, "no login code is sent twice");

    // Copies to another server.
    let other = Sim::start().await.expect("a port is free");
    world.run(&["log", "copy", "--from", &postgres, "--to", &other.url(), "--switch"]);
    let on_other = ["--set".to_owned(), format!("log={}", other.url()), "rebuild".to_owned()];
    world.run(&on_other.each_ref().map(String::as_str));
    same(&without_positions(&before), &without_positions(&dump::read_model(&pool).await), "a move on");
}

/// Numbers of all SMS and webhooks, and of those still due.
async fn effects(pool: &PgPool) -> (i64, i64) {
    let count = sqlx::query_as("select count(*), count(due) from ops.effect");
    count.fetch_one(pool).await.expect("effects can be read")
}

type Dump = BTreeMap<String, Vec<String>>;

fn same(before: &Dump, after: &Dump, what: &str) {
    let differences = dump::differences(before, after);
    assert!(differences.is_empty(), "{what} makes another read model:\n{}", differences.join("\n"));
}

/// Positions belong to their log: `since` is the position of a device's registration.
fn without_positions(dump: &Dump) -> Dump {
    let bare = |row: &String| {
        let mut row: Value = serde_json::from_str(row).expect("a row is JSON");
        forget_positions(&mut row);
        row.to_string()
    };
    dump.iter()
        .map(|(table, rows)| {
            let mut rows: Vec<String> = rows.iter().map(bare).collect();
            rows.sort();
            (table.clone(), rows)
        })
        .collect()
}

/// A position is also in a notice, which the feed keeps as text.
fn forget_positions(value: &mut Value) {
    let Some(fields) = value.as_object_mut() else { return };
    for key in ["position", "since", "since_position", "until_position"] {
        fields.remove(key);
    }
    if let Some(Ok(mut notice)) =
        fields.get("notice").and_then(Value::as_str).map(serde_json::from_str::<Value>)
    {
        forget_positions(&mut notice);
        fields.insert("notice".to_owned(), notice);
    }
}
