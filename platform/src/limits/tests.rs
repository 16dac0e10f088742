//! Quotas, keys, the breaker and forgetting.

use super::{Exceeded, Key, Limit, Limits, Quota, quotas};
use crate::config::Profile;
use std::{collections::BTreeMap, net::IpAddr, time::Duration};
use uuid::Uuid;

fn only(limit: Limit, count: u32) -> Limits {
    Limits::new(&BTreeMap::from([(limit.name().to_owned(), Quota { count, seconds: 3600 })]))
}

fn address(text: &str) -> Key {
    Key::Address(text.parse::<IpAddr>().unwrap())
}

#[test]
fn used_up_quota_is_refused_with_retry_after() {
    let limits = only(Limit::SmsLoginPerAddress, 2);
    let key = address("192.0.2.1");
    assert_eq!(limits.check(Limit::SmsLoginPerAddress, &key).unwrap().count, 1);
    assert_eq!(limits.check(Limit::SmsLoginPerAddress, &key).unwrap().count, 0);
    let Exceeded { quota, retry_after, .. } = limits.check(Limit::SmsLoginPerAddress, &key).unwrap_err();
    assert_eq!(quota.count, 2);
    assert!(retry_after > Duration::ZERO && retry_after <= Duration::from_secs(1800), "{retry_after:?}");
    assert!(limits.check(Limit::SmsLoginPerAddress, &address("192.0.2.2")).is_ok());
}

#[test]
fn addresses_are_counted_by_subscriber_and_network() {
    let cases = [
        (Limit::SmsLoginPerNetwork, "192.0.2.1", "192.0.2.250", true),
        (Limit::SmsLoginPerNetwork, "192.0.2.1", "192.0.3.1", false),
        (Limit::SmsLoginPerNetwork, "2001:db8:0:10::1", "2001:db8:0:1f::1", true),
        (Limit::SmsLoginPerAddress, "2001:db8::1", "2001:db8::ffff:1", true),
        (Limit::SmsLoginPerAddress, "2001:db8::1", "2001:db8:0:1::1", false),
        (Limit::SmsLoginPerAddress, "192.0.2.1", "::ffff:192.0.2.1", true),
    ];
    for (limit, first, second, same) in cases {
        let limits = only(limit, 1);
        limits.check(limit, &address(first)).unwrap();
        assert_eq!(limits.check(limit, &address(second)).is_err(), same, "{first} {second}");
    }
}

#[test]
fn breaker_refuses_only_after_failures() {
    let limits = only(Limit::SmsAuthGlobalFailures, 2);
    let limit = Limit::SmsAuthGlobalFailures;
    for _ in 0..2 {
        limits.failed(limit, &Key::Global);
        assert!(limits.allowed(limit, &Key::Global).is_ok());
    }
    limits.failed(limit, &Key::Global);
    assert!(limits.allowed(limit, &Key::Global).is_err());
}

#[test]
fn count_of_zero_turns_the_limit_off() {
    let limits = only(Limit::JoinPerAccount, 0);
    let key = Key::Account(Uuid::nil());
    assert!((0..100).all(|_| limits.check(Limit::JoinPerAccount, &key).is_ok()));
    assert_eq!(limits.remembered(), 0);
}

#[test]
fn keys_in_use_survive_sweeping() {
    let limits = only(Limit::JoinPerAccount, 1);
    let key = Key::Account(Uuid::nil());
    limits.check(Limit::JoinPerAccount, &key).unwrap();
    limits.sweep();
    assert_eq!(limits.remembered(), 1);
    assert!(limits.check(Limit::JoinPerAccount, &key).is_err());
}

#[test]
fn names_are_unique_and_known() {
    let production = quotas(Profile::Production);
    assert_eq!(production.len(), Limit::ALL.len());
    for (index, limit) in Limit::ALL.iter().enumerate() {
        assert_eq!(*limit as usize, index);
        assert_eq!(Limit::by_name(limit.name()), Some(*limit));
        assert!(production[limit.name()].count > 0 && !limit.about().is_empty());
    }
}
