//! HELP: what each command is for. One row a command.

use crate::chat::reply::{Outcome, Refusal};
use crate::chat::turn::Turn;
use crate::irc::numeric::Numeric;
use alloc::vec::Vec;

/// A command, how it is written, and what it does.
struct Topic {
    command: &'static str,
    usage: &'static str,
    text: &'static str,
}

const fn topic(command: &'static str, usage: &'static str, text: &'static str) -> Topic {
    Topic { command, usage, text }
}

/// In alphabetical order.
const TOPICS: &[Topic] = &[
    topic("ACCOUNT", "ACCOUNT [subcommand …]", "Looks after your account; alone, lists the subcommands."),
    topic("ADMIN", "ADMIN", "Shows who runs this server."),
    topic(
        "AUTHENTICATE",
        "AUTHENTICATE mechanism|response|*",
        "Logs in to an account, by SASL; clients do it for you.",
    ),
    topic("AWAY", "AWAY [message]", "Marks you as away; without a message, as back."),
    topic("BATCH", "BATCH +reference draft/multiline target", "Begins or ends a message of several lines."),
    topic("CAP", "CAP LS|LIST|REQ|END [list]", "Negotiates what your client and the server both can."),
    topic(
        "CHATHISTORY",
        "CHATHISTORY LATEST|BEFORE|AFTER|AROUND|BETWEEN|TARGETS …",
        "Shows what was said in a room, or with somebody.",
    ),
    topic(
        "DEFCON",
        "DEFCON [1-5]",
        "Shows or sets the level of lockdown: 5 is none, 1 lets nobody in. Server operators only.",
    ),
    topic(
        "DLINE",
        "DLINE [MYSELF] [duration] address|network|nick [reason], DLINE LIST [mask]",
        "Bans an address or network: 30m, 1d12h, or minutes; none is for ever. Server operators only.",
    ),
    topic("FILTER", "FILTER LIST|ADD|DEL …", "What nobody may say anywhere. Server operators only."),
    topic("HELP", "HELP [command]", "Shows the commands, or explains one."),
    topic("HELPOP", "HELPOP [command]", "The same as HELP."),
    topic("INFO", "INFO", "Shows what this server runs on."),
    topic("INVITE", "INVITE nick room", "Asks somebody into a room; alone, lists your invitations."),
    topic("ISON", "ISON nick…", "Shows which of them are here."),
    topic("ISUPPORT", "ISUPPORT", "Shows what the server can do, for clients."),
    topic("JOIN", "JOIN room[,room…] [key[,key…]]", "Enters rooms; JOIN 0 leaves all."),
    topic("KICK", "KICK room[,room…] nick[,nick…] [reason]", "Removes people from a room that you look after."),
    topic("KILL", "KILL nick [reason]", "Ends somebody's connection. Server operators only."),
    topic(
        "KLINE",
        "KLINE [MYSELF] [duration] user@host|~a:account|nick [reason], KLINE LIST [mask]",
        "Bans who fits, or an account: 30m, 1d12h, or minutes; none is for ever. Server operators only.",
    ),
    topic("LINKS", "LINKS [mask]", "Lists the servers of the network."),
    topic("LIST", "LIST [conditions]", "Lists rooms: masks, >n and <n for members, C and T with minutes."),
    topic("LUSERS", "LUSERS", "Counts who is here."),
    topic("MARKREAD", "MARKREAD target [timestamp=…]", "Shows or sets how far you have read, for all your clients."),
    topic(
        "METADATA",
        "METADATA target|* GET|LIST|SET|CLEAR|SUB|UNSUB|SUBS|SYNC …",
        "What people and rooms tell of themselves, by keys and values.",
    ),
    topic("MODE", "MODE target [changes]", "Shows or changes the modes of a room, or your own."),
    topic("MONITOR", "MONITOR +|-|C|L|S [nick,…]", "Tells you when somebody comes and goes."),
    topic("MOTD", "MOTD", "Shows the message of the day."),
    topic("NAMES", "NAMES room[,room…]", "Lists who is in rooms."),
    topic("NICK", "NICK name", "Sets or changes what you are called."),
    topic("NOTICE", "NOTICE target[,target…] text", "Says something that nothing answers automatically."),
    topic("OPER", "OPER name password", "Makes you a server operator."),
    topic("PART", "PART room[,room…] [reason]", "Leaves rooms."),
    topic("PASS", "PASS password", "Gives the password of the server, before NICK and USER."),
    topic("PING", "PING token", "Asks for a PONG with the same token."),
    topic("PONG", "PONG token", "Answers the server's PING."),
    topic("PRIVMSG", "PRIVMSG target[,target…] text", "Says something to rooms and people."),
    topic("QUIT", "QUIT [reason]", "Leaves the server."),
    topic("REDACT", "REDACT target msgid [reason]", "Removes a message of yours, or of a room that you look after."),
    topic("REGISTER", "REGISTER * [code|*] password", "Makes your nickname an account, which only you can use."),
    topic("REHASH", "REHASH", "Reads the settings again. Server operators only."),
    topic("RENAME", "RENAME room name [reason]", "Gives a room another name; who is in it stays."),
    topic(
        "ROOM",
        "ROOM subcommand room …",
        "Registers rooms and sets who is what in them; ROOM alone lists the subcommands.",
    ),
    topic(
        "SEARCH",
        "SEARCH in=room;from=nick;text=words",
        "Finds messages by their words, in your rooms and conversations.",
    ),
    topic("SETNAME", "SETNAME realname", "Changes your real name."),
    topic("STATS", "STATS letter", "u: uptime, p: operators here; for operators d, k (bans), l, m, o, y as well."),
    topic("SUMMON", "SUMMON", "Has no meaning any more."),
    topic("TAGMSG", "TAGMSG target[,target…]", "Sends tags alone, such as a reaction."),
    topic("TIME", "TIME", "Shows the server's time."),
    topic("TOPIC", "TOPIC room [text]", "Shows or sets what a room is about."),
    topic("TRACE", "TRACE [nick]", "Shows your connection; to server operators, all."),
    topic("TRANSPORT", "TRANSPORT", "Shows what the network does to your connection."),
    topic("UNDLINE", "UNDLINE address|network", "Lifts a ban. Server operators only."),
    topic("UNKLINE", "UNKLINE user@host|~a:account", "Lifts a ban. Server operators only."),
    topic("USER", "USER name 0 * realname", "Says who you are, on connecting."),
    topic("USERHOST", "USERHOST nick…", "Shows where up to five people are."),
    topic("USERS", "USERS", "Has no meaning any more."),
    topic("VERSION", "VERSION", "Shows the server's version and what it supports."),
    topic("WALLOPS", "WALLOPS text", "Tells all who have mode +w. Server operators only."),
    topic("WHO", "WHO room|mask [o][%fields]", "Lists who is in a room or fits a mask."),
    topic("WHOIS", "WHOIS nick[,nick…]", "Shows all about somebody who is here."),
    topic("WHOWAS", "WHOWAS nick [count]", "Shows somebody who was here."),
];

