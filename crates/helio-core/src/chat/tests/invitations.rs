//! Invitations to register an account (spec/accounts.md "Further ways in").

use super::world::{Id, World};
use crate::chat::{AccountRegistration, ControlAnswer, ControlRequest, Settings};
use crate::limits;
use alloc::format;
use alloc::string::{String, ToString};
use core::time::Duration;

fn invited() -> Settings {
    Settings { registration: AccountRegistration::Invited, ..World::settings() }
}

impl World {
    pub(super) fn invite(&mut self, uses: u32, expires_s: u64) -> (String, String) {
        self.invite_to(uses, expires_s, None)
    }

    fn invite_to(&mut self, uses: u32, expires_s: u64, room: Option<&str>) -> (String, String) {
        let room = room.map(ToString::to_string);
        let answer = self.request(ControlRequest::InviteAdd { uses, expires_s, room });
        let Some(ControlAnswer::Invited { id, code }) = answer else { panic!("{answer:?}") };
        (id, code)
    }

    fn register_with(&mut self, id: Id, code: &str) -> String {
        self.ask(id, &format!("REGISTER * {code} :correct horse")).remove(0)
    }
}

#[test]
fn a_code_makes_as_many_accounts_as_it_says() {
    let mut world = World::with(invited());
    let (_, code) = world.invite(2, 60);
    assert_eq!(code.len(), 24);
    let [ada, bob, eve] = ["ada", "bob", "eve"].map(|nick| world.user(nick));
    let refused = ":helio.local FAIL REGISTER INVITATION_REQUIRED * :An invitation is needed: REGISTER * CODE password";
    for wrong in ["*", "ada@example.org", &code[1..]] {
        assert_eq!(world.register_with(ada, wrong), refused, "{wrong}");
    }
    assert!(world.register_with(ada, &code).contains(" REGISTER SUCCESS ada "));
    assert!(world.register_with(bob, &code.to_uppercase()).contains(" REGISTER SUCCESS bob "));
    assert_eq!(world.register_with(eve, &code), refused);
    let is_told = |record: &[u8]| record.windows(code.len()).any(|part| part == code.as_bytes());
    assert!(!world.logs.values().flatten().any(|record| is_told(record)), "the code is kept nowhere");
}

