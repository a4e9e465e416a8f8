//! Users who stay while no client of theirs is there (docs/chat.md "Always there"; spec/accounts.md "Staying").

use super::world::{Commits, Id, World};
use crate::chat::{AccountChange, AlwaysOn, ControlAnswer, ControlRequest, SETTINGS_LOG, Settings};
use crate::limits;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

const SILENCE: [&str; 0] = [];

impl World {
    fn stay(&mut self, account: &str, is_on: bool) {
        self.change(AccountChange::AlwaysOn { account: account.into(), is_on, at_us: 0 }).expect("a change");
    }

    /// Ada, who stays, in #tea with ben; nothing more to be heard.
    fn with_ada_who_stays() -> (Self, Id, Id) {
        let mut world = Self::with(Self::settings());
        world.add_account("ada");
        world.stay("ada", true);
        let (ada, _) = world.client("ada", "ada", "sasl");
        world.say(ada, "JOIN #tea");
        let ben = world.member("ben", "#tea");
        (world, ada, ben)
    }

    /// Whether somebody of this name is there, for one who asks.
    fn is_there(&mut self, asker: Id, nick: &str) -> bool {
        self.ask(asker, &format!("ISON {nick}")) == [format!(":helio.local 303 ben :{nick}")]
    }

    /// What was kept by now is all that is left of the run.
    fn saved_and_restarted(&mut self) {
        self.pass(limits::CHAT_STAY_SAVE + Duration::from_secs(1));
        let settings = self.chat.settings.clone();
        self.restart(settings, 8);
        self.chat.check_bounds();
    }

    fn stays_kept(&self) -> Vec<String> {
        let log = self.logs.get(SETTINGS_LOG).cloned().unwrap_or_default();
        let records = log.into_iter().map(|record| String::from_utf8(record).expect("UTF-8"));
        records.filter(|record| record.contains("\"event\":\"stay\"")).collect()
    }
}

/// The last client goes; the user is away, in the room, and is written to. A client that comes is shown what was said.
#[test]
fn who_stays_is_away_and_comes_back_to_what_was_said() {
    let (mut world, ada, ben) = World::with_ada_who_stays();
    world.say(ada, "QUIT :to bed");
    assert!(world.is_closed(ada));
    assert_eq!(world.hear(ben), SILENCE, "nobody left");
    assert_eq!(world.ask(ben, "PRIVMSG ada :there?"), [":helio.local 301 ben ada :*"]);
    assert!(world.ask(ben, "NAMES #tea")[0].contains("@ada"));
    world.say(ben, "PRIVMSG #tea :while you slept");
    let (back, heard) = world.client("ada", "ada", "");
    let join = heard.iter().position(|line| line.ends_with(" JOIN #tea")).expect("a room");
    assert!(heard[join..].iter().any(|line| line.contains("while you slept")), "{heard:?}");
    assert_eq!(world.ask(ben, "PRIVMSG ada :there?"), SILENCE, "back");
    world.hear(back);
    assert!(world.ask(back, "MODE #tea +m")[0].contains(" MODE #tea +m"), "statuses stay while the service runs");
    world.chat.check_bounds();
}

/// What one wrote oneself is shown on, after the client went.
#[test]
fn a_message_of_ones_own_outlasts_the_client() {
    let (mut world, ada, ben) = World::with_ada_who_stays();
    world.say(ada, "AWAY :on leave until Monday");
    world.cut(ada);
    assert_eq!(world.ask(ben, "PRIVMSG ada :there?"), [":helio.local 301 ben ada :on leave until Monday"]);
}

/// Nobody is a server operator without being there.
#[test]
fn an_operator_who_goes_is_none_any_more() {
    let (mut world, ada, ben) = World::with_ada_who_stays();
    world.promote(ada);
    world.cut(ada);
    assert!(!world.ask(ben, "WHOIS ada").iter().any(|line| line.contains(" 313 ")));
    let (back, _) = world.client("ada", "ada", "");
    assert_eq!(world.ask(back, "MODE ada"), [":helio.local 221 ada +"]);
}