pub(super) fn run(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    let asked = params.first().copied().unwrap_or_default();
    if asked.is_empty() {
        return index(turn);
    }
    let Some(topic) = TOPICS.iter().find(|topic| topic.command.eq_ignore_ascii_case(asked)) else {
        return Err(Refusal::numeric(Numeric::ErrHelpNotFound, &[asked]));
    };
    turn.reply.numeric_text(Numeric::RplHelpStart, &[asked], topic.usage);
    turn.reply.numeric_text(Numeric::RplHelpTxt, &[asked], topic.text);
    turn.reply.numeric(Numeric::RplEndOfHelp, &[asked]);
    Ok(())
}

/// What there is help about.
fn index(turn: &mut Turn<'_>) -> Outcome {
    turn.reply.numeric_text(Numeric::RplHelpStart, &["index"], "HELP followed by one of these explains it:");
    let commands: Vec<&str> = TOPICS.iter().map(|topic| topic.command).collect();
    for line in commands.chunks(10) {
        turn.reply.numeric_text(Numeric::RplHelpTxt, &["index"], &line.join(" "));
    }
    turn.reply.numeric(Numeric::RplEndOfHelp, &["index"]);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::command::COMMANDS;

    #[test]
    fn every_command_is_explained_and_nothing_else() {
        for command in COMMANDS {
            assert!(TOPICS.iter().any(|topic| topic.command == command.verb), "{} has no help", command.verb);
        }
        for topic in TOPICS {
            assert!(COMMANDS.iter().any(|command| command.verb == topic.command), "there is no {}", topic.command);
        }
        assert!(TOPICS.is_sorted_by(|a, b| a.command < b.command));
    }
}
