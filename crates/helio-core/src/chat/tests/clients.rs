//! Several clients on one account and nickname (docs/chat.md "Several clients").

mod random;

use super::world::{Commits, Id, World};
use crate::chat::Settings;
use crate::limits;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

const SILENCE: [&str; 0] = [];

impl World {
    /// A connection that logs in to `account` and asks for `nick`, and everything that it hears until it has been told of
    /// all rooms.
    pub(super) fn client(&mut self, account: &str, nick: &str, caps: &str) -> (Id, Vec<String>) {
        let id = self.connect();
        self.say(id, "CAP LS 302");
        self.say(id, &format!("CAP REQ :{caps}"));
        self.say(id, &format!("PASS :{account}:correct horse"));
        self.say(id, &format!("NICK {nick}"));
        self.say(id, "USER other 0 * :Another client");
        self.hear(id);
        self.say(id, "CAP END");
        self.soon();
        let heard = self.hear(id).into_iter().filter(|line| !line.contains(" 900 ")).collect();
        (id, heard)
    }

    /// What has a turn of its own gets it.
    pub(super) fn soon(&mut self) {
        self.pass(Duration::from_millis(1));
    }

    /// Two clients that are ada, in #tea with ben, and nothing to be heard any more.
    pub(super) fn two_clients(caps: &str) -> (Self, Id, Id, Id) {
        let mut world = Self::new();
        world.add_account("ada");
        let (ada, _) = world.client("ada", "ada", caps);
        world.say(ada, "JOIN #tea");
        let ben = world.member("ben", "#tea");
        let (second, _) = world.client("ada", "ada", caps);
        world.hear_all();
        (world, ada, second, ben)
    }
}

/// One is welcomed as ever, and then told of the rooms as if one joined them. Others see nothing of it.
#[test]
fn a_second_client_becomes_the_same_user() {
    let mut world = World::new();
    world.add_account("ada");
    let (ada, _) = world.client("ada", "ada", "");
    world.say(ada, "JOIN #tea");
    world.say(ada, "TOPIC #tea :Earl Grey");
    world.say(ada, "PRIVMSG #tea :hello");
    let ben = world.member("ben", "#tea");
    world.hear_all();
    let (second, heard) = world.client("ADA", "Ada", "server-time message-tags batch");
    assert!(heard[0].contains(" 001 ada :Welcome to the Heliograph Network, ada!other@127.0.0.1"), "{heard:?}");
    let end = heard.iter().position(|line| line.contains(" 422 ada ")).expect("the end of the welcome");
    let words = |line: &String| {
        line.split(' ').skip_while(|word| word.starts_with(['@', ':'])).take(2).collect::<Vec<_>>().join(" ")
    };
    let verbs: Vec<String> = heard[end + 1..].iter().map(words).collect();
    assert_eq!(verbs[..5], ["JOIN #tea", "332 ada", "333 ada", "353 ada", "366 ada"], "{heard:?}");
    assert!(heard[end + 4].contains("@ada ben") || heard[end + 4].contains("ben @ada"), "{heard:?}");
    assert!(
        verbs[5].starts_with("BATCH +") && verbs[6] == "PRIVMSG #tea" && verbs[7].starts_with("BATCH -"),
        "{heard:?}"
    );
    assert_eq!((world.hear(ada), world.hear(ben)), (Vec::new(), Vec::new()));
    assert_eq!(world.user_id(ada), world.user_id(second));
    let users = world.ask(ben, "LUSERS");
    assert!(users[0].contains("There are 2 users"), "{users:?}");
}

/// A client that leaves out names is told none, whichever way it came into the room.
#[test]
fn capabilities_are_of_each_client() {
    let (mut world, ada, _, _) = World::two_clients("");
    let (quiet, heard) = world.client("ada", "ada", "no-implicit-names extended-join server-time");
    assert!(heard.last().is_some_and(|line| line.ends_with("JOIN #tea ada :Another client")), "{heard:?}");
    world.hear_all();
    world.say(ada, "JOIN #coffee");
    world.soon();
    assert_eq!(world.hear(quiet).len(), 1, "JOIN alone");
}

