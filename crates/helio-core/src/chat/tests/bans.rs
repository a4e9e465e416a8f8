//! Bans of the whole server (spec/bans.md).

mod whom;

use super::world::{Commits, Id, World};
use crate::chat::{Face, SETTINGS_LOG, Settings};
use crate::limits;
use crate::time::Utc;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

const FAR: &str = "192.0.2.7:5000";

/// A world with an operator at home.
fn world() -> (World, Id) {
    let mut world = World::with(World::settings());
    let boss = world.operator("boss");
    (world, boss)
}

/// What one from `address` hears on the way in, username and nickname being `nick`.
fn come(world: &mut World, address: &str, nick: &str) -> Result<(Id, Vec<String>), String> {
    let id = world.connect_from(address, Face::Irc, false)?;
    world.say(id, &format!("NICK {nick}"));
    world.say(id, &format!("USER {nick} 0 * :x"));
    let heard = world.hear(id);
    Ok((id, heard))
}

fn is_welcome(world: &mut World, address: &str, nick: &str) -> bool {
    match come(world, address, nick) {
        Ok((id, heard)) => {
            world.cut(id);
            world.hear_all();
            heard.iter().any(|line| line.contains(" 001 "))
        }
        Err(_) => false,
    }
}

/// 465 ERR_YOUREBANNEDCREEP (modern.ircdocs.horse), to who is there and to who comes.
#[test]
fn a_banned_address_is_closed_and_refused_until_the_ban_ends() {
    let (mut world, boss) = world();
    let (ada, _) = come(&mut world, FAR, "ada").unwrap();
    world.hear_all();
    assert_eq!(
        world.ask(boss, "DLINE 1h30m 192.0.2.7/24 :sending  spam"),
        [
            ":helio.local NOTICE boss :*** boss banned 192.0.2.0/24 (until 2026-11-22T12:38:40Z): sending  spam",
            ":helio.local NOTICE boss :DLINE BAN_SET 192.0.2.0/24: Banned, until 2026-11-22T12:38:40Z; 1 connections closed",
        ]
    );
    let told = "You are banned from this server: sending  spam (until 2026-11-22T12:38:40Z)";
    let heard = [format!(":helio.local 465 ada :{told}"), format!("ERROR :Closing link: {told}")];
    assert_eq!(world.hear(ada), heard);
    assert!(world.is_closed(ada));
    let words = format!(":helio.local 465 * :{told}\r\nERROR :Closing link: {told}\r\n");
    assert_eq!(come(&mut world, "192.0.2.200:1", "ben").map(|_| ()), Err(words));
    let guest = world.connect_from(FAR, Face::Guest, false);
    assert_eq!(guest, Err(format!("* closing: {told}\n")));
    assert_eq!(world.chat.admits([192, 0, 2, 9].into(), world.now), Err(told.into()));
    let mapped = "[::ffff:192.0.2.7]:5000";
    assert!(!is_welcome(&mut world, mapped, "ben") && is_welcome(&mut world, "192.0.3.7:5000", "ben"));
    world.pass(Duration::from_mins(90));
    assert!(is_welcome(&mut world, FAR, "ada"));
}

#[test]
fn a_mask_means_username_and_host_when_they_are_known() {
    let (mut world, boss) = world();
    let (ada, _) = come(&mut world, FAR, "ada").unwrap();
    let (ben, _) = come(&mut world, FAR, "ben").unwrap();
    let waiting = world.connect_from(FAR, Face::Irc, false).unwrap();
    let guest = world.connect_from(FAR, Face::Guest, false).unwrap();
    world.hear_all();
    world.say(boss, "KLINE A?A@192.0.2.* rude");
    let told = "You are banned from this server: rude (no end is set)";
    assert_eq!(world.hear(ada)[0], format!(":helio.local 465 ada :{told}"));
    assert!(world.is_closed(ada) && !world.is_closed(ben) && !world.is_closed(waiting));
    world.say(waiting, "NICK eve");
    assert!(!world.is_closed(waiting));
    world.say(waiting, "USER ada 0 * :x");
    let heard = [format!(":helio.local 465 eve :{told}"), format!("ERROR :Closing link: {told}")];
    assert_eq!(world.hear(waiting), heard);
    world.say(boss, "KLINE guest@192.0.2.0/24 :no guests");
    assert_eq!(world.hear(guest), ["* closing: You are banned from this server: no guests (no end is set)"]);
    assert!(!is_welcome(&mut world, FAR, "guest") && is_welcome(&mut world, "198.51.100.1:1", "guest"));
    let guest = world.connect_from(FAR, Face::Guest, false).unwrap();
    world.pass(limits::CHAT_GUEST_SETTLING);
    assert!(world.is_closed(guest) && world.hear(guest).concat().contains("no guests"));
}

