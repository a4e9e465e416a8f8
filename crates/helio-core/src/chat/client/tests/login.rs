//! Accounts: logging in and registering by an invitation, with this service and with others.

use super::talk::Talk;
use super::wire::{WHOLE, Wire};
use crate::chat::client::{End, Event, Login, Nonces, Settings, Wish};
use crate::chat::tests::world::World;
use crate::chat::{AccountRegistration, ControlAnswer, ControlRequest, Password};
use crate::irc::name::RoomName;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::time::Duration;

const PASSWORD: &str = "correct horse";

fn settings(password: &str) -> Settings {
    let (account, password) = ("ada".to_string(), Password(password.to_string()));
    let login = Login::Password { account, password, nonces: Nonces([7; 32]) };
    let rooms = Vec::from([RoomName::parse("#tea").expect("a room")]);
    Settings { login: Some(login), stays_without_rooms: true, ..Settings::new("ada", rooms) }
}

fn world_with_account() -> World {
    let mut world = World::new();
    let ada = world.user("ada");
    let heard = world.ask(ada, &format!("REGISTER * * :{PASSWORD}"));
    assert!(heard.iter().any(|line| line.contains("REGISTER SUCCESS")), "{heard:?}");
    world.say(ada, "QUIT");
    world
}

#[test]
fn scram_logs_in_before_the_server_knows_us() {
    let mut wire = Wire::with(world_with_account(), WHOLE, settings(PASSWORD));
    wire.pump();
    let desk = wire.client.desk();
    assert_eq!((desk.account.as_deref(), desk.named("#tea").map(|tea| tea.is_joined)), (Some("ada"), Some(true)));
    wire.lose();
    wire.wait(Duration::from_secs(5));
    assert_eq!(wire.client.desk().account.as_deref(), Some("ada"));
    assert!(wire.client.desk().named("#tea").is_some_and(|tea| tea.is_joined));
}

#[test]
fn a_wrong_password_is_the_end() {
    let mut wire = Wire::with(world_with_account(), WHOLE, settings("wrong horse"));
    wire.pump();
    let ended = wire.events.iter().find_map(|event| if let Event::Ended(end) = event { Some(end) } else { None });
    assert!(matches!(ended, Some(End::LoginRefused { account, .. }) if account == "ada"), "{ended:?}");
}

/// The password is not sent in the clear where somebody may listen, whatever the server offers.
#[test]
fn plain_is_only_for_encrypted_connections() {
    for (is_encrypted, expected) in [(true, "AUTHENTICATE PLAIN"), (false, "")] {
        let mut talk = Talk::with(Settings { is_encrypted, ..settings(PASSWORD) });
        talk.connect();
        assert_eq!(talk.server(&[":s CAP * LS :sasl=PLAIN,EXTERNAL"]), ["CAP REQ sasl".replace("REQ ", "REQ :")]);
        let sent = talk.server(&[":s CAP * ACK :sasl"]);
        assert_eq!(sent.concat(), expected);
        let is_over = talk.told().iter().any(|event| matches!(event, Event::Ended(End::LoginRefused { .. })));
        assert_eq!(is_over, !is_encrypted);
    }
}

/// sasl-3.1: 904 for one mechanism; the next that both have is tried.
#[test]
fn the_next_mechanism_is_tried() {
    let mut talk = Talk::with(Settings { is_encrypted: true, ..settings(PASSWORD) });
    talk.connect();
    talk.server(&[":s CAP * LS :sasl=PLAIN,SCRAM-SHA-256"]);
    assert_eq!(talk.server(&[":s CAP * ACK :sasl"]), ["AUTHENTICATE SCRAM-SHA-256"]);
    assert_eq!(talk.server(&[":s 904 * :SASL authentication failed"]), ["AUTHENTICATE PLAIN"]);
    assert_eq!(talk.server(&["AUTHENTICATE +"]), ["AUTHENTICATE AGFkYQBjb3JyZWN0IGhvcnNl"]);
    assert_eq!(talk.server(&[":s 900 ada ada!a@h ada :in", ":s 903 ada :done"]), ["CAP END"]);
}