/// Other sessions see what one says as the user's own lines, whatever their echo-message; the one that spoke gets an echo
/// only with echo-message.
#[test]
fn what_one_client_says_the_others_see() {
    let (mut world, ada, second, ben) = World::two_clients("");
    for (line, seen) in [
        ("PRIVMSG #tea :to the room", ":ada!other@127.0.0.1 PRIVMSG #tea :to the room"),
        ("NOTICE ben :to one", ":ada!other@127.0.0.1 NOTICE ben :to one"),
    ] {
        assert_eq!(world.ask(ada, line), SILENCE);
        assert_eq!(world.hear(second), [seen]);
        assert_eq!(world.hear(ben), [seen]);
    }
    world.say(ben, "PRIVMSG ada :an answer");
    let answer = [":ben!ben@127.0.0.1 PRIVMSG ada :an answer"];
    assert_eq!(
        (world.hear(ada), world.hear(second)),
        (answer.map(String::from).into(), answer.map(String::from).into())
    );
}

#[test]
fn a_message_to_oneself_is_seen_once_by_each_client() {
    let (mut world, ada, second, _) = World::two_clients("");
    let told = [":ada!other@127.0.0.1 PRIVMSG ada :a note"];
    assert_eq!(world.ask(ada, "PRIVMSG ada :a note"), told);
    assert_eq!(world.hear(second), told);
}

/// Who speaks where they are not told of it, to a status or from outside, shows it to their other clients.
#[test]
fn other_clients_see_what_they_would_not_be_told() {
    let (mut world, ada, second, ben) = World::two_clients("");
    world.say(ben, "JOIN #cake");
    world.say(ben, "MODE #cake -n");
    world.say(ben, "JOIN #tea");
    world.hear_all();
    assert_eq!(world.ask(ada, "PRIVMSG #cake :from outside"), SILENCE);
    assert_eq!(world.hear(second), [":ada!other@127.0.0.1 PRIVMSG #cake :from outside"]);
    world.say(ada, "MODE #tea +o ben");
    world.say(ada, "MODE #tea -o ada");
    world.hear_all();
    world.say(ada, "PRIVMSG @#tea :to operators");
    assert_eq!(world.hear(second), [":ada!other@127.0.0.1 PRIVMSG @#tea :to operators"]);
    assert_eq!(world.hear(ada), SILENCE);
}

/// labeled-response: only the session that asked has the label. TAGMSG and multiline reach the others like any message.
#[test]
fn a_label_is_seen_by_who_set_it() {
    let (mut world, ada, second, _) = World::two_clients("batch labeled-response echo-message message-tags");
    let own = world.ask(ada, "@label=l1 PRIVMSG #tea :labelled");
    assert!(own.len() == 1 && own[0].contains("label=l1"), "{own:?}");
    let other = world.hear(second);
    assert!(
        other.len() == 1 && !other[0].contains("label=") && other[0].ends_with(" PRIVMSG #tea :labelled"),
        "{other:?}"
    );
    let own = world.ask(ada, "@label=l2 TOPIC #tea :Assam");
    assert!(own[0].contains("label=l2"), "{own:?}");
    let other = world.hear(second);
    assert!(other.len() == 1 && other[0].ends_with(" TOPIC #tea :Assam") && !other[0].contains("label="), "{other:?}");
    assert!(world.ask(ada, "@label=l3;+typing=active TAGMSG #tea")[0].contains("label=l3"));
    assert!(world.hear(second)[0].ends_with(" TAGMSG #tea"));
}

/// The echo waits for the disk; the other session sees the line at once, as others do, and is not told of a failure.
#[test]
fn only_the_speaker_waits_for_the_disk() {
    let (mut world, ada, second, _) = World::two_clients("echo-message standard-replies");
    world.commits = Commits::WhenTold;
    assert_eq!(world.ask(ada, "PRIVMSG #tea :one"), SILENCE);
    let seen = [":ada!other@127.0.0.1 PRIVMSG #tea :one"];
    assert_eq!(world.hear(second), seen);
    world.commit();
    assert_eq!((world.hear(ada), world.hear(second)), (seen.map(String::from).into(), Vec::new()));
    world.say(ada, "PRIVMSG #tea :two");
    world.hear_all();
    world.fail();
    assert!(world.hear(ada)[0].contains(" FAIL PRIVMSG MESSAGE_NOT_STORED #tea "));
    assert_eq!(world.hear(second), SILENCE);
}

