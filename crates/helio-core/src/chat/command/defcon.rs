//! DEFCON: lockdown in levels. `spec/bans.md` has what each refuses.

use super::ban;
use crate::chat::Defcon;
use crate::chat::audit::Deed;
use crate::chat::event::ServerEvent;
use crate::chat::policy;
use crate::chat::reply::Outcome;
use crate::chat::turn::Turn;
use alloc::format;
use alloc::string::ToString;

/// `DEFCON [1-5]`.
pub(super) fn run(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    policy::can_operate(turn.user()?)?;
    let Some(text) = params.first().filter(|text| !text.is_empty()) else {
        show(turn, "LEVEL");
        return Ok(());
    };
    let level = text.parse::<u8>().ok().and_then(|level| Defcon::try_from(level).ok());
    let level = level.ok_or_else(|| ban::refusal("DEFCON", text, "Expected a level from 5, which is none, to 1"))?;
    if level != turn.chat.state.defcon {
        turn.chat.storage.can_take()?;
        let (by, at) = (turn.user()?.nick.clone(), turn.now.utc);
        if let Some(ticket) = turn.commit(ServerEvent::Defcon { level, by, at }) {
            turn.chat.storage.wait(ticket, turn.session, "DEFCON", &level.to_string());
        }
        let (shown, meaning) = (level.to_string(), level.meaning());
        ban::tell(turn, Deed::done("defcon", &shown, meaning), &format!("set DEFCON {level}: {meaning}"));
    }
    show(turn, "LEVEL_SET");
    Ok(())
}

fn show(turn: &mut Turn<'_>, code: &str) {
    let level = turn.defcon();
    let why = if turn.chat.state.defcon > level { " (by the settings)" } else { "" };
    turn.reply.note(code, &[&level.to_string()], &format!("{}{why}", level.meaning()));
}
