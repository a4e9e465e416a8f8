//! Requests of whoever runs the server (spec/control.md), and what is written down of privileged deeds (spec/audit.md).

use super::world::{Commits, World};
use crate::chat::{AUDIT_LOG, AuditRecord, ControlAnswer, ControlError, ControlRequest, Effect, RequestId};
use crate::limits;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;
use proptest::prelude::*;

fn add(name: &str) -> ControlRequest {
    ControlRequest::AccountAdd { name: name.into(), credential: World::credential("correct horse") }
}

fn suspend(name: &str) -> ControlRequest {
    ControlRequest::AccountSuspend { name: name.into(), reason: "on leave".into() }
}

fn code(answer: Option<ControlAnswer>) -> String {
    let Some(ControlAnswer::Refused(ControlError { code, .. })) = answer else { panic!("{answer:?} is no refusal") };
    code
}

fn late(world: &mut World) -> Option<ControlAnswer> {
    world.chat.poll_answer().map(|(_, answer)| answer)
}

#[test]
fn what_is_done_holds_at_once_and_is_written_down() {
    let mut world = World::new();
    let ada = world.owner("ada");
    assert_eq!(world.request(add("eve")), Some(ControlAnswer::Done));
    assert_eq!(code(world.request(add("EVE"))), "TAKEN");
    assert_eq!(code(world.request(suspend("nobody"))), "ACCOUNT_UNKNOWN");
    assert_eq!(world.request(suspend("ADA")), Some(ControlAnswer::Done));
    assert!(world.is_closed(ada));
    assert_eq!(code(world.request(suspend("ada"))), "UNCHANGED");
    let acts = [
        "account-add eve",
        "account-add EVE refused",
        "account-suspend nobody refused",
        "account-suspend ADA",
        "account-suspend ada refused",
    ];
    assert_eq!(world.audit(), acts.map(|act| format!("control Some(1000): {act}")));
    let text = String::from_utf8(world.logs[AUDIT_LOG].concat()).expect("UTF-8");
    assert!(!text.contains("correct horse") && !text.contains("scram"), "{text}");
}

/// "What is answered with `done` is on disk."
#[test]
fn an_answer_waits_for_the_disk() {
    let mut world = World::new();
    world.commits = Commits::WhenTold;
    assert_eq!(world.request(add("ada")), None);
    world.commit();
    assert_eq!(late(&mut world), Some(ControlAnswer::Done));
    assert_eq!(world.request(add("eve")), None);
    world.fail();
    assert_eq!(code(late(&mut world)), "SETTING_NOT_STORED");
    assert_eq!(code(world.request(add("bob"))), "STORE_UNAVAILABLE");
    world.commits = Commits::AtOnce;
    world.pass(limits::CHAT_PROBE_INTERVAL);
    // The change holds and is stored; what was not written down is told.
    assert_eq!(world.audit().last().map(String::as_str), Some("server: records-lost  refused"));
    world.restart(World::settings(), 9);
    let list = world.request(ControlRequest::AccountList { after: None });
    let Some(ControlAnswer::Accounts { accounts, is_last: true }) = list else { panic!("{list:?}") };
    assert_eq!(accounts.iter().map(|account| account.name.as_str()).collect::<Vec<_>>(), ["ada", "eve"]);
}

#[test]
fn a_store_that_is_lost_leaves_nobody_waiting() {
    let mut world = World::new();
    world.commits = Commits::WhenTold;
    assert_eq!(world.request(add("ada")), None);
    world.chat.handle_store_lost(world.now);
    assert_eq!(code(late(&mut world)), "SETTING_NOT_STORED");
}

#[test]
fn long_lists_come_in_pages() {
    let mut world = World::new();
    let count = limits::CONTROL_ROWS * 2 + 1;
    (0..count).for_each(|n| world.add_account(&format!("user{n:03}")));
    let (mut names, mut after): (Vec<String>, _) = (Vec::new(), None);
    loop {
        let answer = world.request(ControlRequest::AccountList { after });
        let Some(ControlAnswer::Accounts { accounts, is_last }) = answer else { panic!("{answer:?}") };
        assert!(accounts.len() <= limits::CONTROL_ROWS);
        names.extend(accounts.into_iter().map(|account| account.name));
        after = names.last().cloned();
        if is_last {
            break;
        }
    }
    assert_eq!(names, (0..count).map(|n| format!("user{n:03}")).collect::<Vec<_>>());
}

/// Every deed of operators in the table of spec/audit.md.
#[test]
fn what_operators_do_is_written_down() {
    let mut world = World::with(World::settings());
    let _eve = world.member("eve", "#tea");
    let mallory = world.user("mallory");
    assert!(world.ask(mallory, "OPER boss wrong").concat().contains(" 464 "));
    world.pass(limits::CHAT_OPER_INTERVAL);
    assert!(world.ask(mallory, "OPER nobody wrong").concat().contains(" 464 "));
    let root = world.operator("root");
    for line in ["MODE #tea +i", "REHASH", "KILL eve :spam"] {
        world.say(root, line);
    }
    world.say(mallory, "KILL root :no");
    let (mallory, boss) = ("None mallory!mallory@127.0.0.1", "boss root!root@127.0.0.1");
    let told = [
        format!("{mallory}: oper boss refused"),
        format!("{mallory}: oper * refused"),
        format!("{boss}: oper boss"),
        format!("{boss}: office "),
        format!("{boss}: rehash "),
        format!("{boss}: kill eve!eve@127.0.0.1"),
    ];
    assert_eq!(world.audit(), told);
    let _: &AuditRecord = &AuditRecord::decode(&world.logs[AUDIT_LOG][3]).expect("our own record");
}