/// JOIN, PART, NICK, MODE and being kicked concern the user, so every client sees them.
#[test]
fn what_one_client_does_all_see() {
    let (mut world, ada, second, ben) = World::two_clients("");
    world.say(second, "JOIN #coffee");
    world.soon();
    let heard = world.hear(ada);
    assert_eq!(heard[0], ":ada!other@127.0.0.1 JOIN #coffee");
    assert!(heard[1].contains(" 353 ada = #coffee :@ada") && heard[2].contains(" 366 "), "{heard:?}");
    world.hear_all();
    for (line, seen) in [
        ("MODE ada +i", ":ada!other@127.0.0.1 MODE ada +i"),
        ("PART #coffee :enough", ":ada!other@127.0.0.1 PART #coffee :enough"),
        ("NICK Adah", ":ada!other@127.0.0.1 NICK Adah"),
    ] {
        assert_eq!(world.ask(ada, line), [seen]);
        assert_eq!(world.hear(second), [seen]);
    }
    world.say(ada, "MODE #tea +o ben");
    world.hear_all();
    world.say(ben, "KICK #tea Adah :tea is out");
    assert!(world.hear(ada)[0].contains(" KICK #tea Adah "));
    assert!(world.hear(second)[0].contains(" KICK #tea Adah "));
    world.say(ben, "PRIVMSG #tea :alone");
    assert_eq!(world.hear(second), SILENCE);
}

/// A client that comes into a room late is told what happens there from its JOIN on, and of nothing before.
#[test]
fn nothing_is_told_of_a_room_before_its_join() {
    let (mut world, ada, second, ben) = World::two_clients("");
    world.say(ada, "JOIN #coffee");
    world.say(ben, "JOIN #coffee");
    world.say(ben, "PRIVMSG #coffee :early");
    assert_eq!(world.hear(second), SILENCE);
    world.say(ada, "PART #coffee");
    world.soon();
    assert_eq!(world.hear(second), SILENCE, "it was never there");
    world.say(ada, "JOIN #coffee");
    world.say(ada, "PART #coffee");
    world.say(ada, "JOIN #coffee");
    world.soon();
    let joins = world.hear(second).iter().filter(|line| line.ends_with(" JOIN #coffee")).count();
    assert_eq!(joins, 1);
}

/// Rooms come one after the other, as the client reads: their history alone may be larger than its queue.
#[test]
fn rooms_are_shown_as_fast_as_they_are_read() {
    let mut world = World::new();
    world.add_account("ada");
    let (ada, _) = world.client("ada", "ada", "");
    for number in 0..limits::CHAT_ROOMS_PER_USER {
        world.say(ada, &format!("JOIN #room{number}"));
    }
    let text = "x".repeat(300);
    (0..20).for_each(|_| world.say(ada, &format!("PRIVMSG #room0 :{text}")));
    world.are_reads_late = true;
    let (second, heard) = world.client("ada", "ada", "");
    let joins = |heard: &[String]| heard.iter().filter(|line| line.contains(" JOIN #")).count();
    assert_eq!(joins(&heard), 1, "the first waits for its history");
    world.are_reads_late = false;
    world.read();
    world.pass(Duration::from_secs(1));
    world.soon();
    assert_eq!(joins(&world.hear(second)), limits::CHAT_ROOMS_PER_USER - 1);
    let deaf = world.connect();
    world.deaf.push(deaf);
    for line in ["PASS :ada:correct horse", "NICK ada", "USER ada 0 * :deaf"] {
        world.say(deaf, line);
    }
    world.pass(Duration::from_secs(3));
    assert!(!world.is_closed(deaf), "it was not drowned");
    world.chat.check_bounds();
}

/// QUIT or a broken connection ends one client; with the last one the user leaves.
#[test]
fn the_last_client_quits() {
    let (mut world, ada, second, ben) = World::two_clients("");
    assert_eq!(world.ask(ada, "QUIT :to bed"), ["ERROR :Closing link: Quit: to bed"]);
    assert_eq!((world.hear(second), world.hear(ben)), (Vec::new(), Vec::new()));
    let (third, _) = world.client("ada", "ada", "");
    world.cut(third);
    assert_eq!(world.hear(ben), SILENCE);
    world.say(ben, "PRIVMSG ada :still there?");
    assert_eq!(world.hear(second).len(), 1);
    world.say(second, "QUIT :me too");
    assert_eq!(world.hear(ben), [":ada!other@127.0.0.1 QUIT :Quit: me too"]);
    world.chat.check_bounds();
}

/// A client that does not read is closed alone.
#[test]
fn a_client_that_hangs_takes_nobody_along() {
    let (mut world, ada, second, ben) = World::two_clients("");
    world.say(ada, "JOIN #coffee");
    world.soon();
    world.hear_all();
    world.half_close(second);
    assert!(world.is_closed(second));
    world.pass(Duration::from_millis(1));
    let heard = world.ask(ben, "WHOIS ada");
    assert!(heard.iter().any(|line| line.contains(" 319 ben ada ")), "{heard:?}");
    assert_eq!(world.hear(ada), SILENCE);
}