/// The setting × what the account wants.
#[test]
fn the_setting_and_the_account_decide() {
    use AlwaysOn::{Mandatory, Off, OptIn, OptOut};
    for (always_on, choice, stays) in [
        (Off, Some(true), false),
        (OptIn, None, false),
        (OptIn, Some(true), true),
        (OptIn, Some(false), false),
        (OptOut, None, true),
        (OptOut, Some(false), false),
        (Mandatory, None, true),
        (Mandatory, Some(false), true),
    ] {
        let mut world = World::with(Settings { always_on, ..World::settings() });
        world.add_account("ada");
        choice.into_iter().for_each(|is_on| world.stay("ada", is_on));
        let ben = world.user("ben");
        let (ada, _) = world.client("ada", "ada", "");
        world.cut(ada);
        assert_eq!(world.is_there(ben, "ada"), stays, "{always_on:?} {choice:?}");
        let stranger = world.user("stranger");
        world.cut(stranger);
        assert!(!world.is_there(ben, "stranger"), "who has no account never stays");
    }
}

/// Of two users with one account the one that stays is the one that is kept already.
#[test]
fn one_user_of_an_account_stays() {
    let (mut world, ada, ben) = World::with_ada_who_stays();
    let (phone, _) = world.client("ada", "phone", "");
    world.pass(limits::CHAT_STAY_SAVE);
    world.cut(ada);
    world.cut(phone);
    assert!(world.is_there(ben, "ada") && !world.is_there(ben, "phone"));
}

#[test]
fn they_come_back_after_a_restart() {
    let (mut world, ada, _) = World::with_ada_who_stays();
    world.say(ada, "JOIN #coffee");
    world.say(ada, "PRIVMSG #coffee :kept");
    world.say(ada, "NICK adah");
    world.saved_and_restarted();
    let ben = world.member("ben", "#tea");
    let heard = world.ask(ben, "WHOIS adah");
    assert_eq!(heard[0], ":helio.local 311 ben adah other 127.0.0.1 * :Another client");
    assert!(heard.iter().any(|line| line.ends_with(" 319 ben adah :#coffee #tea")), "statuses do not last: {heard:?}");
    assert!(heard.contains(&":helio.local 301 ben adah :*".to_string()), "{heard:?}");
    assert!(heard.contains(&":helio.local 330 ben adah ada :is logged in as".to_string()), "{heard:?}");
    let thief = world.connect();
    world.say(thief, "NICK adah");
    assert!(world.ask(thief, "USER x 0 * :x")[0].contains(" 433 "));
    let (_, heard) = world.client("ada", "adah", "");
    let joins = heard.iter().filter(|line| line.contains(" JOIN #")).count();
    assert_eq!(joins, 2, "{heard:?}");
    world.chat.check_bounds();
}

/// Neither a snapshot of the log nor a second restart loses them.
#[test]
fn a_snapshot_brings_them_back_too() {
    let (mut world, _, _) = World::with_ada_who_stays();
    world.saved_and_restarted();
    let snapshot = world.chat.snapshot();
    world.logs.insert(SETTINGS_LOG.into(), snapshot);
    let settings = world.chat.settings.clone();
    world.restart(settings, 9);
    let ben = world.member("ben", "#tea");
    assert!(world.is_there(ben, "ada"));
    assert!(world.ask(ben, "NAMES #tea")[0].contains("ada"));
}

/// All changes of a while are one record, and what ended up as it was is none.
#[test]
fn changes_are_stored_together() {
    let (mut world, ada, _) = World::with_ada_who_stays();
    world.pass(limits::CHAT_STAY_SAVE);
    let before = world.stays_kept().len();
    for number in 0..20 {
        world.say(ada, &format!("JOIN #room{number}"));
        world.say(ada, &format!("PART #room{number}"));
    }
    world.pass(limits::CHAT_STAY_SAVE * 2);
    assert_eq!(world.stays_kept().len(), before);
    (0..20).for_each(|number| world.say(ada, &format!("JOIN #room{number}")));
    world.pass(limits::CHAT_STAY_SAVE * 2);
    assert_eq!(world.stays_kept().len(), before + 1);
}