/// RFC 5802: who cannot prove that it knows the password's keys is not the server.
#[test]
fn a_server_that_proves_nothing_is_not_believed() {
    let mut talk = Talk::with(settings(PASSWORD));
    talk.connect();
    talk.server(&[":s CAP * LS :sasl=SCRAM-SHA-256", ":s CAP * ACK :sasl", "AUTHENTICATE +"]);
    talk.server(&[":s 903 ada :done"]);
    assert!(talk.told().iter().any(|event| matches!(event, Event::Ended(End::LoginRefused { .. }))));
}

#[test]
fn certificates_log_in_by_external() {
    let mut talk = Talk::with(Settings { login: Some(Login::Certificate), ..settings(PASSWORD) });
    talk.connect();
    talk.server(&[":s CAP * LS :sasl=PLAIN,EXTERNAL"]);
    assert_eq!(talk.server(&[":s CAP * ACK :sasl"]), ["AUTHENTICATE EXTERNAL"]);
    assert_eq!(talk.server(&["AUTHENTICATE +"]), ["AUTHENTICATE +"]);
    assert_eq!(talk.server(&[":s 903 ada :done"]), ["CAP END"]);
}

fn invited(code: &str, nick: &str) -> Settings {
    let settings = settings(PASSWORD);
    Settings { invitation: Some(code.to_string()), nick: nick.to_string(), rooms: Vec::new(), ..settings }
}

fn world_with_invitation() -> (World, String) {
    let mut world = World::new();
    world.chat.settings.registration = AccountRegistration::Invited;
    let answer = world.request(ControlRequest::InviteAdd { uses: 9, expires_s: 600, room: None });
    let Some(ControlAnswer::Invited { code, .. }) = answer else { panic!("{answer:?}") };
    (world, code)
}

/// An invitation makes the nickname an account; the room that it names is gone into, and no other one later.
#[test]
fn who_comes_by_an_invitation_has_an_account_and_goes_where_it_leads() {
    let (mut world, code) = world_with_invitation();
    let ben = world.member("ben", "#tea");
    world.say(ben, "JOIN #ops");
    let mut wire = Wire::with(world, WHOLE, invited(&code, "ada"));
    wire.pump();
    assert_eq!(wire.client.desk().account.as_deref(), Some("ada"));
    assert!(wire.events.contains(&Event::Registered { account: "ada".to_string() }));
    wire.world.say(ben, "INVITE ada #tea");
    wire.world.say(ben, "INVITE ada #ops");
    wire.pump();
    let desk = wire.client.desk();
    assert_eq!((desk.current().name.as_str(), desk.current().is_joined), ("#tea", true));
    assert!(desk.named("#ops").is_none());
    // The next time it logs in with what it registered.
    wire.lose();
    wire.wait(Duration::from_secs(5));
    assert_eq!(wire.client.desk().account.as_deref(), Some("ada"));
    wire.client.handle_wish(Wish::Input("hello".to_string()), wire.world.now);
    wire.pump();
    assert_eq!(wire.stored("ada"), ["hello"]);
}

#[test]
fn an_invitation_that_is_not_taken_is_the_end() {
    let (world, code) = world_with_invitation();
    let mut wire = Wire::with(world, WHOLE, invited(&code[1..], "ada"));
    wire.pump();
    let is_it =
        |event: &Event| matches!(event, Event::Ended(End::NotRegistered { code, .. }) if code == "INVITATION_REQUIRED");
    assert!(wire.events.iter().any(is_it), "{:?}", wire.events);
    // An account is not made under another nickname than the one that was chosen.
    let mut talk = Talk::with(invited("code", "ada"));
    talk.connect();
    assert_eq!(talk.server(&[":s 433 * ada :Nickname is already in use"]), [] as [&str; 0]);
    assert!(matches!(talk.told().last(), Some(Event::Ended(End::NickRefused { .. }))));
}