/// Whoever is not logged in to the very account is told what everybody is told.
#[test]
fn another_account_is_refused() {
    let (mut world, _, _, _) = World::two_clients("");
    world.add_account("cleo");
    let (_, heard) = world.client("cleo", "ada", "");
    assert_eq!(heard, [":helio.local 433 ada ada :Nickname is already in use"]);
    let stranger = world.connect();
    world.say(stranger, "NICK ada");
    assert_eq!(world.ask(stranger, "USER x 0 * :x"), [":helio.local 433 ada ada :Nickname is already in use"]);
    assert!(world.ask(stranger, "NICK someone")[0].contains(" 001 someone "));
    let heard = world.ask(stranger, "NICK ada");
    assert_eq!(heard, [":helio.local 433 someone ada :Nickname is already in use"], "nor later");
}

/// Who is somebody already does not become somebody else: NICK to one's other nickname is refused.
#[test]
fn only_at_registration_one_becomes_another() {
    let (mut world, ..) = World::two_clients("");
    let (other, heard) = world.client("ada", "adatwo", "");
    assert!(heard[0].contains(" 001 adatwo "), "an account may have several nicknames: {heard:?}");
    assert_eq!(world.ask(other, "NICK ada"), [":helio.local 433 adatwo ada :Nickname is already in use"]);
}

/// The log-in may come behind NICK and USER, as clients do.
#[test]
fn log_in_may_follow_the_nickname() {
    let (mut world, ada, _, _) = World::two_clients("");
    let id = world.connect();
    for line in ["CAP LS 302", "NICK ada", "USER x 0 * :x", "CAP REQ sasl", "AUTHENTICATE PLAIN"] {
        world.say(id, line);
    }
    // NUL ada NUL correct horse.
    world.say(id, "AUTHENTICATE AGFkYQBjb3JyZWN0IGhvcnNl");
    let heard = world.hear(id).concat();
    assert!(heard.contains(" 903 ") && !heard.contains(" 433 "), "{heard}");
    world.say(id, "CAP END");
    assert_eq!(world.user_id(id), world.user_id(ada));
}

#[test]
fn a_setting_switches_it_off() {
    let mut world = World::with(Settings { has_several_clients: false, ..World::settings() });
    world.add_account("ada");
    world.client("ada", "ada", "");
    let (second, _) = world.client("ada", "ada", "");
    assert!(world.ask(second, "NICK ada")[0].contains(" 433 "));
}

/// The bound, and that it is free again when one leaves.
#[test]
fn there_are_so_many_clients_and_no_more() {
    let mut world = World::new();
    world.add_account("ada");
    let clients: Vec<Id> = (0..limits::CHAT_SESSIONS_PER_USER).map(|_| world.client("ada", "ada", "").0).collect();
    let (_, refused) = world.client("ada", "ada", "");
    let text = ":helio.local 433 ada ada :Too many of your clients use this nickname: end one of them first";
    assert_eq!(refused, [text]);
    world.cut(clients[3]);
    let (_, heard) = world.client("ada", "ada", "");
    assert!(heard[0].contains(" 001 ada "), "{heard:?}");
    world.chat.check_bounds();
}

/// Two that log in at the same moment: the first is somebody, the second comes to the same.
#[test]
fn a_race_of_two_clients_makes_one_user() {
    let mut world = World::new();
    world.add_account("ada");
    world.are_passwords_late = true;
    let ids = [world.connect(), world.connect()];
    for id in ids {
        for line in ["PASS :ada:correct horse", "NICK ada", "USER ada 0 * :Ada"] {
            world.say(id, line);
        }
    }
    world.compare();
    assert_eq!(world.user_id(ids[0]), world.user_id(ids[1]));
    world.suspend("ada");
    assert!(world.is_closed(ids[0]) && world.is_closed(ids[1]));
    let late = world.connect();
    for line in ["PASS :ada:correct horse", "NICK ada", "USER ada 0 * :Ada"] {
        world.say(late, line);
    }
    world.compare();
    assert!(world.is_closed(late), "suspended meanwhile");
}

