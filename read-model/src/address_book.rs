//! Address books of devices: the entries as the client sent them, with `account` where a number belongs to a user.

use crate::{QueryError, ReadModel, Result};
use domain::phone_number::PhoneNumber;
use events::AccountId;
use protocol::device::{BookAccount, BookContact};
use serde_json::Value;
use sqlx::Row;
use std::collections::HashMap;

/// The normalised phone numbers of an entry, without those that are malformed.
pub fn numbers(entry: &BookContact) -> impl Iterator<Item = String> + '_ {
    let phones = entry.0.get("phones").and_then(Value::as_array);
    phones
        .into_iter()
        .flatten()
        .filter_map(|phone| Some(PhoneNumber::parse(phone.as_str()?).ok()?.as_str().to_owned()))
}

/// Address books of devices.
#[derive(Clone, Copy, Debug)]
pub struct AddressBooks<'r>(pub(crate) &'r ReadModel);

impl ReadModel {
    /// Address books of devices.
    pub fn address_books(&self) -> AddressBooks<'_> {
        AddressBooks(self)
    }
}

impl AddressBooks<'_> {
    /// The address book of a device; `None` without such a device.
    pub async fn of_device(self, account: AccountId, device_id: &str) -> Result<Option<Vec<BookContact>>> {
        let text: Option<String> =
            sqlx::query_scalar("SELECT address_book FROM device WHERE account = $1 AND device_id = $2")
                .bind(account.0)
                .bind(device_id)
                .fetch_optional(&self.0.pool)
                .await?;
        let Some(text) = text else { return Ok(None) };
        let mut entries: Vec<BookContact> =
            serde_json::from_str(&text).map_err(|_| QueryError::Damaged("device.address_book"))?;
        let all: Vec<String> = entries.iter().flat_map(numbers).collect();
        let owners = self.owners(&all).await?;
        for entry in &mut entries {
            // `account` is the server's field: a value of the client's is dropped.
            entry.0.remove("account");
            let owner = numbers(entry).find_map(|number| owners.get(&number));
            if let Some(owner) = owner {
                let owner = serde_json::to_value(owner).map_err(|_| QueryError::Damaged("account"))?;
                entry.0.insert("account".into(), owner);
            }
        }
        Ok(Some(entries))
    }

    /// The normalised phone numbers in all address books of an account.
    pub async fn known_numbers(self, account: AccountId) -> Result<Vec<String>> {
        let books: Vec<String> = sqlx::query_scalar("SELECT address_book FROM device WHERE account = $1")
            .bind(account.0)
            .fetch_all(&self.0.pool)
            .await?;
        let entries =
            books.iter().filter_map(|text| serde_json::from_str::<Vec<BookContact>>(text).ok()).flatten();
        Ok(entries.flat_map(|entry| numbers(&entry).collect::<Vec<_>>()).collect())
    }

    async fn owners(self, phones: &[String]) -> Result<HashMap<String, BookAccount>> {
        if phones.is_empty() {
            return Ok(HashMap::new());
        }
        let rows = sqlx::query("SELECT phone, given_name, family_name FROM account WHERE phone = ANY($1)")
            .bind(phones)
            .fetch_all(&self.0.pool)
            .await?;
        let owner = |row: &sqlx::postgres::PgRow| {
            let phone: String = row.get("phone");
            let (given_name, family_name) = (row.get("given_name"), row.get("family_name"));
            (phone.clone(), BookAccount { family_name, given_name, phone })
        };
        Ok(rows.iter().map(owner).collect())
    }
}
