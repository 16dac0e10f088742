//! Finds the account that owns a phone number, or registers one for a person who has never logged in.

use crate::{
    aggregates::{Aggregates, Transacted},
    context::Context,
};
use access::not_found;
use domain::{
    account::{self, Account},
    phone::{self, Phone},
    phone_number::PhoneNumber,
};
use events::{AccountId, Position, StreamName, TeamId};
use platform::http::ApiError;
use secrets::vault::{Purpose, Vault};

/// A person who is named by a phone number.
pub(crate) struct AccountLookup {
    pub(crate) phone: PhoneNumber,
    /// The team that adds the person, if one does.
    pub(crate) team: Option<TeamId>,
    /// The id of the account, if a new one has to be registered.
    pub(crate) fresh: AccountId,
}

/// Accounts by phone number. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Accounts {
    aggregates: Aggregates,
    vault: Vault,
}

impl Accounts {
    pub(crate) fn new(aggregates: Aggregates, vault: Vault) -> Self {
        Self { aggregates, vault }
    }

    /// The keyed hash of a phone number, which names its stream.
    pub(crate) fn phone_hash(&self, phone: &PhoneNumber) -> [u8; 32] {
        self.vault.keyed_hash(Purpose::Phone, phone.as_str().as_bytes())
    }

    /// The account that owns a phone number, if there is one.
    pub(crate) async fn owner_of(&self, phone: &PhoneNumber) -> Result<Option<AccountId>, ApiError> {
        let stream = StreamName::phone(&hex::encode(self.phone_hash(phone)));
        Ok(self.aggregates.current::<Phone>(&stream).await?.owner())
    }

    /// The account that owns a phone number, registered if there is none, and the position from which the read model
    /// shows it.
    pub(crate) async fn find_or_register(
        &self,
        context: &Context,
        lookup: AccountLookup,
    ) -> Result<(AccountId, Position), ApiError> {
        let hash = hex::encode(self.phone_hash(&lookup.phone));
        let claimed: Transacted<Phone> = self
            .aggregates
            .transact(context, StreamName::phone(&hash), |_: &Phone| phone::Command::Claim(lookup.fresh))
            .await
            .map_err(|error| error.or(|_| not_found()))?;
        let account = claimed.state.owner().ok_or_else(not_found)?;
        let position = self.register(context, account, hash, lookup).await?;
        Ok((account, position))
    }

    /// Registers an account, unless it is registered. After a crash between the claim of the phone number and this, the
    /// next call registers the account.
    pub(crate) async fn register(
        &self,
        context: &Context,
        account: AccountId,
        phone_hash: String,
        lookup: AccountLookup,
    ) -> Result<Position, ApiError> {
        // An account exists for ever: a stale state is enough.
        let stream = StreamName::account(account);
        if let Some((known, position)) = self.aggregates.cached::<Account>(&stream)
            && known.exists()
        {
            return Ok(position);
        }
        let command = account::Command::Register {
            account,
            phone: lookup.phone.as_str().to_owned(),
            phone_hash,
            added_by: lookup.team,
        };
        Ok(self.aggregates.transact(context, stream, |_: &Account| command.clone()).await?.position)
    }
}
