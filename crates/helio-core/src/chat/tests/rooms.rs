//! Coming and going, topics, names, invitations and kicks.

use super::world::{Id, World};
use crate::limits;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

const NONE: [&str; 0] = [];

/// The numerics of an answer, in order.
fn codes(lines: &[String]) -> Vec<&str> {
    lines.iter().filter_map(|line| line.split(' ').nth(1)).filter(|word| word.len() == 3).collect()
}

fn two(world: &mut World) -> (Id, Id) {
    (world.member("ada", "#tea"), world.member("ben", "#tea"))
}

/// modern "JOIN message": the JOIN itself, the topic with who and when, the names and their end.
#[test]
fn a_join_is_answered_with_topic_and_names() {
    let mut world = World::new();
    let ada = world.member("ada", "#Tea");
    world.say(ada, "TOPIC #tea :black or green?");
    let ben = world.user("ben");
    assert_eq!(
        world.ask(ben, "JOIN #tea"),
        [
            ":ben!ben@127.0.0.1 JOIN #Tea",
            ":helio.local 332 ben #Tea :black or green?",
            ":helio.local 333 ben #Tea ada!ada@127.0.0.1 1795345720",
            ":helio.local 353 ben = #Tea :@ada ben",
            ":helio.local 366 ben #Tea :End of /NAMES list",
        ]
    );
    assert_eq!(world.hear(ada)[1..], [":ben!ben@127.0.0.1 JOIN #Tea"]);
    assert_eq!(world.ask(ben, "JOIN #TEA"), NONE, "once is enough");
}

#[test]
fn several_rooms_are_joined_with_their_keys_and_left_at_once() {
    let mut world = World::new();
    let ada = world.user("ada");
    world.say(ada, "JOIN #a,#b,#c");
    world.say(ada, "MODE #b +k one");
    world.say(ada, "MODE #c +k two");
    let ben = world.user("ben");
    let heard = world.ask(ben, "JOIN #a,#b,#c ,one,wrong");
    assert_eq!(codes(&heard), ["353", "366", "353", "366", "475"], "{heard:?}");
    assert_eq!(
        world.ask(ben, "JOIN 0"),
        [":ben!ben@127.0.0.1 PART #a", ":ben!ben@127.0.0.1 PART #b"],
        "RFC 2812 §3.2.1"
    );
    assert_eq!(codes(&world.ask(ben, "PART #a,#nowhere :bye")), ["442", "403"]);
    world.hear_all();
    assert_eq!(
        world.ask(ada, "PART #a,#b :bye"),
        [":ada!ada@127.0.0.1 PART #a :bye", ":ada!ada@127.0.0.1 PART #b :bye"]
    );
}

#[test]
fn a_closed_door_says_why() {
    let mut world = World::new();
    let ada = world.member("ada", "#tea");
    let ben = world.user("ben");
    for (modes, numeric) in [
        ("+i", "473"),
        ("-i+k key", "475"),
        ("-k+l x 1", "471"),
        ("-l+R", "477"),
        ("-R+b ben", "474"),
        ("+b *!*@127*", "474"),
    ] {
        world.say(ada, &format!("MODE #tea {modes}"));
        assert_eq!(codes(&world.ask(ben, "JOIN #tea")), [numeric], "{modes}");
    }
    world.say(ada, "MODE #tea +e ben");
    assert_eq!(codes(&world.ask(ben, "JOIN #tea")), ["353", "366"], "an exception outweighs bans");
}

#[test]
fn names_that_no_room_has_are_refused() {
    let mut world = World::new();
    let ada = world.user("ada");
    let long = format!("#{}", "x".repeat(limits::IRC_ROOM_NAME));
    for (name, numeric) in [("tea", "403"), ("#", "403"), ("#a:b", "476"), (&long, "476")] {
        assert_eq!(codes(&world.ask(ada, &format!("JOIN {name}"))), [numeric], "{name}");
    }
}

