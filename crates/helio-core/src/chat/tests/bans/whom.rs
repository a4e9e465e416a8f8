//! Bans and those who have several clients, or stay without one (spec/bans.md "Who is here").

use super::super::world::{Id, World};
use super::FAR;
use crate::chat::{AccountChange, Face, SETTINGS_LOG, Settings};
use crate::limits;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

impl World {
    /// A client that is logged in to ada's account and called so.
    fn ada_from(&mut self, address: &str) -> Id {
        let id = self.connect_from(address, Face::Irc, false).expect("a connection");
        for line in ["PASS :ada:correct horse", "NICK ada", "USER ada 0 * :Ada"] {
            self.say(id, line);
        }
        self.soon();
        assert!(self.hear(id).iter().any(|line| line.contains(" 001 ada ")));
        id
    }

    /// An operator at home, and ada in #tea from there and, the newest, from far.
    fn with_two_clients(settings: Settings) -> (Self, Id, [Id; 2]) {
        let mut world = Self::with(settings);
        world.add_account("ada");
        let boss = world.operator("boss");
        let home = world.ada_from("198.51.100.1:1");
        let far = world.ada_from(FAR);
        world.say(far, "JOIN #tea");
        world.say(boss, "JOIN #tea");
        world.hear_all();
        (world, boss, [home, far])
    }

    /// An operator, and ada, who stays in #tea without a client since the one from far has gone.
    fn with_ada_away() -> (Self, Id) {
        let mut world = Self::with(Self::settings());
        world.add_account("ada");
        world.change(AccountChange::AlwaysOn { account: "ada".into(), is_on: true, at_us: 0 }).expect("a change");
        let boss = world.operator("boss");
        let ada = world.ada_from(FAR);
        world.say(ada, "JOIN #tea");
        world.cut(ada);
        world.pass(limits::CHAT_STAY_SAVE + Duration::from_secs(1));
        assert!(world.has_ada(boss), "she stays");
        (world, boss)
    }

    fn has_ada(&mut self, asker: Id) -> bool {
        self.hear_all();
        self.ask(asker, "ISON ada").concat().ends_with(":ada")
    }

    fn restarted(&mut self) -> Id {
        self.restart(Self::settings(), 8);
        self.chat.check_bounds();
        self.operator("boss")
    }
}

fn count(heard: &[String], part: &str) -> usize {
    heard.iter().filter(|line| line.contains(part)).count()
}

/// All of them are told and closed, whichever the ban means, and others see one QUIT.
#[test]
fn a_ban_ends_all_clients_of_a_user() {
    for line in ["DLINE 192.0.2.7", "DLINE 198.51.100.0/24", "KLINE *@192.0.2.7", "KLINE ~a:ada", "KLINE ada"] {
        let (mut world, boss, clients) = World::with_two_clients(World::settings());
        let heard = world.ask(boss, line);
        assert_eq!(count(&heard, "2 connections closed"), 1, "{line}: {heard:?}");
        assert_eq!(count(&heard, ":ada!ada@198.51.100.1 QUIT :You are banned"), 1, "{line}: {heard:?}");
        for id in clients {
            let heard = world.hear(id);
            assert!(heard[0].contains(" 465 ada :You are banned") && heard[1].starts_with("ERROR "), "{heard:?}");
            assert!(heard.len() == 2 && world.is_closed(id), "{line}: {heard:?}");
        }
        world.chat.check_bounds();
    }
}

/// `KLINE nick` means from where the newest client comes that is still there.
#[test]
fn who_is_named_is_banned_by_the_newest_client() {
    let (mut world, boss, [home, far]) = World::with_two_clients(World::settings());
    world.cut(far);
    assert!(world.ask(boss, "DLINE ada").concat().contains(" BAN_SET 198.51.100.1: "));
    assert!(world.is_closed(home) && !world.has_ada(boss));
}

/// Who has a client in a network that is exempt is meant by their account alone; new clients from elsewhere are refused.
#[test]
fn one_client_in_an_exempt_network_protects_the_others() {
    let settings = Settings { ban_exempt: ["198.51.100.0/24".parse().unwrap()].into(), ..World::settings() };
    let (mut world, boss, [home, far]) = World::with_two_clients(settings);
    let heard = world.ask(boss, "DLINE 192.0.2.0/24").concat() + &world.ask(boss, "KLINE ada@*").concat();
    assert!(heard.contains("; 0 connections closed") && !world.is_closed(home) && !world.is_closed(far), "{heard}");
    assert!(world.connect_from(FAR, Face::Irc, false).is_err());
    assert!(world.ask(boss, "KLINE ~a:ada").concat().contains("; 2 connections closed"));
}

