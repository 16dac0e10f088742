//! What is stored is a contract: every event's JSON Schema and samples are checked in under `schemas/events`, and every
//! sample must decode for ever. `GOLDEN=write` rewrites the schemas of the current code; samples are added by hand, and
//! are never changed: `samples.sha256` says what they were.

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

#[test]
fn schemas_are_those_of_the_code() {
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
fn every_sample_decodes_validates_and_comes_back_the_same() {
    for kind in Event::KINDS {
        let mut samples = 0;
        let folder = folder().join("samples").join(kind);
        let names = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        for path in names.map(|entry| entry.unwrap().path()) {
            let sample = read(&path);
            // From the code: the file is being written when goldens are.
            let schema = serde_json::to_value(Event::schema(kind).unwrap()).unwrap();
            let validator = jsonschema::validator_for(&schema).unwrap();
            let problems: Vec<_> = validator.iter_errors(&sample).map(|error| error.to_string()).collect();
            assert!(problems.is_empty(), "{}: {problems:?}", path.display());
            let event =
                decode(kind, sample.clone()).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            assert_eq!(event.kind(), *kind);
            assert_eq!(event.payload().unwrap(), sample, "{}", path.display());
            samples += 1;
        }
        assert!(samples > 0, "{kind} has no sample");
    }
}

#[test]
fn the_fingerprint_is_that_of_all_schemas() {
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

/// A superseded version keeps its samples: they must still come out as something that is known today.
#[test]
fn samples_of_superseded_versions_still_decode() {
    for step in STEPS {
        let samples = folder().join("samples").join(step.from);
        let samples = fs::read_dir(&samples).unwrap_or_else(|error| panic!("{}: {error}", samples.display()));
        for sample in samples {
            let path = sample.unwrap().path();
            decode(step.from, read(&path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        }
    }
}

/// What was stored once may lie in somebody's log: its sample is added to the list, and then stays as it is.
#[test]
fn no_sample_has_changed() {
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
fn nothing_lies_there_that_the_code_does_not_know() {
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
