//! The contract of every bus, run on each implementation; and what NATS adds, run on a real server.

use super::{Bus, BusError, Delivery, MAX_PAYLOAD, Subscription, subscription::QUEUE};
use bytes::Bytes;
use std::time::Duration;
use tokio::time::timeout;

#[path = "conformance/server.rs"]
mod server;

use server::NatsServer;

/// Long enough for the slowest machine; reached only if something hangs.
const HANG: Duration = Duration::from_secs(60);

async fn next(subscription: &mut Subscription) -> Option<Delivery> {
    timeout(HANG, subscription.next()).await.expect("a delivery before the hang guard")
}

async fn message(subscription: &mut Subscription) -> (String, Bytes) {
    match next(subscription).await {
        Some(Delivery::Message(message)) => (message.subject.to_string(), message.payload),
        other => panic!("a message expected, not {other:?}"),
    }
}

async fn reaches_all_that_match(bus: &Bus) {
    let mut exact = bus.subscribe("feed.one").await.unwrap();
    let mut token = bus.subscribe("feed.*").await.unwrap();
    let mut all = bus.subscribe(">").await.unwrap();
    bus.publish("feed.one", Bytes::from_static(b"1")).unwrap();
    bus.publish("feed.two", Bytes::from_static(b"2")).unwrap();
    bus.publish("other.deep.er", Bytes::new()).unwrap();
    bus.publish("feed.one", Bytes::from_static(b"3")).unwrap();
    for subject in ["feed.one", "feed.one"] {
        assert_eq!(message(&mut exact).await.0, subject);
    }
    for payload in ["1", "2", "3"] {
        assert_eq!(message(&mut token).await.1, payload);
    }
    for subject in ["feed.one", "feed.two", "other.deep.er", "feed.one"] {
        assert_eq!(message(&mut all).await.0, subject);
    }
}

async fn keeps_the_order_of_one_publisher(bus: &Bus) {
    let mut subscription = bus.subscribe("order").await.unwrap();
    for number in 0..500_u32 {
        bus.publish("order", Bytes::copy_from_slice(&number.to_be_bytes())).unwrap();
    }
    for number in 0..500_u32 {
        assert_eq!(message(&mut subscription).await.1, number.to_be_bytes().as_slice());
    }
}

async fn refuses_what_it_cannot_carry(bus: &Bus) {
    for subject in ["", "a..b", "a b", "a.*", ">"] {
        assert!(matches!(bus.publish(subject, Bytes::new()), Err(BusError::BadSubject(_))), "{subject}");
    }
    for pattern in ["", "a..b", "a.>.b", "a\r\n"] {
        assert!(matches!(bus.subscribe(pattern).await, Err(BusError::BadPattern(_))), "{pattern}");
    }
    let mut subscription = bus.subscribe("large").await.unwrap();
    let large = Bytes::from(vec![7; MAX_PAYLOAD]);
    bus.publish("large", large.clone()).unwrap();
    assert_eq!(message(&mut subscription).await.1, large);
    let larger = Bytes::from(vec![7; MAX_PAYLOAD + 1]);
    assert!(matches!(bus.publish("large", larger), Err(BusError::TooLarge(_))));
}

/// Accounts for every message: each is delivered or counted as missed, and a gap is reported before what follows
/// it.
async fn tells_a_slow_subscriber_what_it_missed(bus: &Bus) {
    let mut slow = bus.subscribe("flood").await.unwrap();
    let mut quick = bus.subscribe("flood").await.unwrap();
    let total = 3 * QUEUE as u32;
    for number in 0..total {
        bus.publish("flood", Bytes::copy_from_slice(&number.to_be_bytes())).unwrap();
        assert_eq!(
            message(&mut quick).await.1,
            number.to_be_bytes().as_slice(),
            "a slow subscriber blocks others"
        );
    }
    bus.publish("flood", Bytes::from_static(b"last")).unwrap();
    assert_eq!(message(&mut quick).await.1, "last");
    let (mut delivered, mut missed) = (0, 0);
    while delivered + missed < u64::from(total) + 1 {
        match next(&mut slow).await {
            Some(Delivery::Message(_)) => delivered += 1,
            Some(Delivery::Missed(count)) => missed += count,
            None => panic!("the subscription ended"),
        }
    }
    assert!(missed > 0 && delivered + missed == u64::from(total) + 1, "{delivered} {missed}");
    bus.publish("flood", Bytes::from_static(b"again")).unwrap();
    assert_eq!(message(&mut slow).await.1, "again");
}

