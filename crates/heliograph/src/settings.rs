//! Layering: flags over environment over file over defaults.
//!
//! The options of a command are one struct of `Option`s that clap fills from flags and environment and serde from the
//! file, so an option has one name and one help text. [`Layered::over`] puts one layer over another; what is still
//! `None` then takes the default.

use crate::exit::{Failure, Outcome};
use clap::Args;

/// Options that can be laid over others of the same kind. A list replaces, it never adds.
pub(crate) trait Layered: Sized {
    /// `self` where it is set, `lower` elsewhere.
    fn over(self, lower: Self) -> Self;
}

/// Implements [`Layered`] for a struct whose fields are all `Option`s; a field that is forgotten does not compile.
macro_rules! layered {
    ($type:ident { $($field:ident),+ $(,)? }) => {
        impl $crate::settings::Layered for $type {
            fn over(self, lower: Self) -> Self {
                let Self { $($field),+ } = self;
                Self { $($field: $field.or(lower.$field)),+ }
            }
        }
    };
}
pub(crate) use layered;

/// The options as the environment alone gives them, for a command that runs the service of another.
pub(crate) fn from_environment<T: Args>() -> Outcome<T> {
    let command = T::augment_args(clap::Command::new("helio"));
    let matches = command.try_get_matches_from(["helio"]).map_err(|error| Failure::usage(error.render()))?;
    T::from_arg_matches(&matches).map_err(|error| Failure::usage(error.render()))
}