#[test]
fn one_is_in_so_many_rooms_and_not_in_one_more() {
    let mut world = World::new();
    let ada = world.user("ada");
    for n in 0..limits::CHAT_ROOMS_PER_USER {
        world.say(ada, &format!("JOIN #{n}"));
    }
    world.hear_all();
    assert_eq!(world.ask(ada, "JOIN #more"), [":helio.local 405 ada #more :You have joined too many channels"]);
}

/// no-implicit-names: JOIN without 353 and 366, under the draft's name too; NAMES still answers.
#[test]
fn names_after_join_can_be_waived() {
    let mut world = World::new();
    for (nick, cap) in [("ada", "no-implicit-names"), ("ben", "draft/no-implicit-names")] {
        let id = world.user_with(nick, cap);
        assert_eq!(codes(&world.ask(id, "JOIN #tea")), NONE);
        assert_eq!(codes(&world.ask(id, "NAMES #tea")), ["353", "366"]);
    }
}

#[test]
fn names_show_what_the_client_can_read_and_may_see() {
    let mut world = World::new();
    let (ada, ben) = two(&mut world);
    world.say(ada, "MODE #tea +vs ada");
    let cleo = world.user_with("cleo", "multi-prefix userhost-in-names");
    assert_eq!(world.ask(cleo, "NAMES #tea"), [":helio.local 366 cleo #tea :End of /NAMES list"], "secret");
    world.say(ada, "MODE #tea -s");
    assert_eq!(world.ask(cleo, "NAMES #tea")[0], ":helio.local 353 cleo = #tea :@+ada!ada@127.0.0.1 ben!ben@127.0.0.1");
    let user = world.user_id(ben);
    world.chat.state.users.get_mut(&user).unwrap().flags.insert(crate::chat::state::UserFlag::Invisible);
    assert_eq!(world.ask(cleo, "NAMES #tea")[0], ":helio.local 353 cleo = #tea :@+ada!ada@127.0.0.1");
}

/// modern "NAMES message": one end with the name as it was given, for a room that is not there as for no name of a room; `*`
/// without a name. Of several each has its own.
#[test]
fn every_names_has_one_end() {
    let mut world = World::new();
    let (ada, _) = two(&mut world);
    for nothing in ["NAMES", "NAMES :", "NAMES ,,"] {
        assert_eq!(world.ask(ada, nothing), [":helio.local 366 ada * :End of /NAMES list"], "{nothing}");
    }
    for name in ["#nonexisting", "invalid"] {
        let end = format!(":helio.local 366 ada {name} :End of /NAMES list");
        assert_eq!(world.ask(ada, &format!("NAMES {name}")), [end]);
    }
    assert_eq!(codes(&world.ask(ada, "NAMES ,#tea,")), ["353", "366"]);
    assert_eq!(codes(&world.ask(ada, "NAMES #tea,#nowhere")), ["353", "366", "366"]);
    assert_eq!(codes(&world.ask(ada, "NAMES #1,#2,#3,#4,#5")), ["366", "366", "366", "366", "407"]);
}

/// Every line keeps to 512 bytes, and every name is in one of them.
#[test]
fn many_names_take_several_lines() {
    let mut world = World::new();
    let all: Vec<Id> = (0..60).map(|n| world.member(&format!("a-long-nickname-of-someone-{n}"), "#tea")).collect();
    let heard = world.ask(all[0], "NAMES #tea");
    assert!(heard.len() > 4 && heard.iter().all(|line| line.len() <= 510));
    let named = heard.iter().map(|line| line.matches("a-long").count()).sum::<usize>();
    assert_eq!(named, 60 + heard.len(), "each line is addressed to one of them, too");
}

