//! What everybody is told on arrival, in the order that clients expect (modern.ircdocs.horse "Connection
//! Registration"), and the commands that tell parts of it again: LUSERS, MOTD, VERSION.

use super::{metadata, server};
use crate::chat::isupport;
use crate::chat::reply::{Outcome, Refusal};
use crate::chat::turn::Turn;
use crate::irc::capability::Capability;
use crate::irc::numeric::Numeric;
use alloc::format;
use alloc::string::ToString;

/// 001 to 005, LUSERS, MOTD.
pub(super) fn greet(turn: &mut Turn<'_>) -> Outcome {
    let (nick, mask) = {
        let user = turn.user()?;
        (user.nick.clone(), user.mask())
    };
    turn.reply.set_target(&nick);
    let Turn { chat, reply, .. } = turn;
    let (name, version) = (&chat.settings.server_name, &chat.settings.version);
    let text = format!("Welcome to the {} Network, {mask}", chat.settings.network);
    reply.numeric_text(Numeric::RplWelcome, &[], &text);
    reply.numeric_text(Numeric::RplYourHost, &[], &format!("Your host is {name}, running version {version}"));
    let text = format!("This server was created {}", chat.started.utc.rfc3339_millis());
    reply.numeric_text(Numeric::RplCreated, &[], &text);
    let [user, room, with_argument] = isupport::mode_letters();
    reply.numeric(Numeric::RplMyInfo, &[name, version, &user, &room, &with_argument]);
    isupport::tell(turn);
    tell_users(turn);
    metadata::arrived(turn)?;
    tell_motd(turn);
    Ok(())
}

pub(super) fn lusers(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    // RFC 2812 §3.4.2: a mask of servers, and the server that is to answer.
    server::must_be_us(turn, params.get(1).or(params.first()).copied())?;
    tell_users(turn);
    Ok(())
}

pub(super) fn motd(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    server::must_be_us(turn, params.first().copied())?;
    tell_motd(turn);
    Ok(())
}

pub(super) fn version(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    server::must_be_us(turn, params.first().copied())?;
    let Turn { chat, reply, .. } = turn;
    let settings = &chat.settings;
    reply.numeric_text(Numeric::RplVersion, &[&settings.version, &settings.server_name], &settings.network);
    isupport::tell(turn);
    Ok(())
}

/// `ISUPPORT`: "when the capability is enabled, the server MUST accept ISUPPORT commands before connection registration
/// completes" (IRCv3 extended-isupport, a draft).
pub(super) fn isupport(turn: &mut Turn<'_>, _: &[&str]) -> Outcome {
    if turn.session()?.user().is_none() && !turn.has(Capability::ExtendedIsupport) {
        return Err(Refusal::numeric(Numeric::ErrNotRegistered, &[]));
    }
    isupport::tell(turn);
    Ok(())
}

fn tell_users(turn: &mut Turn<'_>) {
    let Turn { chat, reply, .. } = turn;
    let (users, most) = (chat.state.users.len(), chat.state.most_users);
    let invisible = chat.state.invisible;
    let visible = users - invisible;
    let text = format!("There are {visible} users and {invisible} invisible on 1 servers");
    reply.numeric_text(Numeric::RplLuserClient, &[], &text);
    reply.numeric(Numeric::RplLuserOp, &[&chat.state.operators.to_string()]);
    reply.numeric(Numeric::RplLuserUnknown, &[&chat.sessions.registering().to_string()]);
    reply.numeric(Numeric::RplLuserChannels, &[&chat.state.rooms.len().to_string()]);
    reply.numeric_text(Numeric::RplLuserMe, &[], &format!("I have {users} clients and 0 servers"));
    let counts = [users.to_string(), most.to_string()];
    let counts = [counts[0].as_str(), counts[1].as_str()];
    reply.numeric_text(Numeric::RplLocalUsers, &counts, &format!("Current local users {users}, max {most}"));
    reply.numeric_text(Numeric::RplGlobalUsers, &counts, &format!("Current global users {users}, max {most}"));
}

fn tell_motd(turn: &mut Turn<'_>) {
    let Turn { chat, reply, .. } = turn;
    if chat.settings.motd.is_empty() {
        return reply.numeric(Numeric::ErrNoMotd, &[]);
    }
    let title = format!("- {} Message of the day - ", chat.settings.server_name);
    reply.numeric_text(Numeric::RplMotdStart, &[], &title);
    for line in &chat.settings.motd {
        reply.numeric_text(Numeric::RplMotd, &[], &format!("- {line}"));
    }
    reply.numeric(Numeric::RplEndOfMotd, &[]);
}
