//! ISUPPORT before registration and in a batch (IRCv3 extended-isupport, a draft), and bans by account (IRCv3 account-extban).

use super::world::{Id, World};
use alloc::string::String;
use alloc::vec::Vec;

/// Whether these lines are one batch of ISUPPORT and nothing else.
fn is_batch(lines: &[String]) -> bool {
    let [begin, inner @ .., end] = lines else { return false };
    let Some((_, reference)) = begin.strip_suffix(" draft/isupport").and_then(|begin| begin.split_once(" BATCH +"))
    else {
        return false;
    };
    let is_inner = |line: &String| line.starts_with(&alloc::format!("@batch={reference} :helio.local 005 "));
    !inner.is_empty() && inner.iter().all(is_inner) && *end == alloc::format!(":helio.local BATCH -{reference}")
}

/// "When the capability is enabled by the client, the server MUST accept ISUPPORT commands before connection registration"
#[test]
fn it_is_told_before_registration_to_those_who_ask_so() {
    let mut world = World::new();
    let id = world.connect();
    world.ask(id, "CAP LS 302");
    assert_eq!(world.ask(id, "ISUPPORT"), [":helio.local 451 * :You have not registered"]);
    world.ask(id, "CAP REQ draft/extended-isupport");
    let plain = world.ask(id, "ISUPPORT");
    assert!(plain.iter().all(|line| line.starts_with(":helio.local 005 * ")) && plain.len() > 1, "{plain:?}");
    world.ask(id, "CAP REQ batch");
    assert!(is_batch(&world.ask(id, "ISUPPORT")));
}

/// "MUST NOT send any unbatched RPL_ISUPPORT message while both of these capabilities are enabled"
#[test]
fn the_welcome_and_version_have_the_batch_too() {
    let mut world = World::new();
    let id = world.connect();
    world.say(id, "CAP REQ :batch draft/extended-isupport labeled-response");
    world.hear(id);
    world.say(id, "NICK ann");
    world.say(id, "USER ann 0 * :Ann");
    let welcome = world.ask(id, "CAP END");
    let from = welcome.iter().position(|line| line.contains(" BATCH +")).expect("a batch");
    let to = welcome.iter().position(|line| line.contains(" BATCH -")).expect("its end");
    assert!(is_batch(&welcome[from..=to]), "{welcome:?}");
    assert!(welcome[..from].iter().chain(&welcome[to + 1..]).all(|line| !line.contains(" 005 ")), "{welcome:?}");
    assert!(is_batch(&world.ask(id, "VERSION")[1..]));
    let labelled = world.ask(id, "@label=x ISUPPORT");
    assert!(labelled[0].starts_with("@label=x :helio.local BATCH +") && labelled[0].ends_with(" draft/isupport"));
}

#[test]
fn after_registration_everybody_may_ask() {
    let mut world = World::new();
    let id = world.user("ann");
    assert!(world.ask(id, "ISUPPORT").iter().all(|line| line.starts_with(":helio.local 005 ann ")));
}

/// Ann runs #tea; Bob, who comes from elsewhere, may be logged in.
fn tea(account: Option<&str>) -> (World, Id, Id) {
    let mut world = World::new();
    let ann = world.member("ann", "#tea");
    let bob = world.user("bob_");
    if let Some(account) = account {
        world.log_in(bob, account);
    }
    world.hear_all();
    (world, ann, bob)
}

fn joins(world: &mut World, id: Id) -> bool {
    let heard: Vec<String> = world.ask(id, "JOIN #tea");
    heard.iter().any(|line| line.contains(" JOIN #tea"))
}

/// "Servers publishing the ACCOUNTEXTBAN token MUST also publish the EXTBAN token"; its value is "a comma-separated list of names"
#[test]
fn the_tokens_name_the_kind() {
    let (mut world, ann, _) = tea(None);
    let told = world.ask(ann, "ISUPPORT").concat();
    assert!(told.contains(" ACCOUNTEXTBAN=a,account ") && told.contains(" EXTBAN=~,am "), "{told}");
}

/// "Servers MUST support matching exact account names": by each name of the kind, for whoever is logged in, whatever the nickname.
#[test]
fn a_ban_by_account_is_for_who_is_logged_in_to_it() {
    for ban in ["~a:bob", "~account:bob", "~account:BOB", "~a:b*"] {
        for (account, may) in [(Some("bob"), false), (Some("Bob"), false), (Some("rob"), true), (None, true)] {
            let (mut world, ann, bob) = tea(account);
            world.say(ann, &alloc::format!("MODE #tea +b {ban}"));
            assert_eq!(joins(&mut world, bob), may, "{ban}, {account:?}");
        }
    }
}

#[test]
fn it_is_shown_by_its_short_name_and_taken_away_by_either() {
    let (mut world, ann, _) = tea(None);
    assert_eq!(world.ask(ann, "MODE #tea +b ~account:bob"), [":ann!ann@127.0.0.1 MODE #tea +b ~a:bob"]);
    assert!(world.ask(ann, "MODE #tea +b")[0].contains(" 367 ann #tea ~a:bob ann!ann@127.0.0.1 "));
    assert_eq!(world.ask(ann, "MODE #tea -b ~account:Bob").len(), 1);
    assert!(world.ask(ann, "MODE #tea +b")[0].contains(" 368 "));
}

/// Exceptions, invitations and mutes take it likewise.
#[test]
fn every_list_takes_it() {
    let (mut world, ann, bob) = tea(Some("bob"));
    world.say(ann, "MODE #tea +b *!*@*");
    assert!(!joins(&mut world, bob));
    world.say(ann, "MODE #tea +e ~a:bob");
    assert!(joins(&mut world, bob));
    world.say(bob, "PART #tea");
    world.say(ann, "MODE #tea -b+i *!*@*");
    assert!(!joins(&mut world, bob));
    world.say(ann, "MODE #tea +I ~account:bob");
    assert!(joins(&mut world, bob));
    world.say(ann, "MODE #tea -e+b ~a:bob ~m:~account:bob");
    world.hear_all();
    assert!(world.ask(bob, "PRIVMSG #tea :hello")[0].contains(" 404 bob_ #tea "));
}
