//! Rules of a team's files: together they fit into its quota; only their owner uses them, and only it and those who run the
//! team remove them.

use crate::{Aggregate, limits};
use events::{BlobId, ContactId, MessageId, UploadId, UploadsEvent, upload};
use std::collections::BTreeMap;

/// The files of a team.
#[derive(Clone, Debug, Default)]
pub struct Uploads {
    bytes: u64,
    files: BTreeMap<UploadId, File>,
}

#[derive(Clone, Debug)]
struct File {
    owner: ContactId,
    blob: BlobId,
    bytes: u64,
    used_by: Vec<MessageId>,
}

/// What may be asked. The content is stored by then; who asks is known to be a member of the team.
#[derive(Clone, Debug)]
pub enum Command {
    /// The file shall be the team's.
    Store {
        /// The file.
        stored: upload::Stored,
        /// Bytes that the team's files may have together.
        room: u64,
    },
    /// A message that is about to be posted shall bring files.
    Attach {
        /// Its author.
        actor: ContactId,
        /// The files.
        uploads: Vec<UploadId>,
        /// The message.
        message: MessageId,
    },
    /// The file shall be gone.
    Remove {
        /// Who asks.
        actor: Actor,
        /// The file.
        upload: UploadId,
        /// Messages that are known to be deleted, or never to have been posted: they need nothing.
        deleted: Vec<MessageId>,
    },
    /// These files shall be gone, whatever brings them: their owner or their team was erased.
    Forget(Vec<UploadId>),
}

/// Who asks for the end of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The member.
    pub contact: ContactId,
    /// It may remove anybody's files, not only its own.
    pub any: bool,
}

/// Why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// There is no such file, any more or at all, or it is somebody else's.
    NoUpload,
    /// The team's quota has no room for it.
    QuotaExceeded {
        /// Bytes that are free.
        left: u64,
    },
    /// A team has only so many files.
    TooMany {
        /// How many.
        max: usize,
    },
    /// A message brings it.
    InUse,
}

impl Uploads {
    /// Bytes that all files have together.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Where a file is stored, and the messages that use it, if it may be removed by that member.
    pub fn of(&self, actor: Actor, upload: UploadId) -> Option<(BlobId, &[MessageId])> {
        self.removable(actor, upload).map(|file| (file.blob, &*file.used_by))
    }

    /// Whether a file of the team is stored there.
    pub fn holds(&self, upload: UploadId, blob: BlobId) -> bool {
        self.files.get(&upload).is_some_and(|file| file.blob == blob)
    }

    /// The first files of a contact, or of all, with where they are stored.
    pub fn first_of(&self, owner: Option<ContactId>, most: usize) -> Vec<(UploadId, BlobId)> {
        let wanted = self.files.iter().filter(|(_, file)| owner.is_none_or(|owner| file.owner == owner));
        wanted.map(|(id, file)| (*id, file.blob)).take(most).collect()
    }

    fn owned(&self, owner: ContactId, upload: UploadId) -> Option<&File> {
        self.files.get(&upload).filter(|file| file.owner == owner)
    }

    fn removable(&self, actor: Actor, upload: UploadId) -> Option<&File> {
        self.files.get(&upload).filter(|file| actor.any || file.owner == actor.contact)
    }

    fn store(&self, stored: upload::Stored, room: u64) -> Result<Vec<UploadsEvent>, Rejection> {
        let left = room.saturating_sub(self.bytes);
        if self.files.contains_key(&stored.upload) {
            return Ok(vec![]);
        }
        if self.files.len() >= limits::UPLOADS {
            return Err(Rejection::TooMany { max: limits::UPLOADS });
        }
        if stored.bytes() > left {
            return Err(Rejection::QuotaExceeded { left });
        }
        Ok(vec![stored.into()])
    }

    fn attach(
        &self,
        actor: ContactId,
        uploads: Vec<UploadId>,
        message: MessageId,
    ) -> Result<Vec<UploadsEvent>, Rejection> {
        let mut fresh = vec![];
        for upload in uploads {
            let file = self.owned(actor, upload).ok_or(Rejection::NoUpload)?;
            if !file.used_by.contains(&message) && !fresh.contains(&upload) {
                fresh.push(upload);
            }
        }
        Ok(if fresh.is_empty() { vec![] } else { vec![upload::Attached { uploads: fresh, message }.into()] })
    }
}

impl Aggregate for Uploads {
    type Command = Command;
    type Event = UploadsEvent;
    type Rejection = Rejection;

    fn initial() -> Self {
        Self::default()
    }