#[test]
fn suspension_deletion_and_kill_end_all_clients() {
    for ending in ["suspend", "delete", "kill", "kill oneself"] {
        let (mut world, ada, second, ben) = World::two_clients("");
        match ending {
            "suspend" => world.suspend("ada"),
            "delete" => world.delete("ada"),
            "kill" => {
                world.promote(ben);
                world.hear_all();
                world.say(ben, "KILL ada :enough");
            }
            _ => {
                world.promote(ada);
                world.hear_all();
                world.say(ada, "KILL ada :enough");
            }
        }
        assert!(world.is_closed(ada) && world.is_closed(second), "{ending}");
        let quits = world.hear(ben).iter().filter(|line| line.contains("ada!other@127.0.0.1 QUIT ")).count();
        assert_eq!(quits, 1, "{ending}");
        if ending.starts_with("kill") {
            assert!(
                [ada, second].into_iter().all(|id| world.hear(id).iter().any(|line| line.contains(" KILL ada "))),
                "{ending}"
            );
        }
        world.chat.check_bounds();
    }
}

/// Each of one's clients is shown the rooms into which another came, but for those that it has left again.
#[test]
fn a_room_that_was_left_again_keeps_no_other_from_being_shown() {
    let (mut world, ada, second, _) = World::two_clients("");
    for line in ["JOIN #coffee", "JOIN #water", "PART #coffee"] {
        world.say(ada, line);
    }
    world.soon();
    assert_eq!(world.hear(second).first().map(String::as_str), Some(":ada!other@127.0.0.1 JOIN #water"));
}

/// "REDACT": each client of who takes back a note to themselves is told once.
#[test]
fn a_note_to_oneself_is_taken_back_once_for_each_client() {
    let (mut world, ada, second, _) = World::two_clients("message-tags draft/message-redaction");
    let note = world.ask(ada, "PRIVMSG ada :a note").concat();
    let msgid = note.split("msgid=").nth(1).and_then(|rest| rest.split([';', ' ']).next()).expect("an identity");
    world.hear_all();
    for heard in [world.ask(ada, &format!("REDACT ada {msgid}")), world.hear(second)] {
        assert_eq!(heard.len(), 1, "{heard:?}");
        assert!(heard[0].ends_with(&format!(":ada!other@127.0.0.1 REDACT ada {msgid}")), "{heard:?}");
    }
}

/// MONITOR and its answers are the session's own; a second client that comes is no news.
#[test]
fn monitor_is_of_each_client() {
    let (mut world, ada, second, ben) = World::two_clients("");
    world.say(ada, "MONITOR + ben");
    world.say(ben, "MONITOR + ada");
    world.hear_all();
    assert_eq!(world.ask(second, "MONITOR L"), [":helio.local 733 ada :End of MONITOR list"]);
    let (third, _) = world.client("ada", "ada", "");
    world.cut(third);
    assert_eq!(world.hear(ben), SILENCE);
    world.say(ben, "QUIT");
    assert!(world.hear(ada).iter().any(|line| line.contains(" 731 ada :ben")));
    assert!(!world.hear(second).iter().any(|line| line.contains(" 731 ")));
    world.cut(ada);
    world.chat.check_bounds();
}

/// WHOIS: idle since the newest word of any client, and to oneself where each is.
#[test]
fn whois_is_of_all_clients() {
    let (mut world, ada, second, ben) = World::two_clients("");
    world.pass(Duration::from_secs(50));
    world.say(second, "PRIVMSG #tea :awake");
    world.pass(Duration::from_secs(10));
    world.hear_all();
    let heard = world.ask(ben, "WHOIS ada");
    assert!(heard.iter().any(|line| line.contains(" 317 ben ada 10 ")), "{heard:?}");
    let heard = world.ask(ada, "WHOIS ada");
    assert_eq!(heard.iter().filter(|line| line.contains(" 378 ") || line.contains(" 338 ")).count(), 2, "{heard:?}");
}

/// All sessions would become somebody else's.
#[test]
fn a_user_with_several_clients_keeps_the_account() {
    let (mut world, ada, second, _) = World::two_clients("sasl");
    world.add_account("cleo");
    world.say(ada, "AUTHENTICATE PLAIN");
    world.hear_all();
    // NUL cleo NUL correct horse.
    let response = "AUTHENTICATE AGNsZW8AY29ycmVjdCBob3JzZQ==";
    let heard = world.ask(ada, response);
    assert_eq!(heard, [":helio.local 904 ada :Other clients are logged in as this user: end them first".to_string()]);
    assert_eq!(world.hear(second), SILENCE);
    world.cut(second);
    world.say(ada, "AUTHENTICATE PLAIN");
    let heard = world.ask(ada, response).concat();
    assert!(heard.contains(" 903 "), "{heard}");
}
