//! The client's address, which cannot be forged: the right-most hop that is not one of our proxies.

use http::{HeaderMap, HeaderName};
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address that a request comes from.
///
/// This is the peer, unless it is a trusted proxy. Then `X-Forwarded-For` is read from its end, where our own
/// proxies write: the first hop that is not one of them is the client. Earlier hops are the client's own claim and
/// are ignored. A hop that is not an address ends the walk; the last trusted hop is then the best that is known.
pub fn client_address(peer: IpAddr, headers: &HeaderMap, proxies: &[IpNet]) -> IpAddr {
    let trusted = |address: IpAddr| proxies.iter().any(|network| network.contains(&address));
    let mut client = peer.to_canonical();
    if !trusted(client) {
        return client;
    }
    // Several headers of one name form one list, in their order.
    let lists: Vec<_> = headers.get_all(FORWARDED_FOR).iter().collect();
    for list in lists.into_iter().rev() {
        let Ok(list) = list.to_str() else { return client };
        for hop in list.rsplit(',') {
            let Some(address) = address(hop) else { return client };
            client = address;
            if !trusted(client) {
                return client;
            }
        }
    }
    client
}

/// Parses an address as proxies write it: bare, with a port, or in brackets.
fn address(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim().trim_matches('"');
    let bare = hop.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(hop);
    let parsed = bare.parse::<IpAddr>().ok().or_else(|| hop.parse::<SocketAddr>().ok().map(|peer| peer.ip()));
    parsed.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::{FORWARDED_FOR, client_address};
    use http::{HeaderMap, HeaderValue};
    use ipnet::IpNet;
    use proptest::prelude::{ProptestConfig, any, prop, prop_assert_eq, prop_oneof, proptest};
    use proptest::strategy::{Just, Strategy};
    use std::net::IpAddr;

    fn proxies() -> Vec<IpNet> {
        ["10.0.0.0/8", "fd00::/8"].iter().map(|network| network.parse().unwrap()).collect()
    }

    fn headers(lists: &[&str]) -> HeaderMap {
        lists.iter().map(|list| (FORWARDED_FOR, HeaderValue::from_str(list).unwrap())).collect()
    }

    #[test]
    fn client_is_the_right_most_untrusted_hop() {
        let cases: &[(&str, &[&str], &str)] = &[
            ("192.0.2.1", &["198.51.100.7"], "192.0.2.1"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", &["1.1.1.1, 198.51.100.7, 10.0.0.2"], "198.51.100.7"),
            ("10.0.0.1", &["1.1.1.1", "198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", &["198.51.100.7:4711"], "198.51.100.7"),
            ("10.0.0.1", &["[2001:db8::1]:4711"], "2001:db8::1"),
            ("10.0.0.1", &["[2001:db8::1]"], "2001:db8::1"),
            ("10.0.0.1", &["1.1.1.1, unknown"], "10.0.0.1"),
            ("10.0.0.1", &["1.1.1.1, unknown, 10.0.0.3"], "10.0.0.3"),
            ("10.0.0.1", &[""], "10.0.0.1"),
            ("10.0.0.1", &["10.0.0.9, 10.0.0.8"], "10.0.0.9"),
            ("::ffff:10.0.0.1", &["::ffff:198.51.100.7"], "198.51.100.7"),
        ];
        for (peer, lists, expected) in cases {
            let found = client_address(peer.parse().unwrap(), &headers(lists), &proxies());
            assert_eq!(found, expected.parse::<IpAddr>().unwrap(), "{peer} {lists:?}");
        }
    }

    fn soup() -> impl Strategy<Value = String> {
        let hop = prop_oneof![
            any::<[u8; 4]>().prop_map(|bytes| IpAddr::from(bytes).to_string()),
            "[ -~]{0,20}",
            Just("10.0.0.7".to_owned()),
            Just("unknown".to_owned()),
        ];
        prop::collection::vec(hop, 0..6).prop_map(|hops| hops.join(","))
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn untrusted_peer_cannot_claim_another_address(claim in soup()) {
            let peer: IpAddr = "192.0.2.1".parse().unwrap();
            prop_assert_eq!(client_address(peer, &headers(&[&claim]), &proxies()), peer);
        }

        #[test]
        fn hop_seen_by_our_proxy_wins_over_every_claim(claims in prop::collection::vec(soup(), 0..4)) {
            let seen = "198.51.100.7";
            let mut lists: Vec<&str> = claims.iter().map(String::as_str).collect();
            lists.push(seen);
            let separate = client_address("10.0.0.1".parse().unwrap(), &headers(&lists), &proxies());
            let joined = client_address("10.0.0.1".parse().unwrap(), &headers(&[&lists.join(", ")]), &proxies());
            prop_assert_eq!(separate, seen.parse::<IpAddr>().unwrap());
            prop_assert_eq!(joined, separate);
        }
    }
}
