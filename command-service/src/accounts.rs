//! Accounts behind phones: found, or made for somebody who was named before they ever logged in.

use crate::{
    Commands,
    context::Context,
    transact::{InitialState, TransactError, Transacted},
};
use access::not_found;
use domain::{
    account::{self, Account},
    phone::{self, Phone},
    phone_number::PhoneNumber,
};
use events::{AccountId, Position, StreamName, TeamId};
use platform::http::ApiError;
use secrets::vault::Purpose;

/// Somebody who is named by phone.
pub(crate) struct AccountLookup {
    /// The phone.
    pub(crate) phone: PhoneNumber,
    /// The team that names them.
    pub(crate) team: Option<TeamId>,
    /// The id of the account, should there be none.
    pub(crate) fresh: AccountId,
}

impl Commands {
    /// The keyed hash of a phone, under which its stream is kept.
    pub(crate) fn phone_hash(&self, phone: &PhoneNumber) -> [u8; 32] {
        self.vault.keyed_hash(Purpose::Phone, phone.as_str().as_bytes())
    }

    /// The account that owns a phone, made if there is none, and from where on the read model knows it.
    pub(crate) async fn account_of(
        &self,
        context: &Context,
        named: AccountLookup,
    ) -> Result<(AccountId, Position), ApiError> {
        let hash = hex::encode(self.phone_hash(&named.phone));
        let claimed: Transacted<Phone> = self
            .transact(context, StreamName::phone(&hash), InitialState::Cached, |_: &Phone| {
                phone::Command::Claim(named.fresh)
            })
            .await
            .map_err(|stop| stop.or(|_| not_found()))?;
        let account = claimed.state.owner().ok_or_else(not_found)?;
        let position = self.register(context, account, hash, named).await?;
        Ok((account, position))
    }

    /// Registers an account unless it is; a crash between claiming the phone and this is mended by the next call.
    pub(crate) async fn register(
        &self,
        context: &Context,
        account: AccountId,
        phone_hash: String,
        named: AccountLookup,
    ) -> Result<Position, ApiError> {
        let command = account::Command::Register {
            account,
            phone: named.phone.as_str().to_owned(),
            phone_hash,
            added_by: named.team,
        };
        // An account exists for ever: what is known of it needs no look at the log.
        let stream = StreamName::account(account);
        if let Some(known) = self.cache.get::<Account>(&stream).filter(|known| known.state.exists()) {
            return Ok(known.position);
        }
        let done: Result<Transacted<Account>, TransactError<_>> =
            self.transact(context, stream, InitialState::Cached, |_: &Account| command.clone()).await;
        done.map(|done| done.position).map_err(|stop| stop.or(refused))
    }
}

/// Seconds after which a daily budget is full again at the latest.
const DAY: u64 = 86_400;

/// What an account's rejection means to clients.
pub(crate) fn refused(rejection: account::Rejection) -> ApiError {
    use protocol::{error::ErrorCode, lang::Text};
    match rejection {
        account::Rejection::NoAccount | account::Rejection::NoSession => {
            ApiError::new(ErrorCode::InvalidToken)
        }
        account::Rejection::NoDevice => not_found(),
        account::Rejection::TooManyDevices => {
            ApiError::field("device_id", Text::TooMany { max: domain::limits::DEVICES })
        }
        account::Rejection::TooManyNumbers => ApiError::new(ErrorCode::RateLimit)
            .because(Text::RateLimited { seconds: DAY })
            .retry_after(std::time::Duration::from_secs(DAY)),
        account::Rejection::NoOffer => ApiError::field("temp_token", Text::BadToken),
    }
}
