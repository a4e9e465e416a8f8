//! Rooms of accounts, over plain sockets and across a restart of the program.

use crate::support::Running;
use crate::support::chat::{Client, ON_ANY_PORT, address, chat};
use std::net::SocketAddr;

/// Somebody who is logged in and in no room.
fn holder(at: SocketAddr, nick: &str) -> Client {
    let mut client = Client::connect(at);
    client.say("CAP REQ :standard-replies draft/channel-rename\r\nCAP END");
    client.say(&format!("PASS :{nick}:correct horse\r\nNICK {nick}\r\nUSER {nick} 0 * :{nick}"));
    client.hear(" 001 ");
    client
}

#[test]
fn a_registered_room_is_its_founders_after_a_restart_and_under_another_name() {
    let dir = tempfile::tempdir().unwrap();
    let mut serving = Running::start(&mut chat(dir.path(), ON_ANY_PORT));
    let at = address(&mut serving);
    let mut ann = Client::join(at, "ann");
    let mut bob = Client::join(at, "bob");
    for client in [&mut ann, &mut bob] {
        client.say("CAP REQ standard-replies\r\nREGISTER * * :correct horse");
        client.hear("REGISTER SUCCESS");
    }
    ann.say("ROOM REGISTER #room");
    ann.hear("NOTE ROOM REGISTERED #room ann");
    bob.hear(" MODE #room +q ann");
    ann.say("ROOM ACCESS #room SET bob op");
    ann.hear("NOTE ROOM ACCESS_SET #room bob op");
    bob.hear(" MODE #room +o bob");
    ann.say("ROOM FILTER #room ADD refuse :buy now\r\nROOM SET #room read-only on\r\nPRIVMSG #room :said before");
    ann.hear("NOTE ROOM SET #room read-only on");
    bob.hear("said before");
    ann.say("RENAME #room #parlour :a finer word\r\nROOM INFO #parlour");
    ann.hear("NOTE ROOM END_OF_INFO #parlour");
    bob.hear(" PART #room :a finer word");
    bob.hear(" JOIN #parlour");
    drop((ann, bob));
    let (status, ..) = serving.stop();
    assert!(status.success(), "{status}");

    let mut serving = Running::start(&mut chat(dir.path(), ON_ANY_PORT));
    let at = address(&mut serving);
    // The first to come is nobody there, and reads what was said.
    let mut eve = Client::join_with(at, "eve", "", "#parlour");
    eve.say("PRIVMSG #parlour :mine\r\nMODE #parlour");
    eve.hear(" 404 eve #parlour :Cannot send to channel, it is read-only (+A)");
    eve.hear(" 324 eve #parlour +ntA");
    let mut ann = holder(at, "ann");
    ann.say("JOIN #parlour");
    ann.hear(" MODE #parlour +qo ann ann");
    ann.hear("said before");
    ann.say("ROOM FILTER #parlour LIST\r\nROOM ACCESS #parlour LIST");
    ann.hear("NOTE ROOM FILTER #parlour refuse * ann ");
    ann.hear("NOTE ROOM ACCESS #parlour bob op ");
    ann.say("MODE #parlour -A");
    eve.hear(" MODE #parlour -A");
    eve.say("PRIVMSG #parlour :Buy now");
    eve.hear(" 404 eve #parlour :Cannot send, a filter refuses it");
    let mut bob = holder(at, "bob");
    bob.say("JOIN #parlour");
    bob.hear(" MODE #parlour +o bob");
    bob.say("RENAME #parlour #mine");
    bob.hear(" 482 bob #parlour ");
}
