//! How many sockets and streams are open, by whom: each of them costs memory for as long as it lives.

use platform::{config::Realtime, http::ApiError, limits::Key};
use protocol::{error::ErrorCode, lang::Text};
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use uuid::Uuid;

/// When somebody who has too many open should try again.
const LATER: Duration = Duration::from_secs(30);

/// See the file's head. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Crowd(Arc<Inner>);

struct Inner {
    limits: Realtime,
    open: Mutex<HashMap<Who, u32>>,
}

/// Who is counted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Who {
    Node,
    Address(Key),
    Account(Uuid),
    Team(Uuid),
}

/// One that is open; dropping it makes room.
pub(crate) struct Admission {
    crowd: Crowd,
    counted: [Who; 4],
}

impl Crowd {
    /// Nobody, with the limits of the configuration.
    pub(crate) fn new(limits: &Realtime) -> Self {
        Self(Arc::new(Inner { limits: limits.clone(), open: Mutex::default() }))
    }

    /// Lets one more in.
    ///
    /// # Errors
    /// `RATE_LIMIT` when the address, the account or the team has too many open; `UNAVAILABLE` when this process has.
    pub(crate) fn admit(&self, address: IpAddr, account: Uuid, team: Uuid) -> Result<Admission, ApiError> {
        let limits = &self.0.limits;
        let counted = [
            (Who::Node, limits.sockets_per_node),
            (Who::Address(Key::subscriber(address)), limits.sockets_per_address),
            (Who::Account(account), limits.sockets_per_account),
            (Who::Team(team), limits.sockets_per_team),
        ];
        let mut open = self.open();
        let is_full =
            |(who, limit): &&(Who, u32)| *limit > 0 && open.get(who).is_some_and(|open| open >= limit);
        if let Some((who, _)) = counted.iter().find(is_full) {
            return Err(match who {
                Who::Node => {
                    ApiError::new(ErrorCode::Unavailable).because(Text::Unavailable).retry_after(LATER)
                }
                _ => ApiError::new(ErrorCode::RateLimit).because(Text::TooManySockets).retry_after(LATER),
            });
        }
        let counted = counted.map(|(who, _)| who);
        for who in &counted {
            *open.entry(who.clone()).or_default() += 1;
        }
        drop(open);
        Ok(Admission { crowd: self.clone(), counted })
    }

    fn open(&self) -> MutexGuard<'_, HashMap<Who, u32>> {
        // Counting cannot be interrupted half way, so a poisoned lock still guards a whole map.
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        let mut open = self.crowd.open();
        for who in &self.counted {
            match open.get_mut(who) {
                Some(count) if *count > 1 => *count -= 1,
                _ => {
                    open.remove(who);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Crowd;
    use platform::config::{Config, Profile, Realtime};
    use protocol::error::ErrorCode;
    use std::net::IpAddr;
    use uuid::Uuid;

    fn crowd(adjust: impl FnOnce(&mut Realtime)) -> Crowd {
        let mut limits = Config::defaults(Profile::Dev).realtime;
        adjust(&mut limits);
        Crowd::new(&limits)
    }

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn who_has_too_many_open_must_close_one() {
        let crowd = crowd(|limits| limits.sockets_per_account = 2);
        let (account, team) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let admit = |account| crowd.admit(HERE, account, team);
        let (first, _second) = (admit(account).unwrap(), admit(account).unwrap());
        assert_eq!(admit(account).err().map(|refused| refused.code()), Some(ErrorCode::RateLimit));
        assert!(admit(Uuid::from_u128(3)).is_ok());
        drop(first);
        assert!(admit(account).is_ok());
    }

    #[test]
    fn addresses_teams_and_the_process_are_counted_too() {
        let id = Uuid::from_u128;
        let by_address = crowd(|limits| limits.sockets_per_address = 1);
        let _one = by_address.admit(HERE, id(1), id(2)).unwrap();
        assert!(by_address.admit(HERE, id(3), id(4)).is_err());
        assert!(by_address.admit([192, 0, 2, 1].into(), id(3), id(4)).is_ok());
        let by_team = crowd(|limits| limits.sockets_per_team = 1);
        let _one = by_team.admit(HERE, id(1), id(2)).unwrap();
        assert!(by_team.admit(HERE, id(3), id(2)).is_err());
        let by_node = crowd(|limits| limits.sockets_per_node = 1);
        let _one = by_node.admit(HERE, id(1), id(2)).unwrap();
        let refused = by_node.admit([192, 0, 2, 1].into(), id(3), id(4)).err();
        assert_eq!(refused.map(|refused| refused.code()), Some(ErrorCode::Unavailable));
    }
}
