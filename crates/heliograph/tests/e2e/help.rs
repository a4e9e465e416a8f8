//! Every help text, pinned: what people see is read in the repository.

use crate::support::run;

/// A command more is a line more.
const COMMANDS: [&str; 15] = [
    "serve", "chat", "echo", "say", "log", "send", "receive", "compare", "account", "doctor", "invite", "audit",
    "room", "backup", "weather",
];

#[test]
fn help_texts_are_as_pinned() {
    for command in COMMANDS {
        let help = run(&[command, "--help"]);
        assert_eq!((help.code, help.stderr.as_str()), (0, ""), "{command}");
        insta::assert_snapshot!(format!("help-{command}"), help.stdout);
    }
    insta::assert_snapshot!("help", run(&["--help"]).stdout);
}

#[test]
fn every_command_is_pinned() {
    let overview = run(&["-h"]).stdout;
    let commands = overview.split("Commands:").nth(1).unwrap().split("\n\n").next().unwrap();
    let listed: Vec<_> = commands.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(listed, COMMANDS);
}

#[test]
fn a_wrong_command_line_is_a_usage_error_that_names_what_is_known() {
    let wrong = run(&["ecko"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.stderr.contains("a similar subcommand exists: 'echo'"), "{}", wrong.stderr);
    assert_eq!(run(&[]).code, 2);
    assert!(run(&["--version"]).stdout.starts_with("helio 0."));
}
