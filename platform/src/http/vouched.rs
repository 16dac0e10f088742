//! The client's address in commands that a gateway passes on: the header `X-Veche-Client`, authenticated by the
//! master key. It is valid through any hop between gateway and command service, and needs no list of trusted
//! networks.

use super::headers::TOKEN;
use http::{HeaderMap, HeaderName, HeaderValue, header::COOKIE};
use secrets::vault::{Purpose, Vault, equal};
use std::net::IpAddr;

const CLIENT: HeaderName = HeaderName::from_static("x-veche-client");

/// Adds the client's address to the headers of a request to `path`. The credentials must be in the headers already:
/// the code is valid for this path and these credentials only.
pub fn vouch(vault: &Vault, client: IpAddr, path: &str, headers: &mut HeaderMap) {
    let mark = hex::encode(mark(vault, client, path, headers));
    if let Ok(value) = HeaderValue::from_str(&format!("{client} {mark}")) {
        headers.insert(CLIENT, value);
    }
}

/// The verified client address; `None` without a valid code.
pub(super) fn vouched(vault: &Vault, path: &str, headers: &HeaderMap) -> Option<IpAddr> {
    let (client, claimed) = headers.get(CLIENT)?.to_str().ok()?.split_once(' ')?;
    let client = client.parse().ok()?;
    let claimed = hex::decode(claimed).ok()?;
    equal(&claimed, &mark(vault, client, path, headers)).then_some(client)
}

/// Neither paths nor header values contain line breaks.
fn mark(vault: &Vault, client: IpAddr, path: &str, headers: &HeaderMap) -> [u8; 32] {
    let mut words = format!("{client}\n{path}").into_bytes();
    for name in [TOKEN, COOKIE] {
        for value in headers.get_all(&name) {
            words.extend([b"\n", name.as_str().as_bytes(), b":", value.as_bytes()].concat());
        }
    }
    vault.keyed_hash(Purpose::ClientAddress, &words)
}

#[cfg(test)]
mod tests {
    use super::{CLIENT, vouch, vouched};
    use crate::http::TOKEN;
    use http::{HeaderMap, HeaderValue};
    use secrets::vault::Vault;
    use std::net::IpAddr;

    const PATH: &str = "/api/v3/teams/t/ws/client.message.updated";

    fn said() -> (Vault, IpAddr, HeaderMap) {
        let (vault, client) = (Vault::new(&[7; 32]), IpAddr::from([198, 51, 100, 7]));
        let mut headers = HeaderMap::from_iter([(TOKEN, HeaderValue::from_static("secret"))]);
        vouch(&vault, client, PATH, &mut headers);
        (vault, client, headers)
    }

    #[test]
    fn vouched_address_with_the_same_key_is_accepted() {
        let (vault, client, headers) = said();
        assert_eq!(vouched(&vault, PATH, &headers), Some(client));
    }

    #[test]
    fn vouched_address_is_bound_to_path_session_and_key() {
        let (vault, _, mut headers) = said();
        assert_eq!(vouched(&vault, "/api/v3/teams/u/ws/client.message.updated", &headers), None);
        assert_eq!(vouched(&Vault::new(&[8; 32]), PATH, &headers), None);
        headers.insert(TOKEN, HeaderValue::from_static("another"));
        assert_eq!(vouched(&vault, PATH, &headers), None);
    }

    #[test]
    fn address_without_a_valid_code_is_ignored() {
        let (vault, _, headers) = said();
        let true_word = headers[CLIENT].to_str().unwrap().to_owned();
        let (_, mark) = true_word.split_once(' ').unwrap();
        for word in ["", "198.51.100.7", "198.51.100.7 ", "198.51.100.7 00", &format!("1.1.1.1 {mark}")] {
            let mut headers = headers.clone();
            headers.insert(CLIENT, HeaderValue::from_str(word).unwrap());
            assert_eq!(vouched(&vault, PATH, &headers), None, "{word:?}");
        }
    }
}