/// Stopping stores at once what would have waited.
#[test]
fn a_stop_forgets_nothing() {
    let (mut world, ..) = World::with_ada_who_stays();
    world.chat.handle_stop(world.now);
    world.drain();
    let settings = world.chat.settings.clone();
    world.restart(settings, 8);
    let ben = world.member("ben", "#tea");
    assert!(world.is_there(ben, "ada"));
}

/// While the store fails nothing is lost but time: it is stored when it works again.
#[test]
fn a_failing_store_delays_what_is_kept() {
    let (mut world, ada, _) = World::with_ada_who_stays();
    world.pass(limits::CHAT_STAY_SAVE);
    world.commits = Commits::Fail;
    world.say(ada, "NICK adah");
    world.pass(limits::CHAT_STAY_SAVE * 2);
    world.commits = Commits::AtOnce;
    world.pass(limits::CHAT_STAY_SAVE * 2);
    world.saved_and_restarted();
    let ben = world.user("ben");
    assert!(world.is_there(ben, "adah"));
}

/// KILL, suspension, deletion and switching it off let the user go for good.
#[test]
fn who_is_made_to_leave_does_not_come_back() {
    for ending in ["kill", "suspend", "delete", "switch off", "setting"] {
        let (mut world, ada, ben) = World::with_ada_who_stays();
        world.pass(limits::CHAT_STAY_SAVE);
        world.cut(ada);
        world.hear_all();
        match ending {
            "kill" => {
                world.promote(ben);
                world.say(ben, "KILL ada :enough");
            }
            "suspend" => world.suspend("ada"),
            "delete" => world.delete("ada"),
            "switch off" => world.stay("ada", false),
            _ => world.settings_changed(Settings { always_on: AlwaysOn::Off, ..World::settings() }),
        }
        world.pass(limits::CHAT_STAY_SAVE + Duration::from_secs(1));
        assert!(world.hear(ben).iter().any(|line| line.contains(":ada!other@127.0.0.1 QUIT :")), "{ending}");
        world.saved_and_restarted();
        let ben = world.user("ben");
        assert!(!world.is_there(ben, "ada"), "{ending}");
    }
}

/// Who stayed and logs in to another account takes nothing along.
#[test]
fn another_account_does_not_stay() {
    let (mut world, ada, _) = World::with_ada_who_stays();
    world.add_account("cleo");
    world.pass(limits::CHAT_STAY_SAVE);
    world.say(ada, "AUTHENTICATE PLAIN");
    // NUL cleo NUL correct horse.
    let heard = world.ask(ada, "AUTHENTICATE AGNsZW8AY29ycmVjdCBob3JzZQ==").concat();
    assert!(heard.contains(" 903 "), "{heard}");
    world.saved_and_restarted();
    let ben = world.user("ben");
    assert!(!world.is_there(ben, "ada"));
}

/// The time counts on over restarts, and a clock that jumps changes nothing but the moment.
#[test]
fn who_is_absent_too_long_leaves() {
    let day = Duration::from_hours(24);
    let (mut world, ada, _) = World::with_ada_who_stays();
    world.cut(ada);
    world.pass(day * 20);
    world.saved_and_restarted();
    let ben = world.member("ben", "#tea");
    world.pass(day * 9);
    world.hear_all();
    let ben = if world.is_closed(ben) { world.member("ben", "#tea") } else { ben };
    assert!(world.is_there(ben, "ada"));
    world.deaf.push(ben);
    world.pass(day * 2);
    let carl = world.user("carl");
    assert_eq!(world.ask(carl, "ISON ada"), [":helio.local 303 carl :"]);
    world.saved_and_restarted();
    let ben = world.user("ben");
    assert!(!world.is_there(ben, "ada"), "nor after another restart");
}

