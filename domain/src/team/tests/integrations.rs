//! Examples of integrations: they receive a group's messages, so only members of the group set them up.

use super::*;
use events::{GroupId, value::IntegrationKind};

const ID: IntegrationId = IntegrationId(Uuid::from_u128(60));
const GROUP: GroupId = GroupId(Uuid::from_u128(80));
const OTHER: GroupId = GroupId(Uuid::from_u128(81));

fn make(actor: ContactId, inside: &[GroupId]) -> Command {
    Command::CreateIntegration {
        actor,
        integration: ID,
        kind: IntegrationKind::Raw,
        key_sealed: "…".into(),
        key_hash: "cd".into(),
        comment: "Новая".into(),
        enabled: true,
        group: GROUP,
        webhook_url: String::new(),
        inside: inside.to_vec(),
    }
}

fn change(change: IntegrationChange, inside: &[GroupId]) -> Command {
    Command::ChangeIntegration { actor: OWNER, integration: ID, change, inside: inside.to_vec() }
}

fn comment(text: &str) -> IntegrationChange {
    IntegrationChange { comment: Some(text.into()), ..IntegrationChange::default() }
}

#[test]
fn integration_keeps_omitted_settings_and_is_missing_after_removal() {
    let history = story([create(), make(OWNER, &[GROUP]), change(comment("Тест 123"), &[GROUP])]);
    let Some(TeamEvent::IntegrationChanged(changed)) = history.last() else { panic!("{history:?}") };
    assert_eq!(
        (changed.settings.comment.or_default().as_str(), changed.settings.enabled),
        ("Тест 123", true)
    );
    let removed = story([create()]);
    let refused = given::<Team>(&removed).when(change(comment("x"), &[GROUP]));
    assert_eq!(refused, Err(Rejection::NoIntegration));
}

#[test]
fn creating_an_integration_needs_membership_of_its_group() {
    let history = story([create()]);
    assert_eq!(given::<Team>(&history).when(make(OWNER, &[OTHER])), Err(Rejection::NotInGroup));
    assert_eq!(given::<Team>(&history).when(make(ADMIN, &[])), Err(Rejection::NotInGroup));
    assert_eq!(given::<Team>(&history).when(make(MEMBER, &[GROUP])), Err(Rejection::NotAllowed));
    assert!(given::<Team>(&history).when(make(ADMIN, &[GROUP])).is_ok());
}

#[test]
fn changing_an_integration_needs_membership_and_disabling_does_not() {
    let history = story([create(), make(ADMIN, &[GROUP])]);
    let webhook =
        IntegrationChange { webhook_url: Some("https://example.org".into()), ..IntegrationChange::default() };
    let switched = |on| IntegrationChange { enabled: Some(on), ..IntegrationChange::default() };
    let both = IntegrationChange { enabled: Some(false), ..webhook.clone() };
    for refused in [webhook, comment("x"), switched(true), both] {
        assert_eq!(given::<Team>(&history).when(change(refused, &[OTHER])), Err(Rejection::NotInGroup));
    }
    let stopped = given::<Team>(&history).when(change(switched(false), &[])).unwrap();
    assert!(matches!(&stopped[..], [TeamEvent::IntegrationChanged(one)] if !one.settings.enabled));
    let remove = Command::RemoveIntegration { actor: OWNER, integration: ID };
    assert_eq!(given::<Team>(&history).when(remove).map(|events| events.len()), Ok(1));
}

#[test]
fn integration_moves_only_between_groups_of_the_actor() {
    let history = story([create(), make(ADMIN, &[GROUP])]);
    let moved = || IntegrationChange { group: Some(OTHER), ..IntegrationChange::default() };
    for inside in [&[GROUP][..], &[OTHER], &[]] {
        assert_eq!(given::<Team>(&history).when(change(moved(), inside)), Err(Rejection::NotInGroup));
    }
    let changed = given::<Team>(&history).when(change(moved(), &[OTHER, GROUP])).unwrap();
    assert!(matches!(&changed[..], [TeamEvent::IntegrationChanged(one)] if one.settings.group == OTHER));
    let state = Team::initial().fold(&history).fold(&changed);
    assert_eq!(state.group_of(ID), Some(OTHER));
}
