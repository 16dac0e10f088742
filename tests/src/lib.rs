//! Tests of the whole: contract, end to end, faults, benches.
