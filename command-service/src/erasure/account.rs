//! Forgets a person.

use super::{Asked, Pass, sure};
use crate::{Commands, accounts::refused, context::Context, transact::InitialState, transact::Transacted};
use domain::{
    account::{self, Account},
    message::{self, Message},
    phone::{self, Phone},
    remind::{self, Remind},
    team::{self, Team},
};
use events::{
    AccountId, ContactId, MessageId, Position, ReceiptId, RemindId, StreamName, Subject, TeamId,
    account::{Erased, Purged},
    message::Author,
    value::{ErasureAsker, ErasureReason},
};
use futures::{StreamExt, TryStreamExt, stream};
use platform::http::ApiError;
use uuid::Uuid;

/// Messages that are deleted at the same time.
const SIDE_BY_SIDE: usize = 16;

impl Commands {
    /// Writes down that a person is to be forgotten; their sessions end with it, and the number is free at once. Should the
    /// house stop in between, the next pass frees it.
    pub(crate) async fn erase_account(
        &self,
        context: &mut Context,
        account: AccountId,
        asked_by: ErasureAsker,
        reason: ErasureReason,
    ) -> Result<Asked, ApiError> {
        let erased = Erased { receipt: context.id(), asked_by, reason };
        let done: Transacted<Account> = self
            .transact(context, StreamName::account(account), InitialState::Cached, |_: &Account| {
                account::Command::Erase(erased.clone())
            })
            .await
            .map_err(|stop| stop.or(refused))?;
        let receipt = done.state.erased().unwrap_or(erased.receipt);
        let aside = context.without_idempotency_key();
        let freed = self.release(&aside, &done.state, account, &mut Pass::default()).await?;
        Ok(Asked { receipt, position: done.position.max(freed) })
    }

    /// A team in which nobody but this account is an owner, though others are in it.
    pub(crate) async fn team_that_needs(&self, account: AccountId) -> Result<Option<TeamId>, ApiError> {
        for (team, _) in self.access.read.erasures().contacts_of(account).await? {
            if self.current::<Team>(&StreamName::team(team)).await?.needs(account) {
                return Ok(Some(team));
            }
        }
        Ok(None)
    }

    pub(super) async fn forget_account(&self, account: AccountId) -> Result<Pass, ApiError> {
        let stream = StreamName::account(account);
        let state: Account = self.current(&stream).await?;
        let Some(receipt) = state.erased() else { return Err(access::not_found()) };
        let cause = self.last_of(&stream, &["account.erased.v1"]).await?;
        let context = &Context::system("account.forget", self.access.clock.now()).caused_by(cause);
        let mut pass = Pass::default();
        let places = self.access.read.erasures().contacts_of(account).await?;
        let cleared = self.clear_account(context, &state, account, &places, &mut pass).await;
        // The key goes whatever else fails: a stream that cannot be read must not keep a person in the log.
        let heard = self.destroy(Subject::Account(account)).await?;
        cleared?;
        if heard && pass.idle() {
            let contacts: Vec<ContactId> = places.iter().map(|(_, contact)| *contact).collect();
            self.account_is_forgotten(context, account, receipt, &contacts).await?;
            pass.finished = true;
        }
        Ok(pass)
    }

    /// All that is told of the account by events of its own, and what lies beside the log.
    async fn clear_account(
        &self,
        context: &Context,
        state: &Account,
        account: AccountId,
        places: &[(TeamId, ContactId)],
        pass: &mut Pass,
    ) -> Result<(), ApiError> {
        let contacts: Vec<ContactId> = places.iter().map(|(_, contact)| *contact).collect();
        let mut position = self.release(context, state, account, pass).await?;
        for (team, contact) in places {
            position = position.max(self.part(context, *team, account, pass).await?);
            let (files, at) = self.remove_files(*team, Some(*contact)).await?;
            (pass.files, position) = (pass.files + files, position.max(at));
        }
        let reminds = self.access.read.erasures().reminders_of(&contacts).await?;
        position = position.max(self.stop_reminding(context, reminds, pass).await?);
        let said = self.access.read.erasures().messages_by(&contacts).await?;
        position = position.max(self.unsay(context, said, pass).await?);
        self.settle(context, position).await?;
        Ok(self.access.read.erasures().forget_account(account, &contacts).await?)
    }

