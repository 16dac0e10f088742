//! Rules of a team's files: they fit into its quota, only the owner attaches a file, and only the owner and the team's admins
//! remove it.

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
    used_by: Vec<AttachmentTarget>,
}

/// A message or task that a file is attached to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttachmentTarget {
    Message(MessageId),
    Task(GroupId),
}

/// The commands. The caller has stored the content, and has checked that the actor is a member of the team.
#[derive(Clone, Debug)]
pub enum Command {
    /// Adds a file to the team.
    Store {
        stored: upload::Stored,
        /// The storage available to all files of the team, bytes.
        room: u64,
    },
    /// Attaches files to a task, or to a message that is about to be posted.
    Attach { actor: ContactId, uploads: Vec<UploadId>, target: AttachmentTarget },
    /// Removes a file.
    Remove {
        actor: Actor,
        upload: UploadId,
        /// Targets that no longer use the file: messages that are deleted or were never posted, tasks that are archived or no
        /// longer have the file.
        over: Vec<AttachmentTarget>,
    },
    /// Removes files although they are in use, because their owner or team was erased.
    Forget(Vec<UploadId>),
}

/// The contact that removes a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actor {
    pub contact: ContactId,
    /// It may remove files of others.
    pub any: bool,
}

/// Why a command is rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// The file does not exist, or belongs to another contact.
    NoUpload,
    /// The file exceeds the team's quota.
    QuotaExceeded {
        /// Free bytes.
        left: u64,
    },
    /// The team has the maximum number of files.
    TooMany { max: usize },
    /// A message or task uses the file.
    InUse,
}

impl Uploads {
    /// Total size of all files, bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The blob of a file and what uses it; `None` if the actor may not remove the file.
    pub fn of(&self, actor: Actor, upload: UploadId) -> Option<(BlobId, &[AttachmentTarget])> {
        self.removable(actor, upload).map(|file| (file.blob, &*file.used_by))
    }

    /// Whether the file is stored in this blob.
    pub fn holds(&self, upload: UploadId, blob: BlobId) -> bool {
        self.files.get(&upload).is_some_and(|file| file.blob == blob)
    }

    /// Up to `most` files with their blobs; of one owner, or of the whole team.
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
        target: AttachmentTarget,
    ) -> Result<Vec<UploadsEvent>, Rejection> {
        let mut fresh = vec![];
        for upload in uploads {
            let used = self.files.get(&upload).is_some_and(|file| file.used_by.contains(&target));
            // A change of a task names all its files, including those that others attached.
            let may =
                self.owned(actor, upload).is_some() || (used && matches!(target, AttachmentTarget::Task(_)));
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
        Ok(vec![match target {
            AttachmentTarget::Message(message) => upload::Attached { uploads: fresh, message }.into(),
            AttachmentTarget::Task(task) => upload::AttachedToTask { uploads: fresh, task }.into(),
        }])
    }

    fn used(&mut self, uploads: &[UploadId], target: AttachmentTarget) {
        for upload in uploads {
            if let Some(file) = self.files.get_mut(upload) {
                file.used_by.push(target);
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
            Command::Attach { actor, uploads, target } => self.attach(actor, uploads, target),
            Command::Remove { actor, upload, over } => {
                let file = self.removable(actor, upload).ok_or(Rejection::NoUpload)?;
                match file.used_by.iter().all(|target| over.contains(target)) {
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
                self.used(&attached.uploads, AttachmentTarget::Message(attached.message));
            }
            UploadsEvent::AttachedToTask(attached) => {
                self.used(&attached.uploads, AttachmentTarget::Task(attached.task));
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
