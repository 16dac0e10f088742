//! What is stored is a contract: every event's JSON Schema and samples are checked in under `schemas/events`, and every
//! sample must decode for ever. `GOLDEN=write` rewrites the schemas of the current code; samples are added by hand.

use events::{Event, codec::decode};
use serde_json::Value;
use std::{fs, path::PathBuf};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../schemas/events")
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
        if std::env::var("GOLDEN").as_deref() == Ok("write") {
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
        for name in ["full", "minimal"] {
            let path = folder().join("samples").join(kind).join(format!("{name}.json"));
            if !path.exists() && name == "minimal" {
                continue; // an event without optional fields has one sample
            }
            let sample = read(&path);
            let schema = read(&folder().join(format!("{kind}.json")));
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
fn nothing_lies_there_that_the_code_does_not_know() {
    for entry in fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let known = name == "samples" || Event::KINDS.iter().any(|kind| name == format!("{kind}.json"));
        assert!(known, "schemas/events/{name} belongs to no event");
    }
    for entry in fs::read_dir(folder().join("samples")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(Event::KINDS.contains(&name.as_str()), "schemas/events/samples/{name} belongs to no event");
    }
}
