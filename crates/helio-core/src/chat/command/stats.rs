//! STATS: numbers about the server (RFC 2812 §3.4.4; letters as InspIRCd and Hybrid have them).

use super::{COMMANDS, ban, server};
use crate::chat::policy;
use crate::chat::reply::{Outcome, Refusal};
use crate::chat::turn::Turn;
use crate::irc::numeric::Numeric;
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

/// How often each command was carried out, in the order of [`COMMANDS`].
#[derive(Debug)]
pub(in crate::chat) struct Uses(Vec<u64>);

impl Default for Uses {
    fn default() -> Self {
        Self(alloc::vec![0; COMMANDS.len()])
    }
}

impl Uses {
    pub(super) fn count(&mut self, index: usize) {
        if let Some(count) = self.0.get_mut(index) {
            *count += 1;
        }
    }
}

pub(super) fn run(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    let letter = params.first().and_then(|query| query.chars().next());
    let Some(letter) = letter else { return Err(Refusal::numeric(Numeric::ErrNeedMoreParams, &["STATS"])) };
    server::must_be_us(turn, params.get(1).copied())?;
    if matches!(letter, 'd' | 'D' | 'k' | 'K' | 'l' | 'm' | 'o' | 'y') {
        policy::can_operate(turn.user()?)?;
    }
    match letter {
        'd' | 'D' => ban::list(turn, ban::Kind::Net, "*"),
        'k' | 'K' => ban::list(turn, ban::Kind::Other, "*"),
        'l' => links(turn),
        'm' => commands(turn),
        'o' => operators(turn),
        'p' => operators_here(turn),
        'u' => uptime(turn),
        'y' => classes(turn),
        // "no such query" is an empty report.
        _ => {}
    }
    turn.reply.numeric(Numeric::RplEndOfStats, &[&letter.to_string()]);
    Ok(())
}

/// The letter that lists such bans.
pub(super) fn letter_of(kind: ban::Kind) -> &'static str {
    match kind {
        ban::Kind::Net => "d",
        ban::Kind::Other => "k",
    }
}

/// What waits for each connection. Only what is counted is told.
fn links(turn: &mut Turn<'_>) {
    let Turn { chat, reply, now, .. } = turn;
    let users = chat.state.users.values();
    let sessions = users.flat_map(|user| user.sessions.iter().map(move |session| (user, session)));
    for (user, session) in sessions.take(crate::limits::CHAT_WHO_REPLIES) {
        let Some(session) = chat.sessions.get(session) else { continue };
        let open = now.mono.since(session.opened).as_secs();
        let text = format!("{} bytes wait, open for {open} seconds", session.out.len());
        reply.numeric_text(Numeric::RplStatsDebug, &["l", &user.nick], &text);
    }
}

fn commands(turn: &mut Turn<'_>) {
    let Turn { chat, reply, .. } = turn;
    let used = COMMANDS.iter().zip(&chat.uses.0).filter(|(_, count)| **count > 0);
    for (command, count) in used {
        reply.numeric(Numeric::RplStatsCommands, &[command.verb, &count.to_string()]);
    }
}

fn operators(turn: &mut Turn<'_>) {
    let Turn { chat, reply, .. } = turn;
    for operator in &chat.settings.operators {
        reply.numeric(Numeric::RplStatsOLine, &["O", "*", "*", &operator.name]);
    }
}

fn operators_here(turn: &mut Turn<'_>) {
    let Turn { chat, reply, now, .. } = turn;
    for user in chat.state.users.values().filter(|user| user.is_operator()) {
        let text =
            format!("{} ({}@{}) idle {}", user.nick, user.username, user.host, now.mono.since(user.spoke).as_secs());
        reply.numeric_text(Numeric::RplStatsDebug, &["p"], &text);
    }
}

fn uptime(turn: &mut Turn<'_>) {
    let Turn { chat, reply, now, .. } = turn;
    let up = now.mono.since(chat.started.mono).as_secs();
    let (days, hours, minutes, seconds) = (up / 86_400, up / 3_600 % 24, up / 60 % 60, up % 60);
    let text = format!("Server Up {days} days {hours}:{minutes:02}:{seconds:02}");
    reply.numeric_text(Numeric::RplStatsUptime, &[], &text);
    let most = chat.state.most_users;
    reply.numeric_text(Numeric::RplStatsConn, &[], &format!("Highest connection count: {most} ({most} clients)"));
}

fn classes(turn: &mut Turn<'_>) {
    let Turn { chat, reply, .. } = turn;
    let settings = &chat.settings;
    let ping = settings.ping_interval.as_secs().to_string();
    let connections = settings.connections.per_address.to_string();
    let queue = settings.send_queue.to_string();
    reply.numeric(Numeric::RplStatsYLine, &["Y", "users", &ping, &connections, &queue]);
}
