//! The suite that every adapter passes: the port's promises, as tests.
//!
//! Each case takes a way to open an empty log; opening it again gives a second process over the same events. A case
//! panics where a promise is broken. [`conformance_cases!`](crate::conformance_cases) lists all of them, so that an
//! adapter's test file cannot miss one.

mod appending;
mod commands;
mod following;
mod racing;
mod restarting;
pub mod sample;

pub use appending::{
    a_missing_stream_is_empty, a_partial_overlap_is_refused, events_are_found_by_position,
    every_expectation_is_kept, limits_are_kept_and_reached, loose_repeats_are_found_at_the_end,
    reading_pages_from_anywhere, repeats_answer_the_same_for_ever, what_is_appended_is_read_back,
};
pub use commands::{
    a_command_at_once_is_carried_out_once, a_command_is_carried_out_once,
    a_refused_command_leaves_no_receipt, a_reused_command_is_refused,
};
pub use following::{
    a_dropped_wait_skips_nothing, a_false_alarm_changes_nothing, a_subscription_misses_nothing,
    the_known_head_grows_with_appends,
};
pub use racing::{
    appends_of_one_batch_build_on_each_other, one_conflict_spoils_nobody_else, one_writer_wins_each_revision,
    two_processes_share_hot_streams,
};
pub use restarting::{a_closed_log_refuses_and_keeps, callers_who_leave_do_no_harm};

/// Calls a macro with the names of all cases.
#[macro_export]
macro_rules! conformance_cases {
    ($each:ident) => {
        $each! {
            a_missing_stream_is_empty,
            a_partial_overlap_is_refused,
            events_are_found_by_position,
            every_expectation_is_kept,
            limits_are_kept_and_reached,
            loose_repeats_are_found_at_the_end,
            reading_pages_from_anywhere,
            repeats_answer_the_same_for_ever,
            what_is_appended_is_read_back,
            a_command_at_once_is_carried_out_once,
            a_command_is_carried_out_once,
            a_refused_command_leaves_no_receipt,
            a_reused_command_is_refused,
            a_dropped_wait_skips_nothing,
            a_false_alarm_changes_nothing,
            a_subscription_misses_nothing,
            the_known_head_grows_with_appends,
            appends_of_one_batch_build_on_each_other,
            one_conflict_spoils_nobody_else,
            one_writer_wins_each_revision,
            two_processes_share_hot_streams,
            a_closed_log_refuses_and_keeps,
            callers_who_leave_do_no_harm,
        }
    };
}
