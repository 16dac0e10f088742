//! Fields of requests in which `null` and absence mean different things: `Option<Option<T>>`.

use serde::{Deserialize, Deserializer};

/// Reads a field that was sent: `Some(None)` for `null`. Together with `#[serde(default)]` an absent field is `None`.
pub(crate) fn sent<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}