    /// The phone number is nobody's again.
    async fn release(
        &self,
        context: &Context,
        state: &Account,
        account: AccountId,
        pass: &mut Pass,
    ) -> Result<Position, ApiError> {
        let stream = StreamName::phone(state.phone_hash());
        let command = |_: &Phone| phone::Command::Release(account);
        let done: Transacted<Phone> =
            sure(self.transact(context, stream, InitialState::Cached, command).await)?;
        pass.others += done.events.len() as u64;
        Ok(done.position)
    }

    /// Their place in a team ends, and their picture goes.
    async fn part(
        &self,
        context: &Context,
        team: TeamId,
        account: AccountId,
        pass: &mut Pass,
    ) -> Result<Position, ApiError> {
        let stream = StreamName::team(team);
        let state: Team = self.current(&stream).await?;
        let picture = state.contact_of(account).and_then(|contact| state.picture_of(contact));
        if let Some(blob) = picture {
            self.mark_picture(team, blob).await?;
        }
        let command = |_: &Team| team::Command::PartWith { account };
        let done: Transacted<Team> =
            sure(self.transact(context, stream, InitialState::Cached, command).await)?;
        if let Some(blob) = picture {
            self.collect_picture(team, blob).await;
        }
        pass.others += done.events.len() as u64;
        Ok(done.position)
    }

    async fn stop_reminding(
        &self,
        context: &Context,
        reminds: Vec<(RemindId, ContactId)>,
        pass: &mut Pass,
    ) -> Result<Position, ApiError> {
        let mut position = 0;
        for (remind, contact) in reminds {
            let stream = StreamName::remind(remind);
            let command = |_: &Remind| remind::Command::Remove { contact };
            match self.transact(context, stream, InitialState::Cached, command).await {
                Ok(done) => {
                    pass.others += done.events.len() as u64;
                    position = position.max(done.position);
                }
                // It has fired meanwhile.
                Err(crate::transact::TransactError::Rejected(_)) => {}
                Err(crate::transact::TransactError::Failed(error)) => return Err(error),
            }
        }
        Ok(position)
    }

    /// Messages are deleted as anybody's may be: readers are told by the usual frames.
    async fn unsay(
        &self,
        context: &Context,
        said: Vec<MessageId>,
        pass: &mut Pass,
    ) -> Result<Position, ApiError> {
        let (author, now) = (Author::Contact(ContactId(Uuid::nil())), context.now);
        let deleted = said.into_iter().map(|message| async move {
            let command = |_: &Message| message::Command::Delete { author, any: true, now };
            sure(self.transact(context, StreamName::message(message), InitialState::Cached, command).await)
        });
        let done: Vec<Transacted<Message>> =
            stream::iter(deleted).buffer_unordered(SIDE_BY_SIDE).try_collect().await?;
        pass.messages += done.iter().map(|done| done.events.len() as u64).sum::<u64>();
        Ok(done.iter().map(|done| done.position).max().unwrap_or(0))
    }

    async fn account_is_forgotten(
        &self,
        context: &Context,
        account: AccountId,
        receipt: ReceiptId,
        contacts: &[ContactId],
    ) -> Result<(), ApiError> {
        let read = &self.access.read;
        let known = read.erasures().find(Subject::Account(account)).await?;
        let purged = Purged {
            receipt,
            teams: contacts.len() as u64,
            messages: read.erasures().count_messages_by(contacts).await?,
            files: known.map_or(0, |erasure| erasure.files),
        };
        let command = |_: &Account| account::Command::Purge(purged.clone());
        let done: Transacted<Account> =
            sure(self.transact(context, StreamName::account(account), InitialState::Cached, command).await)?;
        self.settle(context, done.position).await.map(drop)
    }
}
