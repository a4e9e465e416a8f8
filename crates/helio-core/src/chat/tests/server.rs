//! What the server says of itself (modern.ircdocs.horse "Server Queries and Commands", "RPL_ISUPPORT").

use super::world::{Commits, World};
use crate::chat::{Admin, Settings, isupport};
use crate::irc::name::NickRules;
use crate::limits;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

/// The tokens of RPL_ISUPPORT lines.
fn tokens(lines: &[String]) -> Vec<String> {
    let isupport = lines.iter().filter(|line| line.split(' ').nth(1) == Some("005"));
    let lists = isupport.filter_map(|line| line.split(" :").next());
    lists.flat_map(|line| line.split(' ').skip(3)).map(Into::into).collect()
}

/// Every token as a client reads it. The values come from the tables and bounds that the commands obey.
#[test]
fn isupport_is_complete_and_true() {
    let mut world = World::new();
    let ada = world.user("ada");
    let heard = world.ask(ada, "VERSION");
    assert_eq!(heard[0], ":helio.local 351 ada heliograph-test helio.local :Heliograph");
    let expected: Vec<String> = isupport::tokens(&Settings::new("heliograph-test"))
        .into_iter()
        .map(|(key, value)| crate::irc::isupport::token(key, value.as_deref()))
        .collect();
    assert_eq!(tokens(&heard), expected, "what is sent is what the table says");
    for token in [
        "BOT=B",
        "CASEMAPPING=ascii",
        "CHANMODES=beI,k,lW,ACRimnst",
        "CHANTYPES=#",
        "ELIST=CMNTU",
        "EXCEPTS=e",
        "INVEX=I",
        "NETWORK=Heliograph",
        "PREFIX=(qaohv)~&@%+",
        "SAFELIST",
        "STATUSMSG=~&@%+",
        "UTF8ONLY",
        "WHOX",
        "ACCOUNTEXTBAN=a,account",
        "EXTBAN=~,am",
        &format!("CHANLIMIT=#:{}", limits::CHAT_ROOMS_PER_USER),
        &format!("KEYLEN={}", limits::CHAT_ROOM_KEY),
        &format!("KICKLEN={}", limits::CHAT_KICK_REASON),
        &format!("MAXLIST=beI:{}", limits::CHAT_ROOM_LIST_ENTRIES),
        &format!("MAXTARGETS={}", limits::CHAT_TARGETS),
        &format!("TOPICLEN={}", limits::CHAT_TOPIC),
        &format!("AWAYLEN={}", limits::CHAT_AWAY),
        &format!("CHANNELLEN={}", limits::IRC_ROOM_NAME),
        &format!("HOSTLEN={}", limits::IRC_HOST),
        &format!("MODES={}", limits::IRC_MODE_CHANGES),
        &format!("MONITOR={}", limits::CHAT_MONITOR),
        &format!("NAMELEN={}", limits::CHAT_REALNAME),
        &format!("NICKLEN={}", limits::IRC_NICK),
        &format!("USERLEN={}", limits::IRC_USER),
    ] {
        assert!(expected.contains(&token.to_string()), "{token} is not in {expected:?}");
    }
    assert!(!expected.iter().any(|token| token.starts_with("UTF8MAPPING")), "names are ASCII here");
    let precis = Settings { nick_rules: NickRules::Precis, ..World::settings() };
    assert!(isupport::tokens(&precis).contains(&("UTF8MAPPING", Some("rfc8265".into()))));
}

/// Each line of RPL_ISUPPORT fits, whatever the network is called.
#[test]
fn isupport_fits_into_its_lines() {
    let network = "N".repeat(200);
    let mut world = World::with(Settings { network, ..World::settings() });
    let ada = world.user("ada");
    let heard = world.ask(ada, "VERSION");
    assert!(heard.iter().all(|line| line.len() + 2 <= limits::IRC_BODY));
    let lines = heard.iter().filter(|line| line.contains(" 005 "));
    assert!(
        lines.clone().count() > 1 && lines.into_iter().all(|line| line.ends_with(" :are supported by this server"))
    );
    assert_eq!(tokens(&heard).len(), isupport::tokens(&World::settings()).len());
}