#[test]
fn who_is_here_can_be_banned_by_nickname() {
    let (mut world, boss) = world();
    let (ada, _) = come(&mut world, FAR, "ada").unwrap();
    assert!(world.ask(boss, "KLINE ADA")[1].starts_with(":helio.local NOTICE boss :KLINE BAN_SET 192.0.2.7: Banned"));
    assert!(world.is_closed(ada));
    assert!(world.ask(boss, "KLINE ada")[0].contains(" 400 boss KLINE ada :Expected user@host"));
}

/// Log-in is refused whatever the address, and who is logged in is closed; `ban-exempt` does not help.
#[test]
fn a_banned_account_cannot_log_in() {
    let settings = Settings { ban_exempt: ["127.0.0.0/8".parse().unwrap()].into(), ..World::settings() };
    let mut world = World::with(settings);
    let boss = world.operator("boss");
    let ada = world.user("ada");
    world.say(ada, "REGISTER * * secret-word");
    world.hear_all();
    world.say(boss, "KLINE 2d ~account:A* :be nice");
    assert!(world.is_closed(ada));
    let ben = world.user("ben");
    assert!(world.ask(ben, "PRIVMSG boss :hi").is_empty() && !world.is_closed(ben));
    let id = world.connect();
    world.say(id, "PASS ada:secret-word");
    world.say(id, "NICK ada");
    let heard = world.ask(id, "USER ada 0 * :x");
    let told = "You are banned from this server: be nice (until 2026-11-24T11:08:40Z)";
    assert_eq!(heard, [format!(":helio.local 465 ada :{told}"), format!("ERROR :Closing link: {told}")]);
    let abe = world.user("abe");
    let heard = world.ask(abe, "REGISTER * * secret-word");
    assert!(
        heard.concat().contains(" 465 abe ") && world.is_closed(abe),
        "a new account would be a way round: {heard:?}"
    );
    world.pass(Duration::from_hours(48));
    let id = world.connect();
    world.say(id, "PASS ada:secret-word");
    world.say(id, "NICK ada");
    assert!(world.ask(id, "USER ada 0 * :x")[0].contains(" 900 "));
}

/// An operator cannot lock out everybody, or himself, by a slip.
#[test]
fn who_would_ban_everybody_or_himself_is_asked_to_say_so() {
    let (mut world, boss) = world();
    for target in ["*@*", "0.0.0.0/0", "0::/0", "~a:*"] {
        let heard = world.ask(boss, &format!("KLINE 1h {target}"));
        assert!(heard[0].contains(" 400 boss KLINE ") && heard[0].contains("would ban everybody"), "{heard:?}");
    }
    for line in ["DLINE 127.0.0.0/8", "KLINE 30 boss@127.*", "KLINE boss", "DLINE 127.0.0.1"] {
        let heard = world.ask(boss, line);
        assert!(heard.len() == 1 && heard[0].contains("would ban yourself"), "{line}: {heard:?}");
    }
    assert!(!world.is_closed(boss) && is_welcome(&mut world, "127.0.0.1:5", "ada"));
    let heard = world.ask(boss, "KLINE MYSELF 1h boss@*");
    assert!(heard.iter().any(|line| line.contains(" 465 boss ")) && world.is_closed(boss), "{heard:?}");
    let exempt = Settings { ban_exempt: ["127.0.0.0/8".parse().unwrap()].into(), ..World::settings() };
    world.settings_changed(exempt);
    let boss = world.operator("boss");
    let heard = world.ask(boss, "DLINE 127.0.0.0/8");
    assert!(heard.concat().contains("; 0 connections closed"), "whom it does not concern need not be sure: {heard:?}");
}

