//! The shipped deployment files, read as data: containers without root, capabilities or a writable root; no secret in an
//! environment; pinned images; a policy for every connection; and settings that the product accepts.

use platform::config::{Config, Sources};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use veche_tests::shipped::{accepted, documents, environment, folder, is_pinned, read, secrets, strings};

const ROLES: [&str; 4] = ["command", "query", "projection", "gateway"];
fn composed() -> Vec<(&'static str, Value)> {
    let files = ["compose.yaml", "grow/compose.yaml"];
    files.into_iter().map(|file| (file, documents(file).remove(0))).collect()
}

/// All manifests except the kustomization, which lists them.
fn manifests() -> Vec<Value> {
    let kustomization = documents("grow/kubernetes/kustomization.yaml").remove(0);
    let listed: BTreeSet<String> = strings(&kustomization["resources"]).into_iter().collect();
    let there = std::fs::read_dir(folder().join("grow/kubernetes")).expect("the manifests").flatten();
    let names = there.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let there: BTreeSet<String> = names.filter(|name| name != "kustomization.yaml").collect();
    assert_eq!(listed, there, "every manifest is listed");
    listed.iter().flat_map(|name| documents(&format!("grow/kubernetes/{name}"))).collect()
}

#[test]
fn compose_containers_have_minimal_privileges() {
    for (file, compose) in composed() {
        for (name, service) in compose["services"].as_object().expect("services") {
            let of = format!("{file}: {name}");
            assert_eq!(strings(&service["cap_drop"]), ["ALL"], "{of}");
            assert_eq!(strings(&service["security_opt"]), ["no-new-privileges:true"], "{of}");
            let image = service["image"].as_str().expect("an image");
            let own = image == "veche";
            assert!(own || is_pinned(image), "{of}: {image}");
            if !name.starts_with("eventstore") {
                assert_eq!(service["read_only"], true, "{of}");
            }
            if name != "postgres" && !name.starts_with("eventstore") {
                let user = service["user"].as_str().unwrap_or_default();
                assert!(
                    !user.is_empty() && !user.starts_with("0:") && user != "root",
                    "{of} runs as {user:?}"
                );
                assert!(service["cap_add"].is_null(), "{of}");
            }
            for port in strings(&service["ports"]) {
                assert!(port.starts_with("127.0.0.1:"), "{of} is reached from outside, without TLS: {port}");
            }
        }
        let networks = &compose["networks"];
        assert_eq!(networks["back"]["internal"], true, "{file}");
        let outside = |service: &Value| strings(&service["networks"]).contains(&"front".to_owned());
        for inside in ["postgres", "command", "query", "gateway", "migrate"] {
            assert!(!outside(&compose["services"][inside]), "{file}: {inside} needs no way out");
        }
    }
}

#[test]
fn compose_services_have_their_own_settings_and_secrets() {
    let secrets = secrets();
    for (file, compose) in composed() {
        let declared = compose["secrets"].as_object().expect("secrets");
        let mut databases = BTreeSet::new();
        for (name, service) in compose["services"].as_object().expect("services") {
            let of = format!("{file}: {name}");
            for secret in service["secrets"].as_array().into_iter().flatten() {
                let source = secret.as_str().or(secret["source"].as_str()).expect("a secret's name");
                let path = declared[source]["file"].as_str().unwrap_or_else(|| panic!("{of}: {source}"));
                let made = secrets.path().join(path.rsplit('/').next().unwrap_or_default());
                assert!(made.is_file(), "{of}: secrets.sh makes no {path}");
                if secret["target"] == "database" {
                    assert!(databases.insert(source.to_owned()), "{of} shares {source}");
                }
            }
            if service["image"] == "veche" {
                let config = accepted(&of, environment(&service["environment"]), secrets.path());
                if ROLES.contains(&name.as_str()) {
                    assert_eq!(config.nats.user, *name, "{of}");
                    assert!(
                        config.bus.expose().starts_with("tls://") && config.nats.ca_file.is_some(),
                        "{of}"
                    );
                    let proxy = compose["services"]["proxy"]["networks"]["back"]["ipv4_address"].as_str();
                    let trusted: Vec<String> =
                        config.trusted_proxies.iter().map(|network| network.to_string()).collect();
                    assert_eq!(trusted, [format!("{}/32", proxy.expect("the proxy's address"))], "{of}");
                }
            } else {
                let told = environment(&service["environment"]);
                let secret = told.keys().find(|name| name.contains("PASSWORD") && !name.ends_with("_FILE"));
                assert_eq!(secret, None, "{of}");
            }
        }
        assert!(databases.len() >= 5, "{file}: {databases:?}");
        let mounted = strings(&compose["services"]["proxy"]["volumes"]);
        for tail in ["/nginx.conf:/etc/nginx/nginx.conf:ro", "/hops:/etc/nginx/hops:ro"] {
            assert!(mounted.iter().any(|volume| volume.ends_with(tail)), "{file}: {mounted:?}");
        }
        let front = compose["networks"]["front"]["ipam"]["config"][0]["gateway"].as_str().expect("a gateway");
        assert!(read("hops/compose.conf").contains(&format!("set_real_ip_from {front}/32;")), "{file}");
    }
}