async fn waiting_may_be_given_up(bus: &Bus) {
    let mut subscription = bus.subscribe("cancel").await.unwrap();
    for _ in 0..10 {
        tokio::select! {
            biased;
            delivery = subscription.next() => panic!("nothing was published, but {delivery:?} came"),
            () = tokio::task::yield_now() => {}
        }
    }
    bus.publish("cancel", Bytes::from_static(b"kept")).unwrap();
    assert_eq!(message(&mut subscription).await.1, "kept");
}

async fn goes_on_when_subscriptions_are_dropped(bus: &Bus) {
    let mut kept = bus.subscribe("drop.>").await.unwrap();
    for _ in 0..50 {
        drop(bus.subscribe("drop.*").await.unwrap());
    }
    bus.publish("drop.x", Bytes::new()).unwrap();
    assert_eq!(message(&mut kept).await.0, "drop.x");
}

async fn ends_when_drained(bus: &Bus) {
    assert!(bus.healthy());
    let mut subscription = bus.subscribe("end").await.unwrap();
    bus.publish("end", Bytes::from_static(b"in flight")).unwrap();
    timeout(HANG, bus.drain()).await.unwrap();
    assert!(!bus.healthy());
    assert_eq!(message(&mut subscription).await.1, "in flight");
    assert_eq!(next(&mut subscription).await, None);
    assert!(matches!(bus.publish("end", Bytes::new()), Err(BusError::Closed)));
    assert!(matches!(bus.subscribe("end").await, Err(BusError::Closed)));
    timeout(HANG, bus.drain()).await.unwrap();
}

async fn conforms(bus: Bus) {
    reaches_all_that_match(&bus).await;
    keeps_the_order_of_one_publisher(&bus).await;
    refuses_what_it_cannot_carry(&bus).await;
    tells_a_slow_subscriber_what_it_missed(&bus).await;
    waiting_may_be_given_up(&bus).await;
    goes_on_when_subscriptions_are_dropped(&bus).await;
    ends_when_drained(&bus).await;
}

#[tokio::test]
async fn memory_conforms() {
    conforms(Bus::memory()).await;
}

#[tokio::test]
async fn nats_conforms() {
    let server = NatsServer::start().await;
    conforms(server.bus().await).await;
}

#[tokio::test]
async fn nats_carries_from_one_connection_to_another() {
    let server = NatsServer::start().await;
    let (here, there) = (server.bus().await, server.bus().await);
    let mut subscription = there.subscribe("far.*").await.unwrap();
    here.publish("far.away", Bytes::from_static(b"hello")).unwrap();
    assert_eq!(message(&mut subscription).await, ("far.away".to_owned(), Bytes::from_static(b"hello")));
}

#[tokio::test]
async fn nats_reports_a_gap_after_a_server_restart() {
    let mut server = NatsServer::start().await;
    let bus = server.bus().await;
    let mut subscription = bus.subscribe("again").await.unwrap();
    server.stop().await;
    server::wait_until(|| !bus.healthy()).await;
    for _ in 0..10 {
        bus.publish("again", Bytes::from_static(b"lost")).unwrap();
    }
    assert_eq!(bus.unsent(), 10);
    let mut late = bus.subscribe("again").await.unwrap();
    server.restart().await;
    assert!(matches!(next(&mut subscription).await, Some(Delivery::Missed(_))));
    assert!(matches!(next(&mut late).await, Some(Delivery::Missed(_))));
    bus.publish("again", Bytes::from_static(b"back")).unwrap();
    assert_eq!(message(&mut subscription).await.1, "back");
    assert_eq!(message(&mut late).await.1, "back");
}

#[tokio::test]
async fn nats_server_may_start_later() {
    let mut server = NatsServer::start().await;
    server.stop().await;
    let bus = server.bus_unconnected().await;
    assert!(!bus.healthy());
    let mut subscription = bus.subscribe("later").await.unwrap();
    server.restart().await;
    assert!(matches!(next(&mut subscription).await, Some(Delivery::Missed(_))));
    bus.publish("later", Bytes::from_static(b"here")).unwrap();
    assert_eq!(message(&mut subscription).await.1, "here");
}

#[tokio::test]
async fn publishing_without_a_server_neither_waits_nor_queues_forever() {
    let mut server = NatsServer::start().await;
    let bus = server.bus().await;
    server.stop().await;
    server::wait_until(|| !bus.healthy()).await;
    for _ in 0..50_000 {
        bus.publish("nowhere", Bytes::from_static(b"x")).unwrap();
    }
    assert_eq!(bus.unsent(), 50_000);
    timeout(HANG, bus.drain()).await.unwrap();
}
