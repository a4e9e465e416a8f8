//! `helio account add|list|passwd|suspend|restore|delete`: the accounts of a server that does not run.

use super::read_password;
use crate::args::Global;
use crate::cmd::serve::chat_store;
use crate::exit::{Exit, Failure, Outcome};
use crate::output;
use clap::{Args, Subcommand};
use helio_core::chat::{AccountChange, AccountError, AccountInfo};
use helio_server::service::chat::{ChangeError, StoredAccounts, open_store};
use std::path::PathBuf;

/// Where the accounts are.
#[derive(Args, Debug)]
pub(super) struct Place {
    /// Where the server keeps what lasts [default: $XDG_DATA_HOME/helio]
    #[arg(long, value_name = "DIR", env = "HELIO_DATA_DIR", global = true)]
    data_dir: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Action {
    /// Make an account, whose password is asked for
    ///
    /// The password is asked for twice on a terminal, and is the first line of standard input otherwise. The server must not
    /// run meanwhile.
    Add {
        /// Its name, a nickname
        name: String,
    },
    /// List the accounts
    List {
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Set the password of an account
    Passwd {
        /// Its name
        name: String,
    },
    /// Let nobody log in to an account
    Suspend {
        /// Its name
        name: String,
        /// Why, for who lists accounts
        #[arg(default_value = "")]
        reason: String,
    },
    /// Let people log in to a suspended account again
    Restore {
        /// Its name
        name: String,
    },
    /// Delete an account; nobody can have its name again
    Delete {
        /// Its name
        name: String,
    },
}

pub(super) fn run(action: Action, place: Place, global: &Global) -> Outcome {
    let (directory, settings) = chat_store(place.data_dir, global)?;
    if !matches!(action, Action::Add { .. }) && !directory.exists() {
        let missing =
            format_args!("there is no store in {}: no server has run with this --data-dir", directory.display());
        return Err(Failure::new(Exit::NotFound, missing));
    }
    // Before the store is taken: people think about passwords.
    let credential = match action {
        Action::Add { .. } | Action::Passwd { .. } => {
            Some(StoredAccounts::credential(&read_password()?).map_err(refused)?)
        }
        Action::List { .. } | Action::Suspend { .. } | Action::Restore { .. } | Action::Delete { .. } => None,
    };
    let mut accounts = StoredAccounts::read(open_store(&directory)?, settings)?;
    let changed = match action {
        Action::List { json } => return list(accounts.list(), json),
        Action::Add { name } => accounts.change(|at_us| AccountChange::Registered { account: name, credential, at_us }),
        Action::Passwd { name } => {
            accounts.change(|at_us| AccountChange::Password { account: name, credential, at_us })
        }
        Action::Suspend { name, reason } => {
            accounts.change(|at_us| AccountChange::Suspended { account: name, reason, at_us })
        }
        Action::Restore { name } => accounts.change(|at_us| AccountChange::Restored { account: name, at_us }),
        Action::Delete { name } => accounts.change(|at_us| AccountChange::Deleted { account: name, at_us }),
    };
    changed.map_err(refused)
}

fn list(accounts: impl Iterator<Item = AccountInfo>, is_json: bool) -> Outcome {
    for account in accounts {
        if is_json {
            output::json(&account)?;
            continue;
        }
        let state = match &account {
            AccountInfo { is_deleted: true, .. } => "deleted".to_owned(),
            AccountInfo { suspended: Some(reason), .. } if reason.is_empty() => "suspended".to_owned(),
            AccountInfo { suspended: Some(reason), .. } => format!("suspended: {reason}"),
            AccountInfo { has_password: false, .. } => "without a password".to_owned(),
            AccountInfo { .. } => "active".to_owned(),
        };
        output::line(format_args!("{} {state}", account.name))?;
    }
    Ok(())
}

fn refused(error: ChangeError) -> Failure {
    let exit = match &error {
        ChangeError::Account(AccountError::Unknown(_)) => Exit::NotFound,
        ChangeError::Account(_) | ChangeError::Password(_) => Exit::Usage,
        ChangeError::Hash(_) | ChangeError::Store(_) => Exit::Unavailable,
    };
    Failure::new(exit, error)
}