#[test]
fn what_is_no_ban_is_refused() {
    let (mut world, boss) = world();
    for (line, answer) in [
        ("KLINE", " 461 boss KLINE "),
        ("KLINE MYSELF", " 461 boss KLINE "),
        ("KLINE 30m", " 400 boss KLINE 30m :Expected user@host"),
        ("KLINE 1d12 a@b", " 400 boss KLINE 1d12 :Expected"),
        ("KLINE a!b@c", " 400 boss KLINE a!b@c :Expected"),
        ("DLINE a@b", " 400 boss DLINE a@b :Expected an address"),
        ("DLINE ~a:b", " 400 boss DLINE ~a:b :Expected an address"),
        ("KLINE 11y a@b", " 400 boss KLINE a@b :No ban with an end"),
        ("UNKLINE a@b", " 400 boss UNKLINE a@b :There is no such ban"),
        ("UNDLINE 10.0.0.1", " 400 boss UNDLINE 10.0.0.1 :There is no such ban"),
    ] {
        let heard = world.ask(boss, line);
        assert!(heard.len() == 1 && heard[0].contains(answer), "{line}: {heard:?}");
    }
    assert!(!world.logs.contains_key(SETTINGS_LOG), "and nothing of it is stored");
}

/// Deny by default: 481 ERR_NOPRIVILEGES.
#[test]
fn only_server_operators_keep_people_out() {
    let (mut world, _) = world();
    let ada = world.user("ada");
    let lines = [
        "KLINE x@y",
        "KLINE LIST",
        "DLINE 10.0.0.1",
        "DLINE LIST",
        "UNKLINE x@y",
        "UNDLINE 10.0.0.1",
        "DEFCON",
        "DEFCON 1",
        "STATS k",
        "STATS K",
        "STATS d",
        "STATS D",
    ];
    for line in lines {
        let denied = ":helio.local 481 ada :Permission Denied- You're not an IRC operator";
        assert_eq!(world.ask(ada, line), [denied], "{line}");
    }
}

/// 216 RPL_STATSKLINE and 225 RPL_STATSDLINE, small letters for what has an end.
#[test]
fn bans_are_listed_and_lifted() {
    let (mut world, boss) = world();
    for line in ["KLINE 1h *@*.bad.example spam", "KLINE ~a:eve", "DLINE 2001:db8::/32 flood", "DLINE 1d 0::7"] {
        world.ask(boss, line);
    }
    assert_eq!(
        world.ask(boss, "STATS k"),
        [
            ":helio.local 216 boss k *.bad.example * * :spam (by boss, until 2026-11-22T12:08:40Z)",
            ":helio.local 216 boss K ~a:eve * * :no reason given (by boss, no end is set)",
            ":helio.local 219 boss k :End of /STATS report",
        ]
    );
    assert_eq!(
        world.ask(boss, "STATS D"),
        [
            ":helio.local 225 boss d 0::7 :no reason given (by boss, until 2026-11-23T11:08:40Z)",
            ":helio.local 225 boss D 2001:db8::/32 :flood (by boss, no end is set)",
            ":helio.local 219 boss D :End of /STATS report",
        ]
    );
    assert_eq!(world.ask(boss, "DLINE LIST 2001:*").len(), 2);
    assert_eq!(
        world.ask(boss, "UNDLINE 2001:db8::1/32"),
        [
            ":helio.local NOTICE boss :*** boss lifted the ban of 2001:db8::/32",
            ":helio.local NOTICE boss :UNDLINE BAN_LIFTED 2001:db8::/32: The ban is lifted",
        ]
    );
    assert!(is_welcome(&mut world, "[2001:db8::1]:1", "ada"));
    world.say(boss, "UNKLINE ~A:EVE");
    world.hear_all();
    world.now.utc = Utc::from_micros(world.now.utc.micros() + 3_600_000_000);
    assert_eq!(world.ask(boss, "STATS k").len(), 1, "what has ended is not listed");
}

/// standard-replies: what was done is a NOTE for those who know them; a label is answered.
#[test]
fn clients_with_standard_replies_are_told_by_note() {
    let mut world = World::with(World::settings());
    let boss = world.user_with("boss", "standard-replies labeled-response batch");
    world.ask(boss, "OPER boss secret");
    let heard = world.ask(boss, "@label=7 DLINE 10.0.0.1").join("\n");
    assert!(heard.contains(" NOTE DLINE BAN_SET 10.0.0.1 :Banned, no end is set; 0 connections closed"), "{heard}");
    assert!(heard.contains("label=7"), "{heard}");
}