#[test]
fn lusers_counts_truly() {
    let mut world = World::with(World::settings());
    let ada = world.operator("ada");
    let ben = world.member("ben", "#tea");
    world.say(ben, "MODE ben +i");
    let _nobody = world.connect();
    let gone = world.user("gone");
    world.cut(gone);
    let counted = |world: &mut World| world.ask(ada, "LUSERS").into_iter().map(|mut line| line.split_off(13)).collect();
    let heard: Vec<String> = counted(&mut world);
    assert_eq!(
        heard,
        [
            "251 ada :There are 1 users and 1 invisible on 1 servers",
            "252 ada 1 :operator(s) online",
            "253 ada 1 :unknown connection(s)",
            "254 ada 1 :channels formed",
            "255 ada :I have 2 clients and 0 servers",
            "265 ada 2 3 :Current local users 2, max 3",
            "266 ada 2 3 :Current global users 2, max 3",
        ]
    );
    world.cut(ben);
    world.say(ada, "MODE ada -o");
    world.hear(ada);
    let heard: Vec<String> = counted(&mut world);
    assert_eq!(heard[0], "251 ada :There are 1 users and 0 invisible on 1 servers");
    assert_eq!(heard[1], "252 ada 0 :operator(s) online");
}

#[test]
fn the_server_tells_what_and_whose_it_is() {
    let admin = Admin { location: "Here".into(), description: "Ours".into(), email: "a@b.example".into() };
    let mut world = World::with(Settings { admin, ..World::settings() });
    let ada = world.user("ada");
    assert_eq!(
        world.ask(ada, "ADMIN"),
        [
            ":helio.local 256 ada helio.local :Administrative info",
            ":helio.local 257 ada :Here",
            ":helio.local 258 ada :Ours",
            ":helio.local 259 ada :a@b.example",
        ]
    );
    assert_eq!(world.ask(ada, "TIME"), [":helio.local 391 ada helio.local 1795345720 0 :2026-11-22T11:08:40.000Z"]);
    assert_eq!(
        world.ask(ada, "LINKS"),
        [":helio.local 364 ada helio.local helio.local :0 Heliograph", ":helio.local 365 ada * :End of /LINKS list"]
    );
    assert_eq!(world.ask(ada, "LINKS *.example"), [":helio.local 365 ada *.example :End of /LINKS list"]);
    let info = world.ask(ada, "INFO");
    assert_eq!(info[0], ":helio.local 371 ada :heliograph-test");
    assert_eq!(info.last().map(String::as_str), Some(":helio.local 374 ada :End of /INFO list"));
    assert_eq!(world.ask(ada, "MOTD"), [":helio.local 422 ada :MOTD File is missing"]);
    assert_eq!(world.ask(ada, "USERS"), [":helio.local 446 ada :USERS has been disabled"]);
    assert_eq!(world.ask(ada, "SUMMON ben"), [":helio.local 445 ada :SUMMON has been disabled"]);
}

#[test]
fn without_an_admin_there_is_nothing_to_tell() {
    let mut world = World::new();
    let ada = world.user("ada");
    assert_eq!(world.ask(ada, "ADMIN"), [":helio.local 423 ada helio.local :No administrative info available"]);
}

/// ERR_NOSUCHSERVER for every command that can be meant for another server.
#[test]
fn there_is_no_other_server() {
    let mut world = World::new();
    let ada = world.user("ada");
    for line in ["ADMIN", "INFO", "LINKS", "LUSERS *", "MOTD", "STATS u", "TIME", "TRACE", "VERSION"] {
        let refused = ":helio.local 402 ada far.example :No such server";
        let mask = if line == "LINKS" { " *" } else { "" };
        assert_eq!(world.ask(ada, &format!("{line} far.example{mask}")), [refused], "{line}");
        assert!(!world.ask(ada, &format!("{line} *.local{mask}"))[0].contains(" 402 "), "{line}");
    }
}

