//! Server operators (modern.ircdocs.horse "Operator Messages").

use super::world::{Commits, World};
use crate::chat::{Operator, Settings};
use crate::limits;

const DENIED: &str = ":helio.local 481 ada :Permission Denied- You're not an IRC operator";

#[test]
fn the_right_password_makes_an_operator_and_tells_the_others() {
    let mut world = World::with(World::settings());
    let boss = world.operator("boss");
    let ada = world.user("ada");
    assert_eq!(
        world.ask(ada, "OPER boss secret"),
        [
            ":ada!ada@127.0.0.1 MODE ada +o",
            ":ada!ada@127.0.0.1 MODE ada +s",
            ":helio.local 381 ada :You are now an IRC operator",
        ]
    );
    assert_eq!(world.hear(boss), [":helio.local NOTICE boss :*** ada!ada@127.0.0.1 is now server operator boss"]);
}

/// ERR_PASSWDMISMATCH for a wrong password and for an unknown name alike; RPL_TRYAGAIN when it is tried too often.
#[test]
fn a_wrong_password_is_refused_told_and_slowed_down() {
    let mut world = World::with(World::settings());
    let boss = world.operator("boss");
    let ada = world.user("ada");
    let failed = ":helio.local NOTICE boss :*** ada!ada@127.0.0.1 failed to become server operator";
    for line in ["OPER boss guess", "OPER nobody secret"] {
        assert_eq!(world.ask(ada, line), [":helio.local 464 ada :Password incorrect"]);
        assert_eq!(world.hear(boss), [failed]);
        let slow = ":helio.local 263 ada OPER :Please wait a while and try again.";
        assert_eq!(world.ask(ada, "OPER boss secret"), [slow]);
        world.pass(limits::CHAT_OPER_INTERVAL);
    }
    assert!(world.ask(ada, "OPER boss secret").concat().contains(" 381 "));
    assert_eq!(world.ask(ada, "OPER boss"), [":helio.local 461 ada OPER :Not enough parameters"]);
}

/// What is answered at once would tell that nobody has this name.
#[test]
fn a_name_that_nobody_has_takes_a_comparison_too() {
    let mut world = World::with(World::settings());
    world.are_passwords_late = true;
    let (ada, ben) = (world.user("ada"), world.user("ben"));
    for (id, line) in [(ada, "OPER nobody secret"), (ben, "OPER boss guess")] {
        assert_eq!(world.ask(id, line), [] as [&str; 0], "{line}");
    }
    assert_eq!(world.late_passwords.len(), 2);
    world.compare();
    assert_eq!(world.hear(ada), [":helio.local 464 ada :Password incorrect"], "right for somebody else");
    assert_eq!(world.hear(ben), [":helio.local 464 ben :Password incorrect"]);
    world.settings_changed(Settings { operators: [].into(), ..World::settings() });
    world.pass(limits::CHAT_OPER_INTERVAL);
    let heard = world.ask(ada, "OPER boss secret");
    assert_eq!(heard, [":helio.local 464 ada :Password incorrect"], "with no operators there is no name to find");
}

#[test]
fn a_password_that_was_changed_while_it_was_compared_is_wrong() {
    let boss = |hash: &str| Operator { name: "boss".into(), password_hash: hash.into() };
    let other = Operator { name: "other".into(), ..boss("secret") };
    for (operators, is_right) in [
        ([boss("changed")].to_vec(), false),
        ([].into(), false),
        ([other.clone()].to_vec(), false),
        ([other, boss("secret")].to_vec(), true),
    ] {
        let mut world = World::with(World::settings());
        world.are_passwords_late = true;
        let ada = world.user("ada");
        world.say(ada, "OPER boss secret");
        world.settings_changed(Settings { operators: operators.clone(), ..World::settings() });
        world.compare();
        let code = if is_right { " 381 " } else { " 464 " };
        assert!(world.hear(ada).last().unwrap().contains(code), "{operators:?}");
    }
}

#[test]
fn the_answer_to_a_labelled_oper_is_labelled() {
    let mut world = World::with(World::settings());
    let ada = world.user_with("ada", "labeled-response batch");
    let heard = world.ask(ada, "@label=x OPER boss guess");
    assert_eq!(heard, ["@label=x :helio.local 464 ada :Password incorrect"]);
}

#[test]
fn everybody_else_is_denied() {
    let mut world = World::with(World::settings());
    let ada = world.user("ada");
    for line in ["KILL ada :x", "WALLOPS :x", "REHASH"] {
        assert_eq!(world.ask(ada, line), [DENIED], "{line}");
    }
    assert!(world.reloads.is_empty());
}

