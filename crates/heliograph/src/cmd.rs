//! The commands: a file each, and a row in each of the two lists below.

pub(crate) mod account;
pub(crate) mod audit;
pub(crate) mod backup;
pub(crate) mod chat;
pub(crate) mod compare;
pub(crate) mod control;
pub(crate) mod doctor;
pub(crate) mod echo;
pub(crate) mod invite;
pub(crate) mod log;
pub(crate) mod receive;
pub(crate) mod room;
pub(crate) mod say;
pub(crate) mod send;
pub(crate) mod serve;
pub(crate) mod weather;

use crate::args::Cli;
use crate::exit::Outcome;
use clap::Subcommand;

/// What helio can be told to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run all services in one process
    Serve(serve::ServeArgs),
    /// Talk with others
    Chat(chat::ChatArgs),
    /// Answer what TCP and UDP programs send
    Echo(echo::EchoArgs),
    /// Send a message and time its answer
    Say(say::SayArgs),
    /// Write what TCP and UDP programs send to a file
    Log(log::LogArgs),
    /// Send a file
    Send(send::SendArgs),
    /// Receive a file
    Receive(receive::ReceiveArgs),
    /// Send the same payloads over TCP and UDP and compare the times
    Compare(compare::CompareArgs),
    /// Prepare who may do what on a server
    Account(account::AccountArgs),
    /// Check whether everything is right for `helio serve`
    Doctor(doctor::DoctorArgs),
    /// Make codes with which people register accounts
    Invite(invite::InviteArgs),
    /// Show what was done by privilege on a server
    Audit(audit::AuditArgs),
    /// List rooms, and bring them from one server to another
    Room(room::RoomArgs),
    /// Copy what a server keeps, also while it runs, and bring it back
    Backup(backup::BackupArgs),
    /// Show the current weather, and send it on
    Weather(weather::WeatherArgs),
}

/// Runs the command.
pub(crate) fn dispatch(cli: Cli) -> Outcome {
    let global = &cli.global;
    match cli.command {
        Command::Serve(args) => serve::run(args, global),
        Command::Chat(args) => chat::run(args, global),
        Command::Echo(args) => echo::run(args, global),
        Command::Say(args) => say::run(args, global),
        Command::Log(args) => log::run(args, global),
        Command::Send(args) => send::run(args, global),
        Command::Receive(args) => receive::run(args, global),
        Command::Compare(args) => compare::run(args, global),
        Command::Account(args) => account::run(args, global),
        Command::Doctor(args) => doctor::run(args, global),
        Command::Invite(args) => invite::run(args, global),
        Command::Audit(args) => audit::run(&args, global),
        Command::Room(args) => room::run(args, global),
        Command::Backup(args) => backup::run(args, global),
        Command::Weather(args) => weather::run(args, global),
    }
}
