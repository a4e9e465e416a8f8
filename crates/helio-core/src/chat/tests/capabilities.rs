//! CAP (IRCv3 capability-negotiation, sts).

use super::world::{Id, World};
use crate::chat::{Face, Settings};
use crate::irc::capability::{Capability, CapabilityValue};
use crate::limits;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

const STS: &str = "port=6697,duration=2592000,preload";

fn with_sts(sts: Option<&str>) -> Settings {
    Settings { sts: sts.map(Into::into), ..World::settings() }
}

fn secure(world: &mut World) -> Id {
    world.connect_from("127.0.0.1:40000", Face::Irc, true).expect("a connection")
}

/// What CAP LS lists, over all its lines.
fn listed(lines: &[String]) -> Vec<String> {
    let lists = lines.iter().map(|line| line.rsplit_once(':').map_or("", |(_, list)| list));
    lists.flat_map(|list| list.split(' ')).map(Into::into).collect()
}

/// "If a client has not indicated support for CAP LS 302 features, the server MUST NOT send these new features".
#[test]
fn an_old_client_is_told_names_in_one_line() {
    let mut world = World::with(with_sts(Some(STS)));
    let id = world.connect();
    let heard = world.ask(id, "CAP LS");
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert!(heard[0].starts_with(":helio.local CAP * LS :account-tag ") && !heard[0].contains('='), "{heard:?}");
    assert!(!heard[0].contains("sts"), "{heard:?}");
    assert!(heard[0].contains(" userhost-in-names ") && heard[0].contains(" draft/"), "{heard:?}");
}

/// The longest name of a server leaves no room for all: no name is cut, and what is no draft goes first.
#[test]
fn an_old_client_is_told_whole_names() {
    let server_name = "s".repeat(limits::IRC_HOST);
    let mut world = World::with(Settings { server_name, ..World::settings() });
    let id = world.connect();
    let heard = world.ask(id, "CAP LS");
    let listed = listed(&heard);
    assert_eq!(heard.len(), 1);
    assert!(listed.iter().all(|name| Capability::from_name(name).is_some()), "{listed:?}");
    let count = |is_draft: bool| listed.iter().filter(|name| name.contains('/') == is_draft).count();
    let is_listed = |capability: &&Capability| !capability.name().contains('/') && **capability != Capability::Sts;
    assert_eq!(count(false), Capability::ALL.iter().filter(is_listed).count(), "{listed:?}");
    assert!(count(true) > 0 && listed.len() < Capability::ALL.len() - 1, "{listed:?}");
}

#[test]
fn values_are_told_from_302_on() {
    let mut world = World::new();
    let id = world.connect();
    let heard = listed(&world.ask(id, "CAP LS 302"));
    for capability in Capability::ALL {
        let has_value = heard.iter().any(|item| item.starts_with(&format!("{}=", capability.name())));
        assert_eq!(has_value, capability.value() == CapabilityValue::Required, "{}", capability.name());
    }
}

/// "If the reply contains multiple lines, all but the last reply MUST have a parameter containing only an asterisk".
#[test]
fn a_list_longer_than_a_line_goes_on_in_the_next() {
    let server_name = format!("{}.example", "long".repeat(60));
    let mut world = World::with(Settings { server_name, ..World::settings() });
    let id = world.connect();
    let heard = world.ask(id, "CAP LS 302");
    assert!(heard.len() > 1, "{heard:?}");
    let (last, first) = heard.split_last().expect("lines");
    assert!(first.iter().all(|line| line.contains(" CAP * LS * :")) && last.contains(" CAP * LS :"), "{heard:?}");
    assert!(heard.iter().all(|line| line.len() + 2 <= limits::IRC_BODY));
    assert_eq!(listed(&heard).len(), Capability::ALL.len() - 1, "all but sts");
}

#[test]
fn negotiation_suspends_registration_until_its_end() {
    let mut world = World::new();
    let id = world.connect();
    world.say(id, "CAP LS 302");
    world.say(id, "NICK ada");
    world.hear(id);
    assert_eq!(world.ask(id, "USER ada 0 * :Ada"), [] as [&str; 0]);
    assert_eq!(world.ask(id, "CAP REQ :batch setname"), [":helio.local CAP ada ACK :batch setname"]);
    assert!(world.ask(id, "CAP END")[0].contains(" 001 ada "));
    assert_eq!(world.ask(id, "CAP END"), [] as [&str; 0]);
    assert_eq!(world.ask(id, "CAP LIST"), [":helio.local CAP ada LIST :batch cap-notify setname"]);
}