#[test]
fn a_killed_user_is_told_why_and_all_see_it() {
    let mut world = World::with(World::settings());
    let boss = world.operator("boss");
    let ben = world.member("ben", "#tea");
    let ada = world.member("ada", "#tea");
    let heard = world.ask(boss, "KILL BEN :no tea for you");
    assert_eq!(heard, [":helio.local NOTICE boss :*** boss killed ben!ben@127.0.0.1: no tea for you"]);
    assert_eq!(
        world.hear(ben),
        [":boss!boss@127.0.0.1 KILL ben :no tea for you", "ERROR :Closing link: Killed (boss (no tea for you))",]
    );
    assert!(world.is_closed(ben));
    assert_eq!(world.hear(ada), [":ben!ben@127.0.0.1 QUIT :Killed (boss (no tea for you))"]);
    assert_eq!(world.ask(boss, "KILL ben :x"), [":helio.local 401 boss ben :No such nick/channel"]);
    assert_eq!(world.ask(boss, "KILL helio.local :x"), [":helio.local 483 boss :You cant kill a server!"]);
    assert_eq!(world.ask(boss, "KILL"), [":helio.local 461 boss KILL :Not enough parameters"]);
    assert!(world.ask(boss, "KILL boss").concat().contains("Killed (boss (no reason given))"));
    assert!(world.is_closed(boss));
}

#[test]
fn wallops_reach_those_who_want_them() {
    let mut world = World::with(World::settings());
    let boss = world.operator("boss");
    let (ada, ben) = (world.user("ada"), world.user("ben"));
    world.say(ada, "MODE ada +w");
    world.hear_all();
    assert_eq!(world.ask(boss, "WALLOPS :tea at four"), [] as [&str; 0]);
    assert_eq!(world.hear(ada), [":boss!boss@127.0.0.1 WALLOPS :tea at four"]);
    assert_eq!(world.hear(ben), [] as [&str; 0]);
    assert_eq!(world.ask(boss, "WALLOPS"), [":helio.local 461 boss WALLOPS :Not enough parameters"]);
}

#[test]
fn rehash_asks_for_the_settings_and_tells_how_it_went() {
    let mut world = World::with(World::settings());
    let boss = world.operator("boss");
    assert_eq!(world.ask(boss, "REHASH"), [":helio.local 382 boss settings :Rehashing"]);
    let asked = world.reloads.pop();
    assert_eq!(asked, Some(boss.0));
    world.chat.handle_settings_refused(asked, "line 3: no such key", world.now);
    world.drain();
    let refused = ":helio.local NOTICE boss :*** Settings were not changed: line 3: no such key";
    assert_eq!(world.hear(boss), [refused]);
    world.say(boss, "MODE boss -s");
    world.hear(boss);
    world.chat.handle_settings_refused(asked, "line 3: no such key", world.now);
    world.drain();
    assert_eq!(world.hear(boss), [refused], "who asked is told in any case");
    world.say(boss, "MODE boss +s");
    world.hear(boss);
    world.settings_changed(World::settings());
    assert_eq!(world.hear(boss), [":helio.local NOTICE boss :*** Settings were read again"]);
}

#[test]
fn who_is_no_operator_by_new_settings_stops_being_one() {
    let mut world = World::with(World::settings());
    let boss = world.operator("boss");
    world.settings_changed(Settings::new("heliograph-test"));
    let heard = world.hear(boss);
    assert_eq!(heard[1..], [":boss!boss@127.0.0.1 MODE boss -s", ":boss!boss@127.0.0.1 MODE boss -o"]);
    assert!(world.ask(boss, "REHASH")[0].contains(" 481 "));
}

#[test]
fn operators_are_told_that_the_store_fails_and_works_again() {
    let mut world = World::with(World::settings());
    let boss = world.operator("boss");
    let ada = world.member("ada", "#tea");
    world.commits = Commits::Fail;
    world.say(ada, "PRIVMSG #tea :lost");
    world.say(ada, "PRIVMSG #tea :refused");
    let failed = ":helio.local NOTICE boss :*** The store failed: messages are refused until it works again";
    assert_eq!(world.hear(boss), [failed]);
    world.pass(limits::CHAT_PROBE_INTERVAL * 3);
    world.commits = Commits::AtOnce;
    world.pass(limits::CHAT_PROBE_INTERVAL);
    assert_eq!(world.hear(boss), [":helio.local NOTICE boss :*** The store works again"]);
}

/// [`limits::CHAT_VERIFY_WAITING`] is the driver's, what is told is ours.
#[test]
fn a_password_that_there_is_no_place_to_compare_is_not_called_wrong() {
    let mut world = World::with(World::settings());
    let (boss, ada) = (world.operator("root"), world.user("ada"));
    world.is_busy = true;
    world.hear(boss);
    assert_eq!(world.ask(ada, "OPER boss secret"), [":helio.local 263 ada OPER :Please wait a while and try again."]);
    assert_eq!(world.hear(boss), [] as [&str; 0], "nobody tried a wrong password");
    world.settings_changed(Settings { password_hash: Some("open".into()), ..World::settings() });
    let ben = world.connect();
    for line in ["PASS open", "NICK ben", "USER ben 0 * :Ben"] {
        world.say(ben, line);
    }
    assert_eq!(world.hear(ben), ["ERROR :Closing link: Server is busy, try again later"]);
    assert!(world.is_closed(ben));
}
