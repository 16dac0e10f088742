//! Each service with its own database role, made by the shipped script: everything works, and no role can do another's work,
//! least of all rewrite history.

use serde_json::json;
use sqlx::{Connection, PgConnection};
use veche_tests::{
    eventually,
    local_postgres::LocalPostgres,
    person::Person,
    pii_canaries::erase_me,
    world::{Layout, Plan, Role, World},
};

const ANNA: &str = "+79160000001";
const BORIS: &str = "+79160000002";
const CLARA: &str = "+79160000003";

const SERVICES: [(Role, &str); 4] = [
    (Role::Command, "veche_append"),
    (Role::Query, "veche_read"),
    (Role::Gateway, "veche_live"),
    (Role::Projection, "veche_project"),
];

/// Starts roles apart, each with its database role; subcommands use the owner's.
async fn world() -> World {
    let postgres = LocalPostgres::start().await;
    postgres.make_roles();
    postgres.make_roles();
    let owner = postgres.url_as("veche_owner");
    let mut plan = Plan::new(Layout::RolesApart)
        .set("VECHE_LOG", &owner)
        .set("VECHE_READ", &owner)
        .set("VECHE_AUDIT_AUDITORS", ANNA);
    for (role, name) in SERVICES {
        let url = postgres.url_as(name);
        plan = plan.set_for(role, "VECHE_LOG", &url).set_for(role, "VECHE_READ", &url);
    }
    World::start(plan.on(postgres)).await
}

/// The message of a refusal for lack of privileges, or what happened instead.
async fn refused(world: &mut World, role: &str, statement: &str) -> Result<(), String> {
    let url = world.postgres().url_as(role);
    let mut db = PgConnection::connect(&url).await.expect("the role may connect");
    match sqlx::raw_sql(sqlx::AssertSqlSafe(format!("begin; {statement}; rollback"))).execute(&mut db).await {
        Ok(_) => Err("done".to_owned()),
        Err(error) => match error.as_database_error().and_then(|error| error.code()) {
            Some(code) if code == "42501" => Ok(()),
            _ => Err(error.to_string()),
        },
    }
}

fn append(stream: &str) -> String {
    format!(
        "insert into log.events (position, stream, revision, event_id, kind, data, meta) \
         values (1000000, '{stream}', 0, gen_random_uuid(), 'k', '', '')"
    )
}

#[tokio::test]
async fn database_roles_suffice_for_all_services() {
    let mut world = world().await;
    let anna = Person::login(world.client(), ANNA).await;
    let boris = Person::login(world.client(), BORIS).await;
    let clara = Person::login_with_cookie(world.client(), CLARA).await;
    let team = anna.make_team("роли", &[BORIS, CLARA]).await;
    let (his, hers) = (team.jid_of(BORIS), team.jid_of(CLARA));
    let group = anna.make_group(&team.uid, "группа", &[&his, &hers]).await;
    let mut ear = boris.socket(&team.uid).await;
    let messages = format!("/api/v4/teams/{}/chats/{group}/messages", team.uid);
    let said = anna.post(&team.uid, &group, "первое").await;
    ear.event_where("server.message.updated", |params| params["messages"][0]["content"]["text"] == "первое")
        .await;
    ear.ask("client.message.updated", json!({"to": group, "content": {"type": "plain", "text": "слышу"}}))
        .await;
    let file = anna.client.upload(&messages, "file", "f.txt", b"words of a file".to_vec()).await.ok();
    anna.client.delete(format!("{messages}/{}", file["message_id"].as_str().unwrap_or_default())).await.ok();
    let id = said["message_id"].as_str().expect("an id");
    boris.client.post(format!("{messages}/{id}/reactions/%F0%9F%91%8D"), json!({})).await.ok();

    // The query role records accesses to the audit in the log.
    // (The audit's index follows the log.)
    for kind in ["message.*", "audit.read.v1"] {
        eventually::until("history is looked up", async || {
            let looked = anna.client.get(format!("/api/audit/v1/events?kind={kind}")).await.ok();
            looked["events"].as_array().is_some_and(|events| !events.is_empty()).then_some(())
        })
        .await;
    }
    // The query role makes schemas of the past.
    let position = veche_tests::stored::head(&world).await;
    anna.client.put(format!("/api/v3/teams/{}", team.uid), json!({"name": "другая"})).await.ok();
    let then = anna.client.get(format!("/api/v3/teams/{}?as_of={position}", team.uid)).await.ok();
    assert_eq!(then["name"], "роли");
    // An erasure also removes what is stored outside the log, and past schemas.
    erase_me(&boris).await.ok();
    // A shadow read model is built by the projection's role and by the owner.
    for output in [
        world.attempt_as(Role::Projection, &["rebuild", "--shadow", "--switch"]),
        world.attempt(&["rebuild", "--shadow", "--switch"]),
        world.attempt(&["migrate"]),
        world.attempt_as(Role::Projection, &["rebuild", "--shadow", "--switch"]),
    ] {
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{words}");
    }
    let mut again = clara.socket(&team.uid).await;
    anna.post(&team.uid, &group, "последнее").await;
    again
        .event_where("server.message.updated", |params| {
            params["messages"][0]["content"]["text"] == "последнее"
        })
        .await;
    world.process(Role::Projection).kill();
    world.revive(Role::Projection).await;
    anna.post(&team.uid, &group, "и снова").await;
    assert!(!world.logs().contains("permission denied"), "{}", world.logs());
    assert!(!world.logs().contains("row-level security"), "{}", world.logs());
}