    fn decide(&self, command: Command) -> Result<Vec<UploadsEvent>, Rejection> {
        match command {
            Command::Store { stored, room } => self.store(stored, room),
            Command::Forget(uploads) => {
                let known = uploads.into_iter().filter(|upload| self.files.contains_key(upload));
                Ok(known.map(|upload| upload::Removed { upload }.into()).collect())
            }
            Command::Attach { actor, uploads, message } => self.attach(actor, uploads, message),
            Command::Remove { actor, upload, deleted } => {
                let file = self.removable(actor, upload).ok_or(Rejection::NoUpload)?;
                match file.used_by.iter().all(|message| deleted.contains(message)) {
                    true => Ok(vec![upload::Removed { upload }.into()]),
                    false => Err(Rejection::InUse),
                }
            }
        }
    }

    fn evolve(&mut self, event: &UploadsEvent) {
        match event {
            UploadsEvent::Stored(stored) => {
                let upload::Stored { owner, blob, .. } = *stored;
                let file = File { owner, blob, bytes: stored.bytes(), used_by: vec![] };
                self.bytes += file.bytes;
                self.files.insert(stored.upload, file);
            }
            UploadsEvent::Attached(attached) => {
                for upload in &attached.uploads {
                    if let Some(file) = self.files.get_mut(upload) {
                        file.used_by.push(attached.message);
                    }
                }
            }
            UploadsEvent::Removed(removed) => {
                if let Some(file) = self.files.remove(&removed.upload) {
                    self.bytes = self.bytes.saturating_sub(file.bytes);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::given;
    use events::{AccountId, Personal, TeamId, value::UploadKind};
    use uuid::Uuid;

    const ME: ContactId = ContactId(Uuid::from_u128(1));
    const YOU: ContactId = ContactId(Uuid::from_u128(2));

    fn file(id: u128) -> UploadId {
        UploadId(Uuid::from_u128(id))
    }

    fn message(id: u128) -> MessageId {
        MessageId(Uuid::from_u128(id))
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
        Command::Attach { actor, uploads, message: message(to) }
    }

    fn remove(actor: ContactId, id: u128, deleted: &[u128]) -> Command {
        let deleted = deleted.iter().copied().map(message).collect();
        Command::Remove { actor: Actor { contact: actor, any: false }, upload: file(id), deleted }
    }

    #[test]
    fn all_files_together_fit_into_the_room_to_the_byte() {
        let mut history = given::<Uploads>(&[]).when(store(1, 40, 100)).unwrap();
        assert_eq!(
            given::<Uploads>(&history).when(store(2, 41, 100)),
            Err(Rejection::QuotaExceeded { left: 50 })
        );
        history.extend(given::<Uploads>(&history).when(store(2, 40, 100)).unwrap());
        assert_eq!(
            given::<Uploads>(&history).when(store(3, 0, 100)),
            Err(Rejection::QuotaExceeded { left: 0 })
        );
        assert_eq!(given::<Uploads>(&history).when(store(1, 40, 0)), Ok(vec![]), "it is there already");
        assert_eq!(Uploads::initial().fold(&history).bytes(), 100);
    }

    #[test]
    fn what_is_removed_makes_room() {
        let mut history = given::<Uploads>(&[]).when(store(1, 90, 100)).unwrap();
        assert_eq!(given::<Uploads>(&history).when(remove(YOU, 1, &[])), Err(Rejection::NoUpload));
        history.extend(given::<Uploads>(&history).when(remove(ME, 1, &[])).unwrap());
        assert_eq!(given::<Uploads>(&history).when(remove(ME, 1, &[])), Err(Rejection::NoUpload));
        assert_eq!(given::<Uploads>(&history).when(attach(ME, &[1], 9)), Err(Rejection::NoUpload));
        assert!(given::<Uploads>(&history).when(store(2, 90, 100)).is_ok());
        assert!(!Uploads::initial().fold(&history).holds(file(1), BlobId(Uuid::from_u128(101))));
    }

    #[test]
    fn files_of_who_is_erased_go_whatever_brings_them() {
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
    fn only_its_owner_uses_a_file_and_what_is_used_stays_until_its_messages_are_deleted() {
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
    fn who_runs_the_team_removes_anybodys_file_but_none_that_is_in_use() {
        let mut history = given::<Uploads>(&[]).when(store(1, 1, 100)).unwrap();
        history.extend(given::<Uploads>(&history).when(attach(ME, &[1], 9)).unwrap());
        let any = |deleted: &[MessageId]| Command::Remove {
            actor: Actor { contact: YOU, any: true },
            upload: file(1),
            deleted: deleted.to_vec(),
        };
        assert_eq!(given::<Uploads>(&history).when(any(&[])), Err(Rejection::InUse));
        assert!(given::<Uploads>(&history).when(any(&[message(9)])).is_ok());
    }
}