/// The client that asked is closed after its answer, the other at once.
#[test]
fn an_operator_who_is_sure_ends_all_of_his_own_clients() {
    let (mut world, boss, [home, far]) = World::with_two_clients(World::settings());
    world.say(home, "OPER boss secret");
    world.hear_all();
    for line in ["DLINE 192.0.2.7", "KLINE ada", "KLINE ~a:ada"] {
        let heard = world.ask(home, line);
        assert!(heard.len() == 1 && heard[0].contains("would ban yourself"), "{line}: {heard:?}");
    }
    let heard = world.ask(home, "DLINE MYSELF 192.0.2.7");
    let at = |part: &str| heard.iter().position(|line| line.contains(part)).expect(part);
    assert!(at(" BAN_SET ") < at(" 465 ada ") && at(" 465 ada ") < at("ERROR "), "{heard:?}");
    assert!(world.is_closed(home) && world.is_closed(far) && !world.has_ada(boss));
}

/// Their stay ends with the ban, and is not there again when the ban has ended.
#[test]
fn who_stays_without_a_client_is_ended_too() {
    for (set, lift) in [
        ("KLINE ~a:ada", "UNKLINE ~a:ada"),
        ("DLINE 192.0.2.7", "UNDLINE 192.0.2.7"),
        ("KLINE ada@192.0.2.*", "UNKLINE ada@192.0.2.*"),
        ("KLINE ada", "UNKLINE 192.0.2.7"),
    ] {
        let (mut world, boss) = World::with_ada_away();
        world.say(boss, "JOIN #tea");
        world.hear_all();
        let heard = world.ask(boss, set);
        assert!(count(&heard, " QUIT :You are banned") == 1 && count(&heard, "0 connections closed") == 1, "{heard:?}");
        assert!(!world.has_ada(boss), "{set}");
        world.say(boss, lift);
        let boss = world.restarted();
        assert!(!world.has_ada(boss), "{set}");
    }
}

/// After a restart nobody knows from where they came: who they are is known all the same.
#[test]
fn from_where_is_not_known_after_a_restart() {
    let (mut world, _) = World::with_ada_away();
    let boss = world.restarted();
    let heard = world.ask(boss, "KLINE ada");
    assert!(heard[0].contains(" 400 boss KLINE ada :They are not here, and nobody knows from where"), "{heard:?}");
    world.say(boss, "DLINE 192.0.2.7");
    assert!(world.has_ada(boss));
    world.say(boss, "KLINE *@192.0.2.7/24");
    assert!(world.has_ada(boss), "a network is asked of addresses alone");
    world.say(boss, "KLINE *@192.0.2.*");
    assert!(!world.has_ada(boss));
}

/// The ban was on disk and the end of the stay was not.
#[test]
fn who_is_banned_does_not_come_back_after_a_restart() {
    for target in ["~a:ADA", "ada@*"] {
        let (mut world, _) = World::with_ada_away();
        let ban = r#"{"event":"ban-set","target":"TARGET","reason":"r","by":"b","at_us":0}"#;
        let ban = ban.replace("TARGET", target).into_bytes();
        world.logs.get_mut(SETTINGS_LOG).expect("accounts").push(ban);
        let boss = world.restarted();
        assert!(!world.has_ada(boss), "{target}");
    }
}

/// Who is in stays in: that no client of theirs is there changes nothing.
#[test]
fn lockdown_ends_nobody_who_stays() {
    let (mut world, boss) = World::with_ada_away();
    world.say(boss, "DEFCON 1");
    let everywhere = ["0.0.0.0/0".parse().unwrap(), "::/0".parse().unwrap()].into();
    world.settings_changed(Settings { require_account: everywhere, ..World::settings() });
    world.pass(limits::CHAT_STAY_SAVE + Duration::from_secs(1));
    assert!(world.has_ada(boss));
    world.say(boss, "DEFCON 5");
    world.cut(boss);
    let boss = world.restarted();
    assert!(world.has_ada(boss));
}

/// spec/audit.md: what was done, by whom, and to whom; what was refused changed nothing and is not there.
#[test]
fn what_operators_do_is_written_down() {
    let mut world = World::with(World::settings());
    let boss = world.operator("boss");
    for line in ["DLINE 1h 10.0.0.0/8 :spam", "KLINE ~a:eve", "DEFCON 4", "DEFCON 4", "UNDLINE 10.0.0.0/8", "KLINE *@*"]
    {
        world.say(boss, line);
    }
    let told: Vec<String> = world.audit().into_iter().filter(|row| !row.contains(": oper ")).collect();
    let rows = ["dline 10.0.0.0/8", "kline ~a:eve", "defcon 4", "undline 10.0.0.0/8"];
    assert_eq!(told, rows.map(|row| alloc::format!("boss boss!boss@127.0.0.1: {row}")));
}