#[test]
fn help_explains_each_command() {
    let mut world = World::new();
    let ada = world.user("ada");
    assert_eq!(
        world.ask(ada, "HELP nick"),
        [
            ":helio.local 704 ada nick :NICK name",
            ":helio.local 705 ada nick :Sets or changes what you are called.",
            ":helio.local 706 ada nick :End of /HELP",
        ]
    );
    assert_eq!(world.ask(ada, "HELPOP sing"), [":helio.local 524 ada sing :No help available on this topic"]);
    let index = world.ask(ada, "HELP");
    assert!(index[0].starts_with(":helio.local 704 ada index :") && index.concat().contains("WHOWAS"), "{index:?}");
    assert_eq!(index.last().map(String::as_str), Some(":helio.local 706 ada index :End of /HELP"));
}

#[test]
fn stats_tell_everybody_a_little_and_operators_more() {
    let mut world = World::with(World::settings());
    let ada = world.user("ada");
    world.pass(Duration::from_secs(90_061));
    let ada = if world.is_closed(ada) { world.user("ada") } else { ada };
    assert_eq!(
        world.ask(ada, "STATS u"),
        [
            ":helio.local 242 ada :Server Up 1 days 1:01:01",
            ":helio.local 250 ada :Highest connection count: 1 (1 clients)",
            ":helio.local 219 ada u :End of STATS report".replace("STATS", "/STATS").as_str(),
        ]
    );
    for letter in ["l", "m", "o", "y"] {
        let refused = ":helio.local 481 ada :Permission Denied- You're not an IRC operator";
        assert_eq!(world.ask(ada, &format!("STATS {letter}")), [refused]);
    }
    assert_eq!(world.ask(ada, "STATS"), [":helio.local 461 ada STATS :Not enough parameters"]);
    assert_eq!(world.ask(ada, "STATS z"), [":helio.local 219 ada z :End of /STATS report"]);
    let boss = world.operator("boss");
    let commands = world.ask(boss, "STATS m");
    assert!(commands.contains(&":helio.local 212 boss OPER 1".into()), "{commands:?}");
    assert!(world.ask(boss, "STATS o").contains(&":helio.local 243 boss O * * boss".into()));
    assert!(world.ask(boss, "STATS y").contains(&":helio.local 218 boss Y users 120 32 1048576".into()));
    assert!(world.ask(ada, "STATS p").contains(&":helio.local 249 ada p :boss (boss@127.0.0.1) idle 0".into()));
    let links = world.ask(boss, "STATS l");
    assert!(links.contains(&":helio.local 249 boss l boss :0 bytes wait, open for 0 seconds".into()), "{links:?}");
}

#[test]
fn trace_shows_one_oneself_and_operators_all() {
    let mut world = World::with(World::settings());
    let ada = world.user("ada");
    let boss = world.operator("boss");
    let end = ":helio.local 262 ada helio.local heliograph-test :End of TRACE";
    assert_eq!(world.ask(ada, "TRACE"), [":helio.local 205 ada User users ada", end]);
    assert_eq!(world.ask(ada, "TRACE boss"), [end]);
    let heard = world.ask(boss, "TRACE");
    assert_eq!(heard[..2], [":helio.local 205 boss User users ada", ":helio.local 204 boss Oper users boss"]);
}

/// At the end each hears of its own end only, behind what it was promised.
#[test]
fn when_the_program_ends_nobody_is_told_that_the_others_leave() {
    let mut world = World::new();
    let ada = world.user_with("ada", "echo-message");
    world.say(ada, "JOIN #tea");
    let ben = world.member("ben", "#tea");
    world.say(ben, "MONITOR + ada");
    world.commits = Commits::WhenTold;
    world.hear_all();
    world.say(ada, "PRIVMSG #tea :x");
    world.hear(ben);
    world.chat.handle_stop(world.now);
    world.drain();
    assert_eq!(world.hear(ben), ["ERROR :Closing link: Server is shutting down"]);
    assert!(world.hear(ada).is_empty(), "an echo is promised");
    world.commit();
    let last = [":ada!ada@127.0.0.1 PRIVMSG #tea :x", "ERROR :Closing link: Server is shutting down"];
    assert_eq!(world.hear(ada), last);
    assert!(world.chat.is_empty());
}