#[test]
fn a_topic_is_read_set_and_taken_away() {
    let mut world = World::new();
    let (ada, ben) = two(&mut world);
    assert_eq!(world.ask(ada, "TOPIC #tea"), [":helio.local 331 ada #tea :No topic is set"]);
    assert_eq!(world.ask(ada, "TOPIC #TEA :green"), [":ada!ada@127.0.0.1 TOPIC #tea :green"]);
    assert_eq!(world.hear(ben), [":ada!ada@127.0.0.1 TOPIC #tea :green"]);
    assert_eq!(world.ask(ada, "TOPIC #tea :green"), NONE, "it is already");
    assert_eq!(codes(&world.ask(ben, "TOPIC #tea :black")), ["482"]);
    world.say(ada, "MODE #tea -t");
    assert_eq!(world.ask(ben, "TOPIC #tea :")[1..], [":ben!ben@127.0.0.1 TOPIC #tea :"]);
    assert_eq!(codes(&world.ask(ben, "TOPIC #tea")), ["331"]);
    let cleo = world.user("cleo");
    assert_eq!(codes(&world.ask(cleo, "TOPIC #tea :x")), ["442"]);
    assert_eq!(codes(&world.ask(cleo, "TOPIC #tea")), ["331"]);
    assert_eq!(codes(&world.ask(cleo, "TOPIC #nowhere")), ["403"]);
    world.say(ada, "MODE #tea +s");
    assert_eq!(codes(&world.ask(cleo, "TOPIC #tea")), ["442"], "a secret room tells outsiders nothing");
}

/// TOPICLEN: the cut is between two characters, and the whole line fits.
#[test]
fn a_long_topic_is_cut_where_a_character_ends() {
    let mut world = World::new();
    let ada = world.member("ada", "#tea");
    let heard = world.ask(ada, &format!("TOPIC #tea :x{}", "é".repeat(limits::CHAT_TOPIC)));
    let topic = heard[0].rsplit_once(':').unwrap().1;
    assert_eq!(topic.len(), limits::CHAT_TOPIC - 1);
    assert!(topic.starts_with("xé") && topic.ends_with('é'));
}

#[test]
fn an_invitation_opens_the_door_once() {
    let mut world = World::new();
    let ada = world.member("ada", "#tea");
    let ben = world.user("ben");
    world.say(ada, "MODE #tea +ik key");
    world.hear_all();
    assert_eq!(world.ask(ada, "INVITE ben #TEA"), [":helio.local 341 ada ben #tea"]);
    assert_eq!(world.hear(ben), [":ada!ada@127.0.0.1 INVITE ben #tea"]);
    assert_eq!(world.ask(ben, "INVITE"), [":helio.local 336 ben #tea", ":helio.local 337 ben :End of /INVITE list"]);
    assert_eq!(codes(&world.ask(ben, "JOIN #tea")), ["353", "366"]);
    assert_eq!(codes(&world.ask(ben, "INVITE")), ["337"]);
    world.say(ben, "PART #tea");
    world.hear_all();
    assert_eq!(codes(&world.ask(ben, "JOIN #tea")), ["473"]);
}

/// Otherwise anybody could bring in whom operators have banned.
#[test]
fn an_invitation_by_a_plain_member_opens_no_door() {
    let mut world = World::new();
    let (ada, ben) = two(&mut world);
    let cleo = world.user("cleo");
    world.say(ada, "MODE #tea +b cleo");
    world.hear_all();
    assert_eq!(codes(&world.ask(ben, "INVITE cleo #tea")), ["341"]);
    assert_eq!(world.hear(cleo), [":ben!ben@127.0.0.1 INVITE cleo #tea"]);
    assert_eq!(codes(&world.ask(cleo, "JOIN #tea")), ["474"]);
}

