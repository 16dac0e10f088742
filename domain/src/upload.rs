//! Rules of a team's files: together they fit into its quota; only their owner uses them, and only it and those who run the
//! team remove them.

use crate::{Aggregate, limits};
use events::{BlobId, ContactId, GroupId, MessageId, UploadId, UploadsEvent, upload};
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
    used_by: Vec<Bearer>,
}

/// What brings a file to those who may see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bearer {
    /// A message, from its post on.
    Message(MessageId),
    /// A task, while it names the file.
    Task(GroupId),
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
    /// A message that is about to be posted, or a task, shall bring files.
    Attach {
        /// The message's author, or whoever gives them to the task.
        actor: ContactId,
        /// The files.
        uploads: Vec<UploadId>,
        /// What brings them.
        bearer: Bearer,
    },
    /// The file shall be gone.
    Remove {
        /// Who asks.
        actor: Actor,
        /// The file.
        upload: UploadId,
        /// What is known to need it no more: messages that are deleted, or were never posted; tasks that are gone, or do not
        /// name it.
        over: Vec<Bearer>,
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
    /// A message or a task brings it.
    InUse,
}

impl Uploads {
    /// Bytes that all files have together.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Where a file is stored, and what uses it, if it may be removed by that member.
    pub fn of(&self, actor: Actor, upload: UploadId) -> Option<(BlobId, &[Bearer])> {
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
        bearer: Bearer,
    ) -> Result<Vec<UploadsEvent>, Rejection> {
        let mut fresh = vec![];
        for upload in uploads {
            let used = self.files.get(&upload).is_some_and(|file| file.used_by.contains(&bearer));
            // Whoever changes a task sends back the files that others gave to it.
            let may = self.owned(actor, upload).is_some() || (used && matches!(bearer, Bearer::Task(_)));
            if !may {
                return Err(Rejection::NoUpload);
            }
            if !used && !fresh.contains(&upload) {
                fresh.push(upload);
            }
        }
        if fresh.is_empty() {
            return Ok(vec![]);
        }
        Ok(vec![match bearer {
            Bearer::Message(message) => upload::Attached { uploads: fresh, message }.into(),
            Bearer::Task(task) => upload::AttachedToTask { uploads: fresh, task }.into(),
        }])
    }

    fn used(&mut self, uploads: &[UploadId], bearer: Bearer) {
        for upload in uploads {
            if let Some(file) = self.files.get_mut(upload) {
                file.used_by.push(bearer);
            }
        }
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
            Command::Attach { actor, uploads, bearer } => self.attach(actor, uploads, bearer),
            Command::Remove { actor, upload, over } => {
                let file = self.removable(actor, upload).ok_or(Rejection::NoUpload)?;
                match file.used_by.iter().all(|bearer| over.contains(bearer)) {
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
                self.used(&attached.uploads, Bearer::Message(attached.message));
            }
            UploadsEvent::AttachedToTask(attached) => {
                self.used(&attached.uploads, Bearer::Task(attached.task));
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
mod tests;
