//! Two teams have messages with the same id. The stream of one of them has the earlier form.

use crate::{
    sample_events::{group_created, group_settings, team_created},
    team_fixture::{ACCOUNT, CONTACT, GROUP, TEAM, TeamFixture, message_id, posted, posted_in, stream_of},
};
use events::{
    ContactId, Event, GroupId, MessageEvent, MessageId, MessageKey, Personal, StreamName, TeamEvent, TeamId,
    chat::ChatRef,
    contact, message,
    value::{ContactOrigin, ContactStatus},
};
use protocol::message::MessageRecord;
use uuid::Uuid;

const OTHER: TeamId = TeamId(Uuid::from_u128(0x31));
const OTHER_GROUP: GroupId = GroupId(Uuid::from_u128(0x41));
const OTHER_CONTACT: ContactId = ContactId(Uuid::from_u128(0x21));

fn other_stream(message: MessageId) -> StreamName {
    StreamName::message(MessageKey { team: OTHER, message })
}

/// The other team with its group.
async fn found_other(fixture: &TeamFixture) {
    fixture.append(StreamName::team(OTHER), team_created(OTHER, OTHER_CONTACT, "Иные")).await;
    let none = || Personal::of_account(ACCOUNT, String::new());
    let added = contact::Added {
        contact: OTHER_CONTACT,
        account: ACCOUNT,
        origin: ContactOrigin::Added,
        phone: none(),
        given_name: none(),
        family_name: none(),
        role: none(),
        status: ContactStatus::Owner,
        need_confirmation: false,
    };
    fixture.append(StreamName::team(OTHER), TeamEvent::from(added).into()).await;
    let settings = group_settings(OTHER, "Иной чат", false);
    let group = group_created((OTHER, OTHER_GROUP), OTHER_CONTACT, settings);
    fixture.append(StreamName::chat(OTHER_GROUP), group).await;
}

/// The other team's post of that id, which forwards and answers messages.
fn posted_there(message: MessageId, text: &str, named: Option<MessageId>) -> Event {
    let posted = posted_in((OTHER, OTHER_GROUP), OTHER_CONTACT, message, text);
    let linked_messages = named.into_iter().collect();
    MessageEvent::from(message::Posted { reply_to: named, linked_messages, ..posted }).into()
}

fn edited(team: TeamId, text: &str) -> Event {
    let text = Personal::of_team(team, text.to_owned());
    MessageEvent::from(message::Edited { text, important: false, nopreview: false }).into()
}

async fn shown(fixture: &TeamFixture, team: TeamId, message: MessageId) -> MessageRecord {
    let member = fixture.read.memberships().find(ACCOUNT, team).await.unwrap().unwrap();
    fixture.read.messages().find_complete(&member, message).await.unwrap().unwrap()
}

#[tokio::test]
async fn events_of_one_message_id_in_two_teams_change_the_message_of_their_team() {
    let fixture = TeamFixture::create().await;
    found_other(&fixture).await;
    let (id, second) = (message_id(1), message_id(2));
    let earlier = StreamName::message_by_id(id);
    fixture.append(earlier.clone(), posted(id, "у нас")).await;
    fixture.append(other_stream(id), posted_there(id, "у них", None)).await;
    fixture.append(stream_of(second), posted(second, "второе у нас")).await;
    fixture.append(other_stream(second), posted_there(second, "второе у них", Some(id))).await;
    let react = |contact, name: &str| {
        Event::from(MessageEvent::from(message::ReactionSet { contact, name: name.to_owned() }))
    };
    fixture.append(earlier.clone(), react(CONTACT, "👍")).await;
    fixture.append(other_stream(id), react(OTHER_CONTACT, "👎")).await;
    let last = fixture.append(earlier.clone(), edited(TEAM, "у нас иначе")).await;
    fixture.projected(last).await;

    let (ours, theirs) = (shown(&fixture, TEAM, id).await, shown(&fixture, OTHER, id).await);
    assert_eq!((ours.text.as_str(), theirs.text.as_str()), ("у нас иначе", "у них"));
    assert_eq!((ours.chat, theirs.chat), (ChatRef::Group(GROUP), ChatRef::Group(OTHER_GROUP)));
    let names =
        |message: &MessageRecord| message.reactions.iter().map(|one| one.name.clone()).collect::<Vec<_>>();
    assert_eq!((names(&ours), names(&theirs)), (vec!["👍".to_owned()], vec!["👎".to_owned()]));
    let answer = shown(&fixture, OTHER, second).await;
    assert_eq!(answer.replied.map(|message| message.text).as_deref(), Some("у них"));
    assert_eq!(answer.forwarded.iter().map(|message| message.text.as_str()).collect::<Vec<_>>(), ["у них"]);
    assert_eq!(shown(&fixture, TEAM, second).await.text, "второе у нас");

    let deleted = message::Deleted { by: Some(OTHER_CONTACT) };
    let last = fixture.append(other_stream(id), MessageEvent::from(deleted).into()).await;
    fixture.projected(last).await;
    let (ours, theirs) = (shown(&fixture, TEAM, id).await, shown(&fixture, OTHER, id).await);
    assert_eq!((ours.text.as_str(), names(&ours).len()), ("у нас иначе", 1));
    assert!(theirs.is_deleted() && theirs.reactions.is_empty());
    assert!(shown(&fixture, OTHER, second).await.forwarded[0].text.is_empty());
    let withdrawn = |team| fixture.read.messages().withdrawn_text(MessageKey { team, message: id });
    assert_eq!(withdrawn(TEAM).await.unwrap(), None);
    let feed = fixture.dump().await.remove("feed").unwrap();
    assert_eq!(
        feed.iter().filter(|row| row.contains(&hex::encode("у нас"))).count(),
        4,
        "post, reaction, edit, second post"
    );
    assert!(!feed.iter().any(|row| row.contains(&hex::encode("\"у них\""))), "deleted there");

    let deleted = message::Deleted { by: None };
    let last = fixture.append(earlier, MessageEvent::from(deleted).into()).await;
    fixture.projected(last).await;
    assert!(shown(&fixture, TEAM, id).await.is_deleted());
    assert_eq!(
        fixture.read.messages().teams_with_streams_by_id().await.unwrap().into_iter().collect::<Vec<_>>(),
        [TEAM]
    );
    assert_eq!(fixture.count("SELECT count(*) FROM parked").await, 0);
    let live = fixture.dump().await;
    fixture.rebuild().await;
    assert_eq!(fixture.dump().await, live);
    fixture.tear_down().await;
}