#[test]
fn an_invitation_is_refused_with_the_reason() {
    let mut world = World::new();
    let (ada, ben) = two(&mut world);
    let cleo = world.user("cleo");
    world.say(cleo, "JOIN #milk");
    world.hear_all();
    for (who, line, numeric) in [
        (ada, "INVITE nobody #tea", "401"),
        (ada, "INVITE cleo #nowhere", "403"),
        (cleo, "INVITE ada #tea", "442"),
        (ada, "INVITE ben #tea", "443"),
        (ada, "INVITE cleo", "461"),
    ] {
        assert_eq!(codes(&world.ask(who, line)), [numeric], "{line}");
    }
    world.say(ada, "MODE #tea +i");
    world.hear_all();
    assert_eq!(codes(&world.ask(ben, "INVITE cleo #tea")), ["482"]);
}

/// invite-notify: members who could invite are told, and RPL_AWAY tells the inviter.
#[test]
fn others_learn_of_an_invitation_and_the_inviter_of_an_absence() {
    let mut world = World::new();
    let ada = world.user_with("ada", "invite-notify");
    world.say(ada, "JOIN #tea");
    let ben = world.member("ben", "#tea");
    let cleo = world.user("cleo");
    let user = world.user_id(cleo);
    world.chat.state.users.get_mut(&user).unwrap().away = Some("asleep".into());
    assert_eq!(
        world.ask(ben, "INVITE cleo #tea"),
        [":helio.local 341 ben cleo #tea", ":helio.local 301 ben cleo :asleep"]
    );
    assert_eq!(world.hear(ada), [":ben!ben@127.0.0.1 INVITE cleo #tea"]);
}

#[test]
fn an_invitation_does_not_outlive_its_room() {
    let mut world = World::new();
    let ada = world.member("ada", "#tea");
    let ben = world.user("ben");
    world.say(ada, "INVITE ben #tea");
    world.say(ada, "PART #tea");
    world.say(ada, "JOIN #tea");
    world.say(ada, "MODE #tea +i");
    world.hear_all();
    assert_eq!(codes(&world.ask(ben, "INVITE")), ["337"]);
    assert_eq!(codes(&world.ask(ben, "JOIN #tea")), ["473"]);
}

#[test]
fn one_holds_so_many_invitations() {
    let mut world = World::new();
    let (ada, ben) = (world.user("ada"), world.user("ben"));
    for n in 0..=limits::CHAT_INVITATIONS {
        world.say(ada, &format!("JOIN #{n}"));
        world.say(ada, &format!("INVITE ben #{n}"));
    }
    world.hear_all();
    assert_eq!(world.ask(ben, "INVITE").len(), limits::CHAT_INVITATIONS + 1);
    world.say(ada, "PART #0,#1");
    world.say(ada, &format!("INVITE ben #{}", limits::CHAT_INVITATIONS));
    world.hear_all();
    let listed = world.ask(ben, "INVITE");
    assert_eq!(listed.len(), limits::CHAT_INVITATIONS, "rooms that are no more make place: {listed:?}");
}

#[test]
fn several_are_kicked_with_a_reason() {
    let mut world = World::new();
    let (ada, ben) = two(&mut world);
    let cleo = world.member("cleo", "#tea");
    world.hear_all();
    assert_eq!(
        world.ask(ada, "KICK #tea ben,nobody,cleo :too loud"),
        [
            ":ada!ada@127.0.0.1 KICK #tea ben :too loud",
            ":helio.local 401 ada nobody :No such nick/channel",
            ":ada!ada@127.0.0.1 KICK #tea cleo :too loud",
        ]
    );
    assert_eq!(world.hear(ben), [":ada!ada@127.0.0.1 KICK #tea ben :too loud"]);
    assert_eq!(world.hear(cleo).len(), 2);
    assert_eq!(codes(&world.ask(ada, "KICK #tea ben")), ["441"]);
    assert_eq!(codes(&world.ask(ada, "KICK #nowhere ben")), ["403"]);
    assert_eq!(codes(&world.ask(ben, "KICK #tea ada")), ["442"]);
    world.say(ben, "JOIN #tea");
    world.hear_all();
    assert_eq!(codes(&world.ask(ben, "KICK #tea ada")), ["482"]);
    assert_eq!(world.ask(ada, "KICK #tea ben"), [":ada!ada@127.0.0.1 KICK #tea ben :ada"], "no reason: who kicks");
    assert_eq!(codes(&world.ask(ada, "KICK #tea a,b,c,d,e")), ["401", "401", "401", "401", "407"]);
}

