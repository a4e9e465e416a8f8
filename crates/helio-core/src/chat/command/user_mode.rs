//! MODE for a nickname: what one is, as far as that is a letter (modern.ircdocs.horse "User Modes").

use crate::chat::event::Presence;
use crate::chat::policy;
use crate::chat::reply::{Outcome, Refusal};
use crate::chat::state::{User, UserFlag};
use crate::chat::turn::Turn;
use crate::irc::casemap;
use crate::irc::mode::{Kind, ModeRequest, Modes};
use crate::irc::numeric::Numeric;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// `MODE nick [modes]`; the target is no room.
pub(super) fn run(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    let user = turn.user()?;
    if !casemap::eq(params[0], &user.nick) {
        turn.someone(params[0])?;
        return Err(Refusal::numeric(Numeric::ErrUsersDontMatch, &[]));
    }
    match params.get(1) {
        None => {
            let modes = letters(user);
            turn.reply.numeric(Numeric::RplUmodeIs, &[&modes]);
            Ok(())
        }
        Some(modes) => change(turn, modes),
    }
}

/// A user's modes as they are shown: `+iw`, or `+` without any.
pub(super) fn letters(user: &User) -> String {
    let flags = user.flags.iter().map(|flag| flag.letter());
    let mut letters: Vec<char> = flags.chain(user.is_operator().then_some('o')).collect();
    letters.sort_unstable();
    format!("+{}", letters.into_iter().collect::<String>())
}

fn change(turn: &mut Turn<'_>, modes: &str) -> Outcome {
    let user = turn.user()?;
    let (id, mut flags) = (user.id, user.flags.clone());
    let (mut set, mut is_resigning, mut refused) = (Vec::new(), false, None);
    for request in Modes::new(modes, [], |_| Some(Kind::Flag)) {
        let Ok(ModeRequest::Change(change)) = request else {
            refused = Some(Refusal::numeric(Numeric::ErrUmodeUnknownFlag, &[]));
            continue;
        };
        let letter = char::from(change.letter);
        match UserFlag::of_letter(letter) {
            Some(UserFlag::ServerNotices) if change.is_added && policy::can_operate(user).is_err() => {
                refused = policy::can_operate(user).err();
            }
            Some(flag) => {
                let is_new = if change.is_added { flags.insert(flag) } else { flags.remove(&flag) };
                if is_new {
                    set.push((change.is_added, flag));
                }
            }
            // RFC 2812 §3.1.5: one may stop being an operator by MODE, not become one.
            None if letter == 'o' && !change.is_added => is_resigning = user.is_operator(),
            None => refused = Some(Refusal::numeric(Numeric::ErrUmodeUnknownFlag, &[])),
        }
    }
    if is_resigning {
        turn.commit(Presence::Operator { user: id, name: None });
        if flags.contains(&UserFlag::ServerNotices) {
            set.push((false, UserFlag::ServerNotices));
        }
    }
    if !set.is_empty() {
        turn.commit(Presence::Flags { user: id, set });
    }
    refused.map_or(Ok(()), Err)
}
