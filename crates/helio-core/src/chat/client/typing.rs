//! Who is typing (IRCv3 typing): telling it of ourselves as often as it should be, and forgetting it of others in time.

use super::desk::{BufferId, BufferKind};
use super::say::push_tags;
use super::{Action, Client};
use crate::irc::capability::Capability;
use crate::irc::line::LineBuilder;
use crate::limits;
use crate::time::{Instant, Now};
use alloc::string::ToString as _;
use alloc::vec::Vec;

/// What others were told of us last.
#[derive(Debug, Default)]
pub(super) struct Typing {
    told: Option<(BufferId, Instant)>,
}

/// Something is being typed in a buffer, or was given up. "clients SHOULD NOT send more than one every 3 seconds".
pub(super) fn wished(client: &mut Client, buffer: BufferId, is_typing: bool, now: Now) {
    let told = client.typing.told.filter(|(told, _)| *told == buffer);
    match (is_typing, told) {
        (true, Some((_, at))) if now.mono.since(at) < limits::CHAT_CLIENT_TYPING_INTERVAL => {}
        (true, _) => {
            if send(client, buffer, "active") {
                client.typing.told = Some((buffer, now.mono));
            }
        }
        (false, Some(_)) => {
            client.typing.told = None;
            send(client, buffer, "done");
        }
        (false, None) => {}
    }
}

/// A message went to a buffer: that ends the typing by itself.
pub(super) fn said(client: &mut Client, buffer: BufferId) {
    client.typing.told.take_if(|(told, _)| *told == buffer);
}

/// When the first of others is to be forgotten.
pub(super) fn ends_at(client: &Client) -> Option<Instant> {
    client.desk.buffers().iter().flat_map(|buffer| &buffer.typing).map(|typing| typing.until).min()
}

/// Forgets those of whom it was not said again.
pub(super) fn time_passed(client: &mut Client, now: Now) {
    for buffer in client.desk.buffers_mut() {
        buffer.typing.retain(|typing| typing.until > now.mono);
    }
}

fn send(client: &mut Client, buffer: BufferId, state: &str) -> bool {
    let may = client.link.is_online() && client.caps.contains(Capability::MessageTags);
    let buffer = client.desk.buffer(buffer).filter(|buffer| buffer.kind() != BufferKind::Server && buffer.is_joined);
    let Some(target) = buffer.filter(|_| may).map(|buffer| buffer.name.clone()) else { return false };
    let mut bytes = Vec::new();
    push_tags(&mut bytes, &[("+typing", state.to_string())]);
    LineBuilder::new(&mut bytes).command("TAGMSG").param(&target).finish();
    client.actions.push_back(Action::Send(bytes));
    true
}
