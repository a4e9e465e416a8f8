//! `helio account add|list|passwd|…`: the accounts of a server, whether it runs or not.

use super::read_password;
use crate::args::Global;
use crate::cmd::control::{Place, Server, unexpected};
use crate::exit::{Exit, Failure, Outcome};
use crate::output;
use clap::Subcommand;
use helio_core::chat::{AccountInfo, ControlAnswer, ControlRequest, Credential};
use helio_core::fingerprint::Fingerprint;
use helio_server::service::chat::{CredentialError, new_credential};

#[derive(Debug, Subcommand)]
pub(super) enum Action {
    /// Make an account, whose password is asked for
    ///
    /// The password is asked for twice on a terminal, and is the first line of standard input otherwise.
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
    /// Give an account nicknames, or take them
    #[command(subcommand)]
    Nick(NickAction),
    /// Say which certificates log in to an account
    #[command(subcommand)]
    Cert(CertAction),
    /// Make passwords for single programs
    #[command(subcommand)]
    App(AppAction),
}

#[derive(Debug, Subcommand)]
pub(super) enum NickAction {
    /// Let only who is logged in to an account use a nickname
    Add {
        /// The account
        name: String,
        /// The nickname
        nick: String,
    },
    /// Let everybody use it again
    Delete {
        /// The account
        name: String,
        /// The nickname
        nick: String,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum CertAction {
    /// Let who shows a certificate log in to an account
    Add {
        /// The account
        name: String,
        /// SHA-256 of the certificate, as `openssl x509 -fingerprint -sha256` has it
        fingerprint: Fingerprint,
    },
    /// Let them no longer
    Delete {
        /// The account
        name: String,
        /// SHA-256 of the certificate
        fingerprint: Fingerprint,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum AppAction {
    /// Make a password for a program, and print it; it is not shown again
    Add {
        /// The account
        name: String,
        /// What it is for
        app: String,
    },
    /// Delete it
    Delete {
        /// The account
        name: String,
        /// What it is for
        app: String,
    },
}

pub(super) fn run(action: Action, place: &Place, global: &Global) -> Outcome {
    let is_add = matches!(action, Action::Add { .. });
    let reach = || Server::reach(place, global, is_add);
    let request = match action {
        Action::List { json } => return list(&mut reach()?, json),
        // Before the store is taken: people think about passwords.
        Action::Add { name } => ControlRequest::AccountAdd { name, credential: credential()? },
        Action::Passwd { name } => ControlRequest::AccountPasswd { name, credential: credential()? },
        Action::Suspend { name, reason } => ControlRequest::AccountSuspend { name, reason },
        Action::Restore { name } => ControlRequest::AccountRestore { name },
        Action::Delete { name } => ControlRequest::AccountDelete { name },
        Action::Nick(NickAction::Add { name, nick }) => ControlRequest::NickAdd { name, nick },
        Action::Nick(NickAction::Delete { name, nick }) => ControlRequest::NickDelete { name, nick },
        Action::Cert(CertAction::Add { name, fingerprint }) => {
            ControlRequest::CertAdd { name, certificate: fingerprint }
        }
        Action::Cert(CertAction::Delete { name, fingerprint }) => {
            ControlRequest::CertDelete { name, certificate: fingerprint }
        }
        Action::App(AppAction::Add { name, app }) => {
            let answer = reach()?.ask(ControlRequest::AppAdd { name, app })?;
            let ControlAnswer::Secret { secret } = answer else { return Err(unexpected()) };
            return output::line(secret);
        }
        Action::App(AppAction::Delete { name, app }) => ControlRequest::AppDelete { name, app },
    };
    reach()?.order(request)
}

/// Made here, so that the password itself goes nowhere.
fn credential() -> Outcome<Credential> {
    new_credential(&read_password()?).map_err(|error| {
        let exit = match &error {
            CredentialError::Password(_) => Exit::Usage,
            CredentialError::Hash(_) => Exit::Unavailable,
        };
        Failure::new(exit, error)
    })
}

fn list(server: &mut Server, is_json: bool) -> Outcome {
    let mut after = None;
    loop {
        let answer = server.ask(ControlRequest::AccountList { after })?;
        let ControlAnswer::Accounts { accounts, is_last } = answer else { return Err(unexpected()) };
        accounts.iter().try_for_each(|account| show(account, is_json))?;
        after = accounts.last().map(|account| account.name.clone());
        if is_last || after.is_none() {
            return Ok(());
        }
    }
}

fn show(account: &AccountInfo, is_json: bool) -> Outcome {
    if is_json {
        return output::json(account);
    }
    output::line(format_args!("{} {}", account.name, account.state()))
}
