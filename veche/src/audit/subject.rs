//! The subject of an erasure, as given on the command line.

use crate::failure::Failure;
use clap::Args;
use command_service::Erasure;
use domain::phone_number::PhoneNumber;
use events::{AccountId, Subject, TeamId};
use uuid::Uuid;

/// Subject of an erasure.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Who {
    /// Account id of a person
    #[arg(long, value_name = "UUID")]
    account: Option<Uuid>,
    /// Phone number of a person
    #[arg(long, value_name = "NUMBER")]
    phone: Option<String>,
    /// Team id; erases the team with all its content
    #[arg(long, value_name = "UUID")]
    team: Option<Uuid>,
}

impl Who {
    /// Resolves the subject. The phone number of an erased person belongs to nobody.
    pub(super) async fn subject(&self, erasure: &Erasure) -> Result<Subject, Failure> {
        match (self.account, self.team, &self.phone) {
            (Some(account), ..) => Ok(Subject::Account(AccountId(account))),
            (_, Some(team), _) => Ok(Subject::Team(TeamId(team))),
            (.., phone) => {
                let number = PhoneNumber::parse(phone.as_deref().unwrap_or_default());
                let number = number.map_err(|_| "not a phone number")?;
                let owner = erasure.owner_of(&number).await.map_err(|error| client_text(&error))?;
                Ok(Subject::Account(owner.ok_or("no account has this number")?))
            }
        }
    }
}

/// The error as clients would see it.
pub(super) fn client_text(error: &platform::http::ApiError) -> String {
    format!("{:?}", error.failure().code)
}
