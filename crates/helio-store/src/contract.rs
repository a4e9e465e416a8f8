//! One suite for every back end: the clauses of `spec/store.md`, "The calls".

mod bench;
mod logs;
mod random;
mod seek;
mod tables;

pub(crate) use random::everything;

use bench::{FaultyBench, MemoryBench, SqliteBench};

/// Each clause as a test of each back end.
macro_rules! contract {
    ($($module:ident: $($clause:ident)*;)*) => {
        mod memory {
            $($(#[test] fn $clause() { super::$module::$clause(&mut super::MemoryBench::new()); })*)*
        }
        mod faulty {
            $($(#[test] fn $clause() { super::$module::$clause(&mut super::FaultyBench::new()); })*)*
        }
        mod sqlite {
            $($(#[test] fn $clause() { super::$module::$clause(&mut super::SqliteBench::new()); })*)*
        }
    };
}

contract! {
    logs:
        positions_count_from_one_in_each_log
        a_batch_is_all_or_nothing
        an_expected_position_counts_the_batch_before_it
        bounds_of_an_append_refuse_the_batch
        an_empty_batch_and_empty_records_are_fine
        reads_come_from_both_ends
        reads_are_bounded_by_records_and_bytes
        last_is_the_newest_oldest_first
        logs_are_listed_by_prefix_and_cursor
        an_erased_record_keeps_its_place
        trim_moves_the_first_position_and_never_the_next
        a_long_trim_comes_in_steps
        a_log_trimmed_to_nothing_goes_on_counting
        a_probe_changes_nothing_that_is_read;
    seek:
        seek_finds_the_first_that_is_not_less
        seek_passes_over_what_is_erased_or_trimmed;
    tables:
        a_value_is_set_only_against_its_version
        versions_are_never_used_twice
        a_value_that_is_too_large_is_refused
        lists_go_by_prefix_and_cursor
        lists_are_bounded_by_bytes;
}
