//! METADATA SUB, UNSUB and SUBS: which keys a session wants to be told of.

use super::{answer, must_be_own, sync};
use crate::chat::reply::{Outcome, Reply, pack};
use crate::chat::state::metadata_key;
use crate::chat::turn::Turn;
use crate::irc::numeric::Numeric;
use crate::irc::standard_reply::ReplyCode;
use crate::limits;
use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;

/// Keys in one line: the parameters that a line may have, without the nickname.
const KEYS: usize = limits::IRC_PARAMS - 1;

/// `SUB key…`: in order, up to the first for which there is no place.
pub(super) fn subscribe(turn: &mut Turn<'_>, target: &str, keys: &[&str]) -> Outcome {
    must_be_own(turn, target)?;
    let (mut done, mut added) = (Vec::new(), BTreeSet::new());
    let mut failed = Vec::new();
    for key in keys {
        let Some(known) = metadata_key(key) else {
            failed.push((ReplyCode::KeyInvalid, *key));
            continue;
        };
        let subscriptions = &mut turn.session_mut()?.subscriptions;
        if !subscriptions.contains(&known) {
            if subscriptions.len() >= limits::CHAT_METADATA_SUBS {
                failed.push((ReplyCode::TooManySubs, *key));
                break;
            }
            subscriptions.insert(known.clone());
            added.insert(known.clone());
        }
        done.push(known);
    }
    tell(&mut turn.reply, Numeric::RplMetadataSubOk, &done);
    failed.into_iter().for_each(|(code, key)| turn.reply.fail(code, &[key]));
    sync::subscribed(turn, added)
}

/// `UNSUB key…`.
pub(super) fn unsubscribe(turn: &mut Turn<'_>, target: &str, keys: &[&str]) -> Outcome {
    must_be_own(turn, target)?;
    let mut done = Vec::new();
    for key in keys {
        match metadata_key(key) {
            Some(known) => {
                turn.session_mut()?.subscriptions.remove(&known);
                done.push(known);
            }
            None => turn.reply.fail(ReplyCode::KeyInvalid, &[key]),
        }
    }
    tell(&mut turn.reply, Numeric::RplMetadataUnsubOk, &done);
    Ok(())
}

/// `SUBS`.
pub(super) fn list(turn: &mut Turn<'_>, target: &str, _: &[&str]) -> Outcome {
    must_be_own(turn, target)?;
    let keys: Vec<String> = turn.session()?.subscriptions.iter().cloned().collect();
    answer(turn, &["metadata-subs"], |reply| tell(reply, Numeric::RplMetadataSubs, &keys));
    Ok(())
}

/// The keys as parameters of as many lines as they need.
fn tell(reply: &mut Reply, numeric: Numeric, keys: &[String]) {
    let room = reply.room(&[]);
    for keys in keys.chunks(KEYS) {
        for text in pack(keys, ' ', room) {
            reply.numeric(numeric, &text.split(' ').collect::<Vec<_>>());
        }
    }
}
