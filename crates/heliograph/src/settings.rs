//! Layering: flags over environment over file over defaults.
//!
//! The options of a command are one struct of `Option`s that clap fills from flags and environment and serde from the
//! file, so an option has one name and one help text. [`Layered::over`] puts one layer over another; what is still
//! `None` then takes the default.

use crate::exit::{Failure, Outcome};
use clap::Args;
use clap::error::ContextKind;
use std::error::Error as _;

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
    let mut named = command.clone();
    named.build();
    let failed = |error: &clap::Error| Failure::usage(name_variable(error, &named));
    let matches = command.try_get_matches_from(["helio"]).map_err(|error| failed(&error))?;
    T::from_arg_matches(&matches).map_err(|error| failed(&error))
}

/// clap speaks of a flag, which the command that is running may not have; the user set a variable.
fn name_variable(error: &clap::Error, command: &clap::Command) -> String {
    let text = |kind| error.get(kind).map(ToString::to_string).unwrap_or_default();
    let flag = text(ContextKind::InvalidArg);
    let argument = command.get_arguments().find(|argument| argument.to_string() == flag);
    let variable = argument.and_then(|argument| argument.get_env()).map(|name| name.to_string_lossy().into_owned());
    let why = error.source().map(|source| format!(": {source}")).unwrap_or_default();
    match variable {
        Some(variable) => {
            format!("environment variable {variable}: `{}` is not accepted{why}", text(ContextKind::InvalidValue))
        }
        None => error.to_string(),
    }
}
