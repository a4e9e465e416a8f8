//! One room with many clients, of which some speak.

use super::crowd::Crowd;
use anyhow::{Result, ensure};
use std::time::Duration;

/// Who is in the room.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    /// All are in it.
    pub(super) clients: usize,
    /// How many of them speak: at least two clients for each, a speaker and its neighbour.
    pub(super) senders: usize,
    /// How long the server may be silent while deliveries are awaited.
    pub(super) silence: Duration,
}

/// What a bench wants of what comes to a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// It is counted.
    Audience,
    /// Nobody's message comes back to its sender: what comes may be a refusal.
    Sender,
    /// Every line is looked at.
    Witness,
}

impl Room {
    /// Those who speak: spread evenly over the order of joining, and neither first nor last in it.
    pub(super) fn senders(self) -> impl Iterator<Item = usize> {
        let step = self.clients / self.senders;
        (0..self.senders).map(move |place| place * step + (step - 1) / 2)
    }

    /// The role of each client, where `is_witness` is asked about those that do not send.
    pub(super) fn roles(self, is_witness: impl Fn(usize) -> bool) -> Vec<Role> {
        let role = |client| if is_witness(client) { Role::Witness } else { Role::Audience };
        let mut roles: Vec<Role> = (0..self.clients).map(role).collect();
        self.senders().for_each(|client| roles[client] = Role::Sender);
        roles
    }

    /// Takes what is still to come, and checks that everyone has all messages but their own: none less and none more.
    /// `sent` holds the number of messages of each sender.
    pub(super) fn check_all_received(&self, crowd: &mut Crowd, sent: &[u64]) -> Result<()> {
        let all: u64 = sent.iter().sum();
        let awaited = all * (self.clients as u64 - 1);
        let mut ready = Vec::new();
        while crowd.received_by_all() < awaited {
            crowd.wait(self.silence, &mut ready)?;
            if ready.is_empty() {
                break;
            }
            ready.iter().try_for_each(|&client| crowd.count(client))?;
        }
        crowd.wait_for_quiet()?;
        let mut own = vec![0; self.clients];
        self.senders().zip(sent).for_each(|(client, sent)| own[client] = *sent);
        for (client, (received, own)) in crowd.received().iter().zip(own).enumerate() {
            ensure!(*received == all - own, "client {client} received {received} messages instead of {}", all - own);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(clients: usize, senders: usize) -> Room {
        Room { clients, senders, silence: Duration::ZERO }
    }

    #[test]
    fn senders_have_neighbours_and_are_neither_first_nor_last() {
        assert_eq!(room(10, 2).senders().collect::<Vec<_>>(), [2, 7]);
        let senders: Vec<_> = room(1_000, 20).senders().collect();
        assert_eq!((senders[0], senders[19], senders.len()), (24, 974, 20));
    }

    #[test]
    fn senders_are_no_witnesses() {
        let roles = room(4, 1).roles(|client| client < 2);
        assert_eq!(roles, [Role::Witness, Role::Sender, Role::Audience, Role::Audience]);
    }
}
