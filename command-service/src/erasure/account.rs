//! Erases a person.

use super::steps::{ErasurePass, ErasureRequested, ErasureSteps, expect_allowed};
use crate::{
    aggregates::{TransactError, Transacted},
    context::Context,
};
use access::not_found;
use domain::{
    account::{self, Account},
    message::{self, Message},
    phone::{self, Phone},
    remind::{self, Remind},
    team::{self, Team},
};
use events::{
    AccountId, ContactId, MessageKey, Position, ReceiptId, RemindId, StreamName, Subject, TeamId,
    account::{Erased, Purged},
    message::Author,
    value::{ErasureAsker, ErasureReason},
};
use futures::{StreamExt, TryStreamExt, stream};
use platform::http::ApiError;
use uuid::Uuid;

/// Messages that are deleted concurrently.
const CONCURRENCY: usize = 16;

/// Erases persons. Cheap to clone.
#[derive(Clone)]
pub(super) struct AccountErasure(ErasureSteps);

impl AccountErasure {
    pub(super) fn new(steps: ErasureSteps) -> Self {
        Self(steps)
    }

    /// Records the request, which ends the person's sessions, and releases the phone number; after a crash in between the
    /// next pass releases it.
    pub(super) async fn request(
        &self,
        context: &mut Context,
        account: AccountId,
        asked_by: ErasureAsker,
        reason: ErasureReason,
    ) -> Result<ErasureRequested, ApiError> {
        let erased = Erased { receipt: context.id(), asked_by, reason };
        let stream = StreamName::account(account);
        let done: Transacted<Account> = self
            .0
            .aggregates
            .transact(context, stream, |_: &Account| account::Command::Erase(erased.clone()))
            .await?;
        let receipt = done.state.erased().unwrap_or(erased.receipt);
        let auxiliary = context.without_idempotency_key();
        let released =
            self.release_number(&auxiliary, &done.state, account, &mut ErasurePass::default()).await?;
        Ok(ErasureRequested { receipt, position: done.position.max(released) })
    }

    /// A team with other members whose only owner is this account.
    pub(super) async fn only_owner_of(&self, account: AccountId) -> Result<Option<TeamId>, ApiError> {
        for (team, _) in self.0.access.read.erasures().contacts_of(account).await? {
            if self.0.aggregates.current::<Team>(&StreamName::team(team)).await?.needs(account) {
                return Ok(Some(team));
            }
        }
        Ok(None)
    }

    pub(super) async fn run_pass(&self, account: AccountId) -> Result<ErasurePass, ApiError> {
        let stream = StreamName::account(account);
        let state: Account = self.0.aggregates.current(&stream).await?;
        let Some(receipt) = state.erased() else { return Err(not_found()) };
        let cause = self.0.aggregates.last_event(&stream, &["account.erased.v1"]).await?;
        let context = &Context::system("account.forget", self.0.access.clock.now()).caused_by(cause);
        let mut pass = ErasurePass::default();
        let places = self.0.access.read.erasures().contacts_of(account).await?;
        let cleared = self.clear(context, &state, account, &places, &mut pass).await;
        // The key is destroyed whatever else fails: an unreadable stream must not keep a person in the log.
        let forgotten = self.0.destroy_key(Subject::Account(account)).await?;
        cleared?;
        if forgotten && pass.found_nothing() {
            let contacts: Vec<ContactId> = places.iter().map(|(_, contact)| *contact).collect();
            self.complete(context, account, receipt, &contacts).await?;
            pass.finished = true;
        }
        Ok(pass)
    }

    /// Removes by events what belongs to the account, and deletes its traces outside the log.
    async fn clear(
        &self,
        context: &Context,
        state: &Account,
        account: AccountId,
        places: &[(TeamId, ContactId)],
        pass: &mut ErasurePass,
    ) -> Result<(), ApiError> {
        let contacts: Vec<ContactId> = places.iter().map(|(_, contact)| *contact).collect();
        let mut position = self.release_number(context, state, account, pass).await?;
        for (team, contact) in places {
            position = position.max(self.end_membership(context, *team, account, pass).await?);
            let (files, at) = self.0.remove_files(*team, Some(*contact)).await?;
            (pass.files, position) = (pass.files + files, position.max(at));
        }
        let reminds = self.0.access.read.erasures().reminders_of(&contacts).await?;
        position = position.max(self.remove_reminders(context, reminds, pass).await?);
        let messages = self.0.access.read.erasures().messages_by(&contacts).await?;
        position = position.max(self.delete_messages(context, messages, pass).await?);
        self.0.answers.settle(context, position).await?;
        Ok(self.0.access.read.erasures().forget_account(account, &contacts).await?)
    }

