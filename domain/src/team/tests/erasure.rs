//! Examples of people and teams that are forgotten.

use super::*;
use events::{
    contact, team,
    value::{ErasureAsker, ErasureReason},
};

fn part_with(n: u128) -> Command {
    Command::PartWith { account: AccountId(Uuid::from_u128(1_000 + n)) }
}

fn erase(n: u128) -> Command {
    let (asked_by, reason) = (ErasureAsker::Operator, ErasureReason::Order);
    Command::Erase(team::Erased { receipt: ReceiptId(Uuid::from_u128(n)), asked_by, reason })
}

fn contact_id(n: u128) -> ContactId {
    ContactId(Uuid::from_u128(n))
}

#[test]
fn erased_only_owner_is_succeeded_by_the_contact_of_highest_status() {
    let history = story([create()]);
    let state = Team::initial().fold(&history);
    assert!(
        state.needs(AccountId(Uuid::from_u128(1_001))) && !state.needs(AccountId(Uuid::from_u128(1_003)))
    );
    let owner = contact::StatusChanged { contact: contact_id(3), status: ContactStatus::Owner };
    let gone = contact::Archived { contact: contact_id(1), by: None };
    let expected: Vec<TeamEvent> = vec![owner.into(), gone.into()];
    assert_eq!(given::<Team>(&history).when(part_with(1)), Ok(expected.clone()));
    let after = [history, expected].concat();
    assert_eq!(given::<Team>(&after).when(part_with(1)), Ok(vec![]));
    assert_eq!(given::<Team>(&after).when(part_with(77)), Ok(vec![]), "nobody of this team");
}

#[test]
fn team_of_guests_is_archived_when_its_owner_is_erased() {
    let history = story([create(), part_with(2), part_with(3)]);
    let ended: Vec<TeamEvent> =
        vec![contact::Archived { contact: contact_id(1), by: None }.into(), team::Archived {}.into()];
    assert_eq!(given::<Team>(&history).when(part_with(1)), Ok(ended));
    assert!(
        !Team::initial().fold(&history).needs(AccountId(Uuid::from_u128(1_001))),
        "nobody is left behind"
    );
}

#[test]
fn live_or_archived_team_is_erased_once() {
    assert_eq!(given::<Team>(&[]).when(erase(1)), Err(Rejection::NoTeam));
    let history = story([create(), erase(1)]);
    assert!(matches!(&history[..], [.., TeamEvent::Archived(_), TeamEvent::Erased(_)]));
    assert_eq!(given::<Team>(&history).when(erase(2)), Ok(vec![]));
    assert_eq!(given::<Team>(&history).when(part_with(1)), Ok(vec![]));
    let ended = story([create(), Command::Archive { actor: contact_id(1) }, erase(1)]);
    assert_eq!(ended.iter().filter(|event| matches!(event, TeamEvent::Archived(_))).count(), 1);
    let purge = |n| {
        let receipt = ReceiptId(Uuid::from_u128(n));
        Command::Purge(team::Purged { receipt, contacts: 3, messages: 0, files: 0 })
    };
    assert_eq!(given::<Team>(&history).when(purge(2)), Ok(vec![]), "another receipt");
    let purged = story([create(), erase(1), purge(1)]);
    assert!(matches!(purged.last(), Some(TeamEvent::Purged(_))));
    assert_eq!(given::<Team>(&purged).when(purge(1)), Ok(vec![]));
}

#[test]
fn picture_of_an_erased_account_is_removed_from_left_and_archived_teams() {
    let contact = contact_id(2);
    let set = || Command::SetContactIcon { actor: contact, contact, icon: icon(10) };
    let removed: TeamEvent = contact::IconRemoved { contact }.into();
    let archived: TeamEvent = contact::Archived { contact, by: None }.into();
    let there = story([create(), set()]);
    assert_eq!(given::<Team>(&there).when(part_with(2)), Ok(vec![removed.clone(), archived]));
    let leave = || Command::ArchiveContact { actor: contact, contact };
    let end = || Command::Archive { actor: contact_id(1) };
    for history in [story([create(), set(), leave()]), story([create(), set(), end()])] {
        assert_eq!(given::<Team>(&history).when(part_with(2)), Ok(vec![removed.clone()]));
        let after = [history, vec![removed.clone()]].concat();
        assert_eq!(given::<Team>(&after).when(part_with(2)), Ok(vec![]));
    }
}
