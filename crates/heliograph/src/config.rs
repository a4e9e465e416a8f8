//! The settings file: TOML, one table for each command that has settings.

use crate::args::Global;
use crate::cmd::chat::ChatClientFlags;
use crate::cmd::compare::CompareFlags;
use crate::cmd::echo::EchoFlags;
use crate::cmd::log::LogFlags;
use crate::cmd::serve::{ChatFlags, ServeFlags};
use crate::cmd::weather::WeatherFlags;
use crate::exit::{Exit, Failure, Outcome};
use crate::run::SessionFlags;
use etcetera::BaseStrategy as _;
use serde::Deserialize;
use std::io;
use std::path::{Path, PathBuf};

/// The whole file. An unknown table or key is an error that names those that are known.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct File {
    pub(crate) serve: ServeFlags,
    pub(crate) chat: ChatFlags,
    pub(crate) chat_client: ChatClientFlags,
    pub(crate) echo: EchoFlags,
    pub(crate) compare: CompareFlags,
    pub(crate) log: LogFlags,
    pub(crate) limits: SessionFlags,
    pub(crate) weather: WeatherFlags,
}

/// Reads the file that `global` names, or the default one if it exists.
pub(crate) fn load(global: &Global) -> Outcome<File> {
    let (path, must_exist) = match &global.config {
        Some(path) => (path.clone(), true),
        None => match default_path() {
            Some(path) => (path, false),
            None => return Ok(File::default()),
        },
    };
    match std::fs::read_to_string(&path) {
        Ok(text) => parse(&text, &path),
        Err(error) if error.kind() == io::ErrorKind::NotFound && !must_exist => Ok(File::default()),
        Err(error) => Err(Failure::file(format_args!("read the settings in {}", path.display()), &error)),
    }
}

/// `$XDG_CONFIG_HOME/helio/helio.toml`, on every system; `None` without a home directory.
pub(crate) fn default_path() -> Option<PathBuf> {
    Some(etcetera::base_strategy::Xdg::new().ok()?.config_dir().join("helio/helio.toml"))
}

/// `$XDG_DATA_HOME/helio`: what the server keeps; `None` without a home directory.
pub(crate) fn data_dir() -> Option<PathBuf> {
    Some(etcetera::base_strategy::Xdg::new().ok()?.data_dir().join("helio"))
}

fn parse(text: &str, path: &Path) -> Outcome<File> {
    toml::from_str(text).map_err(|error| {
        Failure::new(Exit::Usage, format_args!("settings in {}: {}", path.display(), error.to_string().trim_end()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> String {
        parse(text, Path::new("helio.toml")).unwrap_err().message
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line_and_the_known_ones() {
        insta::assert_snapshot!(message("[echo]\nprefixx = 'x'\n"));
    }

    #[test]
    fn a_bad_value_is_named_with_its_line_and_what_was_expected() {
        insta::assert_snapshot!(message("[echo]\n\nlisten = ['localhost']\n"));
        insta::assert_snapshot!(message("[echo]\nidle-timeout = 'soon'\n"));
    }
}
