//! The URL of a log in EventStoreDB: the client's connection string plus the parameter `namespace`.

use eventstore::ClientSettings;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};

/// Parameter that the client does not know.
const NAMESPACE: &str = "namespace";
/// Prefix of stream names unless the URL sets one.
const DEFAULT_NAMESPACE: &str = "veche";
/// Maximum length of a namespace.
const MAX_NAMESPACE: usize = 64;
/// Parameter that shortens the client's pause before every connection attempt, the first one included; in ms. Its own
/// default is half a second.
const DISCOVERY: (&str, &str) = ("discoveryInterval", "50");

/// A parsed URL.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Address {
    scheme: String,
    /// `user:password@`, or empty.
    user: String,
    /// `host:port`, several for a cluster.
    hosts: Vec<String>,
    /// Parameters for the client, without `namespace`.
    parameters: Vec<(String, String)>,
    /// Prefix of the names of this log's streams.
    pub(super) namespace: String,
}

/// Reason why a URL is refused; never contains the URL's content, which may be a password.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the URL of EventStoreDB: {0}")]
pub(super) struct BadAddress(&'static str);

impl Address {
    /// Parses a URL.
    ///
    /// # Errors
    /// It is not a URL of EventStoreDB, or asks for something that would break the log's promises.
    pub(super) fn parse(url: &str) -> Result<Self, BadAddress> {
        let (scheme, rest) = url.split_once("://").ok_or(BadAddress("esdb://host:port is expected"))?;
        if scheme != "esdb" && scheme != "esdb+discover" {
            return Err(BadAddress("the scheme must be esdb or esdb+discover"));
        }
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let place = place.trim_end_matches('/');
        let (user, hosts) = match place.rsplit_once('@') {
            Some((user, hosts)) => (format!("{user}@"), hosts),
            None => (String::new(), place),
        };
        let hosts = hosts.split(',').map(with_port).collect::<Option<Vec<_>>>();
        let hosts = hosts.ok_or(BadAddress("a host is expected, or several with commas between them"))?;
        let mut address = Self {
            scheme: scheme.to_owned(),
            user,
            hosts,
            parameters: Vec::new(),
            namespace: DEFAULT_NAMESPACE.to_owned(),
        };
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            address.set(pair.split_once('=').ok_or(BadAddress("a parameter needs a value"))?)?;
        }
        address.client_settings(None)?;
        Ok(address)
    }

    fn set(&mut self, (name, value): (&str, &str)) -> Result<(), BadAddress> {
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        if is(NAMESPACE) {
            let fits = (1..=MAX_NAMESPACE).contains(&value.len())
                && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            if !fits {
                return Err(BadAddress("namespace must be 1 to 64 letters, digits or underscores"));
            }
            self.namespace = value.to_owned();
        } else if is("nodePreference") && !value.eq_ignore_ascii_case("leader") {
            // A follower may answer with old events, and commands are decided on the answers.
            return Err(BadAddress("nodePreference must be leader"));
        } else {
            self.parameters.push((name.to_owned(), value.to_owned()));
        }
        Ok(())
    }

    /// Whether two URLs lead to the same log: they share a node and the namespace.
    pub(super) fn same_log(&self, other: &Self) -> bool {
        let common = |host: &String| other.hosts.iter().any(|theirs| theirs.eq_ignore_ascii_case(host));
        self.namespace == other.namespace && self.hosts.iter().any(common)
    }

    /// Checks the files that the URL names, since the client would fail on them later, in the middle of its work.
    ///
    /// # Errors
    /// A file cannot be read or holds no certificate.
    pub(super) fn check_files(&self) -> Result<(), String> {
        if !self.is_secure() {
            return Ok(());
        }
        for name in ["tlsCaFile", "userCertFile"] {
            let Some(file) = self.parameter(name) else { continue };
            let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
            let certificates = read.map_err(|error| bad_file(name, file, &error))?;
            if certificates.is_empty() {
                return Err(bad_file(name, file, &"there is no certificate in it"));
            }
        }
        let Some(file) = self.parameter("userKeyFile") else { return Ok(()) };
        PrivateKeyDer::from_pem_file(file).map(drop).map_err(|error| bad_file("userKeyFile", file, &error))
    }

    /// File with the authorities that sign the servers' certificates; `None`: the system's authorities.
    pub(super) fn authorities(&self) -> Option<&str> {
        self.parameter("tlsCaFile")
    }

    /// Whether the client verifies the servers' certificates.
    pub(super) fn is_verified(&self) -> bool {
        self.is_secure() && self.parameter("tlsVerifyCert") != Some("false")
    }

    /// All nodes that the URL names, `host:port`.
    pub(super) fn hosts(&self) -> &[String] {
        &self.hosts
    }

    fn parameter(&self, wanted: &str) -> Option<&str> {
        let named = self.parameters.iter().rev().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        named.map(|(_, value)| value.as_str())
    }

    /// The node that a relay would connect to, if a relay can be used.
    pub(super) fn relay_target(&self) -> Option<&str> {
        match &self.hosts[..] {
            [host] if self.scheme == "esdb" && !self.is_secure() => Some(host),
            _ => None,
        }
    }

    /// Ports of the servers, as far as the URL tells.
    pub(super) fn ports(&self) -> impl Iterator<Item = u16> + '_ {
        self.hosts.iter().filter_map(|host| host.rsplit_once(':')?.1.parse().ok())
    }

    /// The client's settings, optionally with another host, such as a relay's.
    ///
    /// # Errors
    /// The client does not understand the URL.
    pub(super) fn client_settings(&self, instead: Option<&str>) -> Result<ClientSettings, BadAddress> {
        let hosts = instead.map_or_else(|| self.hosts.join(","), str::to_owned);
        let mut query = String::new();
        for (name, value) in &self.parameters {
            query += &format!("&{name}={value}");
        }
        if !self.parameters.iter().any(|(name, _)| name.eq_ignore_ascii_case(DISCOVERY.0)) {
            query += &format!("&{}={}", DISCOVERY.0, DISCOVERY.1);
        }
        let url = format!("{}://{}{hosts}?{}", self.scheme, self.user, &query[1..]);
        url.parse().map_err(|_| BadAddress("the client does not understand it"))
    }

    fn is_secure(&self) -> bool {
        self.parameter("tls") != Some("false")
    }
}

