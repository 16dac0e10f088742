//! Phones as identities: the operator's list of numbers stored by an earlier rule. And as destinations of paid messages: the
//! SMS guard.

use serde_json::{Value, json};
use veche_tests::{
    person::Person,
    world::{Layout, LogPlace, Plan, Role, World},
};

async fn store(world: &World, meant: &str, phone: &str) {
    let stored = sqlx::query("UPDATE read.account SET phone = $2 WHERE phone = $1");
    let done = stored.bind(meant).bind(phone).execute(&world.pool().await).await.expect("a row");
    assert_eq!(done.rows_affected(), 1, "{meant}");
}

#[tokio::test]
async fn phones_command_lists_numbers_stored_by_an_earlier_rule() {
    let world = World::all_in_one().await;
    let anna = Person::login(world.client(), "+79081160001").await;
    let team = anna.make_team("Полк", &["+78123251234", "+3725123456", "+74722123456"]).await;
    assert!(!team.uid.is_empty());
    let said = world.run(&["phones", "check"]);
    assert!(said.contains("No suspicious number found."), "{said}");
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

/// Number of SMS with codes in the log.
async fn sent(world: &World) -> i64 {
    let count = "SELECT count(*) FROM log.events WHERE kind = 'login_code.requested.v1' AND convert_from(data, 'UTF8')::jsonb ->> 'send' = 'true'";
    sqlx::query_scalar(count).fetch_one(&world.pool().await).await.expect("a count")
}

async fn ask(world: &World, phone: &str) -> Value {
    world.client().post("/api/v3/sms-login", json!({"phone": phone})).await.ok()
}

#[tokio::test]
async fn sms_guard_withholds_codes_of_a_pumped_prefix_across_a_restart() {
    let plan = Plan::new(Layout::AllInOne)
        .log(LogPlace::Postgres)
        .set("VECHE_SMS_GUARD_SLOW_AFTER", "3")
        .set("VECHE_SMS_GUARD_STOP_AFTER", "5")
        .set("VECHE_SMS_GUARD_GRACE_SEC", "0")
        .set("VECHE_SMS_GUARD_PAUSE_SEC", "0")
        .set("VECHE_SMS_GUARD_ALL_PER_DAY", "8");
    let mut world = World::start(plan).await;
    let anna = Person::login(world.client(), "+79081170001").await;
    let before = sent(&world).await;
    let first = ask(&world, "+447911120000").await;
    for n in 1..30 {
        let answer = ask(&world, &format!("+44791112{n:04}")).await;
        assert_eq!(answer["code_length"], first["code_length"], "nobody is told");
    }
    assert_eq!(sent(&world).await - before, 5);
    assert!(world.logs().contains("login codes are withheld") && world.logs().contains("+44791112"));

    world.process(Role::Serve).kill();
    world.revive(Role::Serve).await;
    ask(&world, "+447911129999").await;
    assert_eq!(sent(&world).await - before, 5, "the log remembers");
    // Two more use up the global budget; known accounts still get codes, and all answers are alike.
    for phone in ["+79081170002", "+79081180002", "+79081190002"] {
        ask(&world, phone).await;
    }
    assert_eq!(sent(&world).await - before, 7);
    ask(&world, &anna.phone).await;
    assert_eq!(sent(&world).await - before, 8);
}

#[tokio::test]
async fn sms_guard_sends_no_codes_to_satellite_phones() {
    let world = World::all_in_one().await;
    for phone in ["+870773111632", "+8816 1234 5678", "+883510012345", "+979123456789", "+447012345678"] {
        let answer = world.client().post("/api/v3/sms-login", json!({"phone": phone})).await;
        assert_eq!(answer.status, 422, "{phone}");
        assert!(answer.json["details"]["phone"].is_string(), "{}", answer.json);
    }
}
