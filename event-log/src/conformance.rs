//! The conformance suite: the port's promises as tests that every adapter passes.
//!
//! Each case takes a function that opens the log, empty at first; opening it again acts as a second process over the
//! same events. A case panics if a promise is broken. [`conformance_cases!`](crate::conformance_cases) lists all
//! cases, so that an adapter's test file cannot miss one.

mod appending;
mod commands;
mod following;
mod racing;
mod restarting;
pub mod sample;

pub use appending::{
    append_at_each_limit_passes_and_above_is_refused, append_checks_the_expected_revision,
    append_with_some_known_ids_is_refused, appended_events_read_back_unchanged,
    pages_follow_without_gap_or_overlap, read_at_positions_returns_log_order,
    reading_a_missing_stream_returns_nothing, repeated_append_with_exact_expectation_gets_the_first_answer,
    repeated_append_with_loose_expectation_is_recognised_at_the_end,
};
pub use commands::{
    command_id_with_another_request_is_refused, concurrent_repetitions_of_a_command_append_once,
    refused_command_leaves_no_receipt, repeated_command_gets_the_first_answer,
};
pub use following::{
    announced_head_without_events_changes_nothing, dropped_wait_skips_nothing,
    known_head_includes_acknowledged_appends, subscription_delivers_every_event_once_in_order,
};
pub use racing::{
    batched_appends_equal_sequential_ones, concurrent_writers_win_each_revision_once,
    conflicting_append_leaves_others_unaffected, two_processes_append_to_hot_streams_without_loss,
};
pub use restarting::{
    abandoned_appends_are_settled_by_repeating, closed_log_refuses_appends_and_keeps_events,
};

/// Calls a macro with the names of all cases.
#[macro_export]
macro_rules! conformance_cases {
    ($each:ident) => {
        $each! {
            reading_a_missing_stream_returns_nothing,
            append_with_some_known_ids_is_refused,
            read_at_positions_returns_log_order,
            append_checks_the_expected_revision,
            append_at_each_limit_passes_and_above_is_refused,
            repeated_append_with_loose_expectation_is_recognised_at_the_end,
            pages_follow_without_gap_or_overlap,
            repeated_append_with_exact_expectation_gets_the_first_answer,
            appended_events_read_back_unchanged,
            concurrent_repetitions_of_a_command_append_once,
            repeated_command_gets_the_first_answer,
            refused_command_leaves_no_receipt,
            command_id_with_another_request_is_refused,
            dropped_wait_skips_nothing,
            announced_head_without_events_changes_nothing,
            subscription_delivers_every_event_once_in_order,
            known_head_includes_acknowledged_appends,
            batched_appends_equal_sequential_ones,
            conflicting_append_leaves_others_unaffected,
            concurrent_writers_win_each_revision_once,
            two_processes_append_to_hot_streams_without_loss,
            closed_log_refuses_appends_and_keeps_events,
            abandoned_appends_are_settled_by_repeating,
        }
    };
}