/// RFC 2812 §3.2.8: "either one channel parameter and multiple user parameter, or as many channel parameters as there are user
/// parameters".
#[test]
fn each_is_kicked_from_the_room_in_the_same_place() {
    let mut world = World::new();
    let (ada, ben) = two(&mut world);
    for (id, room) in [(ada, "#den"), (ben, "#den")] {
        world.say(id, &format!("JOIN {room}"));
    }
    let cleo = world.member("cleo", "#tea");
    world.hear_all();
    let kicks = [
        ":ada!ada@127.0.0.1 KICK #den ben :ada",
        ":helio.local 403 ada #nowhere :No such channel",
        ":ada!ada@127.0.0.1 KICK #tea cleo :ada",
    ];
    assert_eq!(world.ask(ada, "KICK #den,#nowhere,#tea ben,ben,cleo"), kicks);
    assert_eq!(world.hear(ben), [kicks[0], kicks[2]], "and is still in the other room");
    assert_eq!(world.hear(cleo), [kicks[2]]);
    for uneven in ["#den,#tea ben", "#den,#tea ben,ada,x", "#den, ben,ben", ",#tea ben,ben", "#tea,#tea ben,"] {
        let refused = [":helio.local 461 ada KICK :Not enough parameters"];
        assert_eq!(world.ask(ada, &format!("KICK {uneven}")), refused, "{uneven}");
    }
    assert_eq!(codes(&world.ask(ada, "KICK #1,#2,#3,#4,#tea a,b,c,d,ben")), ["403", "403", "403", "403", "407"]);
    assert_eq!(world.hear(ben), [] as [&str; 0]);
}

/// KICKLEN.
#[test]
fn a_long_reason_is_cut_where_a_character_ends() {
    let mut world = World::new();
    let (ada, _) = two(&mut world);
    let heard = world.ask(ada, &format!("KICK #tea ben :x{}", "é".repeat(limits::CHAT_KICK_REASON)));
    assert_eq!(heard[0].rsplit_once(':').unwrap().1.len(), limits::CHAT_KICK_REASON - 1);
}

#[test]
fn who_may_not_speak_leaves_without_a_last_word() {
    let mut world = World::new();
    let (ada, ben) = two(&mut world);
    world.say(ada, "MODE #tea +b ~m:ben");
    world.hear_all();
    assert_eq!(world.ask(ben, "PART #tea :listen to me"), [":ben!ben@127.0.0.1 PART #tea"]);
}

/// Each use of the office is told to the server operators who want notices.
#[test]
fn a_server_operator_goes_everywhere_and_others_are_told() {
    let mut world = World::new();
    let (_, root, boss) = (world.member("ada", "#tea"), world.user("root"), world.user("boss"));
    world.promote(root);
    world.promote(boss);
    world.hear_all();
    world.say(root, "MODE #tea +i");
    assert_eq!(
        world.hear(boss),
        [":helio.local NOTICE boss :*** root used the office of server operator: changed modes of #tea"]
    );
    world.hear_all();
    for (line, act) in [
        ("JOIN #tea", "joined #tea"),
        ("TOPIC #tea :mine", "set the topic of #tea"),
        ("INVITE boss #tea", "invited boss to #tea"),
        ("KICK #tea ada", "kicked ada from #tea"),
    ] {
        world.say(root, line);
        let heard = world.hear(boss);
        assert!(heard.iter().any(|line| line.ends_with(&format!(": {act}"))), "{line}: {heard:?}");
    }
    assert_eq!(codes(&world.ask(boss, "NAMES #tea")), ["353", "366"]);
}