    /// Releases the phone number.
    async fn release_number(
        &self,
        context: &Context,
        state: &Account,
        account: AccountId,
        pass: &mut ErasurePass,
    ) -> Result<Position, ApiError> {
        let stream = StreamName::phone(state.phone_hash());
        let command = |_: &Phone| phone::Command::Release(account);
        let done: Transacted<Phone> =
            expect_allowed(self.0.aggregates.transact(context, stream, command).await)?;
        pass.others += done.events.len() as u64;
        Ok(done.position)
    }

    /// Ends the membership in a team and removes the picture.
    async fn end_membership(
        &self,
        context: &Context,
        team: TeamId,
        account: AccountId,
        pass: &mut ErasurePass,
    ) -> Result<Position, ApiError> {
        let stream = StreamName::team(team);
        let state: Team = self.0.aggregates.current(&stream).await?;
        let picture = state.contact_of(account).and_then(|contact| state.picture_of(contact));
        if let Some(blob) = picture {
            self.0.gc.mark_picture(team, blob).await?;
        }
        let command = |_: &Team| team::Command::PartWith { account };
        let done: Transacted<Team> =
            expect_allowed(self.0.aggregates.transact(context, stream, command).await)?;
        if let Some(blob) = picture {
            self.0.gc.collect_picture(team, blob).await;
        }
        pass.others += done.events.len() as u64;
        Ok(done.position)
    }

    async fn remove_reminders(
        &self,
        context: &Context,
        reminds: Vec<(RemindId, ContactId)>,
        pass: &mut ErasurePass,
    ) -> Result<Position, ApiError> {
        let mut position = 0;
        for (remind, contact) in reminds {
            let stream = StreamName::remind(remind);
            let command = |_: &Remind| remind::Command::Remove { contact };
            match self.0.aggregates.transact(context, stream, command).await {
                Ok(done) => {
                    pass.others += done.events.len() as u64;
                    position = position.max(done.position);
                }
                // The reminder has fired meanwhile.
                Err(TransactError::Rejected(_)) => {}
                Err(TransactError::Failed(error)) => return Err(error),
            }
        }
        Ok(position)
    }

    /// Deletes the messages as an administrator would, so that clients get the usual frames.
    async fn delete_messages(
        &self,
        context: &Context,
        messages: Vec<MessageKey>,
        pass: &mut ErasurePass,
    ) -> Result<Position, ApiError> {
        let (author, now) = (Author::Contact(ContactId(Uuid::nil())), context.now);
        let deleted = messages.into_iter().map(|message| async move {
            let command = |_: &Message| message::Command::Delete { author, any: true, now };
            let stream = self.0.aggregates.message_stream(message).await?;
            expect_allowed(self.0.aggregates.transact(context, stream, command).await)
        });
        let done: Vec<Transacted<Message>> =
            stream::iter(deleted).buffer_unordered(CONCURRENCY).try_collect().await?;
        pass.messages += done.iter().map(|done| done.events.len() as u64).sum::<u64>();
        Ok(done.iter().map(|done| done.position).max().unwrap_or(0))
    }

    async fn complete(
        &self,
        context: &Context,
        account: AccountId,
        receipt: ReceiptId,
        contacts: &[ContactId],
    ) -> Result<(), ApiError> {
        let read = &self.0.access.read;
        let known = read.erasures().find(Subject::Account(account)).await?;
        let purged = Purged {
            receipt,
            teams: contacts.len() as u64,
            messages: read.erasures().count_messages_by(contacts).await?,
            files: known.map_or(0, |erasure| erasure.files),
        };
        let command = |_: &Account| account::Command::Purge(purged.clone());
        let done: Transacted<Account> =
            expect_allowed(self.0.aggregates.transact(context, StreamName::account(account), command).await)?;
        self.0.answers.settle(context, done.position).await.map(drop)
    }
}