#[test]
fn what_it_forgets_is_asked_for_by_number_and_age() {
    let mut world = World::with(World::settings());
    world.chat.settings.audit.age = Duration::from_secs(60);
    world.chat.settings.audit.records = 7;
    world.chat.handle_request(RequestId(1), None, add("ada"), world.now);
    let before_us = world.now.utc.micros() - 60_000_000;
    let effects = core::iter::from_fn(|| world.chat.poll_effect());
    let trims: Vec<_> = effects.filter(|effect| matches!(effect, Effect::TrimAudit { .. })).collect();
    assert_eq!(trims, [Effect::TrimAudit { records: 7, before_us }]);
}

#[test]
fn a_request_that_is_none_is_refused_with_what_is_wrong() {
    for line in ["", "{}", "[]", r#"{"request":"make-tea"}"#, r#"{"request":"account-restore"}"#] {
        assert_eq!(ControlRequest::decode(line.as_bytes()).expect_err(line).code, "INVALID_PARAMS");
    }
    let extra = br#"{"request":"account-restore","name":"ada","force":true}"#;
    assert!(ControlRequest::decode(extra).expect_err("a field too many").message.contains("force"));
    let right = br#"{"request":"account-restore","name":"ada"}"#;
    assert_eq!(ControlRequest::decode(right), Ok(ControlRequest::AccountRestore { name: "ada".to_string() }));
}

proptest! {
    #[test]
    fn requests_and_answers_come_back(name in ".{0,40}", reason in ".{0,40}", uses: u32, expires_s: u64, is_last: bool) {
        for request in [
            ControlRequest::AccountSuspend { name: name.clone(), reason: reason.clone() },
            ControlRequest::InviteAdd { uses, expires_s, room: None },
            ControlRequest::AccountList { after: Some(name.clone()) },
        ] {
            prop_assert_eq!(ControlRequest::decode(&request.encode()), Ok(request));
        }
        for answer in [
            ControlAnswer::Done,
            ControlAnswer::Refused(ControlError { code: name.clone(), message: reason }),
            ControlAnswer::Secret { secret: name },
            ControlAnswer::Accounts { accounts: Vec::new(), is_last },
        ] {
            let line = answer.encode();
            prop_assert!(!line.contains(&b'\n'));
            prop_assert_eq!(ControlAnswer::decode(&line), Ok(answer));
        }
    }

    #[test]
    fn any_bytes_are_taken_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = ControlRequest::decode(&bytes);
        let _ = ControlAnswer::decode(&bytes);
        let _ = AuditRecord::decode(&bytes);
    }
}

/// spec/export.md: the room is there with its messages at once, or nothing is.
#[test]
fn a_room_is_imported_into_a_log_that_no_room_has() {
    let mut world = World::new();
    let ada = world.owner("ada");
    world.ask(ada, "JOIN #tea");
    world.ask(ada, "ROOM REGISTER #tea");
    world.ask(ada, "PRIVMSG #tea :hot");
    let export = ControlRequest::RoomExport { name: "#TEA".into() };
    let Some(ControlAnswer::Room { log: tea, settings, .. }) = world.request(export) else { panic!("a room") };
    let records: Vec<_> = world.logs[&tea].iter().map(|record| serde_json::from_slice(record).expect("JSON")).collect();
    let import = |name: &str| ControlRequest::RoomImport { name: name.into() };
    assert_eq!(code(world.request(import("#Tea"))), "TAKEN");
    assert_eq!(code(world.request(import("milk"))), "INVALID_TARGET");
    let Some(ControlAnswer::Importing { log }) = world.request(import("#milk")) else { panic!("a log") };
    let append = |log: &str, records: &[serde_json::Value]| ControlRequest::LogAppend {
        log: log.into(),
        records: records.to_vec(),
    };
    for wrong in [&*tea, "settings", "audit", "private/~ada/~eve", "room/", "room/a/b"] {
        assert_eq!(code(world.request(append(wrong, &records))), "INVALID_PARAMS", "{wrong}");
        let open = ControlRequest::RoomOpen { name: "#b".into(), log: wrong.into(), settings: settings.clone() };
        assert_eq!(code(world.request(open)), "INVALID_PARAMS", "{wrong}");
        assert_eq!(code(world.request(ControlRequest::LogForget { log: wrong.into() })), "INVALID_PARAMS", "{wrong}");
    }
    assert_eq!(world.request(append(&log, &records)), Some(ControlAnswer::Done));
    let many = alloc::vec![records[0].clone(); limits::CONTROL_IMPORT + 1];
    assert_eq!(code(world.request(append(&log, &many))), "INVALID_PARAMS");
    assert!(world.ask(ada, "LIST #milk").iter().all(|line| !line.contains(" 322 ")), "nobody sees it yet");
    world.commits = Commits::Fail;
    assert_eq!(code(world.request(append(&log, &records))), "SETTING_NOT_STORED");
    assert_eq!(code(world.request(append(&log, &records))), "STORE_UNAVAILABLE");
    world.commits = Commits::AtOnce;
    world.pass(limits::CHAT_PROBE_INTERVAL);
    let open = ControlRequest::RoomOpen { name: "#milk".into(), log: log.clone(), settings };
    assert_eq!(world.request(open.clone()), Some(ControlAnswer::Done));
    assert_eq!(code(world.request(open)), "TAKEN");
    let heard = world.ask(ada, "JOIN #milk").concat();
    assert!(heard.contains("PRIVMSG #milk :") && heard.contains("hot"), "{heard}");
    assert!(heard.contains("@ada") || heard.contains("~ada"), "its founder: {heard}");
}
