//! Phone numbers as identities: what an operator is shown of numbers that were stored by an earlier rule.

use serde_json::{Value, json};
use veche_tests::{person::Person, world::World};

async fn store(world: &World, meant: &str, phone: &str) {
    let stored = sqlx::query("UPDATE read.account SET phone = $2 WHERE phone = $1");
    let done = stored.bind(meant).bind(phone).execute(&world.pool().await).await.expect("a row");
    assert_eq!(done.rows_affected(), 1, "{meant}");
}

#[tokio::test]
async fn operators_are_shown_numbers_that_an_earlier_rule_stored_wrongly() {
    let world = World::all_in_one().await;
    let anna = Person::login(world.client(), "+79081160001").await;
    let team = anna.make_team("Полк", &["+78123251234", "+3725123456", "+74722123456"]).await;
    assert!(!team.uid.is_empty());
    let said = world.run(&["phones", "check"]);
    assert!(said.contains("Every stored number is read today as it was stored."), "{said}");
    let all = world.run(&["phones", "check", "--all"]);
    assert!(all.contains("+74722123456: lost-plus +4722123456 (may be right as it is), in 1 teams"), "{all}");

    store(&world, "+78123251234", "+7123251234").await;
    store(&world, "+3725123456", "+73725123456").await;
    let said = world.run(&["phones", "check"]);
    assert!(said.contains(" +7123251234: lost-8 +78123251234, in 1 teams"), "{said}");
    assert!(said.contains(" +73725123456: lost-plus +3725123456, in 1 teams"), "{said}");
    assert!(!said.contains("+79081160001") && !said.contains("+74722123456"), "{said}");
    let output = world.attempt(&["phones", "check", "--json"]);
    let found: Vec<Value> = serde_json::from_slice(&output.stdout).expect("a list");
    let found = found.iter().find(|found| found["stored"] == "+7123251234").expect("it is listed");
    assert_eq!(found["reason"], "lost-8");
    assert_eq!(found["meant"], "+78123251234");
    assert_eq!(found["may_be_right"], json!(false));
}