#[test]
fn a_code_survives_a_restart_and_ends_with_its_time_or_when_it_is_revoked() {
    let mut world = World::with(invited());
    let ((_, short), (id, revoked), (_, long)) = (world.invite(9, 60), world.invite(9, 600), world.invite(2, 600));
    let ada = world.user("ada");
    assert!(world.register_with(ada, &long).contains(" SUCCESS "));
    assert_eq!(world.request(ControlRequest::InviteRevoke { id: id.clone() }), Some(ControlAnswer::Done));
    world.restart(invited(), 9);
    world.pass(Duration::from_secs(61));
    let bob = world.user("bob");
    for code in [&short, &revoked] {
        assert!(world.register_with(bob, code).contains(" INVITATION_REQUIRED "));
    }
    let again = world.request(ControlRequest::InviteRevoke { id });
    assert!(matches!(again, Some(ControlAnswer::Refused(_))), "{again:?}");
    assert!(world.register_with(bob, &long).contains(" SUCCESS "));
    world.invite(1, 60);
    let kept = world.chat.snapshot().iter().filter(|record| record.starts_with(br#"{"event":"invite""#)).count();
    assert_eq!(kept, 1, "what has expired goes when another is made");
    let list = world.request(ControlRequest::InviteList { after: None });
    assert!(matches!(&list, Some(ControlAnswer::Invites { invites, is_last: true }) if invites.len() == 1), "{list:?}");
}

/// [`limits::CHAT_LOGIN_BURST`]: codes are guessed as seldom as passwords.
#[test]
fn guesses_are_bounded() {
    let mut world = World::with(invited());
    let (_, code) = world.invite(1, 60);
    let ada = world.user("ada");
    for _ in 0..limits::CHAT_LOGIN_BURST {
        assert!(world.register_with(ada, "wrong").contains(" INVITATION_REQUIRED "));
    }
    assert!(world.register_with(ada, &code).contains(" TEMPORARILY_UNAVAILABLE "));
}

#[test]
fn only_so_many_and_only_so_long() {
    let mut world = World::with(invited());
    for (uses, expires_s) in [(0, 60), (limits::CHAT_INVITE_USES + 1, 60), (1, 0), (1, u64::MAX)] {
        let answer = world.request(ControlRequest::InviteAdd { uses, expires_s, room: None });
        assert!(matches!(answer, Some(ControlAnswer::Refused(_))), "{uses} {expires_s}: {answer:?}");
    }
    for _ in 0..limits::CHAT_INVITES {
        world.invite(1, 60);
    }
    let full = world.request(ControlRequest::InviteAdd { uses: 1, expires_s: 60, room: None });
    let Some(ControlAnswer::Refused(error)) = full else { panic!("{full:?}") };
    assert_eq!(error.code, "LIMIT_REACHED");
    world.pass(Duration::from_secs(60));
    world.invite(1, 60);
}

#[test]
fn operators_invite_too_and_it_is_written_down() {
    let mut world = World::with(invited());
    let root = world.operator("root");
    let heard = world.ask(root, "ACCOUNT INVITE 3 2");
    let text = heard[0].split(": ").nth(1).expect("a text").to_string();
    let code = text.split(' ').nth(2).expect("a code").to_string();
    let listed = world.ask(root, "ACCOUNT INVITE LIST");
    assert!(listed[0].contains(": 3 uses until 2026-") && listed[0].ends_with(", made by boss"), "{listed:?}");
    let row = listed[0].split(": ").nth(1).expect("a text").to_string();
    let id = row.split(':').next().expect("an id").to_string();
    let ada = world.user("ada");
    assert!(world.register_with(ada, &code).contains(" SUCCESS "));
    assert!(world.ask(root, &format!("ACCOUNT INVITE REVOKE {id}")).concat().contains("Nobody can use this"));
    let boss = "boss root!root@127.0.0.1";
    let told = [
        format!("{boss}: oper boss"),
        format!("{boss}: invite-add {id}"),
        "None ada!ada@127.0.0.1: invite-used ada".to_string(),
        format!("{boss}: invite-revoke {id}"),
    ];
    assert_eq!(world.audit(), told);
}

/// "the server sends an INVITE to the room when the connection is registered".
#[test]
fn an_invitation_with_a_room_leads_there_once_one_is_somebody() {
    let mut world = World::with(invited());
    let boss = world.member("boss", "#tea");
    world.say(boss, "MODE #tea +ik sesame");
    let (_, code) = world.invite_to(2, 60, Some("#tea"));
    let ada = world.connect();
    world.say(ada, "CAP LS 302");
    world.say(ada, "NICK ada");
    world.say(ada, "USER ada 0 * :Ada");
    let registered = world.ask(ada, &format!("REGISTER * {code} :correct horse")).concat();
    assert!(registered.contains(" REGISTER SUCCESS ada "), "{registered}");
    let heard = world.ask(ada, "CAP END");
    let at = |text: &str| heard.iter().position(|line| line.contains(text));
    assert!(at(" 001 ada ").is_some() && at(" 001 ada ") < at(":helio.local INVITE ada #tea"), "{heard:#?}");
    let joined = world.ask(ada, "JOIN #tea").concat();
    assert!(joined.contains(" JOIN #tea"), "the key is not asked for: {joined}");
    // What is closed by `+i` stays open to the account.
    world.say(boss, "MODE #tea -k sesame");
    world.say(ada, "PART #tea");
    let again = world.ask(ada, "JOIN #tea").concat();
    assert!(again.contains(" JOIN #tea"), "{again}");

    // Who is somebody already is told at once.
    let bob = world.user("bob");
    let heard = world.ask(bob, &format!("REGISTER * {code} :correct horse")).concat();
    assert!(heard.contains(":helio.local INVITE bob #tea"), "{heard}");
}

#[test]
fn an_invitation_may_name_a_room_that_is_not_there_yet_and_survives_a_restart() {
    let mut world = World::with(invited());
    let (_, code) = world.invite_to(1, 600, Some("#new"));
    world.restart(invited(), 9);
    let ada = world.user("ada");
    let heard = world.ask(ada, &format!("REGISTER * {code} :correct horse")).concat();
    assert!(heard.contains(":helio.local INVITE ada #new"), "{heard}");
    let wrong = ControlRequest::InviteAdd { uses: 1, expires_s: 60, room: Some("no room".to_string()) };
    assert!(matches!(world.request(wrong), Some(ControlAnswer::Refused(error)) if error.code == "INVALID_PARAMS"));
}

/// The setting `registration`: who is invited may register from elsewhere too, unless nobody may.
#[test]
fn a_code_is_a_permission_where_registration_is_local_and_none_where_it_is_closed() {
    for (registration, answer) in [
        (AccountRegistration::Local, "REGISTER SUCCESS"),
        (AccountRegistration::Open, "REGISTER SUCCESS"),
        (AccountRegistration::Closed, "FAIL REGISTER DISALLOWED"),
    ] {
        let mut world = World::with(Settings { registration, ..World::settings() });
        let (_, code) = world.invite_to(1, 60, Some("#tea"));
        let id = world.connect_from("192.0.2.1:1", crate::chat::Face::Irc, true).expect("a connection");
        world.say(id, "NICK ada");
        let heard = world.ask(id, &format!("REGISTER * {code} :correct horse")).concat();
        assert!(heard.contains(answer), "{registration:?}: {heard}");
    }
}

/// Records of servers that knew no rooms in invitations.
#[test]
fn an_old_record_of_an_invitation_is_read() {
    let old = format!(
        r#"{{"event":"invite","id":"abc","hash":"{}","uses_left":1,"made_us":1,"expires_us":2,"by":"control"}}"#,
        "ab".repeat(32)
    );
    let event = crate::chat::storage::decode(old.as_bytes()).expect("a record");
    let crate::chat::event::Event::Account(crate::chat::event::AccountEvent::Invite(invite)) = event else {
        panic!("{event:?}")
    };
    assert_eq!(invite.room, None);
}