/// Leaves the user's password out.
impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}://{} ({})", self.scheme, self.hosts.join(","), self.namespace)
    }
}

fn bad_file(name: &str, file: &str, why: &dyn std::fmt::Display) -> String {
    format!("the URL of EventStoreDB: {name} {file}: {why}")
}

fn with_port(host: &str) -> Option<String> {
    let (name, port) = host.rsplit_once(':').unwrap_or((host, "2113"));
    (!name.is_empty() && port.parse::<u16>().is_ok()).then(|| format!("{name}:{port}"))
}

#[cfg(test)]
mod tests {
    use super::{Address, BadAddress};

    fn parse(url: &str) -> Address {
        Address::parse(url).expect(url)
    }

    #[test]
    fn relay_target_is_a_single_node_without_tls() {
        let cases = [
            ("esdb://db?tls=false", Some("db:2113")),
            ("esdb://db:1234/?tls=false", Some("db:1234")),
            ("esdb://user:pass@db:1234?tls=false&keepAliveInterval=10000", Some("db:1234")),
            ("esdb://db:1234", None),
            ("esdb://db:1234?tls=true", None),
            ("esdb://a,b:1,c?tls=false", None),
            ("esdb+discover://db?tls=false", None),
        ];
        for (url, expected) in cases {
            assert_eq!(parse(url).relay_target(), expected, "{url}");
        }
    }

    #[test]
    fn check_files_names_the_unusable_file() {
        let wrong = |url| parse(url).check_files().expect_err(url);
        assert!(wrong("esdb://db?tlsCaFile=/nowhere/ca.pem").contains("tlsCaFile /nowhere/ca.pem: "));
        assert!(
            wrong("esdb://db?tlsCaFile=Cargo.toml")
                .contains("tlsCaFile Cargo.toml: there is no certificate in it")
        );
        let url = "esdb://db?userCertFile=/nowhere/user.pem&userKeyFile=/nowhere/user.key";
        assert!(wrong(url).contains("userCertFile /nowhere/user.pem: "));
        assert_eq!(parse("esdb://db?tls=false&tlsCaFile=/nowhere/ca.pem").check_files(), Ok(()));
        assert_eq!(parse("esdb://db").check_files(), Ok(()));
    }

    #[test]
    fn same_log_holds_for_any_common_node() {
        let same = |one, other| parse(one).same_log(&parse(other));
        assert!(same("esdb://db?tls=false", "esdb://user:pass@DB:2113/"));
        assert!(same("esdb://a,b,c", "esdb://c:2113"));
        assert!(!same("esdb://a,b,c", "esdb://c:2114"));
        assert!(!same("esdb://db", "esdb://db?namespace=other"));
    }

    #[test]
    fn client_settings_contain_all_parameters_but_the_namespace() {
        let address = parse("esdb://user:pass@a:1,b:2?tls=false&namespace=other");
        assert_eq!(address.namespace, "other");
        let settings = address.client_settings(None).expect("understood");
        assert_eq!(settings.hosts().len(), 2);
        assert!(!settings.is_secure_mode_enabled());
        let settings = address.client_settings(Some("127.0.0.1:9")).expect("understood");
        assert_eq!(settings.hosts()[0].port, 9);
        assert_eq!(parse("esdb://db").namespace, "veche");
    }

    #[test]
    fn client_settings_shorten_the_discovery_interval() {
        let rest = |url| format!("{:?}", parse(url).client_settings(None).expect("understood"));
        assert!(rest("esdb://db").contains("discovery_interval: 50ms"));
        assert!(rest("esdb://db?discoveryInterval=70").contains("discovery_interval: 70ms"));
    }

    #[test]
    fn errors_never_contain_the_password() {
        for url in [
            "db:2113",
            "postgres://db",
            "esdb://",
            "esdb://user:secret@",
            "esdb://a,,b",
            "esdb://db:99999",
            "esdb://db?tls",
            "esdb://user:secret@db?namespace=",
            "esdb://db?namespace=a.b",
            "esdb://db?nodePreference=follower",
            "esdb://user:secret@db?maxDiscoverAttempts=many",
        ] {
            let error: BadAddress = Address::parse(url).expect_err(url);
            assert!(!error.to_string().contains("secret"), "{error}");
        }
        assert!(!format!("{:?}", parse("esdb://user:secret@db")).contains("secret"));
    }
}
