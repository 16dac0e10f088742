//! The event log: port, adapters, catch-up subscription, conformance suite.