fn pods(manifests: &[Value]) -> Vec<(String, &Value)> {
    let pods: Vec<_> = manifests
        .iter()
        .filter(|one| one["kind"] == "Deployment" || one["kind"] == "Job")
        .map(|one| {
            (one["metadata"]["name"].as_str().unwrap_or_default().to_owned(), &one["spec"]["template"])
        })
        .collect();
    assert_eq!(pods.len(), ROLES.len() + 2);
    pods
}

#[test]
fn kubernetes_pods_meet_the_restricted_standard() {
    let manifests = manifests();
    for (name, pod) in pods(&manifests) {
        let spec = &pod["spec"];
        let whole = &spec["securityContext"];
        assert_eq!(whole["runAsNonRoot"], true, "{name}");
        assert!(whole["runAsUser"].as_u64().is_some_and(|user| user > 0), "{name}");
        assert_eq!(whole["seccompProfile"]["type"], "RuntimeDefault", "{name}");
        assert_eq!(spec["automountServiceAccountToken"], false, "{name}");
        for host in ["hostNetwork", "hostPID", "hostIPC"] {
            assert!(spec[host].is_null(), "{name}");
        }
        for container in spec["containers"].as_array().expect("containers") {
            let own = &container["securityContext"];
            assert_eq!(own["readOnlyRootFilesystem"], true, "{name}");
            assert_eq!(own["allowPrivilegeEscalation"], false, "{name}");
            assert_eq!(strings(&own["capabilities"]["drop"]), ["ALL"], "{name}");
            assert!(container["resources"]["limits"]["memory"].is_string(), "{name}");
            for variable in container["env"].as_array().into_iter().flatten() {
                assert!(
                    variable["valueFrom"].is_null(),
                    "{name}: a secret is in the environment: {variable}"
                );
            }
        }
        for volume in spec["volumes"].as_array().into_iter().flatten() {
            assert!(volume["hostPath"].is_null(), "{name}");
        }
    }
    let kustomization = documents("grow/kubernetes/kustomization.yaml").remove(0);
    for image in kustomization["images"].as_array().expect("images") {
        let tag = image["digest"].as_str().or(image["newTag"].as_str()).expect("a version");
        assert!(is_pinned(&format!("x:{tag}")), "{image}");
    }
    let of_proxy = strings(&kustomization["configMapGenerator"][0]["files"]);
    assert_eq!(of_proxy, ["nginx.conf=../../nginx.conf"], "the proxy has the very file that is tested");
}

#[test]
fn kubernetes_pods_have_valid_settings_and_their_own_secrets() {
    let (manifests, secrets) = (manifests(), secrets());
    let map = |name: &str| {
        let found =
            manifests.iter().find(|one| one["kind"] == "ConfigMap" && one["metadata"]["name"] == name);
        &found.unwrap_or_else(|| panic!("no ConfigMap {name}"))["data"]
    };
    for (name, pod) in pods(&manifests).into_iter().filter(|(name, _)| name != "proxy") {
        let container = &pod["spec"]["containers"][0];
        let mut told = environment(map("veche"));
        for variable in container["env"].as_array().into_iter().flatten() {
            let text = |field: &str| variable[field].as_str().unwrap_or_default().to_owned();
            told.insert(text("name"), text("value"));
        }
        let config = accepted(&name, told, secrets.path());
        if name != "migrate" {
            assert_eq!(config.nats.user, name);
            assert!(config.bus.expose().starts_with("tls://"));
        }
        let volumes = pod["spec"]["volumes"].as_array().expect("volumes");
        let mounted = volumes.iter().find(|volume| volume["name"] == "secrets").expect("secrets are mounted");
        let sources = mounted["projected"]["sources"].as_array().expect("sources");
        let of: Vec<_> = sources.iter().filter_map(|source| source["secret"]["name"].as_str()).collect();
        assert_eq!(of, ["veche".to_owned(), format!("veche-{name}")]);
    }
    assert!(
        map("proxy-hops")["ingress.conf"].as_str().is_some_and(|text| text.contains("set_real_ip_from "))
    );
}

/// Whether a policy selects pods with these labels.
fn chooses(selector: &Value, role: &str) -> bool {
    let labels = BTreeMap::from([("app", "veche"), ("role", role)]);
    let exact = selector["matchLabels"].as_object().into_iter().flatten();
    let mut exact = exact.map(|(name, value)| labels.get(name.as_str()).copied() == value.as_str());
    let mut among = selector["matchExpressions"].as_array().into_iter().flatten().map(|expression| {
        assert_eq!(expression["operator"], "In");
        let has = labels.get(expression["key"].as_str().unwrap_or_default()).copied().unwrap_or_default();
        strings(&expression["values"]).iter().any(|value| value == has)
    });
    exact.all(|fits| fits) && among.all(|fits| fits)
}

