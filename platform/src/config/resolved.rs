//! Values that follow from several settings.

use super::{Config, Profile, Secret};
use protocol::lang::Lang;
use std::{path::PathBuf, time::Duration};

/// Source of the master key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MasterKeySource {
    /// The configuration itself.
    Hex(Secret),
    /// A file, which must exist.
    File(PathBuf),
    /// A file, which is created on the first start; dev only.
    FileMadeOnFirstStart(PathBuf),
}

impl Config {
    /// Public address, without a trailing slash.
    pub fn public_url(&self) -> String {
        match &self.public_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => format!("http://{}", self.listen),
        }
    }

    /// `host[:port]` of the public address.
    pub fn public_host(&self) -> String {
        let url = self.public_url();
        url.split_once("://").map(|(_, host)| host.to_owned()).unwrap_or(url)
    }

    /// Whether the public address uses https.
    pub fn is_https(&self) -> bool {
        self.public_url().starts_with("https://")
    }

    /// Name of the session cookie. Browsers accept `__Host-`, which binds it to one host, only over https.
    pub fn cookie_name(&self) -> &'static str {
        if self.is_https() { "__Host-tada_session" } else { "tada_session" }
    }

    /// Name of the cookie that identifies a request for a login code.
    pub fn login_cookie_name(&self) -> &'static str {
        if self.is_https() { "__Host-tada_login" } else { "tada_login" }
    }

    /// Whether pages of this origin may use a user's cookie.
    pub fn is_own_origin(&self, origin: &str) -> bool {
        origin.eq_ignore_ascii_case(&self.public_url())
            || self.allowed_origins.iter().any(|allowed| allowed.eq_ignore_ascii_case(origin))
    }

    /// Address of the read model's Postgres.
    pub fn read_url(&self) -> &Secret {
        if self.read.is_empty() { &self.log } else { &self.read }
    }

    /// Language of texts if the client names none.
    pub fn default_lang(&self) -> Lang {
        Lang::parse(&self.lang).unwrap_or_default()
    }

    /// Source of the master key. In production one of the settings is required.
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

    /// Whether the profile is `dev`.
    pub fn is_dev(&self) -> bool {
        self.profile == Profile::Dev
    }

    /// Timeout of a request.
    pub fn request_timeout(&self) -> Duration {
        Duration::from_secs(self.http.timeout_sec)
    }

    /// Duration of each phase of a shutdown, see [`crate::tasks::Tasks`].
    pub fn drain(&self) -> Duration {
        Duration::from_secs(self.http.drain_sec)
    }
}
