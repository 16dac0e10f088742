//! What settings mean together: the questions that parts of the server ask the configuration.

use super::{Config, Profile, Secret};
use protocol::lang::Lang;
use std::{path::PathBuf, time::Duration};

/// Where the master key comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MasterKeySource {
    /// From the configuration itself.
    Hex(Secret),
    /// From a file that must exist.
    File(PathBuf),
    /// From a file that is made on the first start; dev only.
    FileMadeOnFirstStart(PathBuf),
}

impl Config {
    /// The address clients see, without a slash at the end.
    pub fn public_url(&self) -> String {
        match &self.public_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => format!("http://{}", self.listen),
        }
    }

    /// `host[:port]` of the address clients see.
    pub fn public_host(&self) -> String {
        let url = self.public_url();
        url.split_once("://").map(|(_, host)| host.to_owned()).unwrap_or(url)
    }

    /// Whether clients come by https.
    pub fn is_https(&self) -> bool {
        self.public_url().starts_with("https://")
    }

    /// The session cookie's name. `__Host-` binds it to one host, but browsers take it by https only.
    pub fn cookie_name(&self) -> &'static str {
        if self.is_https() { "__Host-tada_session" } else { "tada_session" }
    }

    /// The name of the cookie that names a request for a login code.
    pub fn login_cookie_name(&self) -> &'static str {
        if self.is_https() { "__Host-tada_login" } else { "tada_login" }
    }

    /// Whether pages of this origin may act with a user's cookie.
    pub fn is_own_origin(&self, origin: &str) -> bool {
        origin.eq_ignore_ascii_case(&self.public_url())
            || self.allowed_origins.iter().any(|allowed| allowed.eq_ignore_ascii_case(origin))
    }

    /// Address of the read model's Postgres.
    pub fn read_url(&self) -> &Secret {
        if self.read.is_empty() { &self.log } else { &self.read }
    }

    /// The language of texts when a client names none.
    pub fn default_lang(&self) -> Lang {
        Lang::parse(&self.lang).unwrap_or_default()
    }

    /// Where the master key comes from; production without one does not pass the checks.
    pub fn master_key_source(&self) -> MasterKeySource {
        match &self.master_key_file {
            _ if !self.master_key.is_empty() => MasterKeySource::Hex(self.master_key.clone()),
            Some(file) => MasterKeySource::File(file.clone()),
            None => MasterKeySource::FileMadeOnFirstStart(self.data_dir.join("master.key")),
        }
    }

    /// Folder of the signed checkpoints.
    pub fn checkpoint_dir(&self) -> PathBuf {
        self.audit.checkpoint_dir.clone().unwrap_or_else(|| self.data_dir.join("audit"))
    }

    /// Whether this is the profile of a developer's machine.
    pub fn is_dev(&self) -> bool {
        self.profile == Profile::Dev
    }

    /// Longest work on one request.
    pub fn request_timeout(&self) -> Duration {
        Duration::from_secs(self.http.timeout_sec)
    }

    /// How long a stop waits, see [`crate::tasks::Tasks`].
    pub fn drain(&self) -> Duration {
        Duration::from_secs(self.http.drain_sec)
    }
}