#[test]
fn a_request_happens_as_a_whole_or_not_at_all() {
    let mut world = World::new();
    let id = world.user("ada");
    assert_eq!(world.ask(id, "CAP REQ :batch nonsense"), [":helio.local CAP ada NAK :batch nonsense"]);
    assert_eq!(world.ask(id, "CAP LIST"), [":helio.local CAP ada LIST :"]);
    assert_eq!(world.ask(id, "CAP REQ :batch"), [":helio.local CAP ada ACK :batch"]);
    assert_eq!(world.ask(id, "CAP REQ :-batch"), [":helio.local CAP ada ACK :-batch"]);
    assert_eq!(world.ask(id, "CAP LIST"), [":helio.local CAP ada LIST :"]);
}

/// A list that would be cut in its repetition would acknowledge something else.
#[test]
fn a_request_that_cannot_be_repeated_on_a_line_is_refused() {
    let mut world = World::new();
    let id = world.user("ada");
    let heard = world.ask(id, &format!("CAP REQ :{}", "batch ".repeat(82)));
    assert!(heard[0].starts_with(":helio.local CAP ada NAK :batch "), "{heard:?}");
    assert_eq!(world.ask(id, "CAP LIST"), [":helio.local CAP ada LIST :"]);
}

#[test]
fn other_subcommands_are_refused() {
    let mut world = World::new();
    let id = world.connect();
    assert_eq!(world.ask(id, "CAP SING"), [":helio.local 410 * SING :Invalid CAP command"]);
    assert_eq!(world.ask(id, "CAP"), [":helio.local 461 * CAP :Not enough parameters"]);
    assert_eq!(world.ask(id, "CAP LIST"), [":helio.local CAP * LIST :"]);
}

/// sts: the port for those who are not secure, the duration for those who are; nobody can ask for it.
#[test]
fn sts_tells_each_connection_what_concerns_it() {
    let mut world = World::with(with_sts(Some(STS)));
    let plain = world.connect();
    assert!(listed(&world.ask(plain, "CAP LS 302")).contains(&"sts=port=6697".into()));
    let secure = secure(&mut world);
    assert!(listed(&world.ask(secure, "CAP LS 302")).contains(&"sts=duration=2592000,preload".into()));
    assert_eq!(world.ask(plain, "CAP REQ sts"), [":helio.local CAP * NAK :sts"]);
}

#[test]
fn without_the_setting_there_is_no_sts() {
    let mut world = World::new();
    let id = world.connect();
    assert!(!world.ask(id, "CAP LS 302").concat().contains("sts"));
}

/// cap-notify: CAP NEW. sts: "Servers MUST NOT send CAP DEL to disable this capability"; a duration of 0 ends it.
#[test]
fn a_changed_sts_is_news() {
    let mut world = World::new();
    let old = world.user("old");
    let plain = world.user_with("ada", "cap-notify");
    let secure = secure(&mut world);
    world.say(secure, "CAP LS 302");
    world.hear_all();
    world.settings_changed(with_sts(Some(STS)));
    assert_eq!(world.hear(plain), [":helio.local CAP ada NEW :sts=port=6697"]);
    assert_eq!(world.hear(secure), [":helio.local CAP * NEW :sts=duration=2592000,preload"]);
    world.settings_changed(with_sts(Some("port=7000,duration=2592000,preload")));
    assert_eq!(world.hear(plain), [":helio.local CAP ada NEW :sts=port=7000"]);
    assert_eq!(world.hear(secure), [] as [&str; 0]);
    world.settings_changed(with_sts(None));
    assert_eq!(world.hear(plain), [] as [&str; 0]);
    assert_eq!(world.hear(secure), [":helio.local CAP * NEW :sts=duration=0"]);
    assert_eq!(world.hear(old), [] as [&str; 0]);
}
