use super::{FORGOTTEN, TeamPresence};
use events::ContactId;
use protocol::live::LiveContact;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use uuid::Uuid;

fn contact(number: u128) -> ContactId {
    ContactId(Uuid::from_u128(number))
}

fn shown(team: &mut TeamPresence) -> Value {
    let frames = team.frames();
    let frame: Value = serde_json::from_str(&frames.borrow()).unwrap();
    assert_eq!(frame["event"], "server.online");
    assert_eq!(frame["params"]["calls"], Value::Null);
    frame["params"]["contacts"].clone()
}

fn entry(number: u128, afk: bool, mobile: bool) -> Value {
    json!({"jid": format!("d-{}", contact(number)), "afk": afk, "mobile": mobile})
}

#[test]
fn contact_is_away_only_when_all_devices_are() {
    let mut team = TeamPresence::default();
    team.join(contact(1), 10, false);
    team.join(contact(1), 11, true);
    team.set_afk(contact(1), Some(10), true);
    assert_eq!(shown(&mut team), json!([entry(1, false, false)]));
    team.set_afk(contact(1), Some(11), true);
    assert_eq!(shown(&mut team), json!([entry(1, true, false)]));
    team.leave(contact(1), 10);
    assert_eq!(shown(&mut team), json!([entry(1, true, true)]));
    assert!(!team.is_deserted());
    team.leave(contact(1), 11);
    assert!(team.is_deserted());
}

#[test]
fn silent_gateway_is_forgotten_after_the_timeout() {
    let mut team = TeamPresence::default();
    let (node, now) = (Uuid::from_u128(99), Instant::now());
    team.join(contact(2), 10, false);
    team.update_node(node, vec![LiveContact { contact: contact(1), afk: true, mobile: true }], now);
    assert_eq!(shown(&mut team), json!([entry(1, true, true), entry(2, false, false)]));
    team.forget(now + FORGOTTEN - Duration::from_millis(1));
    assert_eq!(shown(&mut team).as_array().unwrap().len(), 2);
    team.forget(now + FORGOTTEN);
    assert_eq!(shown(&mut team), json!([entry(2, false, false)]));
}

#[test]
fn gateway_reporting_no_contacts_is_forgotten_at_once() {
    let mut team = TeamPresence::default();
    let node = Uuid::from_u128(99);
    team.join(contact(2), 10, false);
    team.update_node(
        node,
        vec![LiveContact { contact: contact(1), afk: false, mobile: false }],
        Instant::now(),
    );
    team.update_node(node, vec![], Instant::now());
    assert_eq!(shown(&mut team), json!([entry(2, false, false)]));
}

#[test]
fn change_is_published_once() {
    let mut team = TeamPresence::default();
    team.join(contact(2), 10, false);
    assert!(team.take_unpublished());
    assert!(!team.take_unpublished());
    team.set_afk(contact(2), None, false);
    assert!(!team.take_unpublished(), "nothing changed");
    team.set_afk(contact(2), None, true);
    assert!(team.take_unpublished());
}
