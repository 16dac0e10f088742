//! The shipped NATS: a client without password, with another authority or on another role's subjects is refused; the product
//! uses it.

use bus::{Bus, Delivery, NatsOptions, NatsTls};
use bytes::Bytes;
use std::path::Path;
use tempfile::TempDir;
use veche_tests::{
    eventually,
    nats::Nats,
    person::Person,
    world::{Layout, Plan, Role, World},
};

const ROLES: [Role; 4] = [Role::Command, Role::Query, Role::Projection, Role::Gateway];

struct Server {
    nats: Nats,
    folder: TempDir,
}

impl Server {
    async fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("veche-nats").tempdir().expect("a folder");
        let nats = Nats::secured(folder.path(), &folder.path().join("secrets")).await;
        Self { nats, folder }
    }

    fn secret(&self, name: &str) -> String {
        self.folder.path().join("secrets").join(name).display().to_string()
    }

    /// Connects to the bus as a role.
    async fn bus(&self, role: &str) -> Bus {
        let password = std::fs::read_to_string(self.secret(&format!("nats_{role}"))).expect("a password");
        let user = Some((role.to_owned(), password.trim().to_owned()));
        let bus = connect(self.nats.tls_url(), user, Some(Path::new(&self.secret("nats_ca")))).await;
        eventually::until("the bus is connected", async || bus.healthy().then_some(())).await;
        bus
    }
}

async fn connect(server: String, user: Option<(String, String)>, ca: Option<&Path>) -> Bus {
    // As the product does at its start, because two providers are among the dependencies.
    event_log::install_tls_provider();
    let tls = NatsTls { ca: ca.map(Path::to_owned), certificate: None };
    let options = NatsOptions { servers: vec![server], name: "test".to_owned(), user, tls };
    Bus::nats(options).await.expect("the settings make sense")
}

#[tokio::test]
async fn nats_admits_only_clients_with_password_and_trusted_authority() {
    let server = Server::start().await;
    let ca = server.secret("nats_ca");
    let ca = Some(Path::new(&ca));
    let command =
        std::fs::read_to_string(server.secret("nats_command")).expect("a password").trim().to_owned();
    let command = || Some(("command".to_owned(), command.clone()));
    let tls = || server.nats.tls_url();
    let refused = [
        connect(tls(), None, ca).await,
        connect(tls(), Some(("command".to_owned(), "guess".to_owned())), ca).await,
        connect(tls(), Some(("projection".to_owned(), command().expect("one").1)), ca).await,
        // No authority of the system signed its certificate.
        connect(tls(), command(), None).await,
    ];
    // By the time a valid client has connected, the others have been tried.
    let good = server.bus("command").await;
    for _ in 0..20 {
        for (number, bus) in refused.iter().enumerate() {
            assert!(!bus.healthy(), "number {number} was let in");
        }
        drop(good.subscribe("log.head").await.expect("the bus is open"));
    }
}

#[tokio::test]
async fn nats_roles_publish_and_subscribe_to_their_subjects_alone() {
    let server = Server::start().await;
    let (command, query) = (server.bus("command").await, server.bus("query").await);
    let (projection, gateway) = (server.bus("projection").await, server.bus("gateway").await);
    let mut feed = gateway.subscribe("feed").await.expect("the bus is open");
    let mut heads = gateway.subscribe("log.head").await.expect("the bus is open");
    let mut spying = query.subscribe("feed").await.expect("the refusal comes later");
    for forger in [&command, &query, &gateway] {
        forger.publish("feed", Bytes::from_static(b"forged")).expect("the bus is open");
    }
    for forger in [&projection, &query, &gateway] {
        forger.publish("log.head", Bytes::from_static(b"forged")).expect("the bus is open");
    }
    eventually::until("the server has refused all of them", async || {
        let log = server.nats.log();
        let refusals = |user: &str, subject: &str| {
            let said = [format!("\"{user}\""), format!("\"{subject}\""), "Publish Violation".to_owned()];
            log.lines().any(|line| said.iter().all(|word| line.contains(word)))
        };
        let feed = ["command", "query", "gateway"].iter().all(|user| refusals(user, "feed"));
        let heads = ["projection", "query", "gateway"].iter().all(|user| refusals(user, "log.head"));
        (feed && heads).then_some(())
    })
    .await;
    projection.publish("feed", Bytes::from_static(b"true")).expect("the bus is open");
    command.publish("log.head", Bytes::from_static(b"7")).expect("the bus is open");
    for (subscription, expected) in [(&mut feed, "true"), (&mut heads, "7")] {
        let received =
            tokio::time::timeout(eventually::HANG_GUARD, subscription.next()).await.expect("it comes");
        let Some(Delivery::Message(message)) = received else { panic!("{received:?}") };
        assert_eq!(message.payload, expected.as_bytes());
    }
    let received = tokio::time::timeout(std::time::Duration::from_millis(300), spying.next()).await;
    assert!(
        !matches!(received, Ok(Some(Delivery::Message(_)))),
        "the query role hears the feed: {received:?}"
    );
}

#[tokio::test]
async fn nats_with_tls_and_passwords_carries_the_product() {
    let server = Server::start().await;
    let mut plan = Plan::new(Layout::RolesApart)
        .set("VECHE_BUS", server.nats.tls_url())
        .set("VECHE_NATS_CA_FILE", server.secret("nats_ca"));
    for role in ROLES {
        let password = server.secret(&format!("nats_{}", role.name()));
        plan = plan.set_for(role, "VECHE_NATS_USER", role.name());
        plan = plan.set_for(role, "VECHE_NATS_PASSWORD_FILE", password);
    }
    let world = World::start(plan).await;
    let anna = Person::login(world.client(), "+79160000001").await;
    let team = anna.make_team("под замком", &["+79160000002"]).await;
    let boris = Person::login(world.client(), "+79160000002").await;
    let mut his = boris.socket(&team.uid).await;
    anna.post(&team.uid, &team.jid_of("+79160000002"), "тсс").await;
    his.event_where("server.message.updated", |params| params["messages"][0]["content"]["text"] == "тсс")
        .await;
    for role in ROLES {
        let ready = world.ready_of(role).await;
        assert!(ready.contains("connected"), "{}: {ready}", role.name());
        let log = std::fs::read_to_string(&world.process_of(role).recipe().log).expect("a log");
        assert!(!log.to_lowercase().contains("permissions violation"), "{log}");
    }
}
