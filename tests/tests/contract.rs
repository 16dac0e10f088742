//! The API as data: the seed's examples as one walkthrough, and scenarios for every route and every error code.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};
use veche_tests::{
    openapi::Document,
    scenario::{self, Run, Scenario, Step},
    seed_walkthrough::{self, SeedWalkthrough},
    world::{Layout, LogPlace, Plan, World},
};

const EXAMPLES: usize = 41;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("contract").join(name)
}

async fn tell_the_seed(world: &World) {
    let examples = seed_walkthrough::examples(&folder("seed"));
    assert_eq!(examples.len(), EXAMPLES);
    let mut walkthrough = SeedWalkthrough::begin(world.client()).await;
    let mut unlike = Vec::new();
    for (name, example) in &examples {
        let differences = walkthrough.tell(name, example).await;
        if !differences.is_empty() {
            unlike.push(format!("{name}:\n  {}", differences.join("\n  ")));
        }
    }
    assert!(unlike.is_empty(), "{} of {EXAMPLES} are unlike the seed\n{}", unlike.len(), unlike.join("\n"));
}

#[tokio::test]
async fn seed_examples_get_matching_answers() {
    tell_the_seed(&World::all_in_one().await).await;
}

#[tokio::test]
async fn seed_examples_with_roles_apart_get_matching_answers() {
    tell_the_seed(&World::roles_apart().await).await;
}

#[tokio::test]
async fn seed_examples_on_eventstoredb_get_matching_answers() {
    let world = World::start(Plan::new(Layout::AllInOne).log(LogPlace::EventStoreDb)).await;
    tell_the_seed(&world).await;
    assert!(world.appends() > EXAMPLES as u64, "it was the log");
}

/// Runs all scenarios; those without settings share a product. Returns the files that fail.
async fn run_scenarios(plan: impl Fn() -> Plan) -> Vec<String> {
    let shared = World::start(plan()).await;
    let mut failed = Vec::new();
    for (path, scenario) in scenario::load(&folder("scenarios")) {
        let own = match scenario.settings.is_empty() {
            true => None,
            false => Some(World::start(with_settings(plan(), &scenario)).await),
        };
        let client = own.as_ref().unwrap_or(&shared).client().clone();
        // A failing file must not hide others; its message is printed where it fails.
        let run = tokio::spawn(async move { Run::new(client).all(&scenario).await });
        if run.await.is_err() {
            failed.push(path.file_name().unwrap_or_default().to_string_lossy().into_owned());
        }
    }
    failed
}

fn with_settings(plan: Plan, scenario: &Scenario) -> Plan {
    scenario.settings.iter().fold(plan, |plan, (name, value)| plan.set(name, value))
}

#[tokio::test]
async fn scenarios_hold() {
    assert_eq!(run_scenarios(|| Plan::new(Layout::AllInOne)).await, Vec::<String>::new());
}

#[tokio::test]
async fn scenarios_hold_with_roles_apart() {
    assert_eq!(run_scenarios(|| Plan::new(Layout::RolesApart)).await, Vec::<String>::new());
}

#[tokio::test]
async fn scenarios_hold_on_eventstoredb() {
    let plan = || Plan::new(Layout::AllInOne).log(LogPlace::EventStoreDb);
    assert_eq!(run_scenarios(plan).await, Vec::<String>::new());
}

/// Scenarios share a product, so a phone in two of them would clash.
#[test]
fn every_scenario_has_phones_of_its_own() {
    let phones = |scenario: &Scenario| scenario.phones().map(str::to_owned).collect::<BTreeSet<_>>();
    let mut seen = BTreeSet::new();
    for (path, scenario) in scenario::load(&folder("scenarios")) {
        for phone in phones(&scenario) {
            assert!(seen.insert(phone.clone()), "{phone} in {} was in another one before", path.display());
        }
    }
}

/// Routes that scenarios call, by their names in the document.
fn covered(document: &Document) -> BTreeSet<String> {
    let scenarios = scenario::load(&folder("scenarios"));
    let steps = scenarios.values().flat_map(|scenario| &scenario.steps);
    let calls = steps.filter_map(|step| match step {
        Step::Call(checked) => checked.call.split_once(' '),
        Step::Login(_) => None,
    });
    let operation = |(method, path): (&str, &str)| {
        let method = http::Method::from_bytes(method.as_bytes()).ok()?;
        let path = path.split('?').next().unwrap_or_default();
        document.operation(&method, path).map(|operation| operation.name())
    };
    calls.filter_map(operation).collect()
}

/// The list of routes without a scenario may only shrink.
#[tokio::test]
async fn every_route_has_a_scenario_or_is_listed() {
    let world = World::all_in_one().await;
    let document = Document::new(world.client().unjudged().get("/openapi.json").await.json);
    let all: BTreeSet<String> = document.operations().iter().map(|operation| operation.name()).collect();
    let covered = covered(&document);
    let list =
        std::fs::read_to_string(folder("uncovered.txt")).expect("the list of routes without a scenario");
    let listed: BTreeSet<String> =
        list.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect();
    let missing: Vec<_> =
        all.iter().filter(|name| !covered.contains(*name) && !listed.contains(*name)).collect();
    assert!(missing.is_empty(), "without a scenario, and not in uncovered.txt: {missing:#?}");
    let stale: Vec<_> =
        listed.iter().filter(|name| covered.contains(*name) || !all.contains(*name)).collect();
    assert!(stale.is_empty(), "to be taken off uncovered.txt: {stale:#?}");
}