/// The roles from which a role is reachable on a port.
fn callers(policies: &[&Value], of: &str, port: u64) -> BTreeSet<String> {
    let rules = policies.iter().filter(|one| chooses(&one["spec"]["podSelector"], of));
    let rules = rules.flat_map(|one| one["spec"]["ingress"].as_array().into_iter().flatten());
    let rules = rules.filter(|rule| {
        rule["ports"].as_array().is_none_or(|ports| ports.iter().any(|one| one["port"] == port))
    });
    rules
        .flat_map(|rule| rule["from"].as_array().expect("a rule says from whom").iter())
        .flat_map(|from| {
            match from["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"].as_str() {
                Some(namespace) => vec![format!("namespace {namespace}")],
                None => ["proxy", "migrate"]
                    .into_iter()
                    .chain(ROLES)
                    .filter(|role| chooses(&from["podSelector"], role))
                    .map(str::to_owned)
                    .collect(),
            }
        })
        .collect()
}

#[test]
fn network_policies_allow_only_needed_connections() {
    let manifests = manifests();
    let policies: Vec<&Value> = manifests.iter().filter(|one| one["kind"] == "NetworkPolicy").collect();
    let everything = policies.iter().find(|one| one["spec"]["podSelector"] == serde_json::json!({}));
    let everything = everything.expect("a policy for all pods");
    assert_eq!(strings(&everything["spec"]["policyTypes"]), ["Ingress", "Egress"]);
    assert!(everything["spec"]["ingress"].is_null() && everything["spec"]["egress"].is_null());
    let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    // So they may trust what the proxy says: nobody else reaches their port.
    assert_eq!(callers(&policies, "command", 8000), named(&["proxy", "gateway"]));
    assert_eq!(callers(&policies, "query", 8000), named(&["proxy"]));
    assert_eq!(callers(&policies, "gateway", 8000), named(&["proxy"]));
    assert_eq!(callers(&policies, "projection", 8000), named(&[]));
    assert_eq!(callers(&policies, "proxy", 8080), named(&["namespace ingress-nginx"]));
    for role in ROLES {
        assert_eq!(callers(&policies, role, 9464), named(&["namespace monitoring"]), "{role}");
    }
    // Only the projection calls outside, and only the outside.
    for policy in policies.iter().filter(|one| one.to_string().contains("ipBlock")) {
        let chosen = ROLES.iter().filter(|role| chooses(&policy["spec"]["podSelector"], role));
        assert_eq!(chosen.collect::<Vec<_>>(), [&"projection"]);
        let inside = strings(&policy["spec"]["egress"][0]["to"][0]["ipBlock"]["except"]);
        for network in ["10.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"] {
            assert!(inside.contains(&network.to_owned()), "{network} is reached from outside's rule");
        }
    }
}

#[test]
fn systemd_units_get_secrets_as_credentials() {
    let secrets = secrets();
    let shared: Vec<String> = read("systemd/veche.env.example").lines().map(str::to_owned).collect();
    for unit in ["veche.service", "veche-migrate.service"] {
        let text = read(&format!("systemd/{unit}"));
        let of_key = |key: &str| {
            let values = text.lines().filter_map(|line| line.strip_prefix(key)).map(str::to_owned);
            values.collect::<Vec<_>>()
        };
        let given: Vec<String> = of_key("LoadCredential=")
            .iter()
            .filter_map(|one| Some(one.split_once(':')?.0.to_owned()))
            .collect();
        let lines = of_key("Environment=").into_iter().chain(shared.iter().cloned());
        let pairs = lines.filter_map(|line| line.split_once('=').map(|(k, v)| (k.to_owned(), v.to_owned())));
        let mut told: BTreeMap<String, String> =
            pairs.filter(|(name, _)| name.starts_with("VECHE_")).collect();
        for value in told.values_mut() {
            if let Some(credential) = value.strip_prefix("%d/") {
                assert!(given.contains(&credential.to_owned()), "{unit} has no credential {credential}");
                *value = format!("/run/secrets/{}", credential.replace("master.key", "master_key"));
            }
        }
        accepted(unit, told, secrets.path());
        for hardened in
            ["NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet=", "PrivateUsers=yes"]
        {
            assert!(text.lines().any(|line| line == hardened), "{unit}: {hardened}");
        }
    }
}

#[test]
fn example_configuration_is_valid() {
    let secrets = secrets();
    let text = read("config/production.example.toml")
        .replace("/etc/veche/", &format!("{}/", secrets.path().display()));
    let file = secrets.path().join("veche.toml");
    std::fs::write(&file, text).expect("a file");
    let config = Config::load(&Sources { file: Some(file), ..Sources::default() });
    let config = config.unwrap_or_else(|error| panic!("{error}"));
    assert!(config.log.expose().starts_with("postgres://veche_serve:"));
}

#[test]
fn built_images_have_pinned_bases_and_run_without_root() {
    let text = read("Dockerfile");
    let from: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("FROM ")).collect();
    assert_eq!(from.len(), 2);
    for image in from {
        assert!(is_pinned(image.split(' ').next().unwrap_or_default()), "{image}");
    }
    let user = text.lines().rfind(|line| line.starts_with("USER "));
    assert_eq!(user, Some("USER 10001:10001"));
}