/// What was set is the same after a restart, through the records and through a snapshot of them.
#[test]
fn bans_and_lockdown_survive_a_restart() {
    let (mut world, boss) = world();
    for line in [
        "DLINE 1h 192.0.2.7 :spam",
        "KLINE eve@*",
        "KLINE ~a:mallory",
        "DLINE 10.0.0.0/8",
        "UNDLINE 10.0.0.0/8",
        "DEFCON 4",
    ] {
        world.ask(boss, line);
    }
    let listed = |world: &mut World| {
        let boss = world.operator("boss");
        let lists = ["STATS k", "STATS d", "DEFCON"].map(|line| world.ask(boss, line));
        lists.concat()
    };
    world.cut(boss);
    let before = listed(&mut world);
    assert_eq!(before.len(), 6, "{before:#?}");
    world.restart(World::settings(), 8);
    assert_eq!(listed(&mut world), before);
    let snapshot = world.chat.snapshot();
    assert_eq!(snapshot.len(), 4);
    world.logs.insert(SETTINGS_LOG.into(), snapshot);
    world.restart(World::settings(), 9);
    assert_eq!(listed(&mut world), before);
    assert!(!is_welcome(&mut world, FAR, "ada") && !is_welcome(&mut world, "198.51.100.1:1", "eve"));
    world.pass(Duration::from_hours(1));
    world.restart(World::settings(), 10);
    assert!(is_welcome(&mut world, FAR, "ada"), "expired while the server was away or not");
}

/// spec/bans.md "Time".
#[test]
fn a_ban_follows_the_clock_whichever_way_it_is_set() {
    let (mut world, boss) = world();
    world.ask(boss, "DLINE 1h 192.0.2.7");
    let right = world.now.utc;
    let hours = |hours: i64| Utc::from_micros(right.micros() + hours * 3_600_000_000);
    for (clock, is_banned) in [(hours(2), false), (hours(-24 * 365), true), (hours(24 * 365), false), (right, true)] {
        world.now.utc = clock;
        world.restart(World::settings(), 8);
        assert_eq!(!is_welcome(&mut world, FAR, "ada"), is_banned, "{clock}");
    }
}

/// A setting that is not stored stays true, and is stored when the store works again.
#[test]
fn a_ban_whose_commit_failed_is_stored_again() {
    let (mut world, boss) = world();
    world.ask(boss, "DLINE 10.0.0.0/8");
    world.commits = Commits::Fail;
    let heard = world.ask(boss, "DLINE 192.0.2.7").join("\n");
    assert!(heard.contains(" 400 boss DLINE 192.0.2.7 :Setting was changed but could not be stored yet"), "{heard}");
    assert!(world.ask(boss, "UNDLINE 10.0.0.0/8").concat().contains("Nothing can be stored at present"));
    assert!(!is_welcome(&mut world, FAR, "ada"));
    world.commits = Commits::AtOnce;
    world.pass(limits::CHAT_PROBE_INTERVAL);
    world.restart(World::settings(), 8);
    assert!(!is_welcome(&mut world, FAR, "ada") && !is_welcome(&mut world, "10.1.2.3:1", "ada"));
}

/// At the bound a new one is refused; one that is there can be changed.
#[test]
fn bans_are_bounded_and_lookups_stay_right_among_many() {
    let (mut world, boss) = world();
    let record = |n: usize| {
        let net = format!("10.{}.{}.{}", n >> 14, (n >> 6) & 255, (n & 63) << 2);
        format!("{{\"event\":\"ban-set\",\"target\":\"{net}/30\",\"reason\":\"r\",\"by\":\"b\",\"at_us\":0}}")
    };
    for n in 0..limits::CHAT_ADDRESS_BANS {
        world.chat.handle_restored(record(n).as_bytes(), world.now).unwrap();
    }
    world.chat.check_bounds();
    let heard = world.ask(boss, "DLINE 192.0.2.7");
    assert_eq!(heard, [":helio.local 400 boss DLINE 192.0.2.7 :There are as many bans as there may be: lift some"]);
    assert!(world.ask(boss, "DLINE 1h 10.0.0.0/30").concat().contains("Banned, until"));
    assert!(is_welcome(&mut world, FAR, "ada") && !is_welcome(&mut world, "10.0.7.9:1", "ada"));
    assert_eq!(world.ask(boss, "STATS d").len(), limits::CHAT_BANS_LISTED + 2);
}

#[test]
fn records_that_would_keep_out_somebody_else_are_errors() {
    let (mut world, _) = world();
    for record in [
        r#"{"event":"ban-set","target":"a!b@c","reason":"","by":"","at_us":0}"#,
        r#"{"event":"defcon","level":0,"by":"","at_us":0}"#,
        r#"{"event":"defcon","level":6,"by":"","at_us":0}"#,
    ] {
        assert!(world.chat.handle_restored(record.as_bytes(), world.now).is_err(), "{record}");
    }
}
