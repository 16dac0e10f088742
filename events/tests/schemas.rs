//! Stored events are a contract: every event's JSON Schema and its samples are checked in under `schemas/events`, and every
//! sample must decode for ever. `GOLDEN=write` rewrites the schemas from the code. Samples are added by hand, several files
//! a kind, and never changed: `samples.sha256` holds their hashes.

use events::{Event, codec::decode, upcast::STEPS};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, fs, path::PathBuf};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../schemas/events")
}

fn golden() -> bool {
    std::env::var("GOLDEN").as_deref() == Ok("write")
}

fn hash(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

fn read(path: &PathBuf) -> Value {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The files of all samples of a kind: one or more.
fn samples(kind: &str) -> Vec<PathBuf> {
    let folder = folder().join("samples").join(kind);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.expect("a sample").path()).collect()
}

#[test]
fn checked_in_schemas_equal_those_of_the_code() {
    for kind in Event::KINDS {
        let schema = serde_json::to_value(Event::schema(kind).unwrap()).unwrap();
        let path = folder().join(format!("{kind}.json"));
        if golden() {
            fs::create_dir_all(folder()).unwrap();
            fs::write(&path, serde_json::to_string_pretty(&schema).unwrap() + "\n").unwrap();
        }
        assert_eq!(read(&path), schema, "{kind}: the stored shape changed; a new shape needs a new version");
    }
}

#[test]
fn every_sample_decodes_validates_and_encodes_to_itself() {
    for kind in Event::KINDS {
        let samples = samples(kind);
        assert!(!samples.is_empty(), "{kind} has no sample");
        for path in samples {
            let sample = read(&path);
            // The schema comes from the code, since another test may be writing its file.
            let schema = serde_json::to_value(Event::schema(kind).unwrap()).unwrap();
            let validator = jsonschema::validator_for(&schema).unwrap();
            let problems: Vec<_> = validator.iter_errors(&sample).map(|error| error.to_string()).collect();
            assert!(problems.is_empty(), "{}: {problems:?}", path.display());
            let event =
                decode(kind, sample.clone()).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            assert_eq!(event.kind(), *kind);
            assert_eq!(event.payload().unwrap(), sample, "{}", path.display());
        }
    }
}

/// A new optional field gets a sample of its own beside the locked ones, so that no later program can drop it unseen.
#[test]
fn every_field_of_a_payload_occurs_in_a_sample() {
    for kind in Event::KINDS {
        let schema = serde_json::to_value(Event::schema(kind).unwrap()).unwrap();
        let samples: Vec<Value> = samples(kind).iter().map(read).collect();
        for field in schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name) {
            let occurs = samples.iter().any(|sample| sample.get(field).is_some());
            assert!(occurs, "no sample of {kind} has `{field}`: add one in a new file");
        }
    }
}

#[test]
fn fingerprint_covers_all_schemas() {
    let mut all = String::new();
    for kind in Event::KINDS {
        all += &format!("{kind} {}\n", serde_json::to_string(&Event::schema(kind).unwrap()).unwrap());
    }
    let path = folder().join("fingerprint");
    let fingerprint = &hash(all.as_bytes())[..16];
    if golden() {
        fs::write(&path, format!("{fingerprint}\n")).unwrap();
    }
    assert_eq!(fs::read_to_string(path).unwrap().trim(), fingerprint);
    if !golden() {
        assert_eq!(events::SCHEMAS, fingerprint);
    }
}

/// A superseded version keeps its samples: they must still decode to an event that is known today.
#[test]
fn samples_of_superseded_versions_still_decode() {
    for step in STEPS {
        for path in samples(step.from) {
            decode(step.from, read(&path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        }
    }
}

/// A payload that was stored once may lie in somebody's log: a sample enters the list of hashes and stays as it is.
#[test]
fn samples_are_added_but_never_changed_or_removed() {
    let mut samples = BTreeMap::new();
    for kind in fs::read_dir(folder().join("samples")).unwrap() {
        let kind = kind.unwrap();
        for sample in fs::read_dir(kind.path()).unwrap() {
            let sample = sample.unwrap();
            let name = format!("{}/{}", kind.file_name().display(), sample.file_name().display());
            samples.insert(name, hash(&fs::read(sample.path()).unwrap()));
        }
    }
    let path = folder().join("samples.sha256");
    let known = fs::read_to_string(&path).unwrap_or_default();
    let mut known: BTreeMap<String, String> = known
        .lines()
        .filter_map(|line| line.split_once("  "))
        .map(|(hash, name)| (name.to_owned(), hash.to_owned()))
        .collect();
    if golden() {
        for (name, hash) in &samples {
            known.entry(name.clone()).or_insert_with(|| hash.clone());
        }
        let lines: String = known.iter().map(|(name, hash)| format!("{hash}  {name}\n")).collect();
        fs::write(&path, lines).unwrap();
    }
    assert_eq!(samples, known, "samples are added, and never changed or removed");
}

#[test]
fn every_file_belongs_to_a_known_event() {
    for entry in fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let ours = ["samples", "samples.sha256", "fingerprint"];
        let known =
            ours.contains(&name.as_str()) || Event::KINDS.iter().any(|kind| name == format!("{kind}.json"));
        assert!(known, "schemas/events/{name} belongs to no event");
    }
    for entry in fs::read_dir(folder().join("samples")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let known = Event::KINDS.contains(&name.as_str()) || STEPS.iter().any(|step| step.from == name);
        assert!(known, "schemas/events/samples/{name} belongs to no event");
    }
}
