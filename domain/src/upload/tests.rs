use super::*;
use crate::spec::given;
use events::{AccountId, Personal, TeamId, value::UploadKind};
use uuid::Uuid;

const ME: ContactId = ContactId(Uuid::from_u128(1));
const YOU: ContactId = ContactId(Uuid::from_u128(2));

fn file(id: u128) -> UploadId {
    UploadId(Uuid::from_u128(id))
}

fn message(id: u128) -> AttachmentTarget {
    AttachmentTarget::Message(MessageId(Uuid::from_u128(id)))
}

fn task(id: u128) -> AttachmentTarget {
    AttachmentTarget::Task(GroupId(Uuid::from_u128(id)))
}

fn store(id: u128, size: u64, room: u64) -> Command {
    let stored = upload::Stored {
        upload: file(id),
        team: TeamId(Uuid::nil()),
        owner: ME,
        blob: BlobId(Uuid::from_u128(100 + id)),
        name: Personal::of_account(AccountId(Uuid::nil()), "a".to_owned()),
        size,
        content_type: "image/png".into(),
        kind: UploadKind::Image,
        animated: false,
        preview: Some(upload::Preview { width: 1, height: 1, size: 10 }),
    };
    Command::Store { stored, room }
}

fn attach(actor: ContactId, uploads: &[u128], to: u128) -> Command {
    let uploads = uploads.iter().copied().map(file).collect();
    Command::Attach { actor, uploads, target: message(to) }
}

fn attach_to_task(actor: ContactId, uploads: &[u128], to: u128) -> Command {
    let uploads = uploads.iter().copied().map(file).collect();
    Command::Attach { actor, uploads, target: task(to) }
}

fn remove(actor: ContactId, id: u128, deleted: &[u128]) -> Command {
    let over = deleted.iter().copied().map(message).collect();
    Command::Remove { actor: Actor { contact: actor, any: false }, upload: file(id), over }
}

#[test]
fn quota_is_enforced_to_the_byte() {
    let mut history = given::<Uploads>(&[]).when(store(1, 40, 100)).unwrap();
    assert_eq!(
        given::<Uploads>(&history).when(store(2, 41, 100)),
        Err(Rejection::QuotaExceeded { left: 50 })
    );
    history.extend(given::<Uploads>(&history).when(store(2, 40, 100)).unwrap());
    assert_eq!(given::<Uploads>(&history).when(store(3, 0, 100)), Err(Rejection::QuotaExceeded { left: 0 }));
    assert_eq!(given::<Uploads>(&history).when(store(1, 40, 0)), Ok(vec![]), "it is there already");
    assert_eq!(Uploads::initial().fold(&history).bytes(), 100);
}

#[test]
fn removed_file_frees_quota() {
    let mut history = given::<Uploads>(&[]).when(store(1, 90, 100)).unwrap();
    assert_eq!(given::<Uploads>(&history).when(remove(YOU, 1, &[])), Err(Rejection::NoUpload));
    history.extend(given::<Uploads>(&history).when(remove(ME, 1, &[])).unwrap());
    assert_eq!(given::<Uploads>(&history).when(remove(ME, 1, &[])), Err(Rejection::NoUpload));
    assert_eq!(given::<Uploads>(&history).when(attach(ME, &[1], 9)), Err(Rejection::NoUpload));
    assert!(given::<Uploads>(&history).when(store(2, 90, 100)).is_ok());
    assert!(!Uploads::initial().fold(&history).holds(file(1), BlobId(Uuid::from_u128(101))));
}

#[test]
fn files_of_an_erased_owner_are_removed_although_in_use() {
    let stored = given::<Uploads>(&[]).when(store(1, 10, 100)).unwrap();
    let used = [stored.clone(), given::<Uploads>(&stored).when(attach(ME, &[1], 7)).unwrap()].concat();
    let files = Uploads::initial().fold(&used);
    assert_eq!(files.first_of(Some(YOU), 9), vec![]);
    assert_eq!(files.first_of(Some(ME), 9), files.first_of(None, 9));
    let forget = Command::Forget(vec![file(1), file(2)]);
    let gone = [used.clone(), given::<Uploads>(&used).when(forget.clone()).unwrap()].concat();
    assert_eq!(Uploads::initial().fold(&gone).bytes(), 0);
    assert_eq!(given::<Uploads>(&gone).when(forget), Ok(vec![]));
}

#[test]
fn only_the_owner_attaches_a_file_and_used_file_stays_until_its_messages_are_deleted() {
    let mut history = given::<Uploads>(&[]).when(store(1, 1, 100)).unwrap();
    assert_eq!(given::<Uploads>(&history).when(attach(YOU, &[1], 9)), Err(Rejection::NoUpload));
    assert_eq!(given::<Uploads>(&history).when(attach(ME, &[1, 2], 9)), Err(Rejection::NoUpload));
    history.extend(given::<Uploads>(&history).when(attach(ME, &[1, 1], 9)).unwrap());
    history.extend(given::<Uploads>(&history).when(attach(ME, &[1], 8)).unwrap());
    assert_eq!(given::<Uploads>(&history).when(remove(ME, 1, &[9])), Err(Rejection::InUse));
    assert!(given::<Uploads>(&history).when(remove(ME, 1, &[8, 9])).is_ok());
    let state = Uploads::initial().fold(&history);
    let of = |contact, any| state.of(Actor { contact, any }, file(1)).map(|(_, used)| used.len());
    assert_eq!((of(ME, false), of(YOU, false), of(YOU, true)), (Some(2), None, Some(2)));
}

#[test]
fn admin_removes_files_of_others_unless_in_use() {
    let mut history = given::<Uploads>(&[]).when(store(1, 1, 100)).unwrap();
    history.extend(given::<Uploads>(&history).when(attach(ME, &[1], 9)).unwrap());
    let any = |over: &[AttachmentTarget]| Command::Remove {
        actor: Actor { contact: YOU, any: true },
        upload: file(1),
        over: over.to_vec(),
    };
    assert_eq!(given::<Uploads>(&history).when(any(&[])), Err(Rejection::InUse));
    assert!(given::<Uploads>(&history).when(any(&[message(9)])).is_ok());
}

#[test]
fn task_keeps_files_of_others_when_changed() {
    let mut history = given::<Uploads>(&[]).when(store(1, 1, 100)).unwrap();
    assert_eq!(given::<Uploads>(&history).when(attach_to_task(YOU, &[1], 5)), Err(Rejection::NoUpload));
    history.extend(given::<Uploads>(&history).when(attach_to_task(ME, &[1], 5)).unwrap());
    let UploadsEvent::AttachedToTask(attached) = &history[1] else { panic!() };
    assert_eq!(attached.uploads, [file(1)]);
    assert_eq!(given::<Uploads>(&history).when(attach_to_task(YOU, &[1], 5)), Ok(vec![]));
    assert_eq!(given::<Uploads>(&history).when(attach_to_task(YOU, &[1], 6)), Err(Rejection::NoUpload));
    assert_eq!(given::<Uploads>(&history).when(attach(YOU, &[1], 5)), Err(Rejection::NoUpload));
    assert_eq!(given::<Uploads>(&history).when(remove(ME, 1, &[5])), Err(Rejection::InUse));
    let actor = Actor { contact: ME, any: false };
    let over = Command::Remove { actor, upload: file(1), over: vec![task(5)] };
    assert_eq!(given::<Uploads>(&history).when(over).map(|events| events.len()), Ok(1));
}
