//! The command that an `Idempotency-Key` names.

use access::Caller;
use event_log::CommandRef;
use events::CommandId;
use http::HeaderMap;
use platform::http::{ApiError, IDEMPOTENCY_KEY};
use protocol::lang::Text;
use secrets::vault::{Purpose, Vault};

/// Longest `Idempotency-Key`, bytes.
const LONGEST_KEY: usize = 128;

/// Reads the key from a request's headers.
pub(crate) fn read(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default();
    if text.is_empty() {
        return Err(ApiError::field("Idempotency-Key", Text::BadCharacters));
    }
    if text.len() > LONGEST_KEY {
        return Err(ApiError::field("Idempotency-Key", Text::TooLong { max: LONGEST_KEY }));
    }
    Ok(Some(text.to_owned()))
}

/// Derives the command's id from the key, and the fingerprint from the request's method, path and content.
///
/// Keys of different accounts never collide. Before a login there is no account, and only equal requests share a key.
pub(crate) fn command(vault: &Vault, caller: Option<&Caller>, key: &str, request: [&[u8]; 3]) -> CommandRef {
    let fingerprint = vault.keyed_hash(Purpose::Fingerprint, &length_prefixed(&request));
    let scope: &[u8] = match caller {
        Some(caller) => caller.account.0.as_bytes(),
        None => &fingerprint,
    };
    let hash = vault.keyed_hash(Purpose::CommandId, &length_prefixed(&[scope, key.as_bytes()]));
    let mut id = [0; 16];
    id.copy_from_slice(&hash[..16]);
    CommandRef { id: CommandId(uuid::Builder::from_random_bytes(id).into_uuid()), fingerprint }
}

/// Concatenates parts with their lengths, so that different lists never give the same bytes.
pub(crate) fn length_prefixed(parts: &[&[u8]]) -> Vec<u8> {
    parts.iter().flat_map(|part| [&(part.len() as u64).to_be_bytes()[..], part].concat()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn key_that_is_missing_is_none_and_one_that_is_empty_or_too_long_is_refused() {
        let mut headers = HeaderMap::new();
        assert_eq!(read(&headers).unwrap(), None);
        headers.insert(IDEMPOTENCY_KEY, HeaderValue::from_static("a"));
        assert_eq!(read(&headers).unwrap().as_deref(), Some("a"));
        for key in [String::new(), "k".repeat(LONGEST_KEY + 1)] {
            headers.insert(IDEMPOTENCY_KEY, HeaderValue::from_str(&key).unwrap());
            assert!(read(&headers).is_err(), "{key}");
        }
    }

    #[test]
    fn length_prefixed_lists_with_the_same_concatenation_differ() {
        assert_ne!(length_prefixed(&[b"ab", b"c"]), length_prefixed(&[b"a", b"bc"]));
    }
}