#[tokio::test]
async fn database_roles_forbid_rewriting_history_and_others_tables() {
    let mut world = world().await;
    Person::login(world.client(), ANNA).await;
    let history = [
        "update log.events set kind = 'x'",
        "delete from log.events",
        "truncate log.events",
        "alter table log.events disable trigger all",
        "drop table log.events cascade",
        "alter table log.events disable row level security",
        "delete from log.head",
        "delete from log.receipts",
        "create table log.mine ()",
        "delete from keys.data_keys",
        "update audit.entry set hash = ''",
        "delete from audit.checkpoint",
        "create or replace function ops.maker_of(schema text) returns text language sql as 'select null'",
        "set local role veche_owner",
    ]
    .map(str::to_owned);
    for role in ["veche_append", "veche_read", "veche_live", "veche_project", "veche_serve"] {
        for statement in &history {
            assert_eq!(refused(&mut world, role, statement).await, Ok(()), "{role}: {statement}");
        }
    }
    let event = append("chat-x");
    let session = "update read.session set expires = now() + interval '1 year'";
    let key = "update keys.data_keys set subject = subject";
    let effect = "insert into ops.effect (kind, key, position, payload) values ('sms', 'k', 1, '')";
    let answer = "delete from ops.answer";
    let head = "update log.head set position = 7";
    let chain = "update audit.head set number = 7";
    let others: [(&str, &[&str]); 4] = [
        ("veche_append", &[session, effect, chain, "update ops.effect set due = null"]),
        ("veche_read", &[&event, session, key, effect, answer, chain, "delete from ops.last_seen"]),
        ("veche_live", &[&event, &append("audit-x"), head, session, key, effect, answer, chain]),
        ("veche_project", &[&event, &append("audit-x"), head, key]),
    ];
    for (role, statements) in others {
        for statement in statements {
            assert_eq!(refused(&mut world, role, statement).await, Ok(()), "{role}: {statement}");
        }
    }
    // The same statements succeed for the roles that own the work, so the refusals had no other reason.
    for (role, statement) in [
        ("veche_append", event.as_str()),
        ("veche_append", key),
        ("veche_append", head),
        ("veche_read", &append("audit-x")),
        ("veche_project", session),
        ("veche_project", effect),
        ("veche_project", chain),
        ("veche_serve", event.as_str()),
        ("veche_serve", session),
    ] {
        assert_eq!(refused(&mut world, role, statement).await, Err("done".to_owned()), "{role}: {statement}");
    }
}

#[tokio::test]
async fn database_role_with_old_schemas_names_the_migration_command() {
    let mut world = world().await;
    // Roles that may create schemas would create this one again, as theirs.
    for role in [Role::Query, Role::Projection] {
        world.process(role).kill();
    }
    let mut db = PgConnection::connect(&world.postgres().url()).await.expect("the superuser may connect");
    sqlx::raw_sql("drop schema past cascade").execute(&mut db).await.expect("it is dropped");
    let output = world.attempt_as(Role::Command, &["migrate"]);
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(words.contains("run `veche migrate` as their owner"), "{words}");
    let made: bool = sqlx::query_scalar("select to_regnamespace('past') is not null")
        .fetch_one(&mut db)
        .await
        .expect("the catalogue is read");
    assert!(!made, "the refused attempt made the schema as its own");
    world.run(&["migrate"]);
}

/// A new table needs its writer in `veche/src/rights`: without it all services may read the table and none may write it.
#[tokio::test]
async fn every_table_has_a_writer_in_the_list_of_rights() {
    const WRITTEN_BY_NO_SERVICE: [&str; 2] = ["log.migrations", "ops.migrations"];
    let world = World::all_in_one().await;
    let tables: Vec<String> = sqlx::query_scalar(
        "select schemaname || '.' || tablename from pg_tables \
         where schemaname in ('log', 'keys', 'audit', 'ops', 'past')",
    )
    .fetch_all(&world.pool().await)
    .await
    .expect("the tables are listed");
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../veche/src/rights");
    let files = std::fs::read_dir(folder).expect("the folder").flatten();
    let rights: String =
        files.map(|file| std::fs::read_to_string(file.path()).expect("a file of rights")).collect();
    let grants: Vec<&str> = rights.split(';').filter(|line| line.trim_start().starts_with("GRANT")).collect();
    assert!(grants.len() > 10 && tables.len() > 10, "{tables:?}");
    for table in tables.iter().filter(|table| !WRITTEN_BY_NO_SERVICE.contains(&table.as_str())) {
        let granted = grants.iter().any(|grant| {
            !grant.trim_start().starts_with("GRANT SELECT ")
                && grant.split(|c: char| c == ',' || c.is_whitespace()).any(|word| word == table)
        });
        assert!(granted, "veche/src/rights does not say who writes {table}");
    }
}