#[test]
fn a_clock_set_back_lets_nobody_go_early() {
    let (mut world, ada, ben) = World::with_ada_who_stays();
    world.cut(ada);
    world.now.utc = crate::time::Utc::from_micros(world.now.utc.micros() - 86_400_000_000);
    world.pass(Duration::from_secs(60));
    assert!(world.is_there(ben, "ada"));
    world.now.utc = crate::time::Utc::from_micros(world.now.utc.micros() + 86_400_000_000 * 32);
    world.pass(Duration::from_hours(25));
    let carl = world.user("carl");
    assert_eq!(world.ask(carl, "ISON ada"), [":helio.local 303 carl :"]);
}

/// At the bound the one longest without a client goes, whether they come back or the last client goes.
#[test]
fn the_longest_absent_goes_first() {
    let (mut world, ada, ben) = World::with_ada_who_stays();
    for number in 0..=limits::CHAT_ALWAYS_ON {
        let stay = format!(r#"{{"nick":"user{number}","username":"u","host":"h","realname":"r","left_us":{number}}}"#);
        let kept = format!(r#""registered_us":0,"always_on":true,"stay":{stay}"#);
        let record = format!(r#"{{"event":"account","name":"account{number}",{kept}}}"#);
        world.chat.handle_restored(record.as_bytes(), world.now).expect("a record");
    }
    world.chat.settings.always_on_expiry = Duration::from_hours(1_000_000);
    world.chat.handle_restore_end(world.now);
    world.drain();
    assert!(!world.is_there(ben, "user0") && world.is_there(ben, "user1"));
    world.cut(ada);
    assert!(!world.is_there(ben, "user1") && world.is_there(ben, "user2") && world.is_there(ben, "ada"));
    world.chat.check_bounds();
}

/// ACCOUNT SET ALWAYS-ON, and what it answers to clients with and without standard-replies.
#[test]
fn one_decides_for_oneself() {
    let mut world = World::new();
    world.add_account("ada");
    let (ada, _) = world.client("ada", "ada", "standard-replies");
    let on = ":helio.local NOTE ACCOUNT ON ALWAYS-ON :You stay while no client of yours is here";
    assert_eq!(world.ask(ada, "ACCOUNT SET always-on on"), [on]);
    assert_eq!(world.ask(ada, "ACCOUNT set ALWAYS-ON ON"), [on], "as it is");
    let Some(ControlAnswer::Accounts { accounts, .. }) = world.request(ControlRequest::AccountList { after: None })
    else {
        panic!("no list")
    };
    assert_eq!((accounts[0].always_on, accounts[0].state().as_str()), (Some(true), "active, always on"));
    world.commits = Commits::WhenTold;
    assert_eq!(world.ask(ada, "ACCOUNT SET ALWAYS-ON OFF"), SILENCE, "not before it is kept");
    world.commit();
    let off = ":helio.local NOTE ACCOUNT OFF ALWAYS-ON :You leave with your last client";
    assert_eq!(world.hear(ada), [off]);
    world.commits = Commits::AtOnce;
    world.settings_changed(Settings { always_on: AlwaysOn::Mandatory, ..World::settings() });
    let but = ":helio.local NOTE ACCOUNT OFF ALWAYS-ON :You stay while no client of yours is here";
    assert_eq!(world.ask(ada, "ACCOUNT SET ALWAYS-ON OFF"), [but], "it is not theirs to decide");
    for wrong in ["ACCOUNT SET ALWAYS-ON MAYBE", "ACCOUNT SET COLOUR RED"] {
        assert!(world.ask(ada, wrong)[0].contains(" FAIL ACCOUNT INVALID_PARAMS SET "), "{wrong}");
    }
    assert!(world.ask(ada, "ACCOUNT SET ALWAYS-ON")[0].contains(" FAIL ACCOUNT NEED_MORE_PARAMS SET "));
    let stranger = world.user("stranger");
    let refused = [":helio.local 400 stranger ACCOUNT :Log in to an account first"];
    assert_eq!(world.ask(stranger, "ACCOUNT SET ALWAYS-ON ON"), refused);
}
