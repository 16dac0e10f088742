//! Tasks and their checklists.

use crate::fixture::{Fixture, GUEST, MEMBER, NOWHERE, OWNER, twice};
use http::Method;
use serde_json::{Value, json};
use veche_tests::person::text;

async fn create(fixture: &Fixture, body: Value) -> Value {
    fixture.owner.client.post(fixture.v4("/tasks"), body).await.ok()
}

#[tokio::test]
async fn create_task_numbers_it_and_shows_it_to_those_concerned() {
    let fixture = Fixture::start().await;
    let body = json!({
        "description": "Полить цветы", "assignee": fixture.jid(MEMBER), "items": ["вода", "окно"],
        "deadline": "2030-01-31", "tags": ["дом"], "importance": 3,
    });
    let expected = json!({"num": 1, "owner": fixture.jid(OWNER), "num_items": 2, "num_checked_items": 0});
    let made = fixture.owner.client.post(fixture.v4("/tasks"), body).await.ok_like(&expected);
    let path = fixture.v4(&format!("/tasks/{}", text(&made["jid"])));
    fixture.member().await.client.get(&path).await.ok_like(&json!({"tabs": ["active", "in"]}));
    fixture.guest().await.client.get(path).await.not_found();
    assert_eq!(create(&fixture, json!({"description": "Дача"})).await["num"], 2);
}

#[tokio::test]
async fn create_task_with_invalid_fields_names_each_of_them() {
    let fixture = Fixture::start().await;
    fixture.owner.client.post(fixture.v4("/tasks"), json!({})).await.invalid(&["description"]);
    let body = json!({
        "description": " ", "assignee": "x", "deadline": "завтра", "importance": 6, "urgency": 0, "tags": [""],
        "items": [""], "section": "x", "remind_at": "2019-09-27T00:00:00Z",
    });
    let refused = fixture.owner.client.post(fixture.v4("/tasks"), body).await;
    refused.invalid(&[
        "assignee",
        "deadline",
        "description",
        "importance",
        "items.0",
        "remind_at",
        "section",
        "tags.0",
        "urgency",
    ]);
    let body = json!({"description": "x", "assignee": format!("d-{NOWHERE}"), "section": NOWHERE});
    fixture.owner.client.post(fixture.v4("/tasks"), body).await.invalid(&["assignee", "section"]);
}

#[tokio::test]
async fn create_task_is_denied_to_guests_and_not_found_by_strangers() {
    let fixture = Fixture::start().await;
    let body = json!({"description": "x"});
    fixture.guest().await.client.post(fixture.v4("/tasks"), body.clone()).await.denied();
    fixture.stranger().await.client.post(fixture.v4("/tasks"), body).await.not_found();
}

#[tokio::test]
async fn create_task_repeated_with_its_idempotency_key_makes_one_task() {
    let fixture = Fixture::start().await;
    let made = twice(&fixture.owner, Method::POST, &fixture.v4("/tasks"), json!({"description": "x"})).await;
    let listed = json!({"count": 1, "objects": [{"jid": made["jid"]}]});
    fixture.owner.client.get(fixture.v4("/tasks")).await.ok_like(&listed);
}

#[tokio::test]
async fn change_task_lets_the_assignee_change_its_status_alone() {
    let fixture = Fixture::start().await;
    let made = create(&fixture, json!({"description": "x", "assignee": fixture.jid(MEMBER)})).await;
    let path = fixture.v4(&format!("/tasks/{}", text(&made["jid"])));
    let member = fixture.member().await.client;
    member.put(&path, json!({"description": "другое"})).await.denied();
    let done = json!({"task_status": "done", "done_reason": "всё полито"});
    member.put(&path, done.clone()).await.ok_like(&done);
    fixture.owner.client.put(path, json!({"task_status": "new"})).await.ok_like(&json!({"done": "<absent>"}));
}

#[tokio::test]
async fn check_task_item_counts_it() {
    let fixture = Fixture::start().await;
    let body = json!({"description": "x", "items": ["вода"], "assignee": fixture.jid(MEMBER), "observers": [fixture.jid(GUEST)]});
    let made = create(&fixture, body).await;
    let items = fixture.v4(&format!("/tasks/{}/items", text(&made["jid"])));
    let item = format!("{items}/{}", text(&made["items"][0]["uid"]));
    let member = fixture.member().await.client;
    member.put(&item, json!({"checked": true})).await.ok_like(&json!({"num_checked_items": 1}));
    member.put(&item, json!({})).await.invalid(&["checked"]);
    member.put(format!("{items}/{NOWHERE}"), json!({"checked": true})).await.not_found();
    fixture.guest().await.client.put(item, json!({"checked": true})).await.denied();
}

#[tokio::test]
async fn tasks_are_listed_by_tab_and_filter() {
    let fixture = Fixture::start().await;
    let made =
        create(&fixture, json!({"description": "Окно", "assignee": fixture.jid(MEMBER), "tags": ["дом"]}))
            .await;
    create(&fixture, json!({"description": "Дача"})).await;
    let list = async |query: &str| fixture.owner.client.get(fixture.v4(&format!("/tasks?{query}"))).await;
    let one = json!({"count": 1, "objects": [{"jid": made["jid"]}]});
    list(&format!("assignee={}", fixture.jid(MEMBER))).await.ok_like(&one);
    list("tag=%D0%94%D0%9E%D0%9C").await.ok_like(&one);
    list("q=%D0%BE%D0%BA%D0%BD").await.ok_like(&one);
    list("tab=out").await.ok_like(&json!({"count": 2}));
    for field in ["tab", "sort", "assignee", "limit"] {
        list(&format!("{field}=x")).await.invalid(&[field]);
    }
    let tabs = fixture.owner.client.get(fixture.v4("/tasks/tabs")).await.ok();
    assert_eq!((&tabs[0]["key"], &tabs[0]["num_tasks"]), (&json!("active"), &json!(2)));
}

#[tokio::test]
async fn task_of_another_team_or_none_is_not_found() {
    let fixture = Fixture::start().await;
    let made = create(&fixture, json!({"description": "x"})).await;
    let path = fixture.v4(&format!("/tasks/{}", text(&made["jid"])));
    let stranger = fixture.stranger().await;
    let own = stranger.make_team("Другой", &[]).await;
    let across = format!("/api/v4/teams/{}/tasks/{}", own.uid, text(&made["jid"]));
    for path in [path, across, format!("/api/v4/teams/{}/tasks/t-{NOWHERE}", own.uid)] {
        stranger.client.get(&path).await.not_found();
        stranger.client.put(&path, json!({"task_status": "done"})).await.not_found();
        stranger.client.delete(&path).await.not_found();
    }
}

#[tokio::test]
async fn archive_task_is_for_its_owner_and_the_teams_admins() {
    let fixture = Fixture::start().await;
    let made = create(&fixture, json!({"description": "x", "assignee": fixture.jid(MEMBER)})).await;
    let path = fixture.v4(&format!("/tasks/{}", text(&made["jid"])));
    fixture.member().await.client.delete(&path).await.denied();
    assert_eq!(fixture.admin().await.client.delete(&path).await.ok(), Value::Null);
    fixture.owner.client.get(&path).await.not_found();
    fixture.owner.client.delete(path).await.not_found();
}
